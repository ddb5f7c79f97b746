import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../../../src/cli/main.ts";
import type { Durable } from "../../../src/durable/durable.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";

const DAY_MS = 86_400_000;

let dataDir: string;
let engine: Engine;
let durable: Durable;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "countersign-doctor-"));
  engine = openEngine({ dataDir });
  const network = engine.network({ group: "test" });
  network.start();
  durable = createDurable(network);
});
afterEach(async () => {
  await durable.stop();
  await engine.close();
  rmSync(dataDir, { recursive: true });
});

test("names a ballot that another program settled, and exits with 1", async () => {
  await approval("po-1", { kind: "decision", choice: "approve" });
  await stopped();
  const { code, out } = await doctor();
  expect({ code, odd: out["odd"], findings: out["findings"] }).toMatchObject({
    code: 1,
    findings: [],
    odd: {
      number: 1,
      open: 1,
      promises: [
        {
          id: "po-1:1",
          kind: "ballot",
          isOver: false,
          wrong: expect.stringContaining(
            'an object of the kind "decision" (kind, choice), which is no decision',
          ),
          means: expect.stringContaining("does not count as an answer"),
          remedy: expect.stringContaining("cancel"),
        },
      ],
    },
  });
});

test("has nothing to say of a decision of the product's, nor of a promise that is none of its", async () => {
  await approval("po-1", { kind: "decision", choice: "approve", by: "a@x.org", door: "mail", nonce: "n" });
  await latent("theirs", {}, "anything");
  await stopped();
  expect(await doctor()).toMatchObject({ code: 0, out: { odd: { number: 0, open: 0, promises: [] } } });
});

test("goes through more promises than a page, and names few of many", async () => {
  await Promise.all(Array.from({ length: 1_050 }, (_, n) => latent(`theirs-${n}`, {}, n)));
  for (let n = 0; n < 30; n += 1) await approval(`po-${n}`, null);
  await stopped();
  const { code, out } = await doctor();
  const odd = out["odd"] as { number: number; promises: { id: string }[] };
  expect({ code, number: odd.number, listed: odd.promises.length }).toEqual({
    code: 1,
    number: 30,
    listed: 20,
  });
  expect(odd.promises[0]?.id).toBe("po-0:1");
});

test("says it in words on a terminal", async () => {
  await approval("po-1", null);
  await stopped();
  const { text } = await doctor(true);
  expect(text).toContain("ATTENTION  1 promise was settled by another program, which has the engine's token");
  expect(text).toContain("  po-1:1  ballot: resolved with null, which is no decision");
});

/** An approval as far as it is stored, with its one ballot settled. */
async function approval(id: string, value: unknown): Promise<void> {
  const tags = { "countersign:kind": "approval" };
  const timeoutAt = Date.now() + 2 * DAY_MS;
  await durable.start({ id, func: "approval", args: [{}], timeoutAt, tags });
  await latent(`${id}:1`, { "countersign:kind": "ballot", "resonate:external": "true" }, value);
}

async function latent(id: string, tags: Record<string, string>, value: unknown): Promise<void> {
  await durable.create({ id, param: undefined, timeoutAt: Date.now() + DAY_MS, tags });
  await durable.settle(id, value);
}

/** So that all of it is in the file. */
async function stopped(): Promise<void> {
  await engine.close();
}

async function doctor(
  isTerminal = false,
): Promise<{ code: number; text: string; out: Record<string, unknown> }> {
  let text = "";
  const out = (some: string) => {
    text += some;
  };
  const code = await run(["doctor"], { env: { DATA_DIR: dataDir }, isTerminal, out, err: out });
  return { code, text, out: isTerminal ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

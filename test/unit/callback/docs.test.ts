import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ATTEMPT_RESULTS } from "../../../src/approval/callback.ts";
import { EVENT_TYPES } from "../../../src/approval/event.ts";
import { parseCallback } from "../../../src/approval/stored-callback.ts";
import { createAddressPolicy } from "../../../src/callback/address-policy.ts";
import { post } from "../../../src/callback/post.ts";
import { RETRIES_MS } from "../../../src/callback/schedule.ts";
import { createCallbackSender } from "../../../src/callback/sender.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/ports.ts";
import { ROOT } from "../../support/service-process.ts";

const docs = readFileSync(join(ROOT, "docs/callbacks.md"), "utf8");

test("docs/callbacks.md describes every event with an example that is one, and no other", () => {
  const sections = docs.split(/^### /m).slice(1);
  const described = sections.map((section) => /^`([a-z._]+)`\n/.exec(section)?.[1]);
  expect(new Set(described)).toEqual(new Set(EVENT_TYPES));
  expect(described).toHaveLength(EVENT_TYPES.length);
  for (const [i, section] of sections.entries()) {
    const example: unknown = JSON.parse(/```json\n(.*?)```/s.exec(section)?.[1] ?? "");
    // Equal: nothing is left out, and the reader dropped nothing it does not know.
    expect(parseCallback({ event: example, to: { kind: "endpoint", name: "x" } })?.event).toEqual(example);
    expect(example).toHaveProperty("type", described[i]);
  }
});

test("docs/callbacks.md tells the schedule and every result as they are", () => {
  const pauses = [...docs.matchAll(/^\| \d+ \| (\d+)([smh]) \|$/gm)].map(
    ([, amount, unit]) => Number(amount) * { s: 1_000, m: 60_000, h: 3_600_000 }[unit as "s" | "m" | "h"],
  );
  expect(pauses).toEqual([0, ...RETRIES_MS]);
  const results = docs.slice(docs.indexOf("A `result` is one of"), docs.indexOf("More is not told"));
  for (const result of ATTEMPT_RESULTS) expect(results).toContain(`\`${result}\``);
});

test("the receiver in docs/callbacks.md takes what we send, once, and nothing else", async () => {
  const dir = mkdtempSync(join(tmpdir(), "countersign-docs-"));
  symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
  writeFileSync(join(dir, "receiver.mjs"), /```js\n(.*?)```/s.exec(docs)?.[1] ?? "");
  const port = await freePort();
  const secret = Buffer.alloc(32, 5);
  const child = spawn(process.execPath, ["receiver.mjs"], {
    cwd: dir,
    env: { PORT: String(port), COUNTERSIGN_SECRET: `whsec_${secret.toString("base64")}` },
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  try {
    const targets = { ports: [443], allow: { hosts: [`127.0.0.1:${port}`], networks: [] } };
    const url = `http://127.0.0.1:${port}/`;
    const event = {
      type: "approval.requested",
      timestamp: "2026-11-21T10:00:00.000Z",
      data: { approval: "po-4711" },
    } as const;
    const from = (key: Buffer) => {
      const sender = createCallbackSender({ targets, endpoints: [], secrets: [key] });
      return () => sender.attempt({ event, to: { kind: "url", url } }, 1);
    };
    const ours = from(secret);
    await eventually("the receiver takes it", async () => (await ours()).result === "2xx");
    expect((await ours()).result).toBe("2xx");
    expect((await from(Buffer.alloc(32, 6))()).result).toBe("4xx");
    const policy = createAddressPolicy(targets);
    expect(await post(url, { headers: {}, body: "{}" }, { policy })).toMatchObject({ status: 401 });
    await eventually("it says what came", () => said !== "");
    expect(said).toBe("approval.requested { approval: 'po-4711' }\n");
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
    rmSync(dir, { recursive: true, force: true });
  }
});

/**
 * Fills a data folder with approvals that wait for their approver. One is asked for as usual, by gateway and worker, and
 * what those said to the engine is recorded; the others are that record with other names. So the file holds what the
 * product writes, in any version, and the links of every approval can be pressed.
 */
import { randomUUID } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { PromiseRecord } from "@resonatehq/sdk";
import { ballotId } from "../../../src/approval/ids.ts";
import { loadConfig } from "../../../src/config/config.ts";
import { loadTokenKeys } from "../../../src/config/keys.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import { runChild } from "../lib/child.ts";
import { approvalBody } from "../load/cycles.ts";
import { provideSeams, type Recorded, service } from "./seams/seams.ts";

export interface FillReady {
  /** Promises that one approval keeps pending. */
  readonly pendingEach: number;
}

export interface Filled {
  readonly approvals: number;
  /** Name of one of them. */
  readonly someId: string;
  /** When its ballot was created, in milliseconds since 1970. */
  readonly someBornAtMs: number;
}

/** Approvals in the making at once: the engine commits what comes together as one. */
const AT_ONCE = 256;
/** Deadlines are spread over this time, as those of real approvals are. */
const SPREAD_MS = 24 * 3_600_000;

/** Requests that leave something in the file. */
const CHANGING: ReadonlySet<string> = new Set([
  "promise.create",
  "promise.settle",
  "task.acquire",
  "task.fence",
  "task.suspend",
]);

await runChild(async ({ dataDir }: { readonly dataDir: string }) => {
  const model = randomUUID();
  const requests = await recordApproval(dataDir, model);
  const engine = openEngine({ dataDir });
  const keys = loadTokenKeys(loadConfig({ DATA_DIR: dataDir }, "gateway"));
  const tokens = createLinkTokens({ keys, issuer: "http://127.0.0.1" });
  const recipientOf = (id: string) => tokens.recipientId(id, `${id}@example.com`);

  const send = async (request: object): Promise<Record<string, unknown>> => {
    const { head, data } = await engine.send(request);
    if (head.status !== 200) throw new Error(`The engine refused to be filled: ${JSON.stringify(data)}`);
    return data as unknown as Record<string, unknown>;
  };
  const add = async (): Promise<string> => {
    const id = randomUUID();
    const laterMs = Math.floor(Math.random() * SPREAD_MS);
    for (const text of requests) {
      const named = text.replaceAll(model, id).replaceAll(recipientOf(model), recipientOf(id));
      await send(JSON.parse(named, (key, value) => revived(key, value, laterMs)) as object);
    }
    return id;
  };
  return {
    ready: { pendingEach: await pendingIn(send, model) } satisfies FillReady,
    commands: {
      fill: async (approvals: number): Promise<Filled> => {
        let left = approvals;
        let someId: string = model;
        await Promise.all(
          Array.from({ length: AT_ONCE }, async () => {
            while (left > 0) {
              left -= 1;
              someId = await add();
            }
          }),
        );
        const head = { corrId: "bench", version: "2026-04-01" };
        const ballot = await send({ kind: "promise.get", head, data: { id: ballotId(someId, 1) } });
        const { createdAt } = ballot["promise"] as PromiseRecord;
        return { approvals, someId, someBornAtMs: createdAt };
      },
    },
    stop: () => engine.close(),
  };
});

/** Asks for an approval and answers what was said to the engine until it waited. */
async function recordApproval(dataDir: string, id: string): Promise<readonly string[]> {
  const record = join(dataDir, "record.jsonl");
  const requests = new SharedArrayBuffer(Uint32Array.BYTES_PER_ELEMENT);
  provideSeams({ signalPort: 0, smtpUrl: undefined, requests, record });
  Object.assign(process.env, {
    DATA_DIR: dataDir,
    PORT: "0",
    ENGINE_PORT: "0",
    SMTP_URL: "smtp://127.0.0.1:9",
    MAIL_FROM: "approvals@example.com",
    EXAMPLE_WORKFLOWS: "off",
  });
  await import("../../../src/processes/all.ts");
  const { ready, stop } = await service.promise;
  const response = await fetch(`${String(ready["url"])}/approvals`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: approvalBody(id),
  });
  if (response.status !== 202) throw new Error(`The model was not accepted: ${await response.text()}`);
  for (;;) {
    const lines = readFileSync(record, "utf8").trim().split("\n");
    const recorded = lines.map((line) => JSON.parse(line) as Recorded);
    if (!recorded.some((line) => "rested" in line)) {
      await pause(20);
      continue;
    }
    await stop();
    rmSync(record);
    return recorded.flatMap((line) =>
      "request" in line && CHANGING.has(line.request.kind) ? [JSON.stringify(line.request, readable)] : [],
    );
  }
}

function readable(key: string, value: unknown): unknown {
  if (key !== "data" || typeof value !== "string") return value;
  return { base64: Buffer.from(value, "base64").toString() };
}

function revived(key: string, value: unknown, laterMs: number): unknown {
  if (key === "timeoutAt") return (value as number) + laterMs;
  if (key !== "data" || typeof value !== "object" || value === null || !("base64" in value)) return value;
  return Buffer.from(String(value.base64)).toString("base64");
}

async function pendingIn(
  send: (request: object) => Promise<Record<string, unknown>>,
  origin: string,
): Promise<number> {
  const head = { corrId: "bench", version: "2026-04-01" };
  const data = { tags: { "resonate:origin": origin }, state: "pending", limit: 1000 };
  const found = await send({ kind: "promise.search", head, data });
  return (found["promises"] as unknown[]).length;
}

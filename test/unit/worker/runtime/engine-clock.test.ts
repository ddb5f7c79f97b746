/** What a workflow counts from the time is exact, however long this process is kept waiting between two lines. */
import type { Context } from "@resonatehq/sdk";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createDurable } from "../../../../src/durable/resonate.ts";
import { SYSTEM_CLOCK } from "../../../../src/engine/clock.ts";
import { openEngine } from "../../../../src/engine/engine.ts";
import { steadyClock } from "../../../../worker/runtime/engine-clock.ts";
import { createLoose } from "../../../../worker/runtime/future.ts";
import { services } from "../../../../worker/runtime/services.ts";
import { startWorker } from "../../../../worker/runtime/worker.ts";

const HOUR_MS = 3_600_000;

function* waitUntil(ctx: Context, atMs: number): Generator<unknown, string> {
  const timeout = atMs - services(ctx).now();
  const { id } = yield* createLoose(ctx.promise({ timeout }));
  return id;
}

test("a promise that shall end at an instant ends at that one, though time goes on with each look at the clock", async () => {
  const from = Date.now();
  let looks = 0;
  const now = () => from + (looks += 1);
  const engine = openEngine({ file: ":memory:", clock: { ...SYSTEM_CLOCK, now } });
  const [asking, working] = [engine.network({ group: "gateway" }), engine.network({ group: "worker" })];
  asking.start();
  working.start();
  const durable = createDurable(asking);
  const worker = startWorker({
    network: working,
    pid: "test",
    leaseMs: 60_000,
    concurrency: 10,
    log: pino({ level: "silent" }),
    workflows: [{ name: "waitUntil", version: 1, func: waitUntil as never }],
    services: { group: "worker" } as never,
  });
  try {
    const atMs = from + HOUR_MS;
    await durable.start({ id: "w", func: "waitUntil", args: [atMs], timeoutAt: from + 24 * HOUR_MS });
    const { value: id } = (await durable.waitFor("w", { timeoutMs: 60_000 })) ?? {};
    expect((await durable.read(String(id)))?.timeoutAt).toBe(atMs);
  } finally {
    await worker.stop(1_000);
    await durable.stop();
    await engine.close();
  }
});

test("a steady clock goes on once its reader has awaited something", async () => {
  let ms = 0;
  const now = steadyClock(() => (ms += 1));
  expect([now(), now()]).toEqual([1, 1]);
  await Promise.resolve();
  expect([now(), now()]).toEqual([2, 2]);
});

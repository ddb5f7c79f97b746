/** Workflows of one's own on real workers and the real engine: arguments, and a new version that rolls out. */
import { LocalNetwork } from "@resonatehq/sdk";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { createDurable } from "../../../src/durable/resonate.ts";
import { defineWorkflow } from "../../../worker/authoring/index.ts";
import { registrationOf } from "../../../worker/runtime/own-workflow.ts";
import type { GivenServices } from "../../../worker/runtime/services.ts";
import { startWorker, type Worker } from "../../../worker/runtime/worker.ts";
import type { Registration } from "../../../worker/workflows/index.ts";
import { testEngine } from "../../support/engine.ts";

const HOUR_MS = 3_600_000;

function openSite() {
  const engine = testEngine();
  const network = engine.network({ group: "gateway" });
  const durable = createDurable(network);
  network.start();
  onTestFinished(() => durable.stop());
  return {
    work(pid: string, workflows: readonly Registration[], handBackMs: number): Worker {
      const own = engine.network({ group: "worker", pid });
      const worker = startWorker({
        network: own,
        pid,
        leaseMs: 60_000,
        concurrency: 10,
        handBackMs,
        log: pino({ level: "silent" }),
        workflows,
        services: { group: "worker" } as GivenServices,
      });
      onTestFinished(() => worker.stop(1_000));
      own.start();
      return worker;
    },
    start: (id: string, func: string, version: number, args: readonly unknown[] = []) =>
      durable.start({ id, func, version, args, timeoutAt: Date.now() + HOUR_MS }),
    read: (id: string) => durable.read(id),
    async ended(id: string) {
      for (;;) {
        const promise = await durable.waitFor(id, { timeoutMs: 60_000 });
        if (promise?.state !== "pending") return promise;
      }
    },
  };
}

const v = (version: number) =>
  registrationOf(
    defineWorkflow({
      name: "buy",
      version,
      *run(ctx) {
        return yield* ctx.run(function by() {
          return `by version ${version}`;
        });
      },
    }),
  );

test("while a new version rolls out, no call is rejected: workers without it hand it on to those that have it", async () => {
  const site = openSite();
  site.work("old-1", [v(1)], HOUR_MS);
  site.work("old-2", [v(1)], HOUR_MS);
  site.work("new", [v(1), v(2)], HOUR_MS);
  const ids = Array.from({ length: 20 }, (_, i) => `buy-${i}`);
  await Promise.all(ids.map((id, i) => site.start(id, "buy", 1 + (i % 2))));
  const ended = await Promise.all(ids.map((id) => site.ended(id)));
  expect(ended.map((promise) => promise?.value)).toEqual(ids.map((_, i) => `by version ${1 + (i % 2)}`));
});

test("a call waits for the worker that has it", async () => {
  const site = openSite();
  const old = site.work("old", [v(1)], HOUR_MS);
  await site.start("buy-1", "buy", 2);
  await site.start("buy-2", "other", 1);
  // The old worker has met both once it has ended what was begun after them.
  await site.start("buy-3", "buy", 1);
  await site.ended("buy-3");
  expect(await site.read("buy-1")).toMatchObject({ state: "pending" });
  site.work("new", [v(2), { ...v(2), name: "other", version: 1 }], HOUR_MS);
  expect(await site.ended("buy-1")).toMatchObject({ value: "by version 2" });
  expect(await site.ended("buy-2")).toMatchObject({ value: "by version 2" });
  await old.stop(1_000);
});

test("what no worker has known for the time is rejected, with what they have", async () => {
  const site = openSite();
  site.work("one", [v(1)], 400);
  site.work("two", [v(1)], 400);
  await site.start("buy-1", "buy", 2);
  const ended = await site.ended("buy-1");
  expect(ended).toMatchObject({ state: "rejected" });
  expect(String(ended?.value)).toMatch(/"buy" version 2 is not registered.*registered: buy v1/u);
});

test("a worker told to stop gives back at once what it would have held for a while", async () => {
  const network = new LocalNetwork({ pid: "test", group: "worker" });
  const send = network.send;
  let releases = 0;
  const held = Promise.withResolvers<void>();
  network.send = (async (request: Parameters<typeof send>[0]) => {
    const response = await send(request);
    if (request.kind === "task.release") releases += 1;
    // This server hands out again at once: after some rounds the worker holds the task itself.
    if (request.kind === "task.acquire" && releases === 4) held.resolve();
    return response;
  }) as typeof send;
  const worker = startWorker({
    network,
    pid: "test",
    leaseMs: 60_000,
    concurrency: 10,
    handBackMs: HOUR_MS,
    log: pino({ level: "silent" }),
    workflows: [v(1)],
    services: { group: "worker" } as GivenServices,
  });
  const durable = createDurable(network);
  await durable.start({ id: "buy-1", func: "buy", version: 2, args: [], timeoutAt: Date.now() + HOUR_MS });
  await held.promise;
  const startedAt = performance.now();
  await worker.stop(30_000);
  // It would keep the task for 2 s.
  expect(performance.now() - startedAt).toBeLessThan(1_900);
  expect(releases).toBe(5);
});

test("a worker checks the argument by the schema, once for all passes, and hands on what the schema made of it", async () => {
  const site = openSite();
  let checks = 0;
  const input = z.object({ n: z.number(), note: z.string().default("none") }).refine(() => ++checks > 0);
  const buy = defineWorkflow({
    name: "buy",
    input,
    *run(ctx, { n, note }) {
      yield* ctx.sleep(5);
      return { twice: n * 2, note };
    },
  });
  const throws = defineWorkflow({
    name: "throws",
    input: z.unknown().transform((): string => {
      throw new Error("no such table");
    }),
    *run() {},
  });
  site.work("one", [registrationOf(buy), registrationOf(throws)], 0);
  await site.start("buy-1", "buy", 1, [{ n: 2 }]);
  expect(await site.ended("buy-1")).toMatchObject({ value: { twice: 4, note: "none" } });
  expect(checks).toBe(1);
  await site.start("buy-2", "buy", 1, [{ n: "2" }]);
  const refused = await site.ended("buy-2");
  expect(refused).toMatchObject({ state: "rejected" });
  expect(String(refused?.value)).toContain("Cannot run buy version 1: argument.n: Invalid input");
  await site.start("buy-3", "throws", 1, [1]);
  expect(String((await site.ended("buy-3"))?.value)).toContain("cannot be checked: no such table");
});

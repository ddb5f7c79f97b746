import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import type { Durable } from "../../../../src/durable/durable.ts";
import { createDurable } from "../../../../src/durable/resonate.ts";
import { type Engine, openEngine } from "../../../../src/engine/engine.ts";
import { defineWorkflow } from "../../../../worker/authoring/define-workflow.ts";
import { registrationOf } from "../../../../worker/runtime/own-workflow.ts";
import { startWorker, type Worker } from "../../../../worker/runtime/worker.ts";

const order = defineWorkflow({
  name: "order",
  input: z.object({ item: z.string() }),
  // biome-ignore lint/correctness/useYield: it has nothing to wait for
  *run(_ctx, { item }) {
    return `ordered ${item}`;
  },
});

let engine: Engine;
let durable: Durable;
let worker: Worker;
afterEach(async () => {
  await worker.stop(1_000);
  await durable.stop();
  await engine.close();
});

test.each([
  [undefined],
  [null],
  ["ok"],
  [{ ok: "yes", value: { item: "nothing" } }],
  [{ ok: false }],
  [{ ok: false, problems: ["item"] }],
])("a check of the argument that another program settles with %j is made again", async (junk) => {
  open();
  await settledBefore("o:0", junk);
  await durable.start({ id: "o", func: "order", args: [{ item: "lathe" }], timeoutAt: inADay() });
  work();
  const { state, value } = (await durable.waitFor("o", { timeoutMs: 60_000 })) ?? {};
  expect({ state, value }).toEqual({ state: "resolved", value: "ordered lathe" });
});

test("what the check has stored is what the workflow gets, and a replay does not check again", async () => {
  open();
  await settledBefore("o:0", { ok: true, value: { item: "as judged then" } });
  await durable.start({ id: "o", func: "order", args: [{ item: 1 }], timeoutAt: inADay() });
  work();
  expect((await durable.waitFor("o", { timeoutMs: 60_000 }))?.value).toBe("ordered as judged then");
});

function open(): void {
  engine = openEngine({ file: ":memory:" });
  const network = engine.network({ group: "gateway" });
  network.start();
  durable = createDurable(network);
}

function work(): void {
  const network = engine.network({ group: "worker" });
  worker = startWorker({
    network,
    pid: "test",
    leaseMs: 60_000,
    concurrency: 10,
    log: pino({ level: "silent" }),
    workflows: [registrationOf(order)],
    services: { group: "worker" } as never,
  });
  network.start();
}

async function settledBefore(id: string, value: unknown): Promise<void> {
  await durable.create({ id, param: undefined, timeoutAt: inADay(), tags: {} });
  await durable.settle(id, value);
}

function inADay(): number {
  return Date.now() + 86_400_000;
}

import { Codec, type Context, LocalNetwork, type PromiseRecord, type Send } from "@resonatehq/sdk";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import type { GivenServices } from "../../../../worker/runtime/services.ts";
import { startWorker, type Worker } from "../../../../worker/runtime/worker.ts";
import type { Registration } from "../../../../worker/workflows/index.ts";

const codec = new Codec();
const HOUR_MS = 3_600_000;
let running: { worker: Worker; network: LocalNetwork } | undefined;

afterEach(async () => {
  await running?.worker.stop(1000);
  running = undefined;
});

describe("GuardedNetwork", () => {
  it("rejects a call to a function that is not registered, naming what is", async () => {
    const { start, kinds } = run([]);
    expect(await start("a", "nope", [1])).toMatchObject({
      state: "rejected",
      message: expect.stringMatching(/Function "nope" version 1 is not registered.*registered: fine v1/),
    });
    expect(kinds.filter((kind) => kind === "task.acquire")).toHaveLength(1);
  });

  it("rejects a version that is not registered", async () => {
    const { start } = run([]);
    expect(await start("a", "fine", [1], 2)).toMatchObject({
      state: "rejected",
      message: expect.stringContaining('"fine" version 2'),
    });
  });

  it.each([
    // A worker that has nothing to run in its place.
    ["approval", /Cannot run approval when called by its name: use POST \/approvals, which checks/],
    ["approval_by_name", /Cannot run approval_by_name when called by its name: use POST \/approvals/],
    ["callback", /Cannot run callback when called by its name: events start callbacks/],
  ])("rejects %s when it was called by its name, whoever called, and does nothing", async (func, message) => {
    let runs = 0;
    const { start } = run([
      {
        name: func,
        version: 1,
        *func() {
          runs += 1;
        },
      },
      {
        name: "asks_by_name",
        version: 1,
        *func(ctx: Context): Generator<unknown, unknown> {
          return yield* ctx.rpc(func, { title: "x" }, ctx.options({ target: "worker" }));
        },
      },
    ]);
    const rejected = { state: "rejected", message: expect.stringMatching(message) };
    expect(await start("a", func, [{ title: "x", approvers: [{ email: "a@x.org" }] }])).toMatchObject(
      rejected,
    );
    expect(await start("b", "asks_by_name", [])).toMatchObject(rejected);
    expect(runs).toBe(0);
  });

  it("runs what stands in for approval where it was called by its name, and approval where it came its way", async () => {
    const ran: unknown[] = [];
    const standing = (name: string): Registration => ({
      name,
      version: 1,
      *func(_ctx: Context, ...args: unknown[]) {
        ran.push([name, ...args]);
      },
    });
    const { start } = run([standing("approval"), standing("approval_by_name")]);
    expect(await start("a", "approval", [{ title: "x" }])).toMatchObject({ state: "resolved" });
    expect(
      await start("b", "approval", [{ title: "y" }], 1, { "countersign:kind": "approval" }),
    ).toMatchObject({ state: "resolved" });
    expect(ran).toEqual([
      ["approval_by_name", { title: "x" }],
      ["approval", { title: "y" }],
    ]);
  });

  it("rejects a call that is no call", async () => {
    const { start } = run([]);
    expect(await start("a", undefined, [])).toMatchObject({
      state: "rejected",
      message: expect.stringContaining("not of the form {func, args, version}"),
    });
  });

  it("rejects a workflow whose result cannot be serialised, after running its step once", async () => {
    let effects = 0;
    const { start, kinds } = run([
      {
        name: "bigint",
        version: 1,
        *func(ctx: Context) {
          yield* ctx.run(function effect() {
            effects++;
          });
          return 1n;
        },
      },
    ]);
    expect(await start("a", "bigint", [])).toMatchObject({
      state: "rejected",
      message: expect.stringContaining("Cannot continue"),
    });
    expect(effects).toBe(1);
    expect(kinds).not.toContain("task.release");
  });

  it("rejects a workflow whose step's result cannot be serialised, after running the step once", async () => {
    let effects = 0;
    const { start } = run([
      {
        name: "bigstep",
        version: 1,
        *func(ctx: Context) {
          yield* ctx.run(function effect() {
            effects++;
            return { amount: 1n };
          });
        },
      },
    ]);
    expect(await start("a", "bigstep", [])).toMatchObject({
      state: "rejected",
      message: expect.stringContaining("Return value from function 'effect' cannot be encoded"),
    });
    expect(effects).toBe(1);
  });

  it("rejects a workflow that waits for a promise settled with bytes that are no JSON", async () => {
    const { start, settle } = run([
      {
        name: "waits",
        version: 1,
        *func(ctx: Context) {
          const future = yield* ctx.promise({ tags: { "resonate:external": "true" } });
          yield* ctx.run(async function poison() {
            await settle(future.id, "not base64 of JSON");
          });
          return yield* future;
        },
      },
    ]);
    expect(await start("a", "waits", [])).toMatchObject({ state: "rejected" });
  });

  it("runs at most `concurrency` tasks at once, and all of them in the end", async () => {
    let now = 0;
    let most = 0;
    const three = Promise.withResolvers<void>();
    const { start } = run(
      [
        {
          name: "slow",
          version: 1,
          *func(ctx: Context) {
            yield* ctx.run(async function count() {
              most = Math.max(most, ++now);
              if (now === 3) three.resolve();
              await three.promise;
              // Time for a fourth to come.
              await new Promise((resolve) => setTimeout(resolve, 20));
              now--;
            });
          },
        },
      ],
      3,
    );
    const ends = await Promise.all(Array.from({ length: 12 }, (_, i) => start(`a${i}`, "slow", [])));
    expect(ends.map(({ state }) => state)).toEqual(Array.from({ length: 12 }, () => "resolved"));
    expect(most).toBe(3);
  });
});

function run(extra: readonly Registration[], concurrency = 10) {
  const network = new LocalNetwork({ pid: "test", group: "worker" });
  const kinds: string[] = [];
  const send = network.send;
  network.send = ((request: Parameters<typeof send>[0]) => {
    kinds.push(request.kind);
    return send(request);
  }) as typeof send;
  const worker = startWorker({
    network,
    pid: "test",
    leaseMs: 60_000,
    concurrency,
    log: pino({ level: "silent" }),
    workflows: [{ name: "fine", version: 1, func: function* fine() {} }, ...extra],
    services: { group: "worker" } as GivenServices,
  });
  running = { worker, network };
  return { kinds, ...client(send) };
}

/** Starts calls as a client would. The oracle's network tells nobody of an end, so it is asked. */
function client(send: Send) {
  const request = () => ({ corrId: crypto.randomUUID(), version: "2026-04-01" });
  return {
    async start(id: string, func: string | undefined, args: unknown[], version = 1, more = {}) {
      const param = codec.encode({ func, args, version });
      const tags = {
        "resonate:origin": id,
        "resonate:branch": id,
        "resonate:parent": id,
        "resonate:scope": "global",
        "resonate:target": "poll://any@worker",
        ...more,
      };
      await send({
        kind: "promise.create",
        head: request(),
        data: { id, timeoutAt: Date.now() + HOUR_MS, param, tags },
      });
      for (;;) {
        const response = await send({ kind: "promise.get", head: request(), data: { id } });
        if (response.head.status !== 200) throw new Error(`promise.get answered ${response.head.status}`);
        const { promise } = response.data as { promise: PromiseRecord };
        if (promise.state !== "pending") {
          const value: unknown = codec.decode(promise.value);
          return { state: promise.state, message: value instanceof Error ? value.message : value };
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    settle: (id: string, data: string) =>
      send({
        kind: "promise.settle",
        head: request(),
        data: { id, state: "resolved", value: { headers: {}, data } },
      }),
  };
}

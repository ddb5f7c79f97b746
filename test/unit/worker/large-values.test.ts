/** Values that are larger than what an engine stores, wherever a workflow may have one, over both ways to the engine. */
import { type Context, Exponential, type Network, ResonateTimeoutException } from "@resonatehq/sdk";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { createHttpNetwork } from "../../../src/durable/http-network.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
import { VALUE_BYTES_MAX } from "../../../src/durable/value.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import { serveEngine } from "../../../src/engine/serve/http.ts";
import type { GivenServices } from "../../../worker/runtime/services.ts";
import { lasting } from "../../../worker/runtime/step-options.ts";
import { startWorker } from "../../../worker/runtime/worker.ts";
import type { Registration } from "../../../worker/workflows/index.ts";

const LARGE = 6_000_000;
const TOO_LARGE = `is too large to be stored: 6000002 bytes as JSON, the limit is ${VALUE_BYTES_MAX.embedded}`;

interface Rig {
  /** How a workflow ended, and how many requests of each kind that took. */
  run(func: string, ...args: unknown[]): Promise<Ended>;
  /** How often each effect happened. */
  readonly effects: Readonly<Record<string, number>>;
}

interface Ended {
  readonly state: string;
  readonly value: unknown;
  readonly error: string | undefined;
  readonly requests: Readonly<Record<string, number>>;
}

type Way = "in this process" | "over HTTP";
const WAYS: readonly Way[] = ["in this process", "over HTTP"];

async function open(way: Way, options: { valueBytesMax?: number; refuse?: number } = {}): Promise<Rig> {
  const engine = openEngine({ file: ":memory:" });
  const server = await serveEngine(engine, { port: 0, token: "t" });
  const inner = engine.network({
    group: "worker",
    unavailable: (cause) => new ResonateTimeoutException(cause),
  });
  const network: Network =
    way === "in this process"
      ? inner
      : createHttpNetwork({ url: server.url, token: "t", group: "worker", pid: "p1" });
  const requests: Record<string, number> = {};
  const { send } = network;
  network.send = (async (request: Parameters<typeof send>[0]) => {
    requests[request.kind] = (requests[request.kind] ?? 0) + 1;
    // A server with a limit of its own, which the worker does not know.
    const { refuse } = options;
    if (refuse !== undefined && JSON.stringify(request).length > refuse) {
      throw new ResonateTimeoutException("HTTP 413");
    }
    return await send(request);
  }) as typeof send;
  const effects: Record<string, number> = {};
  const worker = startWorker({
    network,
    pid: "p1",
    leaseMs: 60_000,
    concurrency: 10,
    log: pino({ level: "silent" }),
    workflows: workflows(effects),
    services: { group: "worker" } as GivenServices,
    valueBytesMax: options.valueBytesMax,
  });
  if (way === "in this process") inner.start();
  const client = engine.network({ group: "client" });
  client.start();
  const durable = createDurable(client);
  onTestFinished(async () => {
    await worker.stop(1_000);
    await durable.stop();
    await server.close();
    await engine.close();
  });
  let count = 0;
  return {
    effects,
    async run(func, ...args) {
      const id = `w${(count += 1)}`;
      await durable.start({ id, func, args, timeoutAt: Date.now() + 3_600_000 });
      const ended = await durable.waitFor(id, { timeoutMs: 60_000 });
      const error = ended?.value instanceof Error ? ended.value.message : undefined;
      return { state: ended?.state ?? "unknown", value: ended?.value, error, requests: { ...requests } };
    },
  };
}

function workflows(effects: Record<string, number>): Registration[] {
  const note = (name: string) => {
    effects[name] = (effects[name] ?? 0) + 1;
  };
  const make = (name: string) =>
    function make_large(_ctx: Context, length: number): string {
      note(name);
      return "x".repeat(length);
    };
  const flow = (name: string, func: (ctx: Context, length: number) => Generator<unknown, unknown>) => ({
    name,
    version: 1,
    func,
  });
  return [
    flow("step", function* (ctx, length) {
      const text: string = yield* ctx.run(make("step"), length, lasting(ctx));
      return text.length;
    }),
    flow("caught", function* (ctx, length) {
      try {
        yield* ctx.run(make("caught"), length, lasting(ctx));
      } catch (error) {
        yield* ctx.run(function note_it() {
          note("after");
        }, lasting(ctx));
        return { caught: (error as Error).message };
      }
      return "stored";
    }),
    flow("unawaited", function* (ctx, length) {
      yield* ctx.beginRun(make("unawaited"), length, lasting(ctx));
      return "done";
    }),
    flow("result", function* (ctx, length) {
      yield* ctx.run(make("result"), 1, lasting(ctx));
      return "x".repeat(length);
    }),
    flow("error", function* (ctx, length) {
      yield* ctx.run(make("error"), 1, lasting(ctx));
      throw new Error("y".repeat(length));
    }),
    flow("step_error", function* (ctx, length) {
      yield* ctx.run(
        function fails() {
          note("step_error");
          throw new Error("y".repeat(length));
        },
        ctx.options({ retryPolicy: new Exponential({ maxRetries: 0 }) }),
      );
    }),
    flow("argument", function* (ctx, length) {
      yield* ctx.run(make("argument"), 1, lasting(ctx));
      return yield* ctx.rpc("child", "x".repeat(length), ctx.options({ target: "worker" }));
    }),
    flow("child", function* (_ctx, text) {
      return String(text).length;
    }),
    flow("data", function* (ctx, length) {
      yield* ctx.run(make("data"), 1, lasting(ctx));
      yield* yield* ctx.promise({ data: "x".repeat(length) });
    }),
    flow("detached", function* (ctx, length) {
      yield* ctx.run(make("detached"), 1, lasting(ctx));
      yield* ctx.detached("child", "x".repeat(length), ctx.options({ target: "worker" }));
    }),
    flow("child_result", function* (ctx, length) {
      return yield* ctx.rpc("result", length, ctx.options({ target: "worker" }));
    }),
  ];
}

describe.each(WAYS)("a value that is too large, %s", (way) => {
  test.each([
    ["step", `The result ${TOO_LARGE}`, "step"],
    ["unawaited", undefined, "unawaited"],
    ["result", `The result ${TOO_LARGE}`, "result"],
    ["child_result", `The result ${TOO_LARGE}`, "result"],
    ["error", `The error "${"y".repeat(200)}…" is too large to be stored: `, "error"],
    ["step_error", `The error "${"y".repeat(200)}…" is too large to be stored: `, "step_error"],
    ["argument", `Cannot continue: the argument or data of w1:1 is too large to be stored: `, "argument"],
    ["detached", `is too large to be stored: `, "detached"],
    ["data", `Cannot continue: the argument or data of w1:1 ${TOO_LARGE}`, "data"],
  ])("%s: one clear end, and no effect happens twice", async (func, message, effect) => {
    const rig = await open(way);
    const ended = await rig.run(func, LARGE);
    expect(ended.state).toBe(message === undefined ? "resolved" : "rejected");
    if (message !== undefined) expect(ended.error).toContain(message);
    expect(rig.effects).toEqual({ [effect]: 1 });
    // Taken up, ended, and at most once handed back in between: a loop would make hundreds.
    expect(ended.requests["task.acquire"]).toBeLessThanOrEqual(3);
    expect(ended.requests["task.release"] ?? 0).toBeLessThanOrEqual(1);
  });

  test("a workflow can catch it, and goes on from there once", async () => {
    const rig = await open(way);
    expect(await rig.run("caught", LARGE)).toMatchObject({
      state: "resolved",
      value: { caught: expect.stringContaining(TOO_LARGE) },
    });
    expect(rig.effects).toEqual({ caught: 1, after: 1 });
  });

  test("what just fits is stored, and one byte more is not", async () => {
    const rig = await open(way);
    const fits = VALUE_BYTES_MAX.embedded - 2;
    expect(await rig.run("step", fits)).toMatchObject({ state: "resolved", value: fits });
    expect(await rig.run("step", fits + 1)).toMatchObject({ state: "rejected" });
    expect(rig.effects).toEqual({ step: 2 });
  });

  test("a limit of the server's own that the worker does not know ends it as well", async () => {
    const rig = await open(way, { refuse: 100_000 });
    for (const func of ["step", "result", "argument", "data"]) {
      const { state, error } = await rig.run(func, 200_000);
      expect([state, error]).toEqual([
        "rejected",
        expect.stringMatching(/refused by the engine, which answers 413/),
      ]);
      expect(rig.effects[func]).toBe(1);
    }
  });
});

test("a worker on a server with a smaller limit goes by that", async () => {
  const rig = await open("over HTTP", { valueBytesMax: VALUE_BYTES_MAX.server });
  expect(await rig.run("step", 2_000_000)).toMatchObject({
    state: "rejected",
    error: expect.stringContaining("2000002 bytes as JSON, the limit is 1500000"),
  });
  expect(rig.effects).toEqual({ step: 1 });
});

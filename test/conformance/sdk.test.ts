import type { Context, Resonate } from "@resonatehq/sdk";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { ask, temporaryFolder, testEngine, testServer } from "../support/engine.ts";
import { request } from "../support/engine-requests.ts";
import { eventually } from "../support/eventually.ts";
import { encoded, inProcess, overHttp } from "../support/sdk.ts";

/** The published SDK, unmodified, on the engine: what its users write must run. */

/** Waits for a person, works before and after, sleeps, calls another function, and says what it saw. */
function* order(ctx: Context, name: string): Generator<unknown, unknown, never> {
  const decision = yield* ctx.promise<string>({ tags: { "resonate:external": "true" } });
  const asked = yield* ctx.run(async () => `asked ${name}`);
  const decided = yield* decision;
  yield* ctx.sleep(20);
  const doubled = yield* ctx.rpc<number>("double", 21, ctx.options({ target: "worker" }));
  return { asked, decided, doubled };
}
const double = async (_: Context, n: number) => n * 2;

function register(worker: Resonate): void {
  worker.register("order", order);
  worker.register("double", double);
}

async function decide(engine: Engine, id: string, value: unknown): Promise<void> {
  await eventually(`${id} is there`, async () => {
    const { status } = await ask(
      engine,
      request("promise.settle", { id, state: "resolved", value: encoded(value) }),
    );
    return status === 200;
  });
}

const OUTCOME = { asked: "asked kim", decided: "yes", doubled: 42 };

describe("in process", () => {
  test("a workflow with steps, a wait, a sleep and a remote call ends with its result", async () => {
    const engine = testEngine();
    const { resonate: worker, network } = inProcess(engine, "worker");
    register(worker);
    network.start();
    const { resonate: client, network: gateway } = inProcess(engine, "gateway");
    gateway.start();
    const handle = await client.beginRpc("o1", "order", "kim", client.options({ target: "worker" }));
    await decide(engine, "o1:0", "yes");
    expect(await handle.result()).toEqual(OUTCOME);
  });

  test("fifty workflows at once, each with its own answer", async () => {
    const engine = testEngine();
    const { resonate: worker, network } = inProcess(engine, "worker");
    register(worker);
    network.start();
    const { resonate: client, network: gateway } = inProcess(engine, "gateway");
    gateway.start();
    const results = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const handle = await client.beginRpc(`o${n}`, "order", `n${n}`, client.options({ target: "worker" }));
        await decide(engine, `o${n}:0`, n);
        return handle.result();
      }),
    );
    expect(results).toEqual(
      Array.from({ length: 50 }, (_, n) => ({ asked: `asked n${n}`, decided: n, doubled: 42 })),
    );
  });

  test("a waiting workflow goes on in the next life of the engine", async () => {
    const dataDir = temporaryFolder();
    const first = testEngine({ dataDir });
    const before = inProcess(first, "worker");
    register(before.resonate);
    before.network.start();
    await before.resonate.beginRpc("o1", "order", "kim", before.resonate.options({ target: "worker" }));
    await eventually("the workflow waits", async () => {
      const { data } = await ask(first, request("task.get", { id: "o1" }));
      return (data["task"] as { state: string }).state === "suspended";
    });
    await before.resonate.stop();
    await first.close();

    const second = testEngine({ dataDir });
    await decide(second, "o1:0", "yes");
    const after = inProcess(second, "worker");
    register(after.resonate);
    after.network.start();
    const handle = await after.resonate.get("o1");
    expect(await handle.result()).toEqual(OUTCOME);
  });

  test("work that died with its process is taken up at once, its lease notwithstanding", async () => {
    const dataDir = temporaryFolder();
    const first = testEngine({ dataDir });
    const before = inProcess(first, "worker", 600_000);
    before.resonate.register("stuck", async () => new Promise<never>(() => undefined));
    before.network.start();
    await before.resonate.beginRpc("s1", "stuck", before.resonate.options({ target: "worker" }));
    await eventually("the work is taken", async () => {
      const { data } = await ask(first, request("task.get", { id: "s1" }));
      return (data["task"] as { state: string }).state === "acquired";
    });
    await before.resonate.stop();
    await first.close();

    const second = testEngine({ dataDir });
    const after = inProcess(second, "worker");
    after.resonate.register("stuck", async () => "free");
    after.network.start();
    expect(await (await after.resonate.get("s1")).result()).toBe("free");
  });

  test("the deadline of a plain promise wakes its workflow", async () => {
    const engine = testEngine();
    const { resonate: worker, network } = inProcess(engine, "worker");
    worker.register("late", function* (ctx: Context): Generator<unknown, string, never> {
      const open = yield* ctx.promise({ timeout: 50 });
      try {
        yield* open;
        return "decided";
      } catch {
        return "expired";
      }
    });
    network.start();
    const handle = await worker.beginRpc("l1", "late", worker.options({ target: "worker" }));
    expect(await handle.result()).toBe("expired");
  });

  test("a workflow that cannot run is tried less and less often", async () => {
    const engine = testEngine();
    const { resonate: worker, network } = inProcess(engine, "worker");
    network.start();
    const startedAt = performance.now();
    await worker.beginRpc("x1", "nobody-knows-me", worker.options({ target: "worker" }));
    await eventually("it was tried five times", async () => {
      const { data } = await ask(engine, request("task.get", { id: "x1" }));
      return (data["task"] as { version: number }).version >= 5;
    });
    // At 0, 0.1, 0.3, 0.7 and 1.5 s, where a reference server would have come to many hundreds.
    expect(performance.now() - startedAt).toBeGreaterThan(1_500);
  });

  test("a sleeping workflow is left alone until it is time", async () => {
    const engine = testEngine();
    const { resonate: worker, network } = inProcess(engine, "worker", 50);
    worker.register("nap", function* (ctx: Context): Generator<unknown, string, never> {
      yield* ctx.sleep(400);
      return "awake";
    });
    network.start();
    const handle = await worker.beginRpc("n1", "nap", worker.options({ target: "worker" }));
    expect(await handle.result()).toBe("awake");
    const { data } = await ask(engine, request("task.get", { id: "n1:0" }));
    expect(data).toMatchObject({ task: { state: "fulfilled", version: 0 } });
  });
});

describe("over HTTP", () => {
  test("a workflow with steps, a wait, a sleep and a remote call ends with its result", async () => {
    const engine = testEngine();
    const { url } = await testServer(engine);
    register(overHttp(url, "worker", "w1"));
    const client = overHttp(url, "gateway", "g1");
    const handle = await client.beginRpc("o1", "order", "kim", client.options({ target: "worker" }));
    await decide(engine, "o1:0", "yes");
    expect(await handle.result()).toEqual(OUTCOME);
  });

  test("workers and workflows survive a restart of the engine", async () => {
    const dataDir = temporaryFolder();
    const first = testEngine({ dataDir });
    const server = await testServer(first);
    register(overHttp(server.url, "worker", "w1"));
    const client = overHttp(server.url, "gateway", "g1");
    const handle = await client.beginRpc("o1", "order", "kim", client.options({ target: "worker" }));
    const result = handle.result();
    await eventually("the workflow waits", async () => {
      const { data } = await ask(first, request("task.get", { id: "o1" }));
      return (data["task"] as { state: string }).state === "suspended";
    });
    await server.close();
    await first.close();

    const second = testEngine({ dataDir });
    await decide(second, "o1:0", "yes");
    await testServer(second, server.port);
    expect(await result).toEqual(OUTCOME);
  });

  test("when a worker leaves, what it was handed goes to the other", async () => {
    const engine = testEngine();
    const { url } = await testServer(engine);
    const leaving = overHttp(url, "worker", "w1");
    const staying = overHttp(url, "worker", "w2");
    for (const worker of [leaving, staying]) register(worker);
    const client = overHttp(url, "gateway", "g1");
    const ids = Array.from({ length: 20 }, (_, n) => `o${n}`);
    const handles = await Promise.all(
      ids.map((id) => client.beginRpc(id, "order", "kim", client.options({ target: "worker" }))),
    );
    await leaving.stop();
    await Promise.all(ids.map((id) => decide(engine, `${id}:0`, "yes")));
    expect(await Promise.all(handles.map((handle) => handle.result()))).toEqual(ids.map(() => OUTCOME));
  });
});

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Message, Network, Request } from "@resonatehq/sdk";
import { LocalNetwork } from "@resonatehq/sdk";
import { afterEach, describe, expect, test } from "vitest";
import type { Durable } from "../../../src/durable/durable.ts";
import { createHttpNetwork } from "../../../src/durable/http-network.ts";
import { createDurable, type DurableOptions } from "../../../src/durable/resonate.ts";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";
import { serveEngine } from "../../../src/engine/serve/http.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let count = 0;
const call = (more: object = {}) => {
  count += 1;
  return { id: `call-${count}`, func: "foo", args: [{ n: 1 }], timeoutAt: Date.now() + HOUR, ...more };
};

interface World {
  readonly durable: Durable;
  /** Requests that reached the engine, by kind. */
  readonly kinds: string[];
  readonly engine: Engine;
}

const TRANSPORTS: Record<string, (options?: DurableOptions) => Promise<World>> = {
  "in this process": async (options) => {
    const { engine } = openTestEngine();
    const network = engine.network({ group: "gateway" });
    network.start();
    return worldOf(engine, network, options);
  },
  "over HTTP": async (options) => {
    const { engine } = openTestEngine();
    const server = await serveEngine(engine, { port: 0, token: "t0ken" });
    cleanups.push(() => server.close());
    const network = createHttpNetwork({ url: server.url, token: "t0ken", group: "gateway", pid: "g1" });
    return worldOf(engine, network, options);
  },
};

describe.each(Object.entries(TRANSPORTS))("Durable %s", (_name, world) => {
  test("refuses what is larger than an engine stores, with the limit, and stores nothing", async () => {
    const { durable } = await world();
    const large = "x".repeat(3_200_000);
    await durable.create({ id: "p", param: 1, timeoutAt: Date.now() + HOUR, tags: {} });
    for (const [field, sent] of [
      ["args", durable.start(call({ id: "large", args: [large] }))],
      ["param", durable.create({ id: "large", param: large, timeoutAt: Date.now() + HOUR, tags: {} })],
      ["value", durable.settle("p", large)],
    ] as const) {
      await expect(sent, field).rejects.toMatchObject({
        code: "INVALID_FIELDS",
        message: expect.stringMatching(
          new RegExp(`^${field} must have at most 3145728 bytes as JSON, not 32000\\d\\d:`),
        ),
      });
    }
    expect(await durable.read("large")).toBeUndefined();
    expect(await durable.read("p")).toMatchObject({ state: "pending" });
    const fits = "x".repeat(3_145_726);
    expect(await durable.settle("p", fits)).toMatchObject({ state: "resolved", value: fits });
  });

  test("start() stores the call as the SDK's workers read it", async () => {
    const { durable } = await world({ group: "workers" });
    const started = await durable.start(
      call({ id: "s", tags: { "app:x": "1", "resonate:target": "http://evil" } }),
    );
    expect(started).toMatchObject({
      id: "s",
      state: "pending",
      param: { func: "foo", args: [{ n: 1 }], version: 1 },
      value: undefined,
      tags: {
        "app:x": "1",
        "resonate:origin": "s",
        "resonate:branch": "s",
        "resonate:parent": "s",
        "resonate:scope": "global",
        "resonate:target": "poll://any@workers",
      },
    });
  });

  test("start() sends built-in functions to their group, and others to theirs, unless a target is named", async () => {
    const { durable } = await world({ group: "w", builtInGroup: "w-builtin" });
    const targetOf = async (id: string, func: string, target?: string) =>
      (await durable.start(call({ id, func, ...(target && { target }) }))).tags["resonate:target"];
    expect(await targetOf("a", "approval")).toBe("poll://any@w-builtin");
    expect(await targetOf("b", "callback_on_completion")).toBe("poll://any@w-builtin");
    expect(await targetOf("c", "foo")).toBe("poll://any@w");
    expect(await targetOf("d", "approval", "other")).toBe("poll://any@other");
  });

  test("start() answers the stored record, also when it holds another call", async () => {
    const { durable } = await world();
    await durable.start(call({ id: "first" }));
    const again = await durable.start(call({ id: "first", func: "bar" }));
    expect(again.param).toMatchObject({ func: "foo" });
  });

  test("start() and settle() refuse what storage would change", async () => {
    const { durable, kinds } = await world();
    await expect(durable.start(call({ args: [Number.NaN] }))).rejects.toMatchObject({
      code: "INVALID_FIELDS",
    });
    await expect(durable.settle("x", 1n)).rejects.toMatchObject({ code: "INVALID_FIELDS" });
    expect(kinds).toEqual([]);
  });

  test("read() and settle() answer undefined for an unknown id", async () => {
    const { durable } = await world();
    expect(await durable.read("nobody")).toBeUndefined();
    expect(await durable.settle("nobody", 1)).toBeUndefined();
    expect(await durable.waitFor("nobody", { timeoutMs: MINUTE })).toBeUndefined();
    expect(await durable.children("nobody")).toEqual([]);
    expect(await durable.family("nobody")).toEqual({ promises: [], truncated: false });
  });

  test("settle() is decided by the first, and everyone reads what that one wrote", async () => {
    const { durable } = await world();
    const { id } = await durable.start(call());
    const settled = await Promise.all(["a", "b", "c"].map((nonce) => durable.settle(id, { nonce })));
    const values = new Set(settled.map((promise) => JSON.stringify(promise?.value)));
    expect(values.size).toBe(1);
    expect((await durable.settle(id, "late", "rejected"))?.state).toBe("resolved");
  });

  test("a request that the engine refuses is the caller's, with nothing of ours in it", async () => {
    const { durable } = await world();
    const refused = durable.start(call({ id: "x".repeat(1025) }));
    await expect(refused).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringMatching(/^The engine refuses the request/),
    });
  });

  test("start() of an id with a colon starts a workflow below the one before it", async () => {
    const { durable } = await world();
    const { id } = await durable.start(call());
    const { tags } = await durable.start(call({ id: `${id}:note` }));
    expect(tags).toMatchObject({
      "resonate:origin": id,
      "resonate:parent": id,
      "resonate:branch": `${id}:note`,
    });
  });

  test("waitFor() answers when the promise settles, for all who wait, by one registration", async () => {
    const { durable, kinds } = await world();
    const { id } = await durable.start(call());
    const waits = Array.from({ length: 20 }, () => durable.waitFor(id, { timeoutMs: MINUTE }));
    await expect.poll(() => kinds).toContain("promise.register_listener");
    await durable.settle(id, "done");
    for (const promise of await Promise.all(waits)) expect(promise).toMatchObject({ value: "done" });
    expect(kinds.filter((kind) => kind === "promise.register_listener")).toHaveLength(1);
    expect(kinds).not.toContain("promise.get");
  });

  test("waitFor() answers at once for what is settled", async () => {
    const { durable } = await world();
    const { id } = await durable.start(call());
    await durable.settle(id, 1);
    expect(await durable.waitFor(id, { timeoutMs: MINUTE })).toMatchObject({ state: "resolved", value: 1 });
  });

  test("waitFor() answers the promise as it is when time is up, or its signal says so", async () => {
    const { durable } = await world();
    const { id } = await durable.start(call());
    expect(await durable.waitFor(id, { timeoutMs: 20 })).toMatchObject({ state: "pending" });
    expect(await durable.waitFor(id, { timeoutMs: 0 })).toMatchObject({ state: "pending" });
    const leave = new AbortController();
    const waiting = durable.waitFor(id, { timeoutMs: MINUTE, signal: leave.signal });
    leave.abort();
    expect(await waiting).toMatchObject({ state: "pending" });
  });

  test("waitFor() sees a deadline pass", async () => {
    const { durable } = await world();
    const { id } = await durable.start(call({ timeoutAt: Date.now() + 100 }));
    expect(await durable.waitFor(id, { timeoutMs: MINUTE })).toMatchObject({ state: "timedout" });
  });

  test("stop() ends open waits with what was last known", async () => {
    const { durable, kinds } = await world();
    const { id } = await durable.start(call());
    const waiting = durable.waitFor(id, { timeoutMs: MINUTE });
    await expect.poll(() => kinds).toContain("promise.register_listener");
    // Its answer is on the way; a second wait joins the first and shows that it has begun.
    await durable.waitFor(id, { timeoutMs: 5 });
    await durable.stop();
    expect(await waiting).toMatchObject({ id, state: "pending" });
  });

  test("children() reads by position up to the first gap, and family() all below", async () => {
    const { durable, engine } = await world();
    await durable.start(call({ id: "root" }));
    for (let i = 0; i < 70; i += 1) await createChild(engine, "root", `root:${i}`);
    await createChild(engine, "root", "root:99");
    await createChild(engine, "root:3", "root:3.0");
    await durable.start(call({ id: "root2" }));
    const children = await durable.children("root");
    expect(children.map(({ id }) => id)).toEqual(Array.from({ length: 70 }, (_, i) => `root:${i}`));
    expect((await durable.children("root:3")).map(({ id }) => id)).toEqual(["root:3.0"]);
    const { promises, truncated } = await durable.family("root");
    expect(promises).toHaveLength(73);
    expect(truncated).toBe(false);
    expect((await durable.family("root:3")).promises.map(({ id }) => id).sort()).toEqual([
      "root:3",
      "root:3.0",
    ]);
  });

  test("values that others wrote and nobody can read are told, not thrown", async () => {
    const { durable, engine } = await world();
    const { id } = await durable.start(call());
    await send(engine, "promise.settle", { id, state: "resolved", value: { headers: {}, data: "{}" } });
    expect(await durable.read(id)).toMatchObject({
      state: "resolved",
      value: undefined,
      unreadable: "value",
    });
  });
});

describe("Durable", () => {
  test("settles a wait by an announcement that overtakes the answer to its registration", async () => {
    const { engine } = openTestEngine();
    const network = engine.network({ group: "gateway" });
    network.start();
    // Holds back the answer until the promise has been settled and announced.
    const announced = Promise.withResolvers<void>();
    const slow = tapped(network, {
      answered: async ({ kind }) => {
        if (kind !== "promise.register_listener") return;
        await send(engine, "promise.settle", { id: "quick", state: "resolved", value: {} });
        await announced.promise;
      },
      received: () => announced.resolve(),
    });
    const durable = createDurable(slow, { pauses: { listeningMs: MINUTE, deafMs: MINUTE } });
    cleanups.push(() => durable.stop());
    await durable.start(call({ id: "quick" }));
    expect(await durable.waitFor("quick", { timeoutMs: MINUTE })).toMatchObject({ state: "resolved" });
  });

  test("finds a settlement whose announcement was lost by looking again", async () => {
    const { engine } = openTestEngine();
    const network = engine.network({ group: "gateway" });
    const durable = createDurable(network, { pauses: { listeningMs: 20, deafMs: MINUTE } });
    cleanups.push(() => durable.stop());
    // Never started: nothing is delivered.
    const { id } = await durable.start(call());
    const waiting = durable.waitFor(id, { timeoutMs: MINUTE });
    await durable.settle(id, "done");
    expect(await waiting).toMatchObject({ value: "done" });
  });

  test("looks again where the server refuses listeners", async () => {
    const { engine } = openTestEngine();
    const network = engine.network({ group: "gateway" });
    network.start();
    const durable = createDurable(network, { pauses: { listeningMs: MINUTE, deafMs: 20 } });
    cleanups.push(() => durable.stop());
    await durable.start(call({ id: "steps" }));
    await createChild(engine, "steps", "steps:0", { "resonate:scope": "local", "resonate:branch": "steps" });
    const waiting = durable.waitFor("steps:0", { timeoutMs: MINUTE });
    await durable.settle("steps:0", 7);
    expect(await waiting).toMatchObject({ value: 7 });
  });

  test("search() with a prefix looks at what begins so, and at little else, however much is stored", async () => {
    const { engine } = openTestEngine();
    const network = engine.network({ group: "gateway" });
    network.start();
    const { durable, kinds } = worldOf(engine, network, {});
    const create = (id: string) =>
      durable.create({ id, param: null, timeoutAt: Date.now() + HOUR, tags: { kind: "x" } });
    const names = (first: string, length: number) => Array.from({ length }, (_, n) => `${first}.${n}`);
    const others = [...names("po", 6_000), "webhook", "webhook-1", "webhook/", ...names("zz", 6_000)];
    await Promise.all([...others, "webhook.a.1", "webhook.a.2", "webhook.b.1"].map(create));
    const found = async (...given: [string?]) => {
      kinds.length = 0;
      const { promises, truncated } = (await durable.search({ kind: "x" }, 20_000, ...given)) ?? {};
      return { ids: promises?.map(({ id }) => id), truncated, requests: kinds.length };
    };
    expect(await found("webhook.")).toEqual({
      ids: ["webhook.a.1", "webhook.a.2", "webhook.b.1"],
      truncated: false,
      requests: 1,
    });
    expect(await found("webhook.a.")).toEqual({
      ids: ["webhook.a.1", "webhook.a.2"],
      truncated: false,
      requests: 1,
    });
    expect((await found()).requests).toBeGreaterThan(10);
  });

  test("family() probes where the server has no search", async () => {
    const network = new LocalNetwork({ group: "worker", pid: "p" });
    const durable = createDurable(network);
    cleanups.push(() => durable.stop());
    await durable.start(call({ id: "wf" }));
    const child = (id: string, parent: string) =>
      network.send({
        kind: "promise.create",
        head: { corrId: "c", version: "2026-04-01" },
        data: {
          id,
          timeoutAt: Date.now() + HOUR,
          param: {},
          tags: { "resonate:origin": "wf", "resonate:parent": parent },
        },
      });
    await child("wf:0", "wf");
    await child("wf:1", "wf");
    await child("wf:1.0", "wf:1");
    const { promises } = await durable.family("wf");
    expect(promises.map(({ id }) => id)).toEqual(["wf", "wf:0", "wf:1", "wf:1.0"]);
  });

  test("says that the engine is unavailable, whatever is wrong with it", async () => {
    const statuses = [401, 403, 429, 500, 502, 503];
    for (const status of statuses) {
      const url = await respondWith(status, "text");
      const durable = createDurable(createHttpNetwork({ url, token: undefined, group: "g", pid: "p" }));
      await expect(durable.read("x"), String(status)).rejects.toMatchObject({ code: "ENGINE_UNAVAILABLE" });
      await durable.stop();
    }
    const garbage = await respondWith(200, "<html>");
    const gone = "http://127.0.0.1:1";
    // It answers the registration and then hangs: who waits is told when their time is up, and no request's time later.
    const { engine } = openTestEngine();
    const local = engine.network({ group: "gateway" });
    local.start();
    const hanging = tapped(local, {
      answered: ({ kind }) => (kind === "promise.get" ? new Promise(() => {}) : Promise.resolve()),
    });
    const durable = createDurable(hanging);
    cleanups.push(() => durable.stop());
    const { id } = await durable.start(call());
    await expect(durable.waitFor(id, { timeoutMs: 10 })).rejects.toMatchObject({
      code: "ENGINE_UNAVAILABLE",
    });
    for (const url of [garbage, gone]) {
      const durable = createDurable(createHttpNetwork({ url, token: undefined, group: "g", pid: "p" }));
      await expect(durable.waitFor("x", { timeoutMs: MINUTE })).rejects.toMatchObject({
        code: "ENGINE_UNAVAILABLE",
      });
      await durable.stop();
    }
  });
});

describe("readTogether()", () => {
  async function traced(isOrdered: boolean): Promise<string[]> {
    const { engine } = openTestEngine();
    const trace: string[] = [];
    const idOf = (request: Request) => (request.data as { id: string }).id;
    const network = tapped(engine.network({ group: "gateway" }), {
      asked: (request) => trace.push(`? ${idOf(request)}`),
      answered: async (request) => void trace.push(`! ${idOf(request)}`),
    });
    for (const id of ["a", "c"]) await createChild(engine, id, id);
    const durable = createDurable(network, { isOrdered });
    cleanups.push(() => durable.stop());
    const read = await durable.readTogether("a", ["b", "c"]);
    expect(read.map((promise) => promise?.id)).toEqual(["a", undefined, "c"]);
    return trace;
  }

  test("asks for all at once, in their order, where that is the order of the answers", async () => {
    expect(await traced(true)).toEqual(["? a", "? b", "? c", "! a", "! b", "! c"]);
  });

  test("asks for the rest only when the first is answered, elsewhere", async () => {
    expect((await traced(false)).slice(0, 4)).toEqual(["? a", "! a", "? b", "? c"]);
  });
});

function openTestEngine(): { engine: Engine } {
  const engine = openEngine({ file: ":memory:" });
  cleanups.push(() => engine.close());
  return { engine };
}

function worldOf(engine: Engine, network: Network, options: DurableOptions = {}): World {
  const kinds: string[] = [];
  const pauses = { listeningMs: MINUTE, deafMs: MINUTE };
  const durable = createDurable(tapped(network, { asked: ({ kind }) => kinds.push(kind) }), {
    pauses,
    ...options,
  });
  cleanups.push(() => durable.stop());
  return { durable, kinds, engine };
}

/** The same network, with a look at what goes through it. */
function tapped(
  network: Network,
  taps: {
    asked?: (request: Request) => void;
    answered?: (request: Request) => Promise<void>;
    received?: (message: Message) => void;
  },
): Network {
  return {
    unicast: network.unicast,
    anycast: network.anycast,
    match: (target) => network.match(target),
    init: () => network.init(),
    stop: () => network.stop(),
    recv: (callback: (message: Message) => void) =>
      network.recv((message) => {
        callback(message);
        taps.received?.(message);
      }),
    send: async (request) => {
      taps.asked?.(request);
      const response = await network.send(request);
      await taps.answered?.(request);
      return response;
    },
  };
}

async function send(engine: Engine, kind: string, data: object): Promise<void> {
  const reply = await engine.send({ kind, head: { corrId: "t", version: "2026-04-01" }, data });
  expect(reply.head.status, JSON.stringify(reply.data)).toBe(200);
}

function createChild(
  engine: Engine,
  parent: string,
  id: string,
  tags: Record<string, string> = {},
): Promise<void> {
  return send(engine, "promise.create", {
    id,
    timeoutAt: Date.now() + HOUR,
    param: {},
    tags: {
      "resonate:origin": parent.split(":", 1)[0]!,
      "resonate:parent": parent,
      "resonate:branch": id,
      "resonate:scope": "global",
      ...tags,
    },
  });
}

/** A server that answers everything alike. */
async function respondWith(status: number, body: string): Promise<string> {
  const server = createServer((_req, res) => res.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

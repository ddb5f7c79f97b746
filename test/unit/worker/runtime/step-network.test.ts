/** Steps that are stored once or not at all, on a server whose answers the test writes. */
import type { Network, PromiseRecord, Request } from "@resonatehq/sdk";
import { describe, expect, test } from "vitest";
import { STEP_TAG, type StepStorage, stepRecord } from "../../../../src/durable/step-record.ts";
import { RecentCalls } from "../../../../worker/runtime/recent-calls.ts";
import { StepNetwork } from "../../../../worker/runtime/step-network.ts";

const NOW = 1_000_000;
const HEAD = { corrId: "c", version: "2026-04-01" };
const ROOT = record("a", { branch: "a", parent: "a" });
const END = record("a:0", { branch: "a:0", parent: "a" });

test("a step is stored with its result, in one request that brings what began it along", async () => {
  const server = await begun({ version: 1, preload: [] });
  expect(await server.create("a:1", "at-end")).toMatchObject({ state: "pending" });
  expect(server.asked).toEqual([]);
  expect(await server.settle("a:1", "resolved", "cmVzdWx0")).toMatchObject({
    state: "resolved",
    param: { data: "Y2FsbA==" },
    value: { data: "cmVzdWx0" },
  });
  const { action } = server.first();
  expect(action).toMatchObject({ kind: "promise.create", data: { tags: { "resonate:timer": "true" } } });
  expect(action.data.timeoutAt).toBeLessThan(NOW);
  expect(server.network.told("a", "a:1")).toMatchObject({ state: "resolved" });
});

test("a step that is stored already is not begun", async () => {
  const first = await begun({ version: 1, preload: [] });
  await first.create("a:1", "at-end");
  await first.settle("a:1", "resolved", "cmVzdWx0");
  const { action } = first.first();
  const kept: PromiseRecord = {
    ...action.data,
    state: "resolved",
    value: {},
    createdAt: NOW,
    settledAt: NOW,
  };
  const next = await begun({ version: 2, preload: [END, kept] });
  expect(await next.create("a:1", "at-end")).toEqual(stepRecord(kept));
  expect(next.asked).toEqual([]);
});

test("a step that is not to be stored is asked of nobody, unless it fails", async () => {
  const server = await begun({ version: 1, preload: [] });
  await server.create("a:1", "never");
  expect(await server.settle("a:1", "resolved", "cmVzdWx0")).toMatchObject({ value: { data: "cmVzdWx0" } });
  expect(server.asked).toEqual([]);
  await server.create("a:2", "never");
  await server.settle("a:2", "rejected", "ZXJyb3I=");
  expect(server.kinds()).toEqual(["promise.create", "promise.settle"]);
});

test("how a workflow was begun is known also after its pass, until 500 others have run", async () => {
  const server = await begun({ version: 1, preload: [] });
  expect(server.network.begun("a")).toEqual(ROOT);
  await server.network.send({ kind: "task.fulfill", head: HEAD, data: { id: "a", version: 1 } } as never);
  expect(server.network.told("a", "a")).toBeUndefined();
  expect(server.network.begun("a")).toEqual(ROOT);
  expect(server.network.begun("b")).toBeUndefined();
});

test("of the calls of workflows, the last 500 are kept, and none that is large", () => {
  const calls = new RecentCalls();
  for (let n = 0; n <= 500; n += 1) calls.note(record(`w${n}`, { branch: `w${n}`, parent: `w${n}` }));
  expect([calls.of("w0"), calls.of("w1")?.id, calls.of("w500")?.id]).toEqual([undefined, "w1", "w500"]);
  calls.note({ ...ROOT, param: { headers: {}, data: "x".repeat(16 * 1024 + 1) } });
  expect(calls.of("a")).toBeUndefined();
});

test("a step that is stored unless it is the last is stored by what it comes to", async () => {
  const server = await begun({ version: 1, preload: [] });
  await server.create("a:1", "unless-last");
  await server.settle("a:1", "resolved", dataOf({ kind: "judgement", isLast: true }));
  expect(server.asked).toEqual([]);
  await server.create("a:2", "unless-last");
  await server.settle("a:2", "resolved", dataOf({ kind: "judgement" }));
  expect(server.kinds()).toEqual(["promise.create"]);
  // It is read like any other, also by a version that does not know of this.
  const { data } = server.first().action;
  expect(data.tags[STEP_TAG]).toBe("at-end");
  const kept: PromiseRecord = { ...data, state: "resolved", value: {}, createdAt: NOW, settledAt: NOW };
  expect(stepRecord(kept).value.data).toBe(dataOf({ kind: "judgement" }));
  await server.create("a:3", "unless-last");
  await server.settle("a:3", "resolved", dataOf(null));
  expect(server.kinds()).toEqual(["promise.create", "promise.create"]);
});

test.each([
  ["sends only the task's own branch along", [record("a:3", { branch: "a", parent: "a" })]],
  ["sends nothing along", []],
  [
    "sends as much along as it may",
    [END, ...Array.from({ length: 500 }, (_, n) => record(`a:${n + 1}`, {}))],
  ],
  [
    "sends so much along that it may have left something out",
    [{ ...END, value: { data: "A".repeat(2 ** 21) } }],
  ],
])("after the first pass, a server that %s is asked for the step", async (_, preload) => {
  const server = await begun({ version: 2, preload });
  await server.create("a:900", "at-end");
  await server.settle("a:900", "resolved", "cmVzdWx0");
  expect(server.kinds()).toEqual(["promise.create", "promise.settle"]);
});

test("a step that asks for nothing is stored as the SDK stores it", async () => {
  const server = await begun({ version: 1, preload: [] });
  await server.create("a:1", undefined);
  await server.settle("a:1", "resolved", "cmVzdWx0");
  expect(server.kinds()).toEqual(["promise.create", "promise.settle"]);
});

describe("a step that was stored with its result has it wherever a server tells of it:", () => {
  test.each([
    ["along with another promise", "a:0", { version: 2, preload: [] }],
    ["as the answer to a step that is begun again", "a:1", { version: 2, preload: [] }],
  ])("%s", async (_, id, acquired) => {
    const first = await begun({ version: 1, preload: [] });
    await first.create("a:1", "at-end");
    await first.settle("a:1", "resolved", "cmVzdWx0");
    const settled = { state: "resolved", value: {}, createdAt: NOW, settledAt: NOW } as const;
    const raw: PromiseRecord = { ...first.first().action.data, ...settled };

    for (const version of [acquired.version, acquired.version - 1]) {
      const server = await begun({ ...acquired, stored: [END, raw] });
      const { data } = await server.of(version).created(id, id === "a:1" ? "at-end" : undefined);
      const told = [data.action.data.promise, ...data.preload].filter((record) => record.id === "a:1");
      expect(told.length).toBeGreaterThan(0);
      for (const record of told) expect(record.value.data).toBe("cmVzdWx0");
    }
  });
});

test("a result that the engine refuses can be followed by an error in its place", async () => {
  const server = await begun({ version: 1, preload: [] });
  await server.create("a:1", "at-end");
  server.refuse(new Error("platform failure: HTTP 413"));
  await expect(server.settle("a:1", "resolved", "cmVzdWx0")).rejects.toThrow("413");
  server.refuse(undefined);
  await server.settle("a:1", "rejected", "ZXJyb3I=");
  expect(server.kinds()).toEqual(["promise.create", "promise.create", "promise.settle"]);
});

test("nothing is remembered of a pass that is over", async () => {
  for (const kind of ["task.suspend", "task.release", "task.fulfill"]) {
    const server = await begun({ version: 1, preload: [END] });
    expect(server.network.told("a", "a:0")).toEqual(END);
    await server.network.send({ kind, head: HEAD, data: { id: "a", version: 1 } } as never);
    expect(server.network.told("a", "a:0")).toBeUndefined();
  }
});

describe("a pass that has lost its task to a newer one in the same worker", () => {
  test.each(["task.suspend", "task.release", "task.fulfill"])(
    "makes nothing forgotten by its %s: a step that the newer one has begun can end",
    async (kind) => {
      const server = await begun({ version: 3, preload: [END] });
      await server.create("a:1", "never");
      await server.network.send({ kind, head: HEAD, data: { id: "a", version: 1 } } as never);
      expect(server.network.told("a", "a:0")).toEqual(END);
      expect(await server.settle("a:1", "resolved", "cmVzdWx0")).toMatchObject({
        state: "resolved",
        value: { data: "cmVzdWx0" },
      });
      expect(server.asked).toEqual([]);
    },
  );

  test("has its requests answered by the engine, which refuses them, and not from what the newer one was told", async () => {
    const kept = { ...record("a:1", {}), state: "resolved" } as PromiseRecord;
    const server = await begun({ version: 3, preload: [END, kept] });
    await server.create("a:2", "at-end");
    const stale = server.of(1);
    await stale.create("a:1", "at-end");
    await stale.create("a:3", "at-end");
    await stale.settle("a:2", "resolved", "cmVzdWx0");
    expect(server.kinds()).toEqual(["promise.create", "promise.create", "promise.settle"]);
    await server.settle("a:2", "resolved", "cmVzdWx0");
    expect(server.kinds().at(-1)).toBe("promise.create");
  });
});

interface FenceAnswer {
  readonly data: {
    readonly action: { readonly data: { readonly promise: PromiseRecord } };
    readonly preload: readonly PromiseRecord[];
  };
}

interface Server {
  readonly version: number;
  readonly preload: readonly PromiseRecord[];
  /** What it has, and sends along with every fenced request, as Resonate Server does. */
  readonly stored?: readonly PromiseRecord[];
}

interface Fenced {
  readonly action: { readonly kind: string; readonly data: PromiseRecord };
}

/** A result as it is stored. */
function dataOf(result: unknown): string {
  return Buffer.from(JSON.stringify(result)).toString("base64");
}

function record(id: string, { branch = "a", parent = "a" }): PromiseRecord {
  const tags = { "resonate:branch": branch, "resonate:parent": parent };
  return { id, state: "pending", param: {}, value: {}, tags, timeoutAt: NOW * 2, createdAt: 0 };
}

/** The task `a`, acquired through the network under test. */
async function begun({ version, preload, stored = [] }: Server) {
  const asked: Fenced[] = [];
  let refusal: Error | undefined;
  const answer = (request: Request): object => {
    if (request.kind === "task.acquire") return { promise: ROOT, task: { version }, preload };
    if (request.kind !== "task.fence") return {};
    asked.push(request.data as unknown as Fenced);
    const { kind, data } = request.data.action;
    const known = stored.find(({ id }) => id === data.id);
    const promise =
      known ??
      (kind === "promise.create"
        ? { ...data, state: "pending", value: {}, createdAt: NOW }
        : { ...record(data.id, {}), state: data.state, value: data.value, settledAt: NOW });
    return { action: { kind, head: { ...HEAD, status: 200 }, data: { promise } }, preload: stored };
  };
  const send = async (request: Request) => {
    if (refusal !== undefined && request.kind === "task.fence") asked.push(request.data as unknown as Fenced);
    if (refusal !== undefined) throw refusal;
    return { kind: request.kind, head: { ...HEAD, status: 200 }, data: answer(request) };
  };
  const network = new StepNetwork({ unicast: "u", anycast: "a", send } as unknown as Network, () => NOW);
  await network.send({
    kind: "task.acquire",
    head: HEAD,
    data: { id: "a", version: version - 1, pid: "p", ttl: 1 },
  });

  /** What a pass does that holds, or held, the task at this version. */
  function passOf(held: number) {
    async function fence(kind: string, data: object): Promise<FenceAnswer> {
      const action = { kind, head: HEAD, data };
      const request = { kind: "task.fence", head: HEAD, data: { id: "a", version: held, action } };
      return (await network.send(request as never)) as unknown as FenceAnswer;
    }
    function created(id: string, storage: StepStorage | undefined): Promise<FenceAnswer> {
      const tags = { "resonate:scope": "local", ...(storage === undefined ? {} : { [STEP_TAG]: storage }) };
      const param = { headers: {}, data: "Y2FsbA==" };
      return fence("promise.create", { id, timeoutAt: NOW * 2, param, tags });
    }
    const promiseIn = ({ data }: FenceAnswer): PromiseRecord => data.action.data.promise;
    return {
      /** All that the answer to a creation says. */
      created,
      create: async (id: string, storage: StepStorage | undefined) => promiseIn(await created(id, storage)),
      settle: async (id: string, state: "resolved" | "rejected", data: string) =>
        promiseIn(await fence("promise.settle", { id, state, value: { headers: {}, data } })),
    };
  }

  return {
    network,
    asked,
    first: () => asked[0] as Fenced,
    kinds: () => asked.map(({ action }) => action.kind),
    refuse: (error: Error | undefined) => void (refusal = error),
    of: passOf,
    ...passOf(version),
  };
}

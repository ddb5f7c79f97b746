import { isResponse } from "@resonatehq/sdk";
import { describe, expect, test } from "vitest";
import type { Reply } from "../../src/engine/decide/response.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { type Answered, ask, temporaryFolder, testEngine, testServer } from "../support/engine.ts";
import {
  acquire,
  create,
  type Envelope,
  latentTags,
  request,
  rootTags,
  settle,
  stepTags,
  suspend,
} from "../support/engine-requests.ts";

/** Every kind, once through all its statuses, over each way to reach the engine. */

type Ask = (envelope: Envelope) => Promise<Answered>;

const DAY = 86_400_000;
/** What the SDK takes as an answer; it must then accept its shape too. */
const SDK_STATUSES = [200, 300, 404, 409, 422, 501];

const ways: [string, () => Promise<Ask>][] = [
  ["memory", async () => checked(testEngine())],
  ["file", async () => checked(testEngine({ dataDir: temporaryFolder() }))],
  ["HTTP", async () => overHttp(testEngine())],
];

describe.each(ways)("engine in %s", (_, open) => {
  test("promise.create, get, settle", async () => {
    const ask = await open();
    const at = Date.now();
    const made = await ask(create("a", at + DAY, { app: "ö" }));
    expect(made.status).toBe(200);
    expect(made.data["promise"]).toMatchObject({ id: "a", state: "pending", tags: { app: "ö" }, value: {} });
    expect(made.data["promise"]).not.toHaveProperty("settledAt");
    expect((await ask(create("a", at + 5))).data).toEqual(made.data);
    expect((await ask(request("promise.get", { id: "a" }))).data).toEqual(made.data);
    expect((await ask(request("promise.get", { id: "b" }))).status).toBe(404);
    expect((await ask(settle("b"))).status).toBe(404);
    const settled = await ask(settle("a", "rejected"));
    expect(settled.data["promise"]).toMatchObject({ state: "rejected", settledAt: expect.any(Number) });
    expect((await ask(settle("a"))).data).toEqual(settled.data);
    expect((await ask(create("", at))).status).toBe(400);
    expect((await ask(settle("a", "pending"))).status).toBe(400);
  });

  test("promise.register_listener and register_callback", async () => {
    const ask = await open();
    await ask(create("a", Date.now() + DAY, rootTags("a")));
    await ask(create("a:0", Date.now() + DAY, latentTags("a:0", "a")));
    await ask(create("a:1", Date.now() + DAY, stepTags("a:1", "a")));
    const listen = (awaited: string, address = "poll://uni@g/p") =>
      ask(request("promise.register_listener", { awaited, address }));
    expect((await listen("a:0")).data["promise"]).toMatchObject({ id: "a:0" });
    expect((await listen("a:1")).status).toBe(422);
    expect((await listen("a:7")).status).toBe(404);
    expect((await listen("a:0", "nowhere")).status).toBe(400);
    const callback = (awaited: string, awaiter: string) =>
      ask(request("promise.register_callback", { awaited, awaiter }));
    expect((await callback("a:0", "a")).data["promise"]).toMatchObject({ id: "a:0" });
    expect((await callback("a:1", "a")).status).toBe(422);
    expect((await callback("a:7", "a")).status).toBe(404);
    expect((await callback("a:0", "a:7")).status).toBe(422);
    expect((await callback("a:0", "b")).status).toBe(400);
  });

  test("promise.search", async () => {
    const ask = await open();
    for (const id of ["a", "b", "c"]) await ask(create(id, Date.now() + DAY, { kind: "x" }));
    const first = await ask(request("promise.search", { tags: { kind: "x" }, limit: 2 }));
    expect(first.data).toMatchObject({ promises: [{ id: "a" }, { id: "b" }], cursor: "b" });
    const second = await ask(request("promise.search", { tags: { kind: "x" }, limit: 2, cursor: "b" }));
    expect(second.data).toMatchObject({ promises: [{ id: "c" }] });
    expect(second.data).not.toHaveProperty("cursor");
    expect((await ask(request("promise.search", { limit: 0 }))).status).toBe(400);
  });

  test("task.get, acquire, heartbeat, release", async () => {
    const ask = await open();
    await ask(create("a", Date.now() + DAY, rootTags("a")));
    expect((await ask(request("task.get", { id: "a" }))).data).toEqual({
      task: { id: "a", state: "pending", version: 0, resumes: 0 },
    });
    expect((await ask(request("task.get", { id: "b" }))).status).toBe(404);
    expect((await ask(acquire("b", 0))).status).toBe(404);
    expect((await ask(acquire("a", 1))).status).toBe(409);
    expect((await ask(acquire("a", 0, 5_000, "p1"))).data).toMatchObject({
      task: { id: "a", state: "acquired", version: 1, resumes: 0, ttl: 5_000, pid: "p1" },
      promise: { id: "a" },
      preload: [],
    });
    const beat = request("task.heartbeat", { pid: "p1", tasks: [{ id: "a", version: 1 }] });
    expect(await ask(beat)).toEqual({ status: 200, data: {} });
    const release = (version: number) => ask(request("task.release", { id: "a", version }));
    expect((await release(2)).status).toBe(409);
    expect(await release(1)).toEqual({ status: 200, data: {} });
    expect((await release(1)).status).toBe(409);
  });

  test("task.create", async () => {
    const ask = await open();
    const make = (id: string, tags: Record<string, string>) =>
      ask(request("task.create", { pid: "p", ttl: 9_000, action: create(id, Date.now() + DAY, tags) }));
    expect((await make("a", rootTags("a"))).data).toMatchObject({
      task: { state: "acquired", version: 1 },
      promise: { id: "a", state: "pending" },
      preload: [],
    });
    expect((await make("a", rootTags("a"))).status).toBe(409);
    await ask(create("b", Date.now() + DAY));
    expect((await make("b", rootTags("b"))).status).toBe(422);
    expect((await make("c", {})).status).toBe(400);
  });

  test("task.fence, suspend, fulfill", async () => {
    const ask = await open();
    await ask(create("a", Date.now() + DAY, rootTags("a")));
    await ask(acquire("a", 0));
    const fence = (version: number, action: Envelope) =>
      ask(request("task.fence", { id: "a", version, action }));
    expect((await fence(1, create("a:0", Date.now() + DAY, latentTags("a:0", "a")))).data).toMatchObject({
      action: { kind: "promise.create", head: { status: 200 }, data: { promise: { id: "a:0" } } },
      preload: [],
    });
    expect((await fence(2, settle("a:0"))).status).toBe(409);
    expect((await fence(1, settle("a:7"))).data).toMatchObject({ action: { head: { status: 404 } } });
    expect((await fence(1, settle("a"))).status).toBe(400);
    expect((await ask(suspend("a", 1, ["a:7"]))).status).toBe(422);
    expect((await ask(suspend("a", 1, []))).status).toBe(400);
    expect(await ask(suspend("a", 1, ["a:0"]))).toEqual({ status: 200, data: {} });
    await ask(settle("a:0"));
    expect((await ask(acquire("a", 1))).data).toMatchObject({
      task: { version: 2 },
      preload: [{ id: "a:0" }],
    });
    expect(await ask(suspend("a", 2, ["a:0"]))).toMatchObject({
      status: 300,
      data: { preload: [{ id: "a:0", state: "resolved" }] },
    });
    const fulfill = (version: number) =>
      ask(request("task.fulfill", { id: "a", version, action: settle("a") }));
    expect((await fulfill(1)).status).toBe(409);
    expect((await fulfill(2)).data).toMatchObject({ promise: { id: "a", state: "resolved" } });
    expect((await fulfill(2)).status).toBe(409);
  });

  test("task.halt, continue", async () => {
    const ask = await open();
    await ask(create("a", Date.now() + DAY, rootTags("a")));
    expect((await ask(request("task.continue", { id: "a" }))).status).toBe(409);
    expect(await ask(request("task.halt", { id: "a" }))).toEqual({ status: 200, data: {} });
    expect((await ask(acquire("a", 0))).status).toBe(409);
    expect(await ask(request("task.continue", { id: "a" }))).toEqual({ status: 200, data: {} });
    expect((await ask(request("task.halt", { id: "b" }))).status).toBe(404);
  });

  test("task.search", async () => {
    const ask = await open();
    for (const id of ["a", "b", "c"]) await ask(create(id, Date.now() + DAY, rootTags(id)));
    await ask(acquire("b", 0));
    await ask(request("task.halt", { id: "c" }));
    const search = (query: Record<string, unknown>) => ask(request("task.search", query));
    expect((await search({ limit: 2 })).data).toMatchObject({
      tasks: [{ id: "a" }, { id: "b" }],
      cursor: "b",
    });
    expect((await search({ cursor: "b" })).data).toEqual({
      tasks: [{ id: "c", state: "halted", version: 0, resumes: 0 }],
    });
    expect((await search({ state: "acquired" })).data).toMatchObject({ tasks: [{ id: "b", version: 1 }] });
    expect((await search({ state: "halted" })).data).toMatchObject({ tasks: [{ id: "c" }] });
    expect((await search({ state: "lost" })).status).toBe(400);
  });

  test("schedule.create, get, search, delete", async () => {
    const ask = await open();
    const make = (more: Record<string, unknown> = {}) =>
      ask(request("schedule.create", { ...nightly, ...more }));
    const made = await make();
    expect(made.data["schedule"]).toMatchObject({ ...nightly, nextRunAt: expect.any(Number) });
    expect(made.data["schedule"]).not.toHaveProperty("lastRunAt");
    expect((await make({ cron: "* * * * *" })).data).toEqual(made.data);
    expect((await ask(request("schedule.get", { id: "night" }))).data).toEqual(made.data);
    expect((await ask(request("schedule.get", { id: "day" }))).status).toBe(404);
    await make({ id: "day" });
    const search = (query: Record<string, unknown>) => ask(request("schedule.search", query));
    expect((await search({ limit: 1 })).data).toMatchObject({ schedules: [{ id: "day" }], cursor: "day" });
    expect((await search({ cursor: "day" })).data).toEqual({ schedules: [made.data["schedule"]] });
    expect((await search({ tags: { app: "other" } })).data).toEqual({ schedules: [] });
    expect(await ask(request("schedule.delete", { id: "day" }))).toEqual({ status: 200, data: {} });
    expect((await ask(request("schedule.delete", { id: "day" }))).status).toBe(404);
    const wrong = { id: "new" };
    expect((await make({ ...wrong, cron: "often" })).status).toBe(400);
    expect((await make({ ...wrong, promiseTags: {} })).status).toBe(400);
    expect((await make({ id: "a:b" })).status).toBe(400);
  });

  test("kinds that are not there, or not allowed", async () => {
    const ask = await open();
    expect((await ask(request("promise.steal", {}))).status).toBe(400);
    for (const kind of ["debug.start", "debug.stop", "debug.reset", "debug.snap"]) {
      expect((await ask(request(kind, {}))).status).toBe(403);
    }
    expect((await ask(request("debug.tick", { time: 5 }))).status).toBe(403);
  });
});

const nightly = {
  id: "night",
  cron: "0 0 3 * * *",
  promiseId: "{{.id}}-{{.timestamp}}",
  promiseTimeout: 3_600_000,
  promiseParam: { headers: {}, data: "cGFyYW0=" },
  promiseTags: { "resonate:target": "poll://any@worker", app: "own" },
};

function checked(engine: Engine): Ask {
  return async (envelope) => {
    const reply = await engine.send(envelope);
    check(envelope, reply);
    return ask({ send: async () => reply }, envelope);
  };
}

async function overHttp(engine: Engine): Promise<Ask> {
  const { url } = await testServer(engine);
  return async (envelope) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: "Bearer token", Connection: "close" },
      body: JSON.stringify(envelope),
    });
    expect(response.headers.get("content-type")).toBe("application/json");
    const reply = (await response.json()) as Reply;
    expect(reply.head.status).toBe(response.status);
    check(envelope, reply);
    return ask({ send: async () => reply }, envelope);
  };
}

function check(envelope: Envelope, reply: Reply): void {
  expect([reply.kind, reply.head.corrId]).toEqual([envelope.kind, envelope.head.corrId]);
  if (SDK_STATUSES.includes(reply.head.status))
    expect(isResponse(JSON.parse(JSON.stringify(reply)))).toBe(true);
}

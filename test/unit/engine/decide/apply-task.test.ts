import { expect, test } from "vitest";
import {
  acquire,
  create,
  latentTags,
  request,
  rootTags,
  settle,
  stepTags,
  suspend,
} from "../../../support/engine-requests.ts";
import { World } from "../../../support/engine-world.ts";

const T = 1_000_000;
const DAY = 86_400_000;

/** A workflow `a`, acquired at version 1 by p1 until T + 10,000. */
function acquired(): World {
  const world = new World();
  world.step(T, create("a", T + DAY, rootTags("a")));
  world.step(T, acquire("a", 0));
  return world;
}

const release = (version: number) => request("task.release", { id: "a", version });
const fulfill = (version: number) => request("task.fulfill", { id: "a", version, action: settle("a") });
const fence = (version: number, action: object) => request("task.fence", { id: "a", version, action });
const heartbeat = (pid: string, version: number) =>
  request("task.heartbeat", { pid, tasks: [{ id: "a", version }] });

test("task.acquire raises the version, takes the lease and sends what the workflow made", () => {
  using world = new World();
  world.step(T, create("a", T + DAY, rootTags("a")));
  world.step(T, create("a:0", T + DAY, latentTags("a:0", "a")));
  world.step(T, create("a:1", T + DAY, stepTags("a:1", "a")));
  world.step(T, create("a:1.0", T + DAY, latentTags("a:1.0", "a:1")));
  world.step(T, create("a:1.1", T + DAY, stepTags("a:1.1", "a:1", "a")));
  const { status, data } = world.step(T, acquire("a", 0, 500, "p7"));
  expect(status).toBe(200);
  expect(data).toMatchObject({
    task: { id: "a", state: "acquired", version: 1, resumes: 0, ttl: 500, pid: "p7" },
    promise: { id: "a", state: "pending" },
    preload: [{ id: "a:0" }, { id: "a:1" }, { id: "a:1.1" }],
  });
  expect(world.snapshot().taskTimeouts).toEqual([{ id: "a", type: 1, timeout: T + 500 }]);
});

test("task.acquire: unknown 404; taken, ended or at another version 409", () => {
  using world = acquired();
  expect(world.step(T, acquire("b", 0)).status).toBe(404);
  expect(world.step(T, acquire("a", 1)).status).toBe(409);
  expect(world.step(T, acquire("a", 0)).status).toBe(409);
  world.step(T, create("c", T + 10, rootTags("c")));
  expect(world.step(T, acquire("c", 1)).status).toBe(409);
  expect(world.step(T + 10, acquire("c", 0)).status).toBe(409);
  expect(world.step(T + 10, request("task.get", { id: "c" })).data).toEqual({
    task: { id: "c", state: "fulfilled", version: 0, resumes: 0 },
  });
});

test("a delayed task that somebody takes up early waits no more when it comes back", () => {
  using world = new World();
  world.step(T, create("a", T + DAY, rootTags("a", { "resonate:delay": `${T + 50_000}` })));
  world.step(T, acquire("a", 0, 10));
  expect(world.snapshot().taskRows).toMatchObject([{ state: "acquired", notBefore: null }]);
  expect(world.tick(T + 10)).toHaveLength(1);
});

test("a lease of any length is kept", () => {
  using world = new World();
  world.step(T, create("a", T + DAY, rootTags("a")));
  expect(world.step(T, acquire("a", 0, Number.MAX_SAFE_INTEGER)).status).toBe(200);
  expect(world.snapshot().taskTimeouts).toMatchObject([{ timeout: Number.MAX_SAFE_INTEGER }]);
});

test("task.create starts acquired, takes up a pending task, and answers an ended one", () => {
  using world = new World();
  const createTask = (id: string, tags = rootTags(id)) =>
    request("task.create", { pid: "p1", ttl: 100, action: create(id, T + DAY, tags) });
  const first = world.step(T, createTask("a"));
  expect(first).toMatchObject({
    status: 200,
    data: { task: { state: "acquired", version: 1 } },
    messages: [],
  });
  expect(world.step(T, createTask("a")).status).toBe(409);
  world.step(T, create("b", T + DAY, rootTags("b")));
  expect(world.step(T, createTask("b")).data).toMatchObject({ task: { state: "acquired", version: 1 } });
  world.step(T, settle("b"));
  expect(world.step(T, createTask("b"))).toMatchObject({
    status: 200,
    data: { task: { state: "fulfilled" }, promise: { state: "resolved" } },
  });
  world.step(T, create("c", T + DAY));
  expect(world.step(T, createTask("c")).status).toBe(422);
});

test("task.suspend lets go, and the first settlement wakes", () => {
  using world = acquired();
  for (const n of [0, 1]) world.step(T, create(`a:${n}`, T + DAY, latentTags(`a:${n}`, "a")));
  expect(world.step(T, suspend("a", 1, ["a:0", "a:1"]))).toMatchObject({ status: 200, data: {} });
  expect(world.snapshot().tasks).toEqual([{ id: "a", state: "suspended", version: 1, resumes: 0 }]);
  expect(world.snapshot().taskTimeouts).toEqual([]);

  const { messages } = world.step(T + 5, settle("a:0"));
  expect(messages).toEqual([
    {
      address: "poll://any@worker",
      message: { kind: "execute", head: {}, data: { task: { id: "a", version: 1 } } },
    },
  ]);
  expect(world.snapshot().tasks).toEqual([{ id: "a", state: "pending", version: 1, resumes: 1 }]);
  expect(world.step(T + 6, settle("a:1")).messages).toEqual([]);
  expect(world.snapshot().tasks).toMatchObject([{ state: "pending", resumes: 2 }]);
  expect(world.step(T + 7, acquire("a", 1)).data).toMatchObject({ task: { version: 2, resumes: 0 } });
});

test("task.suspend goes on with 300 when something awaited has settled, and keeps the lease", () => {
  using world = acquired();
  world.step(T, create("a:0", T + DAY, latentTags("a:0", "a")));
  world.step(T, create("a:1", T + 10, latentTags("a:1", "a")));
  const { status, data } = world.step(T + 10, suspend("a", 1, ["a:0", "a:1"]));
  expect(status).toBe(300);
  // The deadline that this very request noticed shows in what it sends along.
  expect(data).toMatchObject({ preload: [{ id: "a:0" }, { id: "a:1", state: "rejected_timedout" }] });
  expect(world.snapshot()).toMatchObject({ tasks: [{ state: "acquired" }], callbacks: [] });
});

test("task.suspend on what is unknown or an inner step is 422 and writes nothing", () => {
  using world = acquired();
  world.step(T, create("a:0", T + DAY, latentTags("a:0", "a")));
  world.step(T, create("a:1", T + DAY, stepTags("a:1", "a")));
  expect(world.step(T, suspend("a", 1, ["a:0", "a:1"])).data["error"]).toContain("inner step");
  expect(world.step(T, suspend("a", 1, ["a:0", "a:7"])).status).toBe(422);
  expect(world.snapshot()).toMatchObject({ tasks: [{ state: "acquired" }], callbacks: [] });
});

test.each([
  ["task.release", release],
  ["task.fulfill", fulfill],
  ["task.suspend", (version: number) => suspend("a", version, ["a:0"])],
  ["task.fence", (version: number) => fence(version, create("a:9", T + DAY))],
])("%s needs the task to be held: unknown 404; other version, not acquired or out of time 409", (_, ask) => {
  using world = new World();
  expect(world.step(T, ask(1)).status).toBe(404);
  world.step(T, create("a", T + 1000, rootTags("a")));
  world.step(T, create("a:0", T + DAY, latentTags("a:0", "a")));
  expect(world.step(T, ask(0)).status).toBe(409);
  world.step(T, acquire("a", 0, DAY));
  expect(world.step(T, ask(0)).status).toBe(409);
  expect(world.step(T, ask(2)).status).toBe(409);
  expect(world.step(T + 1000, ask(1)).status).toBe(409);
});

test("task.fulfill ends task and promise", () => {
  using world = acquired();
  expect(world.step(T + 1, fulfill(1)).data).toMatchObject({
    promise: { state: "resolved", settledAt: T + 1 },
  });
  expect(world.snapshot().tasks).toEqual([{ id: "a", state: "fulfilled", version: 1, resumes: 0 }]);
  expect(world.snapshot().taskTimeouts).toEqual([]);
});

test("task.fence does another request while the task is held, and repeats its head", () => {
  using world = acquired();
  const made = world.step(T, fence(1, create("a:0", T + DAY, stepTags("a:0", "a"))));
  expect(made.data).toMatchObject({
    action: {
      kind: "promise.create",
      head: { corrId: expect.stringMatching(/^c\d/), status: 200, version: "2026-04-01" },
      data: { promise: { id: "a:0" } },
    },
    preload: [],
  });
  expect(world.step(T, fence(1, settle("a:0"))).data).toMatchObject({
    action: { head: { status: 200 }, data: { promise: { state: "resolved" } } },
  });
  expect(world.step(T, fence(1, settle("a:7")))).toMatchObject({
    status: 200,
    data: { action: { head: { status: 404 } } },
  });
});

test("task.fence that does not hold changes nothing", () => {
  using world = acquired();
  expect(world.step(T, fence(7, create("a:0", T + DAY))).status).toBe(409);
  expect(world.snapshot().promises).toMatchObject([{ id: "a" }]);
});

test("task.heartbeat extends only what the process holds", () => {
  using world = acquired();
  const leaseEnd = () => world.snapshot().taskTimeouts[0]?.timeout;
  expect(world.step(T + 100, heartbeat("other", 1))).toMatchObject({ status: 200, data: {} });
  expect(world.step(T + 100, heartbeat("p1", 2)).status).toBe(200);
  expect(leaseEnd()).toBe(T + 10_000);
  expect(world.step(T + 100, heartbeat("p1", 1)).status).toBe(200);
  expect(leaseEnd()).toBe(T + 10_100);
  expect(world.step(T + 100, request("task.heartbeat", { pid: "p1", tasks: [] })).status).toBe(200);
});

test("task.heartbeat does not revive a task whose promise is past its deadline", () => {
  using world = new World();
  world.step(T, create("a", T + 50, rootTags("a")));
  world.step(T, acquire("a", 0));
  world.step(T + 50, heartbeat("p1", 1));
  expect(world.snapshot().taskTimeouts).toEqual([{ id: "a", type: 1, timeout: T + 10_000 }]);
});

test("a lapsed lease hands the task out again at once", () => {
  using world = acquired();
  expect(world.tick(T + 9_999)).toEqual([]);
  expect(world.tick(T + 10_000)).toMatchObject([{ message: { data: { task: { id: "a", version: 1 } } } }]);
  expect(world.snapshot().tasks).toEqual([{ id: "a", state: "pending", version: 1, resumes: 0 }]);
});

test("a task that nobody takes is handed out every 30 s, sparsely while nobody is there", () => {
  using world = new World();
  world.step(T, create("a", T + DAY, rootTags("a")));
  expect(world.tick(T + 30_000)).toHaveLength(1);
  expect(world.tick(T + 59_999)).toEqual([]);
  expect(world.tick(T + 60_000)).toHaveLength(1);
  expect(world.tick(T + 90_000, () => false)).toEqual([]);
  expect(world.snapshot().taskTimeouts).toEqual([{ id: "a", type: 0, timeout: T + 390_000 }]);
});

test("task.release waits twice as long each time, up to 30 s, until the task suspends", () => {
  using world = acquired();
  world.step(T, create("a:0", T + DAY, latentTags("a:0", "a")));
  let now = T;
  const waits = [];
  for (let version = 1; version <= 11; version += 1) {
    expect(world.step(now, release(version))).toMatchObject({ status: 200, data: {}, messages: [] });
    const due = world.snapshot().taskTimeouts[0]?.timeout ?? 0;
    waits.push(due - now);
    now = due;
    expect(world.tick(now - 1)).toEqual([]);
    expect(world.tick(now)).toHaveLength(1);
    world.step(now, acquire("a", version, DAY));
  }
  expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  world.step(now, suspend("a", 12, ["a:0"]));
  world.step(now, settle("a:0"));
  world.step(now, acquire("a", 12, DAY));
  world.step(now, release(13));
  expect(world.snapshot().taskTimeouts).toMatchObject([{ timeout: now + 100 }]);
});

test("task.halt stops everything but the deadline; task.continue starts it anew", () => {
  using world = acquired();
  const halt = request("task.halt", { id: "a" });
  const resume = request("task.continue", { id: "a" });
  expect(world.step(T, resume).status).toBe(409);
  expect(world.step(T, halt)).toMatchObject({ status: 200, data: {} });
  expect(world.step(T, halt).status).toBe(200);
  expect(world.snapshot()).toMatchObject({ tasks: [{ state: "halted", version: 1 }], taskTimeouts: [] });
  expect(world.step(T, resume).messages).toHaveLength(1);
  expect(world.snapshot().tasks).toEqual([{ id: "a", state: "pending", version: 1, resumes: 0 }]);
  world.step(T, settle("a"));
  expect(world.step(T, halt).status).toBe(409);
  expect(world.step(T, request("task.halt", { id: "b" })).status).toBe(404);
  expect(world.step(T, request("task.continue", { id: "b" })).status).toBe(404);
});

test("the task of a timer is there, but is never handed out", () => {
  using world = new World();
  const tags = rootTags("a", { "resonate:timer": "true" });
  expect(world.step(T, create("a", T + DAY, tags)).messages).toEqual([]);
  expect(world.tick(T + 60_000)).toEqual([]);
  expect(world.step(T, request("task.get", { id: "a" })).data).toMatchObject({ task: { state: "pending" } });
  world.step(T, acquire("a", 0, 10));
  expect(world.tick(T + 10)).toEqual([]);
  world.tick(T + DAY);
  expect(world.snapshot()).toMatchObject({
    promises: [{ state: "resolved" }],
    tasks: [{ state: "fulfilled" }],
  });
});

test("preload sends at most 1,000, the oldest", () => {
  using world = acquired();
  for (let n = 0; n < 1_010; n += 1) world.step(T, create(`a:${n}`, T + DAY, stepTags(`a:${n}`, "a")));
  world.step(T, release(1));
  const preload = world.step(T, acquire("a", 1)).data["preload"] as { id: string }[];
  expect(preload).toHaveLength(1000);
  expect(preload.at(-1)?.id).toBe("a:999");
});

test("preload sends no more large results than one reply can hold; the SDK asks for the rest", () => {
  using world = new World();
  world.step(T, create("a", T + DAY, rootTags("a")));
  const data = "x".repeat(4 * 1024 * 1024);
  for (let n = 0; n < 6; n += 1) {
    world.step(T, create(`a:${n}`, T + DAY, stepTags(`a:${n}`, "a")));
    world.step(T, settle(`a:${n}`, "resolved", data));
  }
  const preload = world.step(T, acquire("a", 0)).data["preload"] as { id: string }[];
  expect(preload.map(({ id }) => id)).toEqual(["a:0", "a:1", "a:2", "a:3"]);
});

test("preload of a task within a branch has the whole branch, its head too", () => {
  using world = new World();
  const tags = { ...rootTags("a:0"), "resonate:origin": "a", "resonate:branch": "a", "resonate:parent": "a" };
  world.step(T, create("a", T + DAY, rootTags("a")));
  world.step(T, create("a:0", T + DAY, tags));
  world.step(T, create("a:1", T + DAY, stepTags("a:1", "a")));
  world.step(T, create("a:0.0", T + DAY, latentTags("a:0.0", "a:0")));
  const preload = world.step(T, acquire("a:0", 0)).data["preload"] as { id: string }[];
  expect(preload.map(({ id }) => id).sort()).toEqual(["a", "a:0.0", "a:1"]);
});

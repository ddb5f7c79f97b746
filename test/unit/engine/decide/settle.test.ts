import { expect, test } from "vitest";
import {
  acquire,
  create,
  latentTags,
  request,
  rootTags,
  settle,
  suspend,
} from "../../../support/engine-requests.ts";
import { World } from "../../../support/engine-world.ts";

const T = 1_000_000;
const DAY = 86_400_000;

/** A workflow that waits for a promise of its own; each with a deadline. */
function waiting(
  world: World,
  id: string,
  awaited: string,
  deadlines: { own: number; awaited: number },
): void {
  const origin = id.split(":")[0] ?? id;
  world.step(T, create(id, deadlines.own, rootTags(id, { "resonate:origin": origin })));
  world.step(T, create(awaited, deadlines.awaited, latentTags(awaited, origin)));
  world.step(T, acquire(id, 0, DAY));
  expect(world.step(T, suspend(id, 1, [awaited])).status).toBe(200);
}

test("a waiting workflow past its own deadline times out and is not woken", () => {
  using world = new World();
  waiting(world, "a", "a:0", { own: T + 10, awaited: T + DAY });
  // Nobody has heard the clock: the settlement itself must notice.
  expect(world.step(T + 20, settle("a:0")).messages).toEqual([]);
  expect(world.snapshot()).toMatchObject({
    promises: [
      { id: "a", state: "rejected_timedout", settledAt: T + 10 },
      { id: "a:0", state: "resolved", settledAt: T + 20 },
    ],
    tasks: [{ id: "a", state: "fulfilled", version: 1 }],
    callbacks: [],
  });
});

test("a workflow that times out so wakes whoever waits for it", () => {
  using world = new World();
  world.step(T, create("a", T + DAY, rootTags("a")));
  waiting(world, "a:1", "a:2", { own: T + 10, awaited: T + DAY });
  world.step(T, acquire("a", 0, DAY));
  world.step(T, suspend("a", 1, ["a:1"]));
  const { messages } = world.step(T + 20, settle("a:2"));
  expect(messages).toMatchObject([{ message: { kind: "execute", data: { task: { id: "a" } } } }]);
  expect(world.snapshot().tasks).toMatchObject([
    { id: "a", state: "pending", resumes: 1 },
    { id: "a:1", state: "fulfilled" },
  ]);
});

test("a chain of ten thousand overdue workflows times out at one settlement", () => {
  using world = new World();
  const LENGTH = 10_000;
  world.store.begin();
  for (let n = 0; n <= LENGTH; n += 1) {
    const id = `a:${n}`;
    const row = {
      id,
      state: "pending",
      param: {},
      value: {},
      tags: rootTags(id, { "resonate:origin": "a" }),
      timeoutAt: T + 10,
      createdAt: T,
      settledAt: null,
    } as const;
    const task = {
      id,
      state: "suspended",
      version: 1,
      resumes: 0,
      pid: null,
      ttl: null,
      local: false,
    } as const;
    const due = {
      dueAt: null,
      notBefore: null,
      setbacks: 0,
      target: "poll://any@w",
      group: "w",
      timer: false,
    };
    world.store.write([
      { kind: "promise.insert", row },
      { kind: "task.insert", row: { ...task, ...due } },
    ]);
    if (n > 0) world.store.write([{ kind: "callback.add", awaited: `a:${n - 1}`, awaiter: id }]);
  }
  world.store.commit();
  world.step(T + 20, request("promise.get", { id: "a:0" }));
  expect(world.snapshot().promises.filter(({ state }) => state === "pending")).toEqual([]);
});

test("workflows that wait for each other in a ring all time out", () => {
  using world = new World();
  for (const id of ["a:0", "a:1"]) {
    world.step(T, create(id, T + 10, rootTags(id, { "resonate:origin": "a" })));
    world.step(T, acquire(id, 0, DAY));
  }
  world.step(T, suspend("a:0", 1, ["a:1"]));
  world.step(T, suspend("a:1", 1, ["a:0"]));
  expect(world.step(T + 10, request("promise.get", { id: "a:0" })).messages).toEqual([]);
  expect(world.snapshot()).toMatchObject({
    promises: [{ state: "rejected_timedout" }, { state: "rejected_timedout" }],
    tasks: [{ state: "fulfilled" }, { state: "fulfilled" }],
    callbacks: [],
  });
});

test("deadlines of one instant come before what they wake: a workflow that ends with its part is not woken", () => {
  using world = new World();
  waiting(world, "a", "a:0", { own: T + 10, awaited: T + 10 });
  expect(world.tick(T + 10)).toEqual([]);
  expect(world.snapshot().tasks).toMatchObject([{ state: "fulfilled" }]);
});

test("the clock keeps the deadline of a latent promise without a target, and wakes its workflow", () => {
  using world = new World();
  waiting(world, "a", "a:0", { own: T + DAY, awaited: T + 10 });
  expect(world.tick(T + 9)).toEqual([]);
  expect(world.tick(T + 10)).toMatchObject([{ message: { kind: "execute", data: { task: { id: "a" } } } }]);
});

test("settling a workflow from outside ends its task and its waits", () => {
  using world = new World();
  waiting(world, "a", "a:0", { own: T + DAY, awaited: T + DAY });
  world.step(T + 1, settle("a", "rejected_canceled"));
  expect(world.snapshot()).toMatchObject({ tasks: [{ state: "fulfilled" }], callbacks: [] });
  expect(world.step(T + 2, settle("a:0")).messages).toEqual([]);
});

test("a settlement counts for a worker that is at it, and for a halted task", () => {
  using world = new World();
  waiting(world, "a", "a:0", { own: T + DAY, awaited: T + DAY });
  world.step(T, request("task.halt", { id: "a" }));
  expect(world.step(T + 1, settle("a:0")).messages).toEqual([]);
  expect(world.snapshot().tasks).toEqual([{ id: "a", state: "halted", version: 1, resumes: 1 }]);
});

test("one promise wakes everyone who waits and tells everyone who listens", () => {
  using world = new World();
  world.step(T, create("a:9", T + DAY, latentTags("a:9", "a")));
  for (const id of ["a:0", "a:1"]) {
    world.step(T, create(id, T + DAY, rootTags(id, { "resonate:origin": "a" })));
    world.step(T, acquire(id, 0, DAY));
    world.step(T, suspend(id, 1, ["a:9"]));
  }
  for (const pid of ["p1", "p2"]) {
    world.step(T, request("promise.register_listener", { awaited: "a:9", address: `poll://uni@g/${pid}` }));
  }
  const { messages } = world.step(T + 1, settle("a:9"));
  expect(messages.map(({ address, message }) => `${message.kind} ${address}`).sort()).toEqual([
    "execute poll://any@worker",
    "execute poll://any@worker",
    "unblock poll://uni@g/p1",
    "unblock poll://uni@g/p2",
  ]);
});

import { expect, test } from "vitest";
import { create, latentTags, request, rootTags, settle, stepTags } from "../../../support/engine-requests.ts";
import { World } from "../../../support/engine-world.ts";

const T = 1_000_000;

test("promise.create stores the promise and answers it", () => {
  using world = new World();
  expect(world.step(T, create("a", T + 10, { app: "x" }))).toEqual({
    status: 200,
    data: {
      promise: {
        id: "a",
        state: "pending",
        param: { headers: {}, data: "cGFyYW0=" },
        value: {},
        tags: { app: "x" },
        timeoutAt: T + 10,
        createdAt: T,
      },
    },
    messages: [],
  });
});

test("promise.create answers what is stored, whatever it is given", () => {
  using world = new World();
  const first = world.step(T, create("a", T + 10));
  expect(world.step(T + 1, create("a", T + 99, { other: "tags" }))).toEqual(first);
  world.step(T + 2, settle("a"));
  expect(world.step(T + 3, create("a", T + 99)).data).toMatchObject({ promise: { state: "resolved" } });
});

test("promise.create with a target hands out a task", () => {
  using world = new World();
  expect(world.step(T, create("a", T + 100_000, rootTags("a"))).messages).toEqual([
    {
      address: "poll://any@worker",
      message: { kind: "execute", head: {}, data: { task: { id: "a", version: 0 } } },
    },
  ]);
  expect(world.snapshot().tasks).toEqual([{ id: "a", state: "pending", version: 0, resumes: 0 }]);
  expect(world.snapshot().taskTimeouts).toEqual([{ id: "a", type: 0, timeout: T + 30_000 }]);
});

test("promise.create past its deadline is born settled, and its task fulfilled", () => {
  using world = new World();
  world.step(T, create("late", T, rootTags("late")));
  world.step(T, create("timer", T - 5, { "resonate:timer": "true" }));
  expect(world.snapshot().promises).toMatchObject([
    { id: "late", state: "rejected_timedout", createdAt: T, settledAt: T, value: {} },
    { id: "timer", state: "resolved", createdAt: T - 5, settledAt: T - 5 },
  ]);
  expect(world.snapshot().tasks).toEqual([{ id: "late", state: "fulfilled", version: 0, resumes: 0 }]);
});

test("promise.create with a delay hands the task out no earlier, whoever asks", () => {
  using world = new World();
  const tags = rootTags("a", { "resonate:delay": `${T + 500}` });
  expect(world.step(T, create("a", T + 100_000, tags)).messages).toEqual([]);
  expect(world.snapshot().taskRows).toMatchObject([{ dueAt: T + 500, notBefore: T + 500 }]);
  expect(world.tick(T + 499)).toEqual([]);
  expect(world.tick(T + 500)).toHaveLength(1);
});

test("promise.settle: the first counts, later ones are told what stands", () => {
  using world = new World();
  world.step(T, create("a", T + 10));
  const first = world.step(T + 1, settle("a", "rejected", "Zmlyc3Q="));
  expect(first.data).toMatchObject({
    promise: { state: "rejected", value: { headers: {}, data: "Zmlyc3Q=" }, settledAt: T + 1 },
  });
  expect(world.step(T + 2, settle("a", "resolved", "c2Vjb25k"))).toEqual(first);
});

test("promise.settle of an unknown promise is 404", () => {
  using world = new World();
  expect(world.step(T, settle("a")).status).toBe(404);
});

test("promise.settle at the deadline is too late by one tick of the clock", () => {
  using world = new World();
  world.step(T, create("early", T + 10));
  world.step(T, create("late", T + 10));
  expect(world.step(T + 9, settle("early")).data).toMatchObject({ promise: { state: "resolved" } });
  expect(world.step(T + 10, settle("late")).data).toMatchObject({
    promise: { state: "rejected_timedout", settledAt: T + 10, value: {} },
  });
});

test("promise.get writes down a deadline that has passed, also of an inner step", () => {
  using world = new World();
  world.step(T, create("a:0", T + 10, stepTags("a:0", "a")));
  expect(world.tick(T + 20)).toEqual([]);
  expect(world.snapshot().promises).toMatchObject([{ state: "pending" }]);
  expect(world.step(T + 20, request("promise.get", { id: "a:0" })).data).toMatchObject({
    promise: { state: "rejected_timedout", settledAt: T + 10 },
  });
  expect(world.snapshot().promises).toMatchObject([{ state: "rejected_timedout" }]);
});

test("promise.get of a value keeps its shape: absent, empty and with headers", () => {
  using world = new World();
  const shapes = [{}, { data: "" }, { headers: {} }, { headers: { a: "b" }, data: "eA==" }];
  for (const [at, param] of shapes.entries()) {
    world.step(T, request("promise.create", { id: `p${at}`, timeoutAt: T + 10, param, tags: {} }));
  }
  world.store.rollback(); // Forgets the rows in memory: what is compared comes from the file.
  for (const [at, param] of shapes.entries()) {
    const { data } = world.step(T, request("promise.get", { id: `p${at}` }));
    expect((data["promise"] as { param: unknown }).param).toEqual(param);
  }
});

test("promise.register_listener is told of the end once, whoever settles", () => {
  using world = new World();
  const listener = (awaited: string) =>
    request("promise.register_listener", { awaited, address: "poll://uni@g/p" });
  world.step(T, create("a", T + 10, { "resonate:external": "true" }));
  expect(world.step(T, listener("a")).status).toBe(200);
  expect(world.step(T, listener("a")).status).toBe(200);
  const [message, ...others] = world.tick(T + 10);
  expect(others).toEqual([]);
  expect(message).toMatchObject({
    address: "poll://uni@g/p",
    message: { kind: "unblock", data: { promise: { id: "a", state: "rejected_timedout" } } },
  });
  expect(world.step(T + 11, listener("a")).data).toMatchObject({ promise: { state: "rejected_timedout" } });
  expect(world.snapshot()).toMatchObject({ listeners: [], unblocks: [{ id: "a" }] });
});

test("promise.register_listener: unknown 404, inner step 422", () => {
  using world = new World();
  world.step(T, create("a:0", T + 10, stepTags("a:0", "a")));
  const listener = (awaited: string) =>
    request("promise.register_listener", { awaited, address: "poll://uni@g/p" });
  expect(world.step(T, listener("b")).status).toBe(404);
  expect(world.step(T, listener("a:0")).status).toBe(422);
});

test("promise.register_callback: each guard in its order", () => {
  using world = new World();
  const callback = (awaited: string, awaiter: string) =>
    world.step(T, request("promise.register_callback", { awaited, awaiter })).status;
  expect(callback("a:0", "a")).toBe(404);
  world.step(T, create("a:0", T + 10, stepTags("a:0", "a")));
  expect(callback("a:0", "a")).toBe(422);
  world.step(T, create("a", T + 10));
  expect(callback("a:0", "a")).toBe(422);
  world.step(T, create("a:1", T + 10, rootTags("a:1", { "resonate:origin": "a" })));
  expect(callback("a:0", "a:1")).toBe(422);
  world.step(T, create("a:2", T + 10, latentTags("a:2", "a")));
  expect(callback("a:2", "a:1")).toBe(200);
  expect(world.snapshot().callbacks).toEqual([{ awaited: "a:2", awaiter: "a:1" }]);
});

test("promise.register_callback on a settled promise writes nothing and wakes nobody", () => {
  using world = new World();
  world.step(T, create("a", T + 1000, rootTags("a")));
  world.step(T, create("a:0", T + 1000, latentTags("a:0", "a")));
  world.step(T, settle("a:0"));
  const callback = request("promise.register_callback", { awaited: "a:0", awaiter: "a" });
  expect(world.step(T, callback)).toMatchObject({
    status: 200,
    data: { promise: { state: "resolved" } },
    messages: [],
  });
  expect(world.snapshot().callbacks).toEqual([]);
});

import { expect, test } from "vitest";
import { expireTasks, releaseDead } from "../../../../src/engine/decide/sweep.ts";
import { acquire, create, rootTags } from "../../../support/engine-requests.ts";
import { World } from "../../../support/engine-world.ts";

const T = 1_000_000;

test.each([
  ["expireTasks()", (world: World) => expireTasks(world.store.view, ["a"], T + 50, () => true)],
  ["releaseDead()", (world: World) => releaseDead(world.store.view, ["a"], T + 50)],
])("%s ends a task whose promise is overdue, which nobody has noticed", (_, sweep) => {
  using world = new World();
  world.step(T, create("a", T + 50, rootTags("a")));
  world.step(T, acquire("a", 0, 20));
  const transition = sweep(world);
  expect(transition.messages).toEqual([]);
  world.write(transition);
  expect(world.snapshot()).toMatchObject({
    promises: [{ state: "rejected_timedout", settledAt: T + 50 }],
    tasks: [{ state: "fulfilled" }],
  });
});

test("expireTasks() leaves alone what is no longer due", () => {
  using world = new World();
  world.step(T, create("a", T + 1_000_000, rootTags("a")));
  world.step(T, acquire("a", 0, 100_000));
  expect(expireTasks(world.store.view, ["a", "unknown"], T + 50_000, () => true)).toEqual({
    changes: [],
    messages: [],
  });
});

import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { collect, FROM_START } from "../../../../src/engine/decide/collect.ts";
import type { Engine } from "../../../../src/engine/engine.ts";
import { deliveryId, meetingId } from "../../../../src/webhooks/records.ts";
import { ask, temporaryFolder, testEngine } from "../../../support/engine.ts";
import {
  acquire,
  create,
  latentTags,
  request,
  rootTags,
  settle,
  stepTags,
} from "../../../support/engine-requests.ts";
import { World } from "../../../support/engine-world.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const T = 1_000_000;
const DAY = 86_400_000;

/** All steps until the end, and the ids that are left. */
function left(world: World, before: number, max = 100): string[] {
  for (let from = FROM_START; ; ) {
    const { changes, next } = collect(world.store.trees, before, from, max);
    expect(changes.length).toBeLessThanOrEqual(max + 1);
    world.write({ changes, messages: [] });
    if (next === undefined) return world.snapshot().promises.map(({ id }) => id);
    from = next;
  }
}

test("collect() deletes a tree that ended before the horizon, with tasks and edges, and nothing else", () => {
  using world = new World();
  for (const id of ["a", "a-b", "ab", "b"]) {
    world.step(T, create(id, T + DAY, rootTags(id)));
    world.step(T, create(`${id}:0`, T + DAY, latentTags(`${id}:0`, id)));
    world.step(T, request("promise.register_listener", { awaited: `${id}:0`, address: "poll://uni@g/p" }));
    world.step(T + 1, settle(`${id}:0`));
    world.step(T + (id === "a" ? 1 : 9), settle(id));
  }
  expect(left(world, T + 2)).toEqual(["a-b", "a-b:0", "ab", "ab:0", "b", "b:0"]);
  expect(world.snapshot().tasks.map(({ id }) => id)).toEqual(["a-b", "ab", "b"]);
  expect(world.snapshot().unblocks.map(({ id }) => id)).toEqual(["a-b:0", "ab:0", "b:0"]);
  expect(world.step(T + 20, create("a", T + DAY)).data["promise"]).toMatchObject({ createdAt: T + 20 });
});

test("collect() keeps a tree while its root or anything in it is pending, or ended lately", () => {
  using world = new World();
  world.step(T, create("root", T + DAY, rootTags("root")));
  world.step(T, create("root:0", T + DAY, latentTags("root:0", "root")));
  world.step(T, settle("root:0"));
  world.step(T, create("child", T + DAY, rootTags("child")));
  world.step(
    T,
    create(
      "child:d1",
      T + DAY,
      rootTags("child:d1", { "resonate:origin": "child", "resonate:parent": "child" }),
    ),
  );
  world.step(T, settle("child"));
  world.step(T, create("late", T + DAY, rootTags("late")));
  world.step(T, create("late:0", T + DAY, latentTags("late:0", "late")));
  world.step(T, settle("late"));
  world.step(T + 100, settle("late:0"));
  expect(left(world, T + 100)).toEqual(["child", "child:d1", "late", "late:0", "root", "root:0"]);
  world.step(T + 100, settle("child:d1"));
  expect(left(world, T + 101)).toEqual(["root", "root:0"]);
});

test("collect() keeps all of a meeting's lineage while any of it waits, and deletes it as a whole", () => {
  using world = new World();
  const meeting = (n: number) => meetingId("acme", { order: "7" }, n);
  const begin = (id: string, until: number) =>
    world.step(T, create(id, until, latentTags(id, id.split(":")[0] ?? id)));
  begin(meeting(0), T + DAY);
  world.step(T, settle(meeting(0)));
  begin(meeting(1), T + DAY);
  world.step(T, settle(meeting(1)));
  begin(meeting(2), T + 30 * DAY);
  const other = deliveryId("acme", "evt_1");
  begin(other, T + DAY);
  world.step(T, settle(other));
  // Two thirds of the meeting ended long ago; its delivery is another tree.
  expect(left(world, T + 20 * DAY)).toEqual([meeting(0), meeting(1), meeting(2)]);
  world.step(T + 21 * DAY, settle(meeting(2)));
  expect(left(world, T + 21 * DAY)).toEqual([meeting(0), meeting(1), meeting(2)]);
  expect(left(world, T + 22 * DAY)).toEqual([]);
});

test("collect() takes an inner step past its deadline for ended, though nobody wrote that down", () => {
  using world = new World();
  world.step(T, create("a", T + DAY, rootTags("a")));
  world.step(T, create("a:0", T + 50, stepTags("a:0", "a")));
  world.step(T, settle("a"));
  expect(left(world, T + 50)).toEqual(["a", "a:0"]);
  expect(left(world, T + 51)).toEqual([]);
});

test("collect() deletes a large tree in steps, and trees without a root", () => {
  using world = new World();
  world.step(T, create("big", T + DAY, rootTags("big")));
  for (let n = 0; n < 25; n += 1) {
    world.step(T, create(`big:${n}`, T + DAY, latentTags(`big:${n}`, "big")));
    world.step(T, settle(`big:${n}`));
  }
  world.step(T, settle("big"));
  for (const id of ["lone:1", "lone:2"]) {
    world.step(T, create(id, T + DAY));
    world.step(T, settle(id));
  }
  expect(left(world, T + 1, 10)).toEqual([]);
});

test("engine.collect() goes through everything, and the engine knows deleted ids no more", async () => {
  const clock = new FakeClock();
  const engine = testEngine({ clock });
  for (let n = 0; n < 700; n += 1) {
    await ask(engine, create(`a${n}`, clock.now() + DAY, rootTags(`a${n}`)));
    await ask(engine, settle(`a${n}`));
  }
  await clock.advance(1_000);
  expect(await engine.collect(5_000)).toEqual({ promises: 0 });
  expect(await engine.collect(500)).toEqual({ promises: 700 });
  expect((await ask(engine, request("promise.get", { id: "a1" }))).status).toBe(404);
  expect((await ask(engine, acquire("a1", 0))).status).toBe(404);
});

test("under steady traffic the file stops growing when what is old is deleted", async () => {
  const clock = new FakeClock();
  const dataDir = temporaryFolder();
  const sizes: number[] = [];
  for (let life = 0; life < 3; life += 1) {
    const engine = testEngine({ dataDir, clock, keepMs: 10_000 });
    for (let second = 0; second < 30; second += 1) {
      const ids = Array.from({ length: 40 }, (_, n) => `w${life}-${second}-${n}`);
      await Promise.all(ids.map((id) => wholeWorkflow(engine, id, clock.now() + DAY)));
      await clock.advance(1_000);
    }
    // Closed, it has no log beside it.
    await engine.close();
    sizes.push(statSync(join(dataDir, "engine.db")).size);
  }
  // What is kept is a tenth of what was written.
  const most = 12 * 40 * 2 * 4_096;
  expect(Math.max(...sizes)).toBeLessThan(most);
  expect(sizes[2]).toBeLessThan((sizes[1] as number) * 1.2);
});

async function wholeWorkflow(engine: Engine, id: string, timeoutAt: number): Promise<void> {
  await ask(engine, create(id, timeoutAt, rootTags(id, { filler: "x".repeat(1_000) })));
  await ask(engine, create(`${id}:0`, timeoutAt, latentTags(`${id}:0`, id)));
  await ask(engine, settle(`${id}:0`));
  await ask(engine, settle(id));
}

import { join } from "node:path";
import { expect, test } from "vitest";
import type { Engine } from "../../../../src/engine/engine.ts";
import { examine } from "../../../../src/engine/operate/doctor.ts";
import { ask, checkpointed, temporaryFolder, testEngine } from "../../../support/engine.ts";
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
import { FakeClock } from "../../../support/fake-clock.ts";

const T = 1_000_000;
const DAY = 86_400_000;
const LEASE = 15_000;
/** Deaths in a row after which a workflow is halted. */
const DEATHS = 13;

/** A world with one workflow, `a`, and what becomes of it. */
function workflow() {
  const world = new World();
  let now = T;
  world.step(now, create("a", T + 30 * DAY, rootTags("a")));
  const task = () => {
    const [row] = world.snapshot().taskRows;
    if (row === undefined) throw new Error("There is no task");
    return row;
  };
  return {
    world,
    task,
    now: () => now,
    /** A worker takes it up as soon as it may; then `act` happens. */
    turn(act: (version: number) => void): void {
      const { notBefore, version } = task();
      now = Math.max(now, notBefore ?? 0);
      expect(world.step(now, acquire("a", version, LEASE)).status).toBe(200);
      act(version + 1);
    },
    /** The worker is never heard of again. */
    die(): void {
      now += LEASE;
      world.tick(now);
    },
  };
}

test("a workflow whose worker dies each time is handed out at once, then later and later, and halted in the end", () => {
  const { world, task, now, turn, die } = workflow();
  const waits: number[] = [];
  for (let death = 0; death < DEATHS; death += 1) {
    expect(task().state).toBe("pending");
    turn(die);
    waits.push((task().notBefore ?? now()) - now());
  }
  const doubling = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
  expect(waits).toEqual([...doubling.map((seconds) => 1000 * seconds), 0]);
  expect(task()).toMatchObject({ state: "halted", dueAt: null, version: DEATHS });
  world.tick(now() + DAY);
  expect(task().state).toBe("halted");
  expect(world.step(now(), request("task.continue", { id: "a" })).messages).toHaveLength(1);
  expect(task()).toMatchObject({ state: "pending", setbacks: 0 });
  world.close();
});

test.each<[string, (world: World, now: number, version: number) => void]>([
  [
    "waits for something",
    (world, now, version) => {
      world.step(now, create("a:0", now + DAY, latentTags("a:0", "a")));
      world.step(now, suspend("a", version, ["a:0"]));
      world.step(now, settle("a:0"));
    },
  ],
  [
    "makes something new in its name",
    (world, now, version) => {
      const action = create("a:1", now + DAY, stepTags("a:1", "a"));
      world.step(now, request("task.fence", { id: "a", version, action }));
    },
  ],
  [
    "ends something in its name",
    (world, now, version) => {
      world.step(now, create("a:1", now + DAY, stepTags("a:1", "a")));
      world.step(now, request("task.fence", { id: "a", version, action: settle("a:1") }));
    },
  ],
])("a workflow that %s shows that it gets somewhere: its setbacks are forgotten", (_, act) => {
  const { world, task, now, turn, die } = workflow();
  for (let death = 1; death < DEATHS; death += 1) turn(die);
  expect(task().setbacks).toBe(4 * (DEATHS - 1));
  turn((version) => act(world, now(), version));
  expect(task().setbacks).toBe(0);
  world.close();
});

test("a workflow that makes again what it made before gets nowhere", () => {
  const { world, task, now, turn, die } = workflow();
  for (let death = 0; death < DEATHS; death += 1) {
    turn((version) => {
      const action = create("a:1", T + 30 * DAY, stepTags("a:1", "a"));
      const { status } = world.step(now(), request("task.fence", { id: "a", version, action }));
      expect(status).toBe(200);
      die();
    });
  }
  expect(task()).toMatchObject({ state: "halted", version: DEATHS });
  world.close();
});

test("releases and deaths count together, a death as much as four releases", () => {
  const { world, task, now, turn, die } = workflow();
  turn(die);
  turn((version) => world.step(now(), request("task.release", { id: "a", version })));
  expect(task()).toMatchObject({ setbacks: 5, notBefore: now() + 1_600 });
  world.close();
});

test("a lease that is kept by heartbeats, and a task that waits for a worker, are no setbacks", () => {
  const { world, task, now, turn } = workflow();
  world.tick(T + DAY);
  turn((version) => {
    for (let beat = 1; beat < 100; beat += 1) {
      const tasks = [{ id: "a", version }];
      world.step(now() + beat * 10_000, request("task.heartbeat", { pid: "p1", tasks }));
      world.tick(now() + beat * 10_000);
    }
  });
  expect(task()).toMatchObject({ state: "acquired", setbacks: 0 });
  world.close();
});

/**
 * Workflows that a worker takes up as they come, `max` at once, each for `turnMs`; one of them kills the worker as soon
 * as it runs, and another worker comes after `awayMs`. Answers those that were halted.
 */
function crowd({ size, turnMs, awayMs }: { size: number; turnMs: number; awayMs: number }): string[] {
  const world = new World();
  const ids = Array.from({ length: size }, (_, n) => `w${String(n).padStart(3, "0")}`);
  const poison = ids[size >> 1];
  for (const id of ids) world.step(T, create(id, T + 300 * DAY, rootTags(id)));
  let now = T;
  const rows = () => world.snapshot().taskRows;
  const waiting = () => rows().filter(({ state }) => state === "pending");
  for (let left = waiting(); left.length > 0; left = waiting()) {
    now = Math.max(now, Math.min(...left.map(({ notBefore }) => notBefore ?? 0)));
    const due = left.filter(({ notBefore }) => (notBefore ?? 0) <= now);
    for (const { id, version } of due) world.step(now, acquire(id, version, LEASE));
    if (due.some(({ id }) => id === poison)) {
      now += LEASE;
      world.tick(now, () => false);
      for (const end = now + awayMs; now < end; now += 10_000) world.tick(now, () => false);
    } else {
      now += turnMs;
      for (const { id, version } of due) {
        world.step(now, request("task.fulfill", { id, version: version + 1, action: settle(id) }));
      }
    }
    world.tick(now);
  }
  const halted = rows().filter(({ state }) => state === "halted");
  world.close();
  expect(halted.map(({ id }) => id)).toContain(poison);
  return halted.map(({ id }) => id);
}

test.each([
  { size: 1, turnMs: 100, awayMs: 0 },
  { size: 60, turnMs: 100, awayMs: 0 },
  { size: 60, turnMs: 900, awayMs: 0 },
  { size: 60, turnMs: 5_000, awayMs: 0 },
  { size: 60, turnMs: 100, awayMs: 300_000 },
])("one workflow that kills its workers does not take others with it: %o", (manner) => {
  expect(crowd(manner)).toHaveLength(1);
});

/** Opens the engine again and again on one folder; a worker of its process holds `id` each time it ends. */
async function lives(count: number, act: (engine: Engine, version: number) => Promise<unknown>) {
  const dataDir = temporaryFolder();
  const lines: object[] = [];
  const log = { warn: () => undefined, error: (fields: object) => void lines.push(fields) };
  const clock = new FakeClock();
  for (let life = 0; life < count; life += 1) {
    // Longer than any task is kept back.
    clock.set(clock.now() + 3_600_000);
    const engine = testEngine({ dataDir, clock, log });
    await ask(engine, create("a", clock.now() + 300 * DAY, rootTags("a")));
    const { data } = await ask(engine, request("task.get", { id: "a" }));
    const { state, version } = data["task"] as { state: string; version: number };
    if (state === "pending") {
      const network = engine.network({ group: "worker" });
      await network.send(acquire("a", version, DAY) as Parameters<typeof network.send>[0]);
      await act(engine, version + 1);
    }
    await engine.close();
  }
  const engine = testEngine({ dataDir, clock, log });
  const { data } = await ask(engine, request("task.get", { id: "a" }));
  await checkpointed(dataDir);
  return { engine, task: data["task"], lines, file: join(dataDir, "engine.db"), now: clock.now() };
}

test("a workflow that ends the process of engine and worker each time is halted, shown, and can be continued", async () => {
  const { engine, task, lines, file, now } = await lives(DEATHS + 3, async () => undefined);
  expect(task).toMatchObject({ state: "halted", version: DEATHS });
  expect(lines).toEqual([{ id: "a", version: DEATHS }]);
  expect(examine(file, now).findings).toEqual([
    { level: "attention", what: expect.stringContaining("halted"), ids: ["a"] },
  ]);
  expect((await ask(engine, request("task.continue", { id: "a" }))).status).toBe(200);
  expect((await ask(engine, acquire("a", DEATHS))).status).toBe(200);
});

test("restarts without number do not halt a workflow that gets somewhere now and then", async () => {
  let turns = 0;
  const { task, lines } = await lives(5 * DEATHS, async (engine, version) => {
    turns += 1;
    if (turns % 10 > 0) return;
    const action = create(`a:${turns}`, Number.MAX_SAFE_INTEGER, stepTags(`a:${turns}`, "a"));
    await ask(engine, request("task.fence", { id: "a", version, action }));
  });
  expect(task).toMatchObject({ state: "pending", version: 5 * DEATHS });
  expect(lines).toEqual([]);
});

test("examine() names a workflow that two workers died of in a row", async () => {
  const { file, now } = await lives(2, async () => undefined);
  expect(examine(file, now).findings).toEqual([
    { level: "attention", what: expect.stringContaining("die of them"), ids: ["a"] },
  ]);
});

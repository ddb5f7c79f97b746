import { expect, test } from "vitest";
import { Worker } from "../../../../src/engine/deliver/group.ts";
import { Groups } from "../../../../src/engine/deliver/groups.ts";
import { Takers } from "../../../../src/engine/deliver/takers.ts";
import type { Engine } from "../../../../src/engine/engine.ts";
import { ask, listen, testEngine } from "../../../support/engine.ts";
import { acquire, create, rootTags } from "../../../support/engine-requests.ts";
import { FakeClock, settled } from "../../../support/fake-clock.ts";

const HOUR = 3_600_000;

/** Two workers of a group: one acquires at once what it is handed, the other only when it is told to. */
function group(names: readonly string[] = ["frozen", "awake"]) {
  const clock = new FakeClock();
  const engine = testEngine({ clock });
  const workers = Object.fromEntries(names.map((pid) => [pid, workerOf(engine, pid)]));
  const start = async (id: string, target = "poll://any@worker") => {
    await ask(engine, create(id, clock.now() + HOUR, rootTags(id, { "resonate:target": target })));
    await settled();
  };
  return { clock, engine, workers, start };
}

function workerOf(engine: Engine, pid: string) {
  const network = listen(engine, "worker", pid);
  const taken: string[] = [];
  let seen = 0;
  /** Acquires what it has got since the last time. */
  const take = async () => {
    const fresh = network.messages.slice(seen);
    seen = network.messages.length;
    for (const message of fresh) {
      if (message.kind !== "execute") continue;
      const { id, version } = message.data.task;
      const { status } = await ask(engine, acquire(id, version, HOUR, pid));
      if (status === 200) taken.push(id);
    }
    await settled();
  };
  return { taken, take, got: () => network.messages.length, stop: () => network.stop() };
}

test("a worker that takes nothing is handed no more, and the others get what it had", async () => {
  const { clock, workers, start } = group();
  const { frozen, awake } = workers;
  for (let n = 0; n < 10; n += 1) {
    await start(`a${n}`);
    await awake?.take();
  }
  expect(frozen?.got()).toBe(5);
  await clock.advance(1_000);
  await awake?.take();
  expect(awake?.taken).toHaveLength(10);
  for (let n = 0; n < 10; n += 1) {
    await start(`b${n}`);
    await awake?.take();
  }
  expect([frozen?.got(), awake?.taken.length]).toEqual([5, 20]);
});

test("it is one of them again as soon as it asks for a task, though it gets none", async () => {
  const { clock, workers, start } = group();
  const { frozen, awake } = workers;
  for (let n = 0; n < 4; n += 1) await start(`a${n}`);
  await awake?.take();
  await clock.advance(1_000);
  await awake?.take();
  expect(awake?.taken).toHaveLength(4);
  await frozen?.take();
  expect(frozen?.taken).toEqual([]);
  for (let n = 0; n < 4; n += 1) await start(`b${n}`);
  await frozen?.take();
  expect(frozen?.taken).toHaveLength(2);
});

test("a worker that takes some of what it has is not passed over", async () => {
  const { clock, engine, workers, start } = group(["busy", "awake"]);
  const { busy, awake } = workers;
  for (let n = 0; n < 20; n += 1) await start(`a${n}`);
  await awake?.take();
  // One each 0.9 s, of the ten that it was handed.
  const own = Array.from({ length: 20 }, (_, n) => `a${n}`).filter((id) => !awake?.taken.includes(id));
  for (const id of own.slice(0, 5)) {
    await clock.advance(900);
    await ask(engine, acquire(id, 0, HOUR, "busy"));
  }
  await settled();
  expect([busy?.got(), awake?.got()]).toEqual([10, 10]);
});

test("where nobody takes anything, tasks are handed out as ever, and not again each second", async () => {
  const { clock, workers, start } = group(["one", "two"]);
  for (let n = 0; n < 6; n += 1) await start(`a${n}`);
  await clock.advance(10_000);
  expect([workers["one"]?.got(), workers["two"]?.got()]).toEqual([3, 3]);
  await start("b");
  // The first that wakes up gets everything.
  await workers["one"]?.take();
  await clock.advance(1_000);
  await workers["one"]?.take();
  expect(workers["one"]?.taken).toHaveLength(7);
});

test("a lone worker keeps what it has, and what is addressed to one worker alone is sent to it once", async () => {
  const { clock, workers, start } = group();
  await start("a", "poll://uni@worker/frozen");
  await start("b");
  await start("c");
  await workers["awake"]?.take();
  await clock.advance(20_000);
  await workers["awake"]?.take();
  expect(workers["awake"]?.taken.toSorted()).toEqual(["b", "c"]);
  expect(workers["frozen"]?.got()).toBe(2);
  const alone = group(["only"]);
  await alone.start("a");
  await alone.clock.advance(20_000);
  expect(alone.workers["only"]?.got()).toBe(1);
});

test("a worker that is connected anew is handed tasks at once", async () => {
  const { clock, engine, workers, start } = group();
  for (let n = 0; n < 4; n += 1) await start(`a${n}`);
  await workers["awake"]?.take();
  await clock.advance(1_000);
  await workers["awake"]?.take();
  await workers["frozen"]?.stop();
  const again = workerOf(engine, "frozen");
  for (let n = 0; n < 4; n += 1) await start(`b${n}`);
  await again.take();
  expect(again.taken).toHaveLength(2);
});

test("a worker that has gone from all its groups is forgotten", async () => {
  const clock = new FakeClock();
  const groups = new Groups();
  const takers = new Takers({ groups, clock, reassign: () => undefined });
  const connection = { pid: "frozen", deliver: () => true, replaced: () => undefined };
  const open = ["one", "other"].map((name) => {
    const group = groups.open(name);
    return { group, worker: group.add({ ...connection, group: name }) };
  });
  open[0]?.worker.handed.set("a", clock.now());
  takers.handed();
  await clock.advance(1_000);
  for (const { group, worker } of open) {
    expect(takers.among([worker, new Worker({ ...connection, group: "one", pid: "awake" })])).toHaveLength(1);
    group.remove(worker);
    takers.hasGone("frozen");
  }
  expect(takers.isBack("frozen")).toBe(false);
  takers.close();
});

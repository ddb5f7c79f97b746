import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Message } from "@resonatehq/sdk";
import { expect, test } from "vitest";
import type { Engine } from "../../../../src/engine/engine.ts";
import { ask, checkpointed, listen, temporaryFolder, testEngine } from "../../../support/engine.ts";
import {
  acquire,
  create,
  type Envelope,
  latentTags,
  request,
  rootTags,
  settle,
  suspend,
} from "../../../support/engine-requests.ts";
import { FakeClock, settled } from "../../../support/fake-clock.ts";

const DAY = 86_400_000;
const FUTURE = Date.now() + DAY;

function taskIds(messages: readonly Message[]): string[] {
  return messages.map((message) =>
    message.kind === "execute" ? message.data.task.id : `unblock ${message.data.promise.id}`,
  );
}

/** A connection from elsewhere, which can be full. */
function connect(engine: Engine, group: string, pid: string) {
  const worker = { messages: [] as Message[], isFull: false, replaced: 0 };
  const disconnect = engine.messenger.connect({
    group,
    pid,
    deliver: (message) => {
      if (worker.isFull) return false;
      worker.messages.push(message);
      return true;
    },
    replaced: () => {
      worker.replaced += 1;
    },
  });
  return { ...worker, worker, disconnect };
}

async function start(engine: Engine, id: string, target = "poll://any@worker"): Promise<void> {
  await ask(engine, create(id, FUTURE, rootTags(id, { "resonate:target": target })));
}

const listener = (awaited: string, address: string): Envelope =>
  request("promise.register_listener", { awaited, address });

test("any@group goes round the workers of the group", async () => {
  const engine = testEngine();
  const workers = [
    listen(engine, "worker", "p1"),
    listen(engine, "worker", "p2"),
    listen(engine, "other", "p3"),
  ];
  for (const id of ["a", "b", "c", "d"]) await start(engine, id);
  await settled();
  expect(workers.map(({ messages }) => messages.length)).toEqual([2, 2, 0]);
});

test("a task whose lease ran out goes to another worker than the one that has lost it, whoever's turn it is", async () => {
  const clock = new FakeClock();
  const engine = testEngine({ clock });
  const workers = [listen(engine, "worker", "p1"), listen(engine, "worker", "p2")];
  for (const id of ["a", "b", "c", "d"]) {
    await start(engine, id);
    await settled();
    const holder = workers.findIndex(({ messages }) => taskIds(messages).includes(id));
    await ask(engine, acquire(id, 0, 1_000, `p${holder + 1}`));
    // One more, so that it would be the holder's turn again.
    await start(engine, `between-${id}`);
    await settled();
    const next = workers.findIndex(({ messages }) => taskIds(messages).includes(`between-${id}`));
    await ask(engine, acquire(`between-${id}`, 0, DAY, `p${next + 1}`));
    await clock.advance(1_001);
    await settled();
    expect(taskIds(workers[1 - holder]?.messages ?? []).filter((given) => given === id)).toEqual([id]);
  }
});

test("any@group/pid prefers that worker and takes another when it is away", async () => {
  const engine = testEngine();
  const p1 = listen(engine, "worker", "p1");
  const p2 = listen(engine, "worker", "p2");
  for (const id of ["a", "b"]) await start(engine, id, "poll://any@worker/p2");
  await settled();
  expect([taskIds(p1.messages), taskIds(p2.messages)]).toEqual([[], ["a", "b"]]);
  await p2.stop();
  await settled();
  expect(taskIds(p1.messages)).toEqual(["a", "b"]);
});

test("uni@group/pid goes to that worker alone, and waits for it", async () => {
  const engine = testEngine();
  const p1 = listen(engine, "worker", "p1");
  await start(engine, "a", "poll://uni@worker/p2");
  await settled();
  expect(p1.messages).toEqual([]);
  const p2 = listen(engine, "worker", "p2");
  await settled();
  expect(taskIds(p2.messages)).toEqual(["a"]);
});

test("messages come after the reply, never within send()", async () => {
  const engine = testEngine();
  const p1 = listen(engine, "worker", "p1");
  const sent = ask(engine, create("a", FUTURE, rootTags("a")));
  expect(p1.messages).toEqual([]);
  await sent;
  expect(p1.messages).toEqual([]);
  await settled();
  expect(taskIds(p1.messages)).toEqual(["a"]);
});

test("a worker that connects gets all that waits for its group, in portions it can take", async () => {
  const engine = testEngine();
  const ids = Array.from({ length: 700 }, (_, n) => `w${String(n).padStart(3, "0")}`);
  await Promise.all(ids.map((id) => start(engine, id)));
  await start(engine, "elsewhere", "poll://any@worker-2");
  const { worker } = connect(engine, "worker", "p1");
  await settled();
  expect(worker.messages).toHaveLength(256);
  // It gets more as it acquires.
  for (let taken = 0; taken < 700; taken += 1) {
    const message = worker.messages[taken];
    if (message?.kind !== "execute") throw new Error(`No task ${taken}`);
    expect((await ask(engine, acquire(message.data.task.id, 0))).status).toBe(200);
    await settled();
  }
  expect(taskIds(worker.messages).sort()).toEqual(ids);
});

test("a worker that connects does not get what is to wait: delayed, released, of a timer, or acquired", async () => {
  const clock = new FakeClock();
  const engine = testEngine({ clock });
  const at = clock.now();
  const tags = (id: string, more = {}) => rootTags(id, more);
  await ask(engine, create("delayed", at + DAY, tags("delayed", { "resonate:delay": `${at + 1000}` })));
  await ask(engine, create("timer", at + DAY, tags("timer", { "resonate:timer": "true" })));
  await ask(engine, create("taken", at + DAY, tags("taken")));
  await ask(engine, acquire("taken", 0, DAY));
  await ask(engine, create("released", at + DAY, tags("released")));
  await ask(engine, acquire("released", 0));
  await ask(engine, request("task.release", { id: "released", version: 1 }));
  const p1 = listen(engine, "worker", "p1");
  await settled();
  expect(p1.messages).toEqual([]);
  await clock.advance(100);
  expect(taskIds(p1.messages)).toEqual(["released"]);
  await clock.advance(900);
  expect(taskIds(p1.messages)).toEqual(["released", "delayed"]);
});

test("what a lost worker was handed and did not acquire goes to another at once", async () => {
  const engine = testEngine();
  const lost = connect(engine, "worker", "p1");
  for (const id of ["a", "b", "c"]) await start(engine, id);
  await settled();
  await ask(engine, acquire("b", 0, DAY));
  const heir = connect(engine, "worker", "p2");
  await settled();
  expect(heir.worker.messages).toEqual([]);
  lost.disconnect();
  await settled();
  expect(taskIds(heir.worker.messages)).toEqual(["a", "c"]);
});

test("a worker that comes again under its name takes the place of its older self", async () => {
  const engine = testEngine();
  const older = connect(engine, "worker", "p1");
  await start(engine, "a");
  await settled();
  const newer = connect(engine, "worker", "p1");
  await settled();
  expect(older.worker.replaced).toBe(1);
  expect(taskIds(newer.worker.messages)).toEqual(["a"]);
  older.disconnect();
  await start(engine, "b");
  await settled();
  expect(taskIds(newer.worker.messages)).toEqual(["a", "b"]);
});

test("a worker with no room is passed over, and gets what waited when it has room", async () => {
  const engine = testEngine();
  const { worker } = connect(engine, "worker", "p1");
  worker.isFull = true;
  await start(engine, "a");
  await ask(engine, create("x", FUTURE, { "resonate:external": "true" }));
  await ask(engine, listener("x", "poll://uni@worker/p1"));
  await ask(engine, settle("x"));
  await settled();
  expect(worker.messages).toEqual([]);
  worker.isFull = false;
  engine.messenger.resume("worker", "p1");
  await settled();
  expect(taskIds(worker.messages).sort()).toEqual(["a", "unblock x"]);
});

test("a stuck worker does not hold up the others", async () => {
  const engine = testEngine();
  const stuck = connect(engine, "worker", "p1");
  await Promise.all(Array.from({ length: 300 }, (_, n) => start(engine, `a${n}`, "poll://uni@worker/p1")));
  await settled();
  expect(stuck.worker.messages).toHaveLength(256);
  const p2 = listen(engine, "worker", "p2");
  await Promise.all(Array.from({ length: 50 }, (_, n) => start(engine, `b${n}`)));
  await settled();
  expect(taskIds(p2.messages)).toHaveLength(50);
});

test("a worker that was full gets the rest as soon as it acquires", async () => {
  const engine = testEngine();
  const { worker } = connect(engine, "worker", "p1");
  await Promise.all(Array.from({ length: 300 }, (_, n) => start(engine, `a${n}`)));
  await settled();
  expect(worker.messages).toHaveLength(256);
  await Promise.all(Array.from({ length: 100 }, (_, n) => ask(engine, acquire(`a${n}`, 0, DAY))));
  await settled();
  expect(new Set(taskIds(worker.messages)).size).toBe(300);
});

test("a workflow that goes on is handed out at once, though more begin than the worker can take", async () => {
  const engine = testEngine();
  const { worker } = connect(engine, "worker", "p1");
  await start(engine, "asked");
  await ask(engine, acquire("asked", 0, DAY));
  await ask(engine, create("asked:1", FUTURE, latentTags("asked:1", "asked")));
  await ask(engine, suspend("asked", 1, ["asked:1"]));
  await Promise.all(Array.from({ length: 600 }, (_, n) => start(engine, `a${n}`)));
  await settled();
  expect(worker.messages).toHaveLength(1 + 256);
  await ask(engine, settle("asked:1"));
  await settled();
  expect(taskIds(worker.messages.slice(1 + 256))).toEqual(["asked"]);
  // Others get as much room as before.
  await ask(engine, acquire("asked", 1, DAY));
  await ask(engine, acquire("a0", 0, DAY));
  await settled();
  expect(worker.messages).toHaveLength(1 + 256 + 1 + 1);
});

test("a worker that was full gets its own tasks when it acquires, though another had room meanwhile", async () => {
  const engine = testEngine();
  const { worker } = connect(engine, "worker", "p1");
  await Promise.all(Array.from({ length: 300 }, (_, n) => start(engine, `a${n}`, "poll://uni@worker/p1")));
  await settled();
  connect(engine, "worker", "p2");
  await settled();
  await Promise.all(Array.from({ length: 100 }, (_, n) => ask(engine, acquire(`a${n}`, 0, DAY))));
  await settled();
  expect(new Set(taskIds(worker.messages)).size).toBe(300);
});

test("a second wake-up does not make a task that was handed out forgotten", async () => {
  const engine = testEngine();
  await start(engine, "a");
  await ask(engine, acquire("a", 0));
  for (const id of ["a:0", "a:1"]) await ask(engine, create(id, FUTURE, latentTags(id, "a")));
  await ask(engine, suspend("a", 1, ["a:0", "a:1"]));
  const lost = connect(engine, "worker", "p1");
  const heir = connect(engine, "worker", "p2");
  for (const id of ["a:0", "a:1"]) await ask(engine, settle(id));
  await settled();
  const [holder, other] = lost.worker.messages.length > 0 ? [lost, heir] : [heir, lost];
  expect(taskIds(holder.worker.messages)).toEqual(["a"]);
  holder.disconnect();
  await settled();
  expect(taskIds(other.worker.messages)).toEqual(["a"]);
});

test("what workers could not take up while nothing could be written is handed out again with the next commit", async () => {
  const dataDir = temporaryFolder();
  const engine = testEngine({ dataDir });
  const worker = listen(engine, "worker", "p1");
  await checkpointed(dataDir);
  const file = new DatabaseSync(join(dataDir, "engine.db"));
  file.exec("CREATE TRIGGER full BEFORE UPDATE ON tasks BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  await start(engine, "a");
  await settled();
  await checkpointed(dataDir);
  expect((await ask(engine, acquire("a", 0))).status).toBe(503);
  expect(taskIds(worker.messages)).toEqual(["a"]);
  file.exec("DROP TRIGGER full");
  file.close();
  await ask(engine, create("b", FUTURE));
  await settled();
  expect(taskIds(worker.messages)).toEqual(["a", "a"]);
  expect((await ask(engine, acquire("a", 0))).status).toBe(200);
  await ask(engine, create("c", FUTURE));
  await settled();
  expect(worker.messages).toHaveLength(2);
});

test("an unblock is kept for an address that is away, also over a restart, and sent once it is back", async () => {
  const dataDir = temporaryFolder();
  const first = testEngine({ dataDir });
  await ask(first, create("a", FUTURE, { "resonate:external": "true" }));
  await ask(first, listener("a", "poll://uni@gateway/g1"));
  await ask(first, settle("a"));
  await settled();
  await first.close();

  const second = testEngine({ dataDir });
  const g1 = listen(second, "gateway", "g1");
  await settled();
  expect(g1.messages).toMatchObject([
    { kind: "unblock", head: {}, data: { promise: { id: "a", state: "resolved" } } },
  ]);
  await second.close();

  const third = testEngine({ dataDir });
  const again = listen(third, "gateway", "g1");
  await settled();
  expect(again.messages).toEqual([]);
});

test("an unblock that was handed over is struck out with the next change or a second later", async () => {
  const clock = new FakeClock();
  const engine = testEngine({ clock });
  const g1 = listen(engine, "gateway", "g1");
  await ask(engine, create("a", clock.now() + DAY, { "resonate:external": "true" }));
  await ask(engine, listener("a", "poll://uni@gateway/g1"));
  await ask(engine, settle("a"));
  await settled();
  expect(taskIds(g1.messages)).toEqual(["unblock a"]);
  const before = engine.stats.commits;
  await clock.advance(999);
  expect(engine.stats.commits).toBe(before);
  await clock.advance(1);
  expect(engine.stats.commits).toBe(before + 1);
  await clock.advance(10_000);
  expect(engine.stats.commits).toBe(before + 1);
});

test("an unblock that nobody fetched is forgotten after an hour or two", async () => {
  const clock = new FakeClock();
  const engine = testEngine({ clock });
  await ask(engine, create("a", clock.now() + DAY, { "resonate:external": "true" }));
  await ask(engine, listener("a", "poll://uni@gateway/g1"));
  await ask(engine, settle("a"));
  await clock.advance(2 * 3_600_000);
  const g1 = listen(engine, "gateway", "g1");
  await settled();
  expect(g1.messages).toEqual([]);
});

test("leases of this process's earlier life are free at start, those of other processes are kept", async () => {
  const dataDir = temporaryFolder();
  const first = testEngine({ dataDir });
  const local = first.network({ group: "worker" });
  await ask(first, create("own", FUTURE, rootTags("own")));
  await ask(first, create("foreign", FUTURE, rootTags("foreign")));
  await ask(first, acquire("foreign", 0, DAY, "elsewhere"));
  expect((await ask({ send: (each) => local.send(each as never) }, acquire("own", 0, DAY))).status).toBe(200);
  await first.close();

  const second = testEngine({ dataDir });
  const worker = listen(second, "worker", "p9");
  await settled();
  expect(worker.messages).toEqual([{ kind: "execute", head: {}, data: { task: { id: "own", version: 1 } } }]);
  expect((await ask(second, request("task.get", { id: "foreign" }))).data).toMatchObject({
    task: { state: "acquired", pid: "elsewhere", ttl: DAY },
  });
});

test("a task wakes while its worker is connected: settle to execute without any wait", async () => {
  const engine = testEngine();
  const p1 = listen(engine, "worker", "p1");
  await start(engine, "a");
  await ask(engine, acquire("a", 0));
  await ask(engine, create("a:0", FUTURE, latentTags("a:0", "a")));
  await ask(engine, suspend("a", 1, ["a:0"]));
  await ask(engine, settle("a:0"));
  await settled();
  expect(p1.messages.at(-1)).toEqual({ kind: "execute", head: {}, data: { task: { id: "a", version: 1 } } });
});

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { journalFileOf, lookAtJournal } from "../../../../src/engine/store/journal.ts";
import { ask, checkpointed, temporaryFolder, testEngine } from "../../../support/engine.ts";
import {
  acquire,
  create,
  latentTags,
  request,
  rootTags,
  settle,
  suspend,
} from "../../../support/engine-requests.ts";
import { FakeClock, settled } from "../../../support/fake-clock.ts";

const DAY = 86_400_000;

test("requests that arrive together share one transaction", async () => {
  const engine = testEngine();
  const ids = Array.from({ length: 100 }, (_, n) => `p${n}`);
  const answers = await Promise.all(ids.map((id) => ask(engine, create(id, Date.now() + DAY))));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(engine.stats).toMatchObject({ requests: 100, commits: 1 });
});

test("a request that changes nothing costs no transaction", async () => {
  const engine = testEngine();
  await ask(engine, create("a", Date.now() + DAY, rootTags("a")));
  await ask(engine, acquire("a", 0));
  const before = engine.stats.commits;
  for (const quiet of [
    request("promise.get", { id: "a" }),
    request("task.get", { id: "a" }),
    request("promise.search", {}),
    request("task.heartbeat", { pid: "p1", tasks: [] }),
    create("a", Date.now() + DAY),
    acquire("a", 0),
    suspend("a", 1, ["a:7"]),
  ]) {
    await ask(engine, quiet);
  }
  expect(engine.stats.commits).toBe(before);
});

test("a request sees what the one before it in the same transaction has done", async () => {
  const engine = testEngine();
  const [, settledFirst, settledLast, read] = await Promise.all([
    ask(engine, create("a", Date.now() + DAY)),
    ask(engine, settle("a", "resolved")),
    ask(engine, settle("a", "rejected")),
    ask(engine, request("promise.get", { id: "a" })),
  ]);
  expect(settledFirst.data).toMatchObject({ promise: { state: "resolved" } });
  expect(settledLast).toEqual(settledFirst);
  expect(read).toEqual(settledFirst);
  expect(engine.stats.commits).toBe(1);
});

test("a transaction that fails answers its requests 503 but for what was only read, keeps nothing, and the next one works", async () => {
  const dataDir = temporaryFolder();
  const reports: string[] = [];
  const log = { warn: () => undefined, error: (_: object, message: string) => void reports.push(message) };
  const engine = testEngine({ dataDir, log });
  await ask(engine, create("before", Date.now() + DAY));
  await checkpointed(dataDir);

  const file = new DatabaseSync(join(dataDir, "engine.db"));
  // Writes of this one row fail, as on a disk that is full.
  file.exec(
    "CREATE TRIGGER full BEFORE INSERT ON promises WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'disk full'); END",
  );
  const answers = await Promise.all([
    ask(engine, create("good", Date.now() + DAY)),
    ask(engine, settle("before")),
    ask(engine, create("bad", Date.now() + DAY)),
    ask(engine, request("promise.get", { id: "good" })),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 404]);
  expect(reports).toEqual(["Commit failed: none of its changes were kept"]);
  expect((await ask(engine, request("promise.get", { id: "good" }))).status).toBe(404);
  expect((await ask(engine, request("promise.get", { id: "before" }))).data).toMatchObject({
    promise: { state: "pending" },
  });
  file.exec("DROP TRIGGER full");
  file.close();
  expect((await ask(engine, create("bad", Date.now() + DAY))).status).toBe(200);
});

test("nothing is answered before it is on disk", async () => {
  const dataDir = temporaryFolder();
  const engine = testEngine({ dataDir });
  const sync = vi.spyOn(fs, "fdatasyncSync");
  syncBuiltinESMExports();
  for (let n = 0; n < 50; n += 1) {
    const { status } = await ask(engine, create(`p${n}`, Date.now() + DAY));
    expect([status, sync.mock.calls.length]).toEqual([200, n + 1]);
    expect(isOnDisk(dataDir, `p${n}`)).toBe(true);
  }
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** In the journal, or in the database already. */
function isOnDisk(dataDir: string, id: string): boolean {
  const file = join(dataDir, "engine.db");
  const changes = lookAtJournal(journalFileOf(file)).records.flatMap((record) => record.changes);
  if (changes.some((change) => change.kind === "promise.insert" && change.row.id === id)) return true;
  const reader = new DatabaseSync(file, { readOnly: true });
  try {
    return reader.prepare("SELECT 1 FROM promises WHERE id = ?").get(id) !== undefined;
  } finally {
    reader.close();
  }
}

test("time never goes back, whatever the clock says", async () => {
  const clock = new FakeClock();
  const engine = testEngine({ clock });
  const start = clock.now();
  await ask(engine, create("a", start + DAY));
  clock.set(start - 5_000);
  expect((await ask(engine, settle("a"))).data).toMatchObject({ promise: { settledAt: start } });
});

test("close() answers what was sent before it and refuses what comes after", async () => {
  const engine = testEngine();
  const before = ask(engine, create("a", Date.now() + DAY));
  const closing = engine.close();
  expect((await before).status).toBe(200);
  expect((await ask(engine, create("b", Date.now() + DAY))).status).toBe(503);
  await closing;
  await engine.close();
});

test("a queue that is full refuses with 503 and does not grow", async () => {
  const engine = testEngine();
  const sent = Array.from({ length: 20_005 }, () => ask(engine, request("promise.get", { id: "a" })));
  const statuses = (await Promise.all(sent)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 503)).toHaveLength(5);
  expect(statuses.filter((status) => status === 404)).toHaveLength(20_000);
});

test("the clock ends promises at their deadline, with one timer for all", async () => {
  const clock = new FakeClock();
  const engine = testEngine({ clock });
  const start = clock.now();
  for (let day = 30; day >= 1; day -= 1) {
    await ask(engine, create(`d${day}`, start + day * DAY, { "resonate:external": "true" }));
  }
  expect(clock.timers).toBe(1);
  await clock.advance(10 * DAY);
  const { data } = await ask(engine, request("promise.search", { state: "rejected_timedout" }));
  expect((data["promises"] as { id: string }[]).map(({ id }) => id).sort()).toEqual(
    Array.from({ length: 10 }, (_, n) => `d${n + 1}`).sort(),
  );
  expect(clock.timers).toBe(1);
});

test("more deadlines at one instant than fit a transaction are all kept", async () => {
  const clock = new FakeClock();
  const engine = testEngine({ clock });
  const at = clock.now() + 1000;
  await Promise.all(
    Array.from({ length: 1300 }, (_, n) => ask(engine, create(`p${n}`, at, { "resonate:external": "true" }))),
  );
  await clock.advance(1000);
  await settled();
  const { data } = await ask(engine, request("promise.search", { state: "pending" }));
  expect(data["promises"]).toEqual([]);
});

test("what fell due while the engine was away is done when it is back", async () => {
  const dataDir = temporaryFolder();
  const clock = new FakeClock();
  const first = testEngine({ dataDir, clock });
  await ask(first, create("a", clock.now() + DAY, rootTags("a")));
  await ask(first, create("a:0", clock.now() + 1000, latentTags("a:0", "a")));
  await ask(first, acquire("a", 0, DAY));
  await ask(first, suspend("a", 1, ["a:0"]));
  await first.close();

  const later = new FakeClock(clock.now() + 3_600_000);
  const second = testEngine({ dataDir, clock: later });
  await later.advance(0);
  expect((await ask(second, request("task.get", { id: "a" }))).data).toMatchObject({
    task: { state: "pending", resumes: 1 },
  });
});

test("a workflow that is released fifty times in a row is halted, which the log says in one line", async () => {
  const clock = new FakeClock();
  const lines: object[] = [];
  const log = {
    warn: (fields: object) => void lines.push(fields),
    error: (fields: object, message: string) => void lines.push({ ...fields, message }),
  };
  const engine = testEngine({ clock, log });
  await ask(engine, create("a", clock.now() + DAY, rootTags("a")));
  await ask(engine, create("a:0", clock.now() + DAY, latentTags("a:0", "a")));
  for (let version = 0; version < 50; version += 1) {
    await ask(engine, acquire("a", version));
    await ask(engine, request("promise.register_callback", { awaited: "a:0", awaiter: "a" }));
    await ask(engine, request("task.release", { id: "a", version: version + 1 }));
    await clock.advance(31_000);
  }
  await ask(engine, settle("a:0"));
  await clock.advance(3_600_000);
  expect((await ask(engine, request("task.get", { id: "a" }))).data["task"]).toMatchObject({
    state: "halted",
  });
  expect(lines).toEqual([{ id: "a", version: 50, message: "Workflow halted: no worker could continue it" }]);
  expect((await ask(engine, request("task.continue", { id: "a" }))).status).toBe(200);
  expect((await ask(engine, acquire("a", 50))).status).toBe(200);
});

test("a clock that jumped ahead unnoticed is noticed within a minute", async () => {
  const clock = new FakeClock();
  const engine = testEngine({ clock });
  await ask(engine, create("a", clock.now() + DAY, { "resonate:external": "true" }));
  clock.set(clock.now() + 2 * DAY);
  await clock.advance(0);
  const { data } = await ask(engine, request("promise.search", { state: "rejected_timedout" }));
  expect(data["promises"]).toMatchObject([{ id: "a" }]);
});

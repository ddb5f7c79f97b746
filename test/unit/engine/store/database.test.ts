import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import { openEngine } from "../../../../src/engine/engine.ts";
import { examine } from "../../../../src/engine/operate/doctor.ts";
import { isCorrupt, openDatabase } from "../../../../src/engine/store/database.ts";
import { APPLICATION_ID, MIGRATIONS } from "../../../../src/engine/store/schema.ts";
import { Store } from "../../../../src/engine/store/store.ts";
import { ask, temporaryFolder, testEngine } from "../../../support/engine.ts";
import { brokenInvariants } from "../../../support/engine-invariants.ts";
import { create } from "../../../support/engine-requests.ts";

test("openEngine() refuses a data folder that another engine has, and takes it when that is gone", async () => {
  const dataDir = temporaryFolder();
  const first = testEngine({ dataDir });
  expect(() => openEngine({ dataDir })).toThrow(
    `Cannot open the engine: another process uses the data folder ${dataDir}`,
  );
  await first.close();
  expect((await ask(testEngine({ dataDir }), create("a", Date.now() + 1000))).status).toBe(200);
});

test("openEngine() tells a folder that it cannot lock from one that another engine has", () => {
  const dataDir = temporaryFolder();
  const file = join(dataDir, "engine.db");
  openDatabase(file).close();
  const lock = `${file}.lock`;
  writeFileSync(lock, "no database ".repeat(100));
  expect(() => openEngine({ dataDir })).toThrow(
    `Cannot open the engine: ${lock} cannot be locked: file is not a database`,
  );
  expect(examine(file, Date.now()).isRunning).toBe(false);
});

test("openEngine() keeps everything from other users", () => {
  const dataDir = join(temporaryFolder(), "data");
  testEngine({ dataDir });
  const modes = [
    "",
    "engine.db",
    "engine.db-wal",
    "engine.db-shm",
    "engine.db.lock",
    "engine.db.journal",
  ].map((name) => statSync(join(dataDir, name)).mode & 0o777);
  expect(modes).toEqual([0o700, 0o600, 0o600, 0o600, 0o600, 0o600]);
});

test("openEngine() needs a place", () => {
  expect(() => openEngine({})).toThrow("Cannot open the engine: dataDir or file must be given");
});

test("openDatabase() sets what keeps a checkpoint", () => {
  const db = openDatabase(join(temporaryFolder(), "engine.db"));
  const pragma = (name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  expect(["journal_mode", "synchronous", "foreign_keys", "busy_timeout"].map(pragma)).toEqual([
    "wal",
    2,
    1,
    5000,
  ]);
  db.close();
});

test("openDatabase() refuses a newer schema and another program's file, and leaves them as they are", () => {
  const folder = temporaryFolder();
  const newer = join(folder, "newer.db");
  openDatabase(newer).close();
  const db = new DatabaseSync(newer);
  db.exec("PRAGMA user_version = 99");
  db.close();
  expect(() => openDatabase(newer)).toThrow(
    `has schema 99, this version of the program supports ${MIGRATIONS.length}`,
  );

  const foreign = join(folder, "foreign.db");
  const other = new DatabaseSync(foreign);
  other.exec("CREATE TABLE theirs (x); PRAGMA user_version = 1");
  other.close();
  expect(() => openDatabase(foreign)).toThrow("is a database of another program");
});

test("openDatabase() brings a file of the first schema to today's, with what is in it", () => {
  const file = join(temporaryFolder(), "engine.db");
  const old = new DatabaseSync(file);
  old.exec(MIGRATIONS[0] ?? "");
  old.exec(`PRAGMA user_version = 1; PRAGMA application_id = ${APPLICATION_ID}`);
  for (const id of ["a", "a:0", "lone:1"]) {
    old
      .prepare(
        "INSERT INTO promises (id, state, timeout_at, created_at, settled_at, external, tags) VALUES (?, 'resolved', 9, 1, 2, 0, '{}')",
      )
      .run(id);
  }
  old.close();
  const db = openDatabase(file);
  expect(brokenInvariants(db)).toEqual({});
  const heads = db.prepare("SELECT id FROM promises WHERE head = 1 ORDER BY id").all();
  expect(heads.map((row) => row["id"])).toEqual(["a", "lone:1"]);
  db.close();
});

test("openDatabase() tells why a step to today's schema failed, also when SQLite rolled back by itself", () => {
  const steps = MIGRATIONS as string[];
  steps.push("INSERT OR ROLLBACK INTO journal (rowid, number) VALUES (1, 0)");
  onTestFinished(() => void steps.pop());
  expect(() => openDatabase(join(temporaryFolder(), "engine.db"))).toThrow("UNIQUE constraint failed");
});

/** Walks along an index or a table that are harmless, with the reason. */
const SCANS = [
  "SCAN journal", // One row.
  "SCAN unblocks", // What is owed to workers that are away: little, and every ten minutes.
  "SCAN promises USING COVERING INDEX promises_by_deadline", // The first entry alone.
  "SCAN schedules USING COVERING INDEX schedules_by_next", // The first entry alone.
  "SCAN tasks USING COVERING INDEX tasks_by_due", // The first entry alone.
  "SCAN tasks USING INDEX tasks_by_due", // What is pending or being worked on, once at start.
];

test("no statement of the store looks through all promises, sorts them, or all tasks", () => {
  const db = openDatabase(":memory:");
  const prepare = vi.spyOn(db, "prepare");
  const store = new Store(db);
  const statements = prepare.mock.calls
    .map(([sql]) => sql)
    .filter((sql) => /^(SELECT|UPDATE|DELETE)/.test(sql));
  expect(statements.length).toBeGreaterThan(20);
  const steps = statements.flatMap((sql) =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((row) => String(row["detail"])),
  );
  const slow = steps.filter((step) => /^SCAN|TEMP B-TREE/.test(step));
  expect(slow.filter((step) => !SCANS.includes(step))).toEqual([]);
  store.close();
});

test("isCorrupt() knows a file that SQLite takes for no database of its own, as for a damaged header", () => {
  const file = join(temporaryFolder(), "x.db");
  writeFileSync(file, "no database ".repeat(100));
  const db = new DatabaseSync(file);
  onTestFinished(() => db.close());
  const error = (() => {
    try {
      return db.exec("PRAGMA user_version");
    } catch (caught) {
      return caught;
    }
  })();
  expect(error).toMatchObject({ errcode: 26 });
  expect(isCorrupt(error)).toBe(true);
  expect(isCorrupt(new Error("no room"))).toBe(false);
});

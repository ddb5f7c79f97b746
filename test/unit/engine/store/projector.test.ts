/** A projection of the simplest kind: for each root, how many promises it has. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { type Engine, openEngine } from "../../../../src/engine/engine.ts";
import { MEMORY, openDatabase } from "../../../../src/engine/store/database.ts";
import { keepJournal } from "../../../../src/engine/store/journal.ts";
import type { ProjectedRows, Projection } from "../../../../src/engine/store/projection.ts";
import { Store } from "../../../../src/engine/store/store.ts";
import { ask, checkpointed, temporaryFolder, testEngine } from "../../../support/engine.ts";
import { create, latentTags, request, rootTags } from "../../../support/engine-requests.ts";

const LATER = Date.now() + 86_400_000;

/** Counts; does what `fault` says in the place of making rows. */
function counting(fault: { now?: (db: DatabaseSync, subject: string) => void } = {}): Projection {
  return {
    version: 1,
    tables: {
      counts: "CREATE TABLE counts (n INTEGER PRIMARY KEY, id TEXT NOT NULL, number INTEGER NOT NULL)",
    },
    subjectOf: ({ id }) => id.split(":")[0],
    open: (db, source): ProjectedRows => ({
      refresh(subject) {
        fault.now?.(db, subject);
        const n = source.numberOf(subject);
        if (n === undefined) return;
        let number = 1;
        while (source.promise(`${subject}:${number - 1}`) !== undefined) number += 1;
        db.prepare("INSERT OR REPLACE INTO counts VALUES (?, ?, ?)").run(n, subject, number);
      },
      remove: (id) => void db.prepare("DELETE FROM counts WHERE n = ?").run(source.numberOf(id) ?? -1),
      read: () => ({
        rows: db
          .prepare("SELECT id, number FROM counts ORDER BY id")
          .all()
          .map((row) => Object.values(row)),
      }),
    }),
  };
}

async function add(engine: Engine, id: string): Promise<number> {
  const root = id.split(":")[0] ?? id;
  const { status } = await ask(engine, create(id, LATER, id === root ? rootTags(id) : latentTags(id, root)));
  return status;
}

async function read(engine: Engine): Promise<unknown> {
  return (await ask(engine, request("projection.read", { query: {} }))).data;
}

const rows = (...found: [string, number][]) => ({ kind: "answer", answer: { rows: found } });

/** A full disk, once: SQLite then rolls back everything since the last checkpoint by itself. */
function fullOnce() {
  let was = false;
  return (db: DatabaseSync): void => {
    if (was) return;
    was = true;
    db.exec("ROLLBACK");
    throw Object.assign(new Error("database or disk is full"), { code: "ERR_SQLITE_ERROR", errcode: 13 });
  };
}

describe("a projection", () => {
  it("shows what was acknowledged, in the same turn too", async () => {
    const engine = testEngine({ projection: counting() });
    const [, , found] = await Promise.all([
      add(engine, "a"),
      add(engine, "a:0"),
      read(engine),
      add(engine, "b"),
    ]);
    expect(found).toEqual(rows(["a", 2]));
    expect(await read(engine)).toEqual(rows(["a", 2], ["b", 1]));
  });

  it("adds no commit", async () => {
    const sizes = [];
    for (const projection of [undefined, counting()]) {
      const engine = testEngine({ dataDir: temporaryFolder(), projection });
      for (const id of ["a", "a:0", "b"]) await add(engine, id);
      sizes.push(engine.stats.commits);
    }
    expect(sizes[1]).toBe(sizes[0]);
  });

  it("is off after a fault, which stops nothing, and is mended by a rebuild", async () => {
    const log = { warn: vi.fn(), error: vi.fn() };
    const fault: { now?: (db: DatabaseSync) => void } = {};
    const engine = testEngine({ dataDir: temporaryFolder(), projection: counting(fault), log });
    await add(engine, "a");
    fault.now = (db) => db.exec("INSERT INTO nowhere VALUES (1)");
    expect(await add(engine, "b")).toBe(200);
    expect(await read(engine)).toEqual({ kind: "stale" });
    expect(await add(engine, "b:0")).toBe(200);
    expect(log.error).toHaveBeenCalledTimes(1);
    delete fault.now;
    await engine.rebuild();
    expect(await read(engine)).toEqual(rows(["a", 1], ["b", 2]));
  });

  it("is made again by the next start after a fault", async () => {
    const dataDir = temporaryFolder();
    const fault = { now: (db: DatabaseSync) => db.exec("INSERT INTO nowhere VALUES (1)") };
    const engine = openEngine({ dataDir, projection: counting(fault) });
    await add(engine, "a");
    await engine.close();
    const again = testEngine({ dataDir, projection: counting() });
    await expect.poll(() => read(again)).toEqual(rows(["a", 1]));
  });

  it("leaves out what cannot be made, and says so", async () => {
    const log = { warn: vi.fn(), error: vi.fn() };
    const fault = {
      now: (_: DatabaseSync, subject: string) => {
        if (subject === "b") throw new TypeError("This cannot be read");
      },
    };
    const engine = testEngine({ projection: counting(fault), log });
    for (const id of ["a", "b", "c"]) await add(engine, id);
    expect(await read(engine)).toEqual(rows(["a", 1], ["c", 1]));
    expect(log.error.mock.calls[0]?.[0]).toMatchObject({ subject: "b" });
  });

  it("is kept when the engine's database is lost between two checkpoints and taken up from the journal", async () => {
    const log = { warn: vi.fn(), error: vi.fn() };
    const fault: { now?: (db: DatabaseSync) => void } = {};
    const engine = testEngine({ dataDir: temporaryFolder(), projection: counting(fault), log });
    await add(engine, "a");
    // As SQLite does it by itself on a full disk.
    let times = 0;
    fault.now = (db) => {
      times += 1;
      if (times > 1) return;
      db.exec("ROLLBACK");
      throw Object.assign(new Error("database or disk is full"), { code: "ERR_SQLITE_ERROR", errcode: 13 });
    };
    await read(engine);
    expect(await add(engine, "b")).toBe(200);
    expect(await read(engine)).toEqual(rows(["a", 1], ["b", 1]));
  });

  it("makes what changes again and again once, and knows after a crash what it has put off", async () => {
    const dataDir = temporaryFolder();
    const made: string[] = [];
    const engine = testEngine({
      dataDir,
      projection: counting({ now: (_, subject) => void made.push(subject) }),
    });
    await add(engine, "a");
    await checkpointed(dataDir);
    expect(made).toEqual([]);
    const left = join(temporaryFolder(), "left");
    cpSync(dataDir, left, { recursive: true });
    await add(engine, "a:0");
    await add(engine, "b");
    await checkpointed(dataDir);
    expect(made).toEqual(["a"]);
    // Nothing changes any more, and a question is answered all the same.
    expect(await read(engine)).toEqual(rows(["a", 2], ["b", 1]));
    expect(made).toEqual(["a", "b"]);
    expect(await read(engine)).toEqual(rows(["a", 2], ["b", 1]));
    expect(made).toEqual(["a", "b"]);
    const found = testEngine({ dataDir: left, projection: counting() });
    expect(await read(found)).toEqual(rows(["a", 1]));
  });

  it("puts off few subjects, and none when the engine closes", async () => {
    const dataDir = temporaryFolder();
    let made = 0;
    const projection = counting({ now: () => void (made += 1) });
    const engine = openEngine({ dataDir, projection });
    await Promise.all(Array.from({ length: 65 }, (_, i) => add(engine, `a${i}`)));
    await checkpointed(dataDir);
    expect(made).toBe(65);
    await add(engine, "b");
    await engine.close();
    expect(made).toBe(66);
    const again = testEngine({ dataDir, projection });
    expect(await read(again)).toMatchObject({ answer: { rows: expect.arrayContaining([["b", 1]]) } });
    expect(made).toBe(66);
  });

  it("goes on being made by itself when the disk was full during a rebuild", async () => {
    const dataDir = temporaryFolder();
    const fault: { now?: (db: DatabaseSync, subject: string) => void } = {};
    const engine = testEngine({ dataDir, projection: counting(fault) });
    await add(engine, "a");
    fault.now = (db) => db.exec("INSERT INTO nowhere VALUES (1)");
    expect(await read(engine)).toEqual({ kind: "stale" });
    await checkpointed(dataDir);
    fault.now = fullOnce();
    await expect(engine.rebuild()).rejects.toThrow("full");
    await expect.poll(() => read(engine)).toEqual(rows(["a", 1]));
  });

  it("is made once more when what was made is lost before the checkpoint", async () => {
    const dataDir = temporaryFolder();
    const first = openEngine({ dataDir });
    await add(first, "a");
    await first.close();
    const fault: { now?: (db: DatabaseSync, subject: string) => void } = {};
    const engine = testEngine({ dataDir, projection: counting(fault) });
    while (JSON.stringify(await read(engine)).includes("building")) await setImmediate();
    fault.now = fullOnce();
    await add(engine, "b");
    // The disk is full when the rows of b are made, and SQLite forgets those of a, too.
    await read(engine);
    await expect.poll(() => read(engine)).toEqual(rows(["a", 1], ["b", 1]));
  });

  it("is made when there is room, if the disk was full at the start", () => {
    const db = openDatabase(MEMORY);
    const log = { warn: vi.fn(), error: vi.fn() };
    const pages = Number(db.prepare("PRAGMA page_count").get()?.["page_count"]);
    db.exec(`PRAGMA max_page_count = ${pages}`);
    const store = new Store(db, keepJournal(), { projection: counting(), log });
    expect(store.projector?.read({})).toEqual({ kind: "building", done: 0, all: 0 });
    store.begin();
    expect(() => store.projector?.build()).toThrow("full");
    store.rollback();
    db.exec("PRAGMA max_page_count = 10000");
    store.begin();
    store.projector?.build();
    expect(store.projector?.read({})).toEqual(rows());
    store.checkpoint();
    expect(log.error).not.toHaveBeenCalled();
    store.close();
  });

  it("is off when its tables are damaged, and what is asked beside a question is answered", async () => {
    const dataDir = temporaryFolder();
    const log = { warn: vi.fn(), error: vi.fn() };
    const engine = openEngine({ dataDir, projection: counting(), log });
    await add(engine, "a");
    await read(engine);
    await checkpointed(dataDir);
    const other = new DatabaseSync(join(dataDir, "engine.db"));
    other.exec("DROP TABLE counts");
    other.close();
    const [found, status] = await Promise.all([read(engine), add(engine, "b")]);
    expect({ status, found }).toEqual({ status: 200, found: { kind: "stale" } });
    expect(log.error).toHaveBeenCalledTimes(1);
    await engine.close();
    const again = testEngine({ dataDir, projection: counting() });
    await expect.poll(() => read(again)).toEqual(rows(["a", 1], ["b", 1]));
  });

  it("is off, and made again by the next start, when a question alone finds that its tables are damaged", async () => {
    const dataDir = temporaryFolder();
    const engine = openEngine({ dataDir, projection: counting() });
    await add(engine, "a");
    await read(engine);
    await checkpointed(dataDir);
    const other = new DatabaseSync(join(dataDir, "engine.db"));
    other.exec("DROP TABLE counts");
    other.close();
    expect(await read(engine)).toEqual({ kind: "stale" });
    await engine.close();
    const again = testEngine({ dataDir, projection: counting() });
    await expect.poll(() => read(again)).toEqual(rows(["a", 1]));
  });

  it("keeps no engine from starting whose state of it cannot be read", async () => {
    const dataDir = temporaryFolder();
    const engine = openEngine({ dataDir, projection: counting() });
    await add(engine, "a");
    await engine.close();
    const other = new DatabaseSync(join(dataDir, "engine.db"));
    other.exec("DROP TABLE projection; CREATE TABLE projection (other TEXT)");
    other.close();
    const again = testEngine({ dataDir, projection: counting() });
    await expect.poll(() => read(again)).toEqual(rows(["a", 1]));
  });

  it("is not said to be made again by an engine that closes meanwhile", async () => {
    const engine = testEngine({ dataDir: temporaryFolder(), projection: counting() });
    await Promise.all(Array.from({ length: 60 }, (_, i) => add(engine, `a${i}`)));
    const rebuilt = engine.rebuild();
    await Promise.all([expect(rebuilt).rejects.toThrow("closed"), engine.close()]);
  });

  it("never says that more than all promises were looked at", async () => {
    const engine = testEngine({ projection: counting(), debug: true });
    await Promise.all(Array.from({ length: 200 }, (_, i) => add(engine, `a${i}`)));
    const rebuilt = engine.rebuild();
    const [, found] = await Promise.all([ask(engine, request("debug.reset", {})), read(engine)]);
    expect(found).toEqual({ kind: "building", done: 0, all: 0 });
    await rebuilt;
    expect(await read(engine)).toEqual(rows());
  });

  it("answers nothing on an engine without one", async () => {
    const engine = testEngine();
    expect((await ask(engine, request("projection.read", { query: {} }))).status).toBe(501);
    expect((await ask(engine, request("projection.read", {}))).status).toBe(400);
    await expect(engine.rebuild()).rejects.toThrow("This engine keeps no index");
  });
});

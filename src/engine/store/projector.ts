import type { DatabaseSync } from "node:sqlite";
import type { Change, View } from "../decide/state.ts";
import type { EngineLog } from "../log.ts";
import type { ProjectedRows, Projection } from "./projection.ts";
import { row } from "./queries.ts";

/** What a projection answers, or why it cannot now. */
export type Projected =
  | { readonly kind: "answer"; readonly answer: object }
  /** The rows are being made; `done` of `all` promises were looked at. */
  | { readonly kind: "building"; readonly done: number; readonly all: number }
  /** Making the rows failed, so that they may be wrong. */
  | { readonly kind: "stale" };

/** Promises looked at in one step of a rebuild; those that have rows cost more. */
const LOOKED_AT_MAX = 1_000;
const REFRESHED_MAX = 50;

/**
 * Keeps the rows of a projection with those of the promises, in the same transactions.
 *
 * R1 A change only marks its subject, in memory. The rows are made before the next checkpoint, so that many changes of
 *    one subject cost once, and before each question, so that it sees everything acknowledged.
 * R2 Marks follow from changes, and changes are in the journal until a checkpoint has them. So what a crash leaves
 *    unmade is marked again when the journal is replayed: no write to disk belongs to the rows alone.
 * R3 The rows say which checkpoint they belong to. If the promises are of another one (an older program wrote them, or
 *    making rows failed), all rows are made again.
 * R4 Nothing that a projection does can fail a request of the engine. After a fault, its rows are left as they are, and
 *    nobody reads them until they were made again.
 */
export class Projector {
  readonly #projection: Projection;
  readonly #db: DatabaseSync;
  readonly #view: Pick<View, "promise">;
  readonly #log: EngineLog;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #marked = new Set<string>();
  #rows: ProjectedRows | undefined;
  /** Number of the last promise that was looked at; undefined: all were. */
  #builtTo: number | undefined;
  #isFaulty = false;

  constructor(
    db: DatabaseSync,
    view: Pick<View, "promise">,
    { projection, log }: { readonly projection: Projection; readonly log: EngineLog },
  ) {
    this.#db = db;
    this.#view = view;
    this.#projection = projection;
    this.#log = log;
    db.exec(STATE);
    this.#sql = prepare(db);
  }

  /** Whether making rows failed. */
  get isFaulty(): boolean {
    return this.#isFaulty;
  }

  /** Whether there is something to do for `build`. */
  get isBuilding(): boolean {
    return !this.#isFaulty && this.#builtTo !== undefined;
  }

  /** Before the change is written. */
  mark(change: Change): void {
    if (this.#isFaulty) return;
    switch (change.kind) {
      case "promise.insert":
      case "promise.settle": {
        const subject = this.#projection.subjectOf(change.row);
        if (subject !== undefined) this.#marked.add(subject);
        return;
      }
      case "promise.delete":
        this.#guard(() => this.#opened().remove(change.id));
        return;
      case "reset":
        this.#marked.clear();
        this.#guard(() => this.#clear());
        return;
      default:
    }
  }

  /** Makes the rows of what is marked, in the open transaction. */
  flush(): void {
    if (this.#marked.size === 0) return;
    this.#guard(() => {
      const rows = this.#opened();
      for (const subject of this.#marked) this.#refresh(rows, subject);
    });
    this.#marked.clear();
  }

  /** What is written with the checkpoint of this number, before it. */
  checkpoint(number: number): void {
    this.flush();
    if (!this.#isFaulty) this.#guard(() => this.#sql.setNumber.run(number));
  }

  /** @throws Error of SQLite, as other reads do */
  read(query: unknown): Projected {
    this.flush();
    if (this.#isFaulty) return { kind: "stale" };
    if (this.#builtTo !== undefined) {
      return { kind: "building", done: this.#builtTo, all: row(this.#sql.last)?.[0] as number };
    }
    return { kind: "answer", answer: this.#opened().read(query) };
  }

  /** Takes up the state of the last checkpoint. What was marked since is marked again, from the journal. */
  load(): void {
    this.#marked.clear();
    if (this.#isFaulty) return;
    const state = row(this.#sql.state);
    const isOurs =
      state !== undefined &&
      state[0] === this.#projection.version &&
      state[1] === row(this.#sql.journal)?.[0];
    if (isOurs) {
      this.#builtTo = (state[2] as number | null) ?? undefined;
      return;
    }
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      this.#begin();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#isFaulty = true;
      this.#log.error({ err: error }, "Cannot make the index: lists are off");
    }
  }

  /** Begins to make all rows again, in the open transaction. */
  rebuild(): void {
    this.#isFaulty = false;
    this.#marked.clear();
    this.#guard(() => this.#begin());
  }

  /** Makes some of the rows, in the open transaction. */
  build(): void {
    const from = this.#builtTo;
    if (from === undefined) return;
    this.#guard(() => {
      const rows = this.#opened();
      let looked = 0;
      let refreshed = 0;
      let to = from;
      for (const [n, id, tags] of this.#sql.promisesFrom.all(from, LOOKED_AT_MAX) as unknown as Row[]) {
        to = n;
        looked += 1;
        if (this.#projection.subjectOf({ id, tags: JSON.parse(tags) }) !== id) continue;
        this.#refresh(rows, id);
        refreshed += 1;
        if (refreshed === REFRESHED_MAX) break;
      }
      const isDone = looked < LOOKED_AT_MAX && refreshed < REFRESHED_MAX;
      this.#builtTo = isDone ? undefined : to;
      this.#sql.setBuiltTo.run(isDone ? null : to);
    });
  }

  /** Without any promises, there is nothing to build. */
  #begin(): void {
    this.#clear();
    this.#builtTo = row(this.#sql.last)?.[0] === 0 ? undefined : 0;
    this.#sql.begin.run(this.#projection.version, this.#builtTo ?? null);
  }

  #clear(): void {
    for (const [name, sql] of Object.entries(this.#projection.tables)) {
      this.#db.exec(`DROP TABLE IF EXISTS ${name}; ${sql}`);
    }
    // Its statements are of the tables that were dropped.
    this.#rows = undefined;
  }

  /** A fault that concerns one subject leaves the others as they are. */
  #refresh(rows: ProjectedRows, subject: string): void {
    try {
      rows.refresh(subject);
    } catch (error) {
      if (isOfDatabase(error)) throw error;
      this.#log.error({ err: error, subject }, "Cannot index this: it is missing in lists");
    }
  }

  #opened(): ProjectedRows {
    this.#rows ??= this.#projection.open(this.#db, {
      promise: (id) => this.#view.promise(id),
      numberOf: (id) => row(this.#sql.number, id)?.[0] as number | undefined,
    });
    return this.#rows;
  }

  #guard(work: () => void): void {
    if (this.#isFaulty) return;
    try {
      work();
    } catch (error) {
      // The engine will try again when there is room.
      if (isFull(error)) throw error;
      this.#isFaulty = true;
      this.#log.error(
        { err: error },
        "Cannot keep the index: lists are off until it is made again, by a restart or by countersign index rebuild",
      );
      // Then SQLite has undone everything since the last checkpoint, and the engine must know.
      if (!this.#db.isTransaction) throw error;
    }
  }
}

type Row = readonly [n: number, id: string, tags: string];

/** One row: which program made the rows, the checkpoint that they belong to, and how far they are made (null: all). */
const STATE = `CREATE TABLE IF NOT EXISTS projection (
  one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, number INTEGER NOT NULL, built_to INTEGER
) STRICT`;

function prepare(db: DatabaseSync) {
  const query = (sql: string) => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  return {
    state: query("SELECT version, number, built_to FROM projection"),
    journal: query("SELECT number FROM journal"),
    last: query("SELECT coalesce(max(n), 0) FROM promises"),
    number: query("SELECT n FROM promises WHERE id = ?"),
    promisesFrom: query("SELECT n, id, tags FROM promises WHERE n > ? ORDER BY n LIMIT ?"),
    begin: db.prepare("INSERT OR REPLACE INTO projection SELECT 1, ?, number, ? FROM journal"),
    setNumber: db.prepare("UPDATE projection SET number = ?"),
    setBuiltTo: db.prepare("UPDATE projection SET built_to = ?"),
  };
}

const SQLITE_FULL = 13;

function isFull(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_FULL;
}

function isOfDatabase(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}

import type { DatabaseSync, StatementSync } from "node:sqlite";
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

/** Which rows there are: all; those up to the promise of a number; none that may be used. */
type Made = "all" | number | "none";

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
 *    nobody reads them until they were made again. A full disk is no fault: what it undid is done again when there is
 *    room.
 */
export class Projector {
  readonly #projection: Projection;
  readonly #db: DatabaseSync;
  readonly #view: Pick<View, "promise">;
  readonly #log: EngineLog;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #marked = new Set<string>();
  #stateSql: ReturnType<typeof prepareState> | undefined;
  #rows: ProjectedRows | undefined;
  #made: Made = "none";
  /** Why nothing more is made of the rows, until a rebuild. */
  #fault: Error | undefined;
  #onBuilding: () => void = () => undefined;

  constructor(
    db: DatabaseSync,
    view: Pick<View, "promise">,
    { projection, log }: { readonly projection: Projection; readonly log: EngineLog },
  ) {
    this.#db = db;
    this.#view = view;
    this.#projection = projection;
    this.#log = log;
    this.#sql = prepare(db);
  }

  /** Why making rows failed, if it did. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /** Whether there is something to do for `build`. */
  get isBuilding(): boolean {
    return this.#fault === undefined && this.#made !== "all";
  }

  /** Calls back at once, and whenever there is something to do for `build` after there was nothing, or after a rollback. */
  whenBuilding(callback: () => void): void {
    this.#onBuilding = callback;
    if (this.isBuilding) callback();
  }

  /** Before the change is written. */
  mark(change: Change): void {
    if (!this.#isKept) return;
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
    if (this.#isKept) this.#guard(() => this.#state().setNumber.run(number));
  }

  /** @throws Error of SQLite if the disk is full */
  read(query: unknown): Projected {
    this.flush();
    if (this.isBuilding) return { kind: "building", ...this.#progress() };
    const answer = this.#fault === undefined ? this.#answer(query) : undefined;
    return answer === undefined ? { kind: "stale" } : { kind: "answer", answer };
  }

  /** Takes up the state of the last checkpoint. What was marked since is marked again, from the journal. */
  load(): void {
    this.#marked.clear();
    if (this.#fault !== undefined) return;
    this.#made = this.#madeInFile();
    if (this.#made === "none") this.#beginAlone();
    if (this.isBuilding) this.#onBuilding();
  }

  /** Begins to make all rows again, in the open transaction. */
  rebuild(): void {
    this.#fault = undefined;
    this.#marked.clear();
    this.#guard(() => this.#begin());
    if (this.isBuilding) this.#onBuilding();
  }

  /** Makes some of the rows, in the open transaction. */
  build(): void {
    const made = this.#made;
    if (made === "all") return;
    this.#guard(() => (made === "none" ? this.#begin() : this.#buildFrom(made)));
  }

  /** Whether the rows that there are follow the changes. */
  get #isKept(): boolean {
    return this.#fault === undefined && this.#made !== "none";
  }

  #progress(): { readonly done: number; readonly all: number } {
    const all = this.#lastNumber();
    // The last promises may have been deleted.
    return { done: typeof this.#made === "number" ? Math.min(this.#made, all) : 0, all };
  }

  /** Undefined if its tables are damaged. A bug of the projection fails this question alone. */
  #answer(question: unknown): object | undefined {
    const wasOpen = this.#db.isTransaction;
    try {
      return this.#opened().read(question);
    } catch (error) {
      if (!isOfDatabase(error)) throw error;
      this.#fail(error, wasOpen);
      return undefined;
    }
  }

  #buildFrom(from: number): void {
    const rows = this.#opened();
    let looked = 0;
    let refreshed = 0;
    let to = from;
    for (const columns of this.#sql.promisesFrom.iterate(from, LOOKED_AT_MAX)) {
      const [n, id, tags] = columns as unknown as Row;
      to = n;
      looked += 1;
      if (this.#projection.subjectOf({ id, tags: JSON.parse(tags) }) !== id) continue;
      this.#refresh(rows, id);
      refreshed += 1;
      if (refreshed === REFRESHED_MAX) break;
    }
    const isDone = looked < LOOKED_AT_MAX && refreshed < REFRESHED_MAX;
    this.#made = isDone ? "all" : to;
    this.#state().setBuiltTo.run(isDone ? null : to);
  }

  /** What the file says, if its rows are of this program and of the promises' checkpoint. */
  #madeInFile(): Made {
    try {
      const [version, number, builtTo] = row(query(this.#db, STATE_OF)) ?? [];
      const isOurs =
        version === this.#projection.version && number === row(query(this.#db, JOURNAL_NUMBER))?.[0];
      return isOurs ? ((builtTo as number | null) ?? "all") : "none";
    } catch {
      // There is no such table yet, or it is not ours.
      return "none";
    }
  }

  /** In a transaction of its own. On a full disk, `build` begins later. */
  #beginAlone(): void {
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      this.#begin();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#made = "none";
      if (isFull(error)) {
        this.#log.warn({ err: error }, "Cannot make the index now");
      } else {
        this.#fault = error instanceof Error ? error : new Error(String(error));
        this.#log.error({ err: error }, "Cannot make the index: lists are off");
      }
    }
  }

  /** Without any promises, there is nothing to build. */
  #begin(): void {
    this.#clear();
    this.#db.exec(`DROP TABLE IF EXISTS projection; ${STATE}`);
    this.#stateSql = undefined;
    this.#made = this.#lastNumber() === 0 ? "all" : 0;
    this.#state().begin.run(this.#projection.version, this.#made === "all" ? null : this.#made);
  }

  /** Of the table, which `#begin` makes. */
  #state(): ReturnType<typeof prepareState> {
    this.#stateSql ??= prepareState(this.#db);
    return this.#stateSql;
  }

  #lastNumber(): number {
    return row(this.#sql.last)?.[0] as number;
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
    if (this.#fault !== undefined) return;
    const wasOpen = this.#db.isTransaction;
    try {
      work();
    } catch (error) {
      this.#fail(error, wasOpen);
    }
  }

  /**
   * @param wasOpen whether there was a transaction before
   * @throws the error if the engine must know of it
   */
  #fail(error: unknown, wasOpen: boolean): void {
    // The engine will try again when there is room.
    if (isFull(error)) throw error;
    this.#fault = error instanceof Error ? error : new Error(String(error));
    this.#log.error(
      { err: error },
      "Cannot keep the index: lists are off until it is made again, by a restart or by countersign index rebuild",
    );
    // Then SQLite has undone everything since the last checkpoint.
    if (wasOpen && !this.#db.isTransaction) throw error;
    this.#disown();
  }

  /** So that the next start makes the rows again, even if nothing is written until then. */
  #disown(): void {
    try {
      this.#state().setNumber.run(-1);
    } catch {
      // Where this cannot be written, the next checkpoint has another number than the rows.
    }
  }
}

type Row = readonly [n: number, id: string, tags: string];

/** One row: which program made the rows, the checkpoint that they belong to, and how far they are made (null: all). */
const STATE = `CREATE TABLE projection (
  one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, number INTEGER NOT NULL, built_to INTEGER
) STRICT`;
const STATE_OF = "SELECT version, number, built_to FROM projection";
const JOURNAL_NUMBER = "SELECT number FROM journal";

function query(db: DatabaseSync, sql: string): StatementSync {
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}

function prepare(db: DatabaseSync) {
  return {
    last: query(db, "SELECT coalesce(max(n), 0) FROM promises"),
    number: query(db, "SELECT n FROM promises WHERE id = ?"),
    promisesFrom: query(db, "SELECT n, id, tags FROM promises WHERE n > ? ORDER BY n LIMIT ?"),
  };
}

function prepareState(db: DatabaseSync) {
  return {
    begin: db.prepare("INSERT INTO projection SELECT 1, ?, number, ? FROM journal"),
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

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Change, View } from "../decide/state.ts";
import type { EngineLog } from "../log.ts";
import { inTransaction, promiseSource, query, row } from "./queries.ts";
import { isFull } from "./sqlite-errors.ts";
import type { Told, Trail, TrailRows } from "./trail.ts";

/** What a trail answers, or that it cannot. */
export type Trailed =
  | { readonly kind: "answer"; readonly answer: object }
  /** Rows could not be written, so that some may be missing. */
  | { readonly kind: "stale" };

/**
 * Keeps the rows of a trail with the changes that they tell of, in the same transactions of SQLite.
 *
 * T1 A change is remembered, and its row is written with the next checkpoint. It is acknowledged before, by the journal. If
 *    the process ends in between, the journal makes the change again, and its row with it. So each change has one row, and
 *    no write to disk belongs to the rows alone.
 * T2 Nothing is read of a row before its checkpoint is on disk. What made the row may therefore differ from one replay to
 *    the next, such as a random number: nobody has seen the first.
 * T3 The rows say which checkpoint they belong to. If the promises are of another one, changes were made that no row tells
 *    of, and a row says so.
 * T4 Nothing that a trail does can fail a request of the engine. After a fault no more rows are written and none are read,
 *    until the next start, which writes that there is a gap. A full disk is no fault.
 */
export class TrailKeeper {
  readonly #trail: Trail;
  readonly #db: DatabaseSync;
  readonly #view: Pick<View, "promise">;
  readonly #log: EngineLog;
  readonly #sql: ReturnType<typeof prepare>;
  /** Since the last checkpoint. */
  #told: Told[] = [];
  #rows: TrailRows | undefined;
  #setNumber: StatementSync | undefined;
  /** Rows that are on disk: see T2. */
  #size = 0;
  #hasGap = false;
  #fault: Error | undefined;
  #onUntidy: () => void = () => undefined;

  constructor(
    db: DatabaseSync,
    view: Pick<View, "promise">,
    { trail, log }: { readonly trail: Trail; readonly log: EngineLog },
  ) {
    this.#db = db;
    this.#view = view;
    this.#trail = trail;
    this.#log = log;
    this.#sql = prepare(db);
  }

  /** Of a deletion: before it is written. Of any other change: before or after. */
  mark(change: Change): void {
    if (this.#fault !== undefined) return;
    switch (change.kind) {
      case "promise.insert":
      case "promise.settle":
        if (this.#trail.concerns(change.row)) this.#told.push(change);
        return;
      case "promise.delete":
        this.#guard(() => {
          // They may be about the promise that is deleted, which rows are made of.
          this.#append();
          this.#opened().remove(change.id);
        });
        return;
      case "reset":
        this.#told = [];
        this.#guard(() => this.#opened().clear());
        this.#rows = undefined;
        this.#size = 0;
        return;
      default:
    }
  }

  /** What is written with the checkpoint of this number, before it. */
  checkpoint(number: number): void {
    this.#guard(() => {
      this.#append();
      this.#setNumber ??= this.#db.prepare("UPDATE trail SET number = ?");
      this.#setNumber.run(number);
    });
  }

  /** The checkpoint is on disk. */
  checkpointed(): void {
    this.#guard(() => {
      this.#hasGap = false;
      if (this.#rows !== undefined) this.#size = this.#rows.size();
    });
    if (this.#rows !== undefined && this.isUntidy) this.#onUntidy();
  }

  /** Takes up the state of the last checkpoint. What was told since is told again, from the journal. */
  load(): void {
    this.#told = [];
    // What it remembers may be of rows that SQLite has undone.
    this.#rows = undefined;
    if (this.#fault !== undefined) return;
    try {
      if (row(this.#sql.table) === undefined) this.#begin();
      const number = row(query(this.#db, "SELECT number FROM trail"))?.[0];
      this.#hasGap = number !== row(query(this.#db, "SELECT number FROM journal"))?.[0];
      this.#size = this.#opened().size();
    } catch (error) {
      // On a full disk, `catchUp` throws and is called again.
      if (isFull(error)) throw error;
      this.#fail(error);
    }
  }

  /** Whether there is something to do for `tidy`. */
  get isUntidy(): boolean {
    return this.#fault === undefined && this.#opened().isUntidy(this.#size);
  }

  /** Calls back at once, and after each checkpoint, when there is something to do for `tidy`. */
  whenUntidy(callback: () => void): void {
    this.#onUntidy = callback;
    if (this.isUntidy) callback();
  }

  /** Does some of what can be done later, in the open transaction. */
  tidy(): void {
    this.#guard(() => this.#opened().tidy(this.#size));
  }

  read(question: unknown): Trailed {
    if (this.#fault !== undefined) return { kind: "stale" };
    return { kind: "answer", answer: this.#opened().read(question, this.#size) };
  }

  #append(): void {
    if (this.#told.length === 0 && !this.#hasGap) return;
    const rows = this.#opened();
    if (this.#hasGap) rows.gap();
    this.#hasGap = false;
    rows.append(this.#told);
    this.#told = [];
  }

  /** In a transaction of its own. A file without promises has no gap. */
  #begin(): void {
    inTransaction(this.#db, () => {
      this.#db.exec(`${this.#trail.schema}; ${STATE}`);
      this.#db.exec(
        "INSERT INTO trail SELECT 1, CASE WHEN EXISTS (SELECT 1 FROM promises) THEN -1 ELSE number END FROM journal",
      );
    });
  }

  #opened(): TrailRows {
    this.#rows ??= this.#trail.open(this.#db, promiseSource(this.#db, this.#view));
    return this.#rows;
  }

  /**
   * Does all of it or nothing: half of it would be in the file for good, and be continued after the next start.
   * @throws the error if the engine must know of it
   */
  #guard(work: () => void): void {
    if (this.#fault !== undefined) return;
    const wasOpen = this.#db.isTransaction;
    try {
      if (wasOpen) this.#sql.begin.run();
      work();
      if (wasOpen) this.#sql.release.run();
    } catch (error) {
      // The engine will try again when there is room.
      if (isFull(error)) throw error;
      if (wasOpen && this.#db.isTransaction) this.#undo();
      this.#fail(error);
      // Then SQLite has undone everything since the last checkpoint.
      if (wasOpen && !this.#db.isTransaction) throw error;
    }
  }

  #undo(): void {
    try {
      this.#sql.undo.run();
      this.#sql.release.run();
    } catch {
      // Then the work did not begin.
    }
  }

  #fail(error: unknown): void {
    this.#fault = error instanceof Error ? error : new Error(String(error));
    this.#told = [];
    this.#log.error(
      { err: error },
      "Cannot keep the log of events: it is off until the next start, and will say that events are missing",
    );
    try {
      this.#db.exec("UPDATE trail SET number = -1");
    } catch {
      // Where this cannot be written, the next checkpoint has another number than the rows.
    }
  }
}

/** One row: the checkpoint that the trail belongs to. */
const STATE = "CREATE TABLE trail (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL) STRICT";

function prepare(db: DatabaseSync) {
  return {
    table: query(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'trail'"),
    begin: db.prepare("SAVEPOINT trail_work"),
    undo: db.prepare("ROLLBACK TO trail_work"),
    release: db.prepare("RELEASE trail_work"),
  };
}

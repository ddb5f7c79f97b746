import type { DatabaseSync } from "node:sqlite";
import type { Change, View } from "../decide/state.ts";
import type { EngineLog } from "../log.ts";
import type { ProjectedRows, Projection } from "./projection.ts";
import { inTransaction, promiseSource, query, row } from "./queries.ts";
import { isFull, isOfDatabase } from "./sqlite-errors.ts";

/** What a projection answers, or why it cannot now. */
export type Projected =
  | { readonly kind: "answer"; readonly answer: object }
  /** The rows are being made; `done` of `all` promises were looked at. */
  | { readonly kind: "building"; readonly done: number; readonly all: number }
  /** Making the rows failed, so that they may be wrong. */
  | { readonly kind: "stale" };

/** Subjects whose rows a checkpoint may put off: what a question may have to make first takes a few milliseconds. */
const PUT_OFF_MAX = 64;
/** Promises looked at in one step of a rebuild; those that have rows cost more. */
const LOOKED_AT_MAX = 1_000;
const REFRESHED_MAX = 50;

/** Which rows there are: all; those up to the promise of a number; none that may be used. */
type Made = "all" | number | "none";

/**
 * Keeps the rows of a projection with those of the promises, in the same transactions.
 *
 * R1 A change only marks its subject, in memory. The rows are made before the second checkpoint from then, so that many
 *    changes of one subject cost once, and before each question, so that it sees everything acknowledged.
 * R2 Marks follow from changes, and changes are in the journal until a checkpoint has them. The checkpoint has the marks
 *    that it puts off, too. So what a crash leaves unmade is marked again: no write to disk belongs to the rows alone.
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
  /** Since the last checkpoint. */
  readonly #marked = new Set<string>();
  /** What the last checkpoint has put off. */
  readonly #putOff = new Set<string>();
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
        if (subject !== undefined && !this.#putOff.has(subject)) this.#marked.add(subject);
        return;
      }
      case "promise.delete":
        this.#guard(() => this.#opened().remove(change.id));
        return;
      case "reset":
        this.#forget();
        this.#guard(() => this.#clear());
        return;
      default:
    }
  }

  /** What is written with the checkpoint of this number, before it. `isLast` puts nothing off. */
  checkpoint(number: number, isLast: boolean): void {
    this.#make(this.#putOff);
    if (isLast || this.#marked.size > PUT_OFF_MAX) this.#make(this.#marked);
    for (const subject of this.#marked) this.#putOff.add(subject);
    this.#marked.clear();
    if (this.#isKept) this.#guard(() => this.#state().setNumber.run(number, this.#putOffText()));
  }

  /** @throws Error of SQLite if the disk is full */
  read(query: unknown): Projected {
    this.#makeAll();
    if (this.isBuilding) return { kind: "building", ...this.#progress() };
    const answer = this.#fault === undefined ? this.#answer(query) : undefined;
    return answer === undefined ? { kind: "stale" } : { kind: "answer", answer };
  }

  /** Takes up the state of the last checkpoint. What was marked since is marked again, from the journal. */
  load(): void {
    this.#forget();
    if (this.#fault !== undefined) return;
    this.#made = this.#madeInFile();
    if (this.#made === "none") this.#beginAlone();
    if (this.isBuilding) this.#onBuilding();
  }

  /** Begins to make all rows again, in the open transaction. */
  rebuild(): void {
    this.#fault = undefined;
    this.#forget();
    this.#guard(() => this.#begin());
    if (this.isBuilding) this.#onBuilding();
  }

  /** Makes some of the rows, in the open transaction. */
  build(): void {
    const made = this.#made;
    if (made === "all") return;
    this.#guard(() => (made === "none" ? this.#begin() : this.#buildFrom(made)));
  }

  /** Makes the rows of these subjects, in the open transaction. */
  #make(subjects: Set<string>): void {
    if (subjects.size === 0) return;
    this.#guard(() => {
      const rows = this.#opened();
      for (const subject of subjects) this.#refresh(rows, subject);
    });
    subjects.clear();
  }

  /** Between two checkpoints nothing may have changed: then what was put off needs a transaction of its own. */
  #makeAll(): void {
    const isAlone = this.#putOff.size > 0 && !this.#db.isTransaction;
    if (isAlone) this.#db.exec("BEGIN IMMEDIATE");
    try {
      this.#make(this.#putOff);
      this.#make(this.#marked);
      if (!isAlone) return;
      if (this.#isKept) this.#guard(() => this.#state().setPutOff.run(null));
      this.#db.exec("COMMIT");
    } catch (error) {
      if (isAlone && this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  #forget(): void {
    this.#marked.clear();
    this.#putOff.clear();
  }

  #putOffText(): string | null {
    return this.#putOff.size === 0 ? null : JSON.stringify([...this.#putOff]);
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
      const [version, number, builtTo, putOff] = row(query(this.#db, STATE_OF)) ?? [];
      const isOurs =
        version === this.#projection.version && number === row(query(this.#db, JOURNAL_NUMBER))?.[0];
      if (!isOurs) return "none";
      for (const subject of JSON.parse(String(putOff ?? "[]")) as string[]) this.#putOff.add(subject);
      return (builtTo as number | null) ?? "all";
    } catch {
      // There is no such table yet, or it is not ours.
      return "none";
    }
  }

  /** In a transaction of its own. On a full disk, `build` begins later. */
  #beginAlone(): void {
    try {
      inTransaction(this.#db, () => this.#begin());
    } catch (error) {
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
    this.#rows ??= this.#projection.open(this.#db, promiseSource(this.#db, this.#view));
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
      this.#state().setNumber.run(-1, null);
    } catch {
      // Where this cannot be written, the next checkpoint has another number than the rows.
    }
  }
}

type Row = readonly [n: number, id: string, tags: string];

/**
 * One row: which program made the rows, the checkpoint that they belong to, how far they are made (null: all), and the
 * subjects whose rows are yet to be made, as JSON (null: none).
 */
const STATE = `CREATE TABLE projection (
  one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, number INTEGER NOT NULL, built_to INTEGER,
  put_off TEXT
) STRICT`;
const STATE_OF = "SELECT version, number, built_to, put_off FROM projection";
const JOURNAL_NUMBER = "SELECT number FROM journal";

function prepare(db: DatabaseSync) {
  return {
    last: query(db, "SELECT coalesce(max(n), 0) FROM promises"),
    promisesFrom: query(db, "SELECT n, id, tags FROM promises WHERE n > ? ORDER BY n LIMIT ?"),
  };
}

function prepareState(db: DatabaseSync) {
  return {
    begin: db.prepare("INSERT INTO projection SELECT 1, ?, number, ?, NULL FROM journal"),
    setNumber: db.prepare("UPDATE projection SET number = ?, put_off = ?"),
    setPutOff: db.prepare("UPDATE projection SET put_off = ?"),
    setBuiltTo: db.prepare("UPDATE projection SET built_to = ?"),
  };
}

import type { DatabaseSync } from "node:sqlite";
import type { Change, View } from "../decide/state.ts";
import type { EngineLog } from "../log.ts";
import { Agenda } from "./agenda.ts";
import { CachedRows } from "./cached-rows.ts";
import { BUSY_MS } from "./database.ts";
import { type Journal, type JournalRecord, keepJournal, recordsAfter } from "./journal.ts";
import { OldTrees } from "./old-trees.ts";
import { OwedMessages } from "./owed-messages.ts";
import type { Projection } from "./projection.ts";
import { Projector } from "./projector.ts";
import { row } from "./queries.ts";
import { RowWriter } from "./row-writer.ts";
import { ScheduleStore } from "./schedule-store.ts";
import { type Snapshot, snapshotOf } from "./snapshot.ts";
import { prepareStatements, type Statements } from "./statements.ts";
import { StoredView } from "./stored-view.ts";
import type { Trail } from "./trail.ts";
import { TrailKeeper } from "./trail-keeper.ts";

/** What is kept in the engine's file beside the promises. */
export interface Beside {
  readonly projection?: Projection | undefined;
  readonly trail?: Trail | undefined;
  readonly log: EngineLog;
}

/**
 * The transactions of the engine's files, of which it is the only writer. The caller says `begin`, writes, and then
 * `commit` or `rollback`. A committed transaction is in the journal, on disk. In the database it is at the next
 * `checkpoint`: until then all transactions are one open transaction of SQLite, which can be read through this store and
 * nowhere else.
 *
 * What is stored is read through `view`, `agenda`, `owed` and `trees`, also in the middle of a transaction.
 */
export class Store {
  readonly view: View;
  readonly agenda: Agenda;
  readonly owed: OwedMessages;
  readonly trees: OldTrees;
  /** Rows that follow from the promises, where the engine was given a projection. */
  readonly projector: Projector | undefined;
  /** Rows that tell each change once, where the engine was given a trail. */
  readonly trail: TrailKeeper | undefined;

  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #journal: Journal;
  readonly #rows = new CachedRows();
  readonly #writer: RowWriter;
  /** Of the transaction that has begun. */
  #changes: Change[] = [];
  /** The last transaction that was committed. */
  #number = 0;
  /** The journal has transactions that the database does not show yet. */
  #isBehind = true;

  /** Replays the records that the database does not have. */
  constructor(db: DatabaseSync, journal: Journal = keepJournal(), beside?: Beside) {
    this.#db = db;
    this.#journal = journal;
    this.#sql = prepareStatements(db);
    const schedules = new ScheduleStore(db);
    const view = new StoredView(this.#sql, schedules, this.#rows);
    this.view = view;
    this.agenda = new Agenda(this.#sql, schedules);
    this.owed = new OwedMessages(this.#sql);
    this.trees = new OldTrees(this.#sql);
    this.#writer = new RowWriter({ db, sql: this.#sql, schedules, rows: this.#rows, view });
    if (beside !== undefined) {
      const { projection, trail, log } = beside;
      this.projector = projection && new Projector(db, view, { projection, log });
      this.trail = trail && new TrailKeeper(db, view, { trail, log });
    }
    this.catchUp();
  }

  /** Everything stored, for tests. */
  snapshot(): Snapshot {
    return snapshotOf(this.#db);
  }

  begin(): void {
    if (!this.#db.isTransaction) this.#sql.begin.run();
  }

  write(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#make(change);
      this.#changes.push(change);
    }
  }

  commit(): void {
    if (this.#changes.length === 0) return;
    this.#journal.append({ number: this.#number + 1, changes: this.#changes });
    this.#number += 1;
    this.#changes = [];
  }

  /** Undoes what was written since `begin`. */
  rollback(): void {
    this.#forget();
    try {
      this.catchUp();
    } catch {
      // The next transaction tries again, and reports a failure to its caller.
    }
  }

  /**
   * Replays the journal if a `rollback` could not; until then, reads and writes would use an old state.
   * @throws Error if the disk is full; or if the journal belongs to another database
   */
  catchUp(): void {
    if (!this.#isBehind) return;
    // SQLite can only go back to the last checkpoint. On a full disk it rolls back by itself.
    if (this.#db.isTransaction) this.#sql.rollback.run();
    const taken = row(this.#sql.journalNumber)?.[0] as number;
    this.projector?.load();
    this.trail?.load();
    const read = this.#journal.read();
    const records = recordsAfter(taken, read.records, read.later);
    if (records.length === 0) this.#journal.restart();
    else this.#redo(records);
    this.#number = records.at(-1)?.number ?? taken;
    this.#isBehind = false;
  }

  /** Bytes in the journal, which a checkpoint frees. */
  get journalBytes(): number {
    return this.#journal.bytes;
  }

  /**
   * Commits the journal's transactions to the database. If it throws, nothing is lost, and it can be tried again.
   * @param isLast whether no other follows soon: then nothing of the projection is put off
   */
  checkpoint(isLast = true): void {
    this.catchUp();
    if (!this.#db.isTransaction) return;
    try {
      this.projector?.checkpoint(this.#number, isLast);
      this.trail?.checkpoint(this.#number);
      this.#sql.setJournalNumber.run(this.#number);
      this.#sql.commit.run();
      this.trail?.checkpointed();
    } catch (error) {
      this.rollback();
      throw error;
    }
    this.#journal.restart();
  }

  /** What `work` deletes is overwritten in the file, and not only given free. */
  overwriteDeleted(work: () => void): void {
    this.#db.exec("PRAGMA secure_delete = ON");
    try {
      work();
    } finally {
      this.#db.exec("PRAGMA secure_delete = OFF");
    }
  }

  /**
   * Writes the database's file again, without anything that is no longer stored. It takes seconds and as much free space
   * again, and nothing else is done meanwhile.
   * @throws Error if the disk is full, or somebody reads the database
   */
  compact(): void {
    this.checkpoint();
    // In memory it would need as much as the file has.
    this.#db.exec("PRAGMA temp_store = FILE");
    this.#db.exec("VACUUM");
    if (!this.clearHistory()) throw new Error("Cannot replace what engine.db had while something reads it");
  }

  /**
   * Frees what the files beside the database have of earlier states.
   * @returns false if SQLite's log stays, because somebody reads the database
   */
  clearHistory(): boolean {
    this.checkpoint();
    this.#journal.clear();
    // No waiting for readers, while all requests would wait.
    this.#db.exec("PRAGMA busy_timeout = 0");
    try {
      return row(this.#sql.truncateLog)?.[0] === 0;
    } finally {
      this.#db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    }
  }

  /** Closes without a checkpoint. The next start replays the journal. */
  close(): void {
    this.#db.close();
    this.#journal.close();
  }

  /** Forgets everything that is not in the journal. */
  #forget(): void {
    this.#rows.clear();
    this.#changes = [];
    this.#isBehind = true;
  }

  #make(change: Change): void {
    this.projector?.mark(change);
    this.trail?.mark(change);
    this.#writer.write(change);
  }

  #redo(records: readonly JournalRecord[]): void {
    this.begin();
    try {
      for (const { changes } of records) {
        for (const change of changes) this.#make(change);
      }
    } catch (error) {
      this.#forget();
      throw error;
    }
  }
}

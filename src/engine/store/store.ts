import type { DatabaseSync, StatementSync } from "node:sqlite";
import { originOf } from "../../protocol/ids.ts";
import { TAG } from "../../protocol/tags.ts";
import type { HeadPlace } from "../decide/collect.ts";
import {
  type Change,
  charsOf,
  type PromiseQuery,
  type PromiseRow,
  type ScheduleRow,
  type TaskOfPromise,
  type TaskRow,
  type View,
} from "../decide/state.ts";
import { type Journal, type JournalRecord, keepJournal, recordsAfter } from "./journal.ts";
import { RowCache } from "./row-cache.ts";
import {
  type Columns,
  promiseFromColumns,
  promiseToColumns,
  taskFromColumns,
  taskStateToColumns,
  valueToColumns,
} from "./rows.ts";
import { ScheduleStore } from "./schedule-store.ts";
import { type Snapshot, snapshotOf } from "./snapshot.ts";
import { prepareStatements, type Statements } from "./statements.ts";

/** A message that is owed to an address. */
export interface Owed {
  readonly address: string;
  readonly promiseId: string;
}

/**
 * The state on disk: reads it, writes changes to it. The one writer of its files, so rows read or written lately are
 * kept in memory and stay true. Transactions are the caller's: `begin`, writes, `commit` or `rollback`; once a
 * transaction is committed it is in the journal, on disk. In the database it is at the next `checkpoint`: until then all
 * of them are one open transaction of SQLite, in which they can be read here and nowhere else.
 */
export class Store implements View {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #schedules: ScheduleStore;
  readonly #promises = new RowCache<PromiseRow>(promiseWeight);
  readonly #tasks = new RowCache<TaskRow>(() => TASK_WEIGHT);

  readonly #journal: Journal;
  /** Of the transaction that has begun. */
  #changes: Change[] = [];
  /** The last transaction that was committed. */
  #number = 0;
  /** The journal has transactions that cannot be read here. */
  #isBehind = true;

  /** Takes up what the journal has and the database has not. */
  constructor(db: DatabaseSync, journal: Journal = keepJournal()) {
    this.#db = db;
    this.#journal = journal;
    this.#sql = prepareStatements(db);
    this.#schedules = new ScheduleStore(db);
    this.catchUp();
  }

  promise(id: string): PromiseRow | undefined {
    const cached = this.#promises.get(id);
    if (cached !== undefined) return cached;
    const columns = row(this.#sql.promise, id);
    if (columns === undefined) return undefined;
    const promise = promiseFromColumns(columns);
    this.#promises.set(promise);
    return promise;
  }

  task(id: string): TaskRow | undefined {
    const cached = this.#tasks.get(id);
    if (cached !== undefined) return cached;
    const columns = row(this.#sql.task, id);
    if (columns === undefined) return undefined;
    const task = taskFromColumns(columns);
    this.#tasks.set(task);
    return task;
  }

  awaiters(promiseId: string): string[] {
    return texts(this.#sql.awaiters, promiseId);
  }

  listeners(promiseId: string): string[] {
    return texts(this.#sql.listeners, promiseId);
  }

  family({ taskId, branch, limit, charsMax }: Parameters<View["family"]>[0]): PromiseRow[] {
    const rows: PromiseRow[] = [];
    let chars = 0;
    const isMember = (row: PromiseRow) =>
      row.id !== taskId &&
      (row.tags[TAG.parent] === taskId || (branch !== undefined && row.tags[TAG.branch] === branch));
    // A branch belongs to the promise that is named like it, which is not filed under itself.
    if (branch !== undefined && branch !== taskId) {
      const head = this.promise(branch);
      if (head !== undefined && isMember(head)) rows.push(head);
    }
    for (const key of new Set([taskId, branch ?? taskId])) {
      for (const row of promises(this.#sql.family.iterate(key, limit))) {
        if (rows.length >= limit || chars >= charsMax) return rows;
        if (!isMember(row)) continue;
        rows.push(row);
        chars += charsOf(row);
      }
    }
    return rows;
  }

  *search({ origin, listed, after, limit }: PromiseQuery): Generator<PromiseRow> {
    if (listed === true) {
      // What is gone since the last page has nothing after it that could be found.
      const before = after === "" ? Number.MAX_SAFE_INTEGER : 0;
      yield* promises(this.#sql.searchListed.iterate(after, before, limit));
    } else if (origin !== undefined) {
      const root = this.promise(origin);
      if (root !== undefined && isAfter(origin, after)) yield root;
      const first = `${origin}:`;
      // ";" follows ":" in every encoding, so this bounds all that starts with `origin:`.
      const from = isAfter(after, first) ? after : first;
      yield* promises(this.#sql.searchOrigin.iterate(from, `${origin};`, limit));
    } else {
      yield* promises(this.#sql.searchAll.iterate(after, limit));
    }
  }

  *searchTasks({ state, after, limit }: Parameters<View["searchTasks"]>[0]): Generator<TaskOfPromise> {
    const statement = state === "halted" ? this.#sql.searchHalted : this.#sql.searchTasks;
    for (const row of statement.iterate(after, limit)) {
      const [id, timeoutAt, ...columns] = row as unknown as Columns;
      const task = columns[0] === null ? undefined : taskFromColumns(columns);
      yield { id: id as string, timeoutAt: timeoutAt as number, task };
    }
  }

  schedule(id: string): ScheduleRow | undefined {
    return this.#schedules.get(id);
  }

  schedules(after: string): Iterable<ScheduleRow> {
    return this.#schedules.after(after);
  }

  dueSchedules(now: number, limit: number): string[] {
    return this.#schedules.due(now, limit);
  }

  /** External promises whose deadline is at or before `now`, the oldest first. */
  duePromises(now: number, limit: number): string[] {
    return texts(this.#sql.duePromises, now, limit);
  }

  /** Tasks whose lease or waiting time ends at or before `now`, the oldest first. */
  dueTasks(now: number, limit: number): string[] {
    return texts(this.#sql.dueTasks, now, limit);
  }

  /** The earliest time at which a promise, a task or a schedule is due; undefined for never. */
  nextDueAt(): number | undefined {
    const times = [
      row(this.#sql.nextPromise)?.[0],
      row(this.#sql.nextTask)?.[0],
      this.#schedules.nextDueAt(),
    ].filter((time) => typeof time === "number");
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Tasks of a group that wait for a worker, the oldest first, after the one called `after`. */
  pendingTasks(group: string, after: string, limit: number): TaskRow[] {
    return all(this.#sql.pendingTasks, group, after, limit).map(taskFromColumns);
  }

  /** Tasks held through the network of a process; at start they are all of an earlier one. */
  localLeases(): string[] {
    return texts(this.#sql.localLeases);
  }

  /** Settled promises that the address is still to be told of, by id, after `after`. */
  owedTo(address: string, after: string, limit: number): PromiseRow[] {
    return all(this.#sql.owed, address, after, limit).map(promiseFromColumns);
  }

  /** Heads of trees that settled before `before`, the oldest first, from a place on. */
  oldHeads(before: number, from: HeadPlace, limit: number): ({ readonly id: string } & HeadPlace)[] {
    return all(this.#sql.oldHeads, from.settledAt, from.n, before, limit).map(([id, settledAt, n]) => ({
      id: id as string,
      settledAt: settledAt as number,
      n: n as number,
    }));
  }

  /** Whether anything of the tree may still change, or ended at `before` or later. */
  isLive(origin: string, before: number): boolean {
    const range = [`${origin}:`, `${origin};`] as const;
    return (
      row(this.#sql.liveRoot, origin, before) !== undefined ||
      row(this.#sql.liveChild, ...range, before) !== undefined
    );
  }

  /** Ids below the origin, without the origin itself. */
  below(origin: string, limit: number): string[] {
    return texts(this.#sql.below, `${origin}:`, `${origin};`, limit);
  }

  /** Everything stored, for tests. */
  snapshot(): Snapshot {
    return snapshotOf(this.#db);
  }

  begin(): void {
    if (!this.#db.isTransaction) this.#sql.begin.run();
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
      // It is tried again before the next transaction, which then tells its caller.
    }
  }

  /**
   * Makes what was committed readable again where a `rollback` could not; without it one reads and writes in the past.
   * @throws Error if the disk is full; or if the journal belongs to another database
   */
  catchUp(): void {
    if (!this.#isBehind) return;
    // SQLite has nothing finer than the last checkpoint to go back to. A full disk makes it roll back by itself.
    if (this.#db.isTransaction) this.#sql.rollback.run();
    const taken = row(this.#sql.journalNumber)?.[0] as number;
    const records = recordsAfter(taken, this.#journal.records());
    if (records.length === 0) this.#journal.restart();
    else this.#redo(records);
    this.#number = records.at(-1)?.number ?? taken;
    this.#isBehind = false;
  }

  /** Room that the journal takes, which a checkpoint frees. */
  get journalBytes(): number {
    return this.#journal.bytes;
  }

  /** Commits to the database what the journal has. When it throws, nothing is lost, and it can be tried again. */
  checkpoint(): void {
    this.catchUp();
    if (!this.#db.isTransaction) return;
    try {
      this.#sql.setJournalNumber.run(this.#number);
      this.#sql.commit.run();
    } catch (error) {
      this.rollback();
      throw error;
    }
    this.#journal.restart();
  }

  /** Without a checkpoint: what is in the journal alone is taken up when it is opened the next time. */
  close(): void {
    this.#db.close();
    this.#journal.close();
  }

  write(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#write(change);
      this.#changes.push(change);
    }
  }

  /** The messages have been handed over. */
  settleDebts(debts: Iterable<Owed>): void {
    for (const { address, promiseId } of debts) this.#sql.forgive.run(address, promiseId);
  }

  /** Gives up on addresses that did not come back. */
  dropDebtsBefore(time: number): void {
    this.#sql.dropDebts.run(time);
  }

  /** What is not in the journal is not true any more. */
  #forget(): void {
    this.#promises.clear();
    this.#tasks.clear();
    this.#changes = [];
    this.#isBehind = true;
  }

  #redo(records: readonly JournalRecord[]): void {
    this.begin();
    try {
      for (const { changes } of records) for (const change of changes) this.#write(change);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** The root comes first, as a rule; what has none on disk stands at the head of what there is. */
  #isHead(id: string): boolean {
    const origin = originOf(id);
    return origin === id || this.promise(origin) === undefined;
  }

  #write(change: Change): void {
    switch (change.kind) {
      case "promise.insert":
        this.#sql.insertPromise.run(...promiseToColumns(change.row, this.#isHead(change.row.id)));
        this.#promises.set(change.row);
        return;
      case "promise.settle": {
        const { id, state, settledAt, value } = change.row;
        this.#sql.settlePromise.run(state, settledAt, ...valueToColumns(value), id);
        this.#promises.set(change.row);
        return;
      }
      case "task.insert": {
        const { id, target, group, timer } = change.row;
        this.#sql.insertTask.run(id, id, ...taskStateToColumns(change.row), target, group, timer ? 1 : 0);
        this.#tasks.set(change.row);
        return;
      }
      case "task.update":
        this.#sql.updateTask.run(...taskStateToColumns(change.row), change.row.id);
        this.#tasks.set(change.row);
        return;
      case "callback.add":
        this.#sql.addCallback.run(change.awaited, change.awaiter);
        return;
      case "callbacks.clear":
        this.#sql.clearCallbacks.run(change.awaited);
        return;
      case "callbacks.withdraw":
        this.#sql.withdrawCallbacks.run(change.awaiter);
        return;
      case "listener.add":
        this.#sql.addListener.run(change.promiseId, change.address);
        return;
      case "promise.delete":
        this.#promises.delete(change.id);
        this.#tasks.delete(change.id);
        // Its task and all that hangs on it go with it.
        this.#sql.deletePromise.run(change.id);
        return;
      case "reset":
        this.#promises.clear();
        this.#tasks.clear();
        // All else hangs on these two.
        this.#db.exec("DELETE FROM promises; DELETE FROM schedules");
        return;
      case "schedule.put":
        this.#schedules.put(change.row);
        return;
      case "schedule.delete":
        this.#schedules.delete(change.id);
        return;
      case "listeners.notify":
        this.#sql.oweListeners.run(change.at, change.promiseId);
        this.#sql.clearListeners.run(change.promiseId);
        return;
    }
  }
}

function row(statement: StatementSync, ...parameters: (string | number)[]): Columns | undefined {
  return statement.get(...parameters) as Columns | undefined;
}

function all(statement: StatementSync, ...parameters: (string | number)[]): Columns[] {
  return statement.all(...parameters) as unknown as Columns[];
}

function texts(statement: StatementSync, ...parameters: (string | number)[]): string[] {
  return all(statement, ...parameters).map((columns) => columns[0] as string);
}

function* promises(rows: ReturnType<StatementSync["iterate"]>): Generator<PromiseRow> {
  for (const columns of rows) yield promiseFromColumns(columns as unknown as Columns);
}

/** SQLite's order of texts, which is that of their UTF-8 bytes. */
function isAfter(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) > 0;
}

const TASK_WEIGHT = 400;

/** Bytes a row holds in memory, roughly. */
function promiseWeight(row: PromiseRow): number {
  return 1000 + charsOf(row);
}

import { TAG } from "../../protocol/tags.ts";
import {
  charsOf,
  type PromiseQuery,
  type PromiseRow,
  type ScheduleRow,
  type TaskOfPromise,
  type TaskRow,
  type View,
} from "../decide/state.ts";
import type { CachedRows } from "./cached-rows.ts";
import { promises, row, texts } from "./queries.ts";
import { type Columns, promiseFromColumns, taskFromColumns } from "./rows.ts";
import type { ScheduleStore } from "./schedule-store.ts";
import type { Statements } from "./statements.ts";

/** What a transition reads: the rows as they are now, with everything that was written since the last commit. */
export class StoredView implements View {
  readonly #sql: Statements;
  readonly #schedules: ScheduleStore;
  readonly #rows: CachedRows;

  constructor(sql: Statements, schedules: ScheduleStore, rows: CachedRows) {
    this.#sql = sql;
    this.#schedules = schedules;
    this.#rows = rows;
  }

  promise(id: string): PromiseRow | undefined {
    const cached = this.#rows.promises.get(id);
    if (cached !== undefined) return cached;
    const columns = row(this.#sql.promise, id);
    if (columns === undefined) return undefined;
    const promise = promiseFromColumns(columns);
    this.#rows.promises.set(promise);
    return promise;
  }

  task(id: string): TaskRow | undefined {
    const cached = this.#rows.tasks.get(id);
    if (cached !== undefined) return cached;
    const columns = row(this.#sql.task, id);
    if (columns === undefined) return undefined;
    const task = taskFromColumns(columns);
    this.#rows.tasks.set(task);
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
      // By id, because nearly all of them are in memory.
      for (const id of texts(this.#sql.family, key, limit)) {
        if (rows.length >= limit || chars >= charsMax) return rows;
        const row = this.promise(id);
        if (row === undefined || !isMember(row)) continue;
        rows.push(row);
        chars += charsOf(row);
      }
    }
    return rows;
  }

  *search({ origin, listed, after, limit }: PromiseQuery): Generator<PromiseRow> {
    if (listed === true) {
      // If the cursor's promise was deleted since the last page, the search ends.
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
}

/** SQLite's order of texts, which is that of their UTF-8 bytes. */
function isAfter(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) > 0;
}

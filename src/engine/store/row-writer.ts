import type { DatabaseSync } from "node:sqlite";
import { originOf } from "../../protocol/ids.ts";
import type { Change, View } from "../decide/state.ts";
import type { CachedRows } from "./cached-rows.ts";
import { promiseToColumns, taskStateToColumns, valueToColumns } from "./rows.ts";
import type { ScheduleStore } from "./schedule-store.ts";
import type { Statements } from "./statements.ts";

/** Writes changes to the tables, also when the journal is replayed. */
export class RowWriter {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #schedules: ScheduleStore;
  readonly #rows: CachedRows;
  readonly #view: View;

  constructor(parts: {
    readonly db: DatabaseSync;
    readonly sql: Statements;
    readonly schedules: ScheduleStore;
    readonly rows: CachedRows;
    readonly view: View;
  }) {
    this.#db = parts.db;
    this.#sql = parts.sql;
    this.#schedules = parts.schedules;
    this.#rows = parts.rows;
    this.#view = parts.view;
  }

  /** Makes the change in the open transaction of SQLite, and in the rows in memory. */
  write(change: Change): void {
    switch (change.kind) {
      case "promise.insert":
        this.#sql.insertPromise.run(...promiseToColumns(change.row, this.#isHead(change.row.id)));
        this.#rows.promises.set(change.row);
        return;
      case "promise.settle": {
        const { id, state, settledAt, value } = change.row;
        this.#sql.settlePromise.run(state, settledAt, ...valueToColumns(value), id);
        this.#rows.promises.set(change.row);
        return;
      }
      case "task.insert": {
        const { id, target, group, timer } = change.row;
        this.#sql.insertTask.run(id, id, ...taskStateToColumns(change.row), target, group, timer ? 1 : 0);
        this.#rows.tasks.set(change.row);
        return;
      }
      case "task.update":
        this.#sql.updateTask.run(...taskStateToColumns(change.row), change.row.id);
        this.#rows.tasks.set(change.row);
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
        this.#rows.delete(change.id);
        // This also deletes its task and everything that refers to it.
        this.#sql.deletePromise.run(change.id);
        return;
      case "reset":
        this.#rows.clear();
        // Everything else refers to these two.
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

  /** Normally the root is first in its tree. A promise whose root is not on disk counts as a head. */
  #isHead(id: string): boolean {
    const origin = originOf(id);
    return origin === id || this.#view.promise(origin) === undefined;
  }
}

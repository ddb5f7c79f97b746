import type { TaskRow } from "../decide/state.ts";
import { all, row, texts } from "./queries.ts";
import { taskFromColumns } from "./rows.ts";
import type { ScheduleStore } from "./schedule-store.ts";
import type { Statements } from "./statements.ts";

/** Work that is waiting for the clock or for a worker. */
export class Agenda {
  readonly #sql: Statements;
  readonly #schedules: ScheduleStore;

  constructor(sql: Statements, schedules: ScheduleStore) {
    this.#sql = sql;
    this.#schedules = schedules;
  }

  /** External promises whose deadline is at or before `now`, the oldest first. */
  duePromises(now: number, limit: number): string[] {
    return texts(this.#sql.duePromises, now, limit);
  }

  /** Tasks whose lease or waiting time ends at or before `now`, the oldest first. */
  dueTasks(now: number, limit: number): string[] {
    return texts(this.#sql.dueTasks, now, limit);
  }

  /** Schedules that have an occurrence at or before `now`, the oldest first. */
  dueSchedules(now: number, limit: number): string[] {
    return this.#schedules.due(now, limit);
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
}

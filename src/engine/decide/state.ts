import type {
  Message,
  PromiseRecord,
  PromiseState,
  ScheduleRecord,
  Tags,
  TaskRecord,
  TaskState,
  Value,
} from "../../protocol/records.ts";

/**
 * What the engine stores, what a transition may read, and what it may change. Rows are immutable: a change makes a new
 * row, so rows can be shared and cached.
 */

export interface PromiseRow {
  readonly id: string;
  readonly state: PromiseState;
  readonly param: Value;
  readonly value: Value;
  readonly tags: Tags;
  readonly timeoutAt: number;
  readonly createdAt: number;
  readonly settledAt: number | null;
}

export interface TaskRow {
  readonly id: string;
  readonly state: TaskState;
  readonly version: number;
  readonly resumes: number;
  /** Holder and length of the lease, while acquired. */
  readonly pid: string | null;
  readonly ttl: number | null;
  /** Acquired through the network of this process: the lease ends with the process. */
  readonly local: boolean;
  /** Pending: when it is handed out again. Acquired: when the lease ends. Null: no timer. */
  readonly dueAt: number | null;
  /** Pending: not handed out before this time, even if a worker connects. */
  readonly notBefore: number | null;
  /** Setbacks in a row, by weight: see setback.ts. */
  readonly setbacks: number;
  /** Address of its workers, and their group. */
  readonly target: string;
  readonly group: string;
  /** Belongs to a timer, which no worker runs, so it is never handed out. */
  readonly timer: boolean;
}

export interface ScheduleRow extends Omit<ScheduleRecord, "lastRunAt"> {
  readonly lastRunAt: number | null;
}

/** A promise that was passed on the way through tasks, with its task if it has one. */
export interface TaskOfPromise {
  readonly id: string;
  /** The promise's deadline. */
  readonly timeoutAt: number;
  readonly task: TaskRow | undefined;
}

/**
 * Maximum characters of params and values in one reply: many large results must not exceed the maximum length of a
 * string.
 */
export const REPLY_CHARS_MAX = 16 * 1024 * 1024;

export function charsOf({ param, value }: PromiseRow): number {
  return (param.data?.length ?? 0) + (value.data?.length ?? 0);
}

/** What a transition reads. Every call takes O(log n + size of the result). */
export interface View {
  promise(id: string): PromiseRow | undefined;
  task(id: string): TaskRow | undefined;
  /** Tasks that wait for the promise. */
  awaiters(promiseId: string): string[];
  /** Addresses that listen for the promise's end. */
  listeners(promiseId: string): string[];
  /**
   * Promises that share `branch` or have `taskId` as their parent, oldest first, at most `limit`, and at most
   * `charsMax` characters, not counting the last.
   */
  family(query: {
    taskId: string;
    branch: string | undefined;
    limit: number;
    charsMax: number;
  }): PromiseRow[];
  /** A page of promises by id; see `PromiseQuery`. */
  search(query: PromiseQuery): Iterable<PromiseRow>;
  /**
   * Promises by id, after `after`, at most `limit`, each with its task; with `state`, only those with a halted task.
   */
  searchTasks(query: { state: "halted" | undefined; after: string; limit: number }): Iterable<TaskOfPromise>;
  schedule(id: string): ScheduleRow | undefined;
  /** All by id, after `after`. */
  schedules(after: string): Iterable<ScheduleRow>;
}

/** Rows in order of id, after `after`, at most `limit`; listed ones the newest first. */
export interface PromiseQuery {
  /** Only listed promises; see LISTED in search.ts. */
  readonly listed?: boolean;
  /** Only this tree. */
  readonly origin?: string;
  readonly after: string;
  readonly limit: number;
}

export type Change =
  | { readonly kind: "promise.insert"; readonly row: PromiseRow }
  | { readonly kind: "promise.settle"; readonly row: PromiseRow }
  | { readonly kind: "task.insert"; readonly row: TaskRow }
  | { readonly kind: "task.update"; readonly row: TaskRow }
  | { readonly kind: "callback.add"; readonly awaited: string; readonly awaiter: string }
  | { readonly kind: "callbacks.clear"; readonly awaited: string }
  | { readonly kind: "callbacks.withdraw"; readonly awaiter: string }
  | { readonly kind: "listener.add"; readonly promiseId: string; readonly address: string }
  | { readonly kind: "schedule.put"; readonly row: ScheduleRow }
  | { readonly kind: "schedule.delete"; readonly id: string }
  /** With its task, and all edges to and from it. */
  | { readonly kind: "promise.delete"; readonly id: string }
  /** Everything is gone. */
  | { readonly kind: "reset" }
  /** The promise settled: its listeners become messages that are owed to them. */
  | { readonly kind: "listeners.notify"; readonly promiseId: string; readonly at: number };

/** A message and the address it is for. */
export interface Outgoing {
  readonly address: string;
  readonly message: Message;
}

/** The result of a request or of the clock. Messages leave only after the changes are on disk. */
export interface Transition {
  readonly changes: readonly Change[];
  readonly messages: readonly Outgoing[];
}

/** The record of a promise as it is sent. It shares no object with the row. */
export function promiseRecord(row: PromiseRow): PromiseRecord {
  const record = {
    id: row.id,
    state: row.state,
    param: copyValue(row.param),
    value: copyValue(row.value),
    tags: { ...row.tags },
    timeoutAt: row.timeoutAt,
    createdAt: row.createdAt,
  };
  return row.settledAt === null ? record : { ...record, settledAt: row.settledAt };
}

function copyValue(value: Value): Value {
  return value.headers === undefined ? { ...value } : { ...value, headers: { ...value.headers } };
}

export function taskRecord(row: TaskRow): TaskRecord {
  const { id, state, version, resumes, pid, ttl } = row;
  const record = { id, state, version, resumes };
  return pid === null || ttl === null ? record : { ...record, ttl, pid };
}

export function scheduleRecord(row: ScheduleRow): ScheduleRecord {
  const { lastRunAt, ...rest } = row;
  const record = { ...rest, promiseParam: copyValue(row.promiseParam), promiseTags: { ...row.promiseTags } };
  return lastRunAt === null ? record : { ...record, lastRunAt };
}

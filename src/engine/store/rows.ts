import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { PromiseState, TaskState, Value } from "../../protocol/records.ts";
import { isExternal, TAG } from "../../protocol/tags.ts";
import type { PromiseRow, TaskRow } from "../decide/state.ts";

/** Rows as SQLite holds them. Columns are read and written by position, which costs least. */

export const PROMISE_COLUMNS =
  "id, state, timeout_at, created_at, settled_at, tags, param_headers, param_data, value_headers, value_data";

export const TASK_COLUMNS =
  "id, state, version, resumes, pid, ttl, local, due_at, not_before, setbacks, target, target_group, timer";

export type Columns = readonly SQLOutputValue[];

export function promiseFromColumns(columns: Columns): PromiseRow {
  const [id, state, timeoutAt, createdAt, settledAt, tags, ...values] = columns;
  const [paramHeaders, paramData, valueHeaders, valueData] = values;
  return {
    id: id as string,
    state: state as PromiseState,
    timeoutAt: timeoutAt as number,
    createdAt: createdAt as number,
    settledAt: settledAt as number | null,
    tags: JSON.parse(tags as string),
    param: valueFromColumns(paramHeaders, paramData),
    value: valueFromColumns(valueHeaders, valueData),
  };
}

/** `isHead`: it is the first of its tree on disk. */
export function promiseToColumns(row: PromiseRow, isHead: boolean): SQLInputValue[] {
  return [
    row.id,
    row.state,
    row.timeoutAt,
    row.createdAt,
    row.settledAt,
    isExternal(row.tags) ? 1 : 0,
    familyOf(row),
    isHead ? 1 : 0,
    JSON.stringify(row.tags),
    ...valueToColumns(row.param),
    ...valueToColumns(row.value),
  ];
}

export function taskFromColumns(columns: Columns): TaskRow {
  const [id, state, version, resumes, pid, ttl, local, dueAt, notBefore, setbacks, target, group, timer] =
    columns;
  return {
    id: id as string,
    state: state as TaskState,
    version: version as number,
    resumes: resumes as number,
    pid: pid as string | null,
    ttl: ttl as number | null,
    local: local === 1,
    dueAt: dueAt as number | null,
    notBefore: notBefore as number | null,
    setbacks: setbacks as number,
    target: target as string,
    group: group as string,
    timer: timer === 1,
  };
}

/** The columns that change in a task's life. */
export function taskStateToColumns(row: TaskRow): SQLInputValue[] {
  const { state, version, resumes, pid, ttl, local, dueAt, notBefore, setbacks } = row;
  return [state, version, resumes, pid, ttl, local ? 1 : 0, dueAt, notBefore, setbacks];
}

export function valueToColumns({ headers, data }: Value): [string | null, string | null] {
  return [headers === undefined ? null : JSON.stringify(headers), data ?? null];
}

export function valueFromColumns(
  headers: SQLOutputValue | undefined,
  data: SQLOutputValue | undefined,
): Value {
  const value: { headers?: Record<string, string>; data?: string } = {};
  if (typeof headers === "string") value.headers = headers === "{}" ? {} : JSON.parse(headers);
  if (typeof data === "string") value.data = data;
  return value;
}

/**
 * The id under which the promise is sent along with a task; null for one that stands alone. One is enough: a step of a
 * branch has its parent within that branch, and what has a branch of its own is sent with its parent.
 */
function familyOf({ id, tags }: PromiseRow): string | null {
  const branch = tags[TAG.branch];
  const family = branch === undefined || branch === id ? tags[TAG.parent] : branch;
  return family === undefined || family === id ? null : family;
}

import type { PromiseSearchData, TaskSearchData } from "../../protocol/requests.ts";
import { TAG } from "../../protocol/tags.ts";
import type { Draft } from "./draft.ts";
import { type EngineResponse, ok } from "./response.ts";
import { deadlineState, IDLE, isOverdue } from "./settle.ts";
import { charsOf, type PromiseRow, promiseRecord, REPLY_CHARS_MAX, taskRecord } from "./state.ts";

/** Rows read for one page. If matches are rare, the page is short and has a cursor, instead of blocking for long. */
const ROWS_SCANNED_MAX = 5000;

/**
 * Promises with this tag have their own index, so a search finds them without scanning everything, newest first.
 * Operators use it to list callbacks. Other tags of the search filter the result.
 */
const LISTED = { tag: "countersign:kind", value: "callback" } as const;

/**
 * A page of promises in the order of their ids, or of listed ones with the newest first. Each is shown as it is at `now`;
 * nothing is written. The response has a `cursor` if there may be more. A page can be short or even empty and still have a
 * cursor, because a search reads a limited number of rows.
 */
export function promiseSearch(draft: Draft, query: PromiseSearchData, now: number): EngineResponse {
  const wanted = Object.entries(query.tags);
  const origin = query.tags[TAG.origin];
  const promises: ReturnType<typeof promiseRecord>[] = [];
  const rows = draft.search({
    ...(origin !== undefined ? { origin } : { listed: query.tags[LISTED.tag] === LISTED.value }),
    after: query.cursor ?? "",
    limit: ROWS_SCANNED_MAX,
  });
  let last: string | undefined;
  let scanned = 0;
  let chars = 0;
  for (const row of rows) {
    if (promises.length === query.limit || chars >= REPLY_CHARS_MAX) return ok({ promises, cursor: last });
    scanned += 1;
    last = row.id;
    const current = asOf(row, now);
    if (query.state !== undefined && current.state !== query.state) continue;
    if (!wanted.every(([key, value]) => current.tags[key] === value)) continue;
    promises.push(promiseRecord(current));
    chars += charsOf(row);
  }
  return ok(scanned === ROWS_SCANNED_MAX ? { promises, cursor: last } : { promises });
}

/** A page of tasks in order of id, each as it is at `now`; nothing is written. The cursor is as with promises. */
export function taskSearch(
  draft: Draft,
  { state, limit, cursor }: TaskSearchData,
  now: number,
): EngineResponse {
  const rows = draft.searchTasks({
    state: state === "halted" ? state : undefined,
    after: cursor ?? "",
    limit: ROWS_SCANNED_MAX,
  });
  const tasks: ReturnType<typeof taskRecord>[] = [];
  let last: string | undefined;
  let scanned = 0;
  for (const { id, task, timeoutAt } of rows) {
    if (tasks.length === limit) return ok({ tasks, cursor: last });
    scanned += 1;
    last = id;
    if (task === undefined) continue;
    // A task ends at its promise's deadline, even if the timer has not fired yet.
    const isOver = task.state !== "fulfilled" && now >= timeoutAt;
    const current = isOver ? { ...task, ...IDLE, state: "fulfilled" as const, resumes: 0 } : task;
    if (state === undefined || current.state === state) tasks.push(taskRecord(current));
  }
  return ok(scanned === ROWS_SCANNED_MAX ? { tasks, cursor: last } : { tasks });
}

function asOf(row: PromiseRow, now: number): PromiseRow {
  if (!isOverdue(row, now)) return row;
  return { ...row, state: deadlineState(row), settledAt: row.timeoutAt };
}

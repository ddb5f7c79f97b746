import type { PromiseState, Value } from "../../protocol/records.ts";
import { isExternal, isTimer, TAG } from "../../protocol/tags.ts";
import type { Draft } from "./draft.ts";
import type { PromiseRow, TaskRow } from "./state.ts";

/** A pending task is handed out again after this time, in case no worker received or acquired it. */
export const RETRY_MS = 30_000;

/** The end of one promise. */
interface Settlement {
  readonly row: PromiseRow;
  readonly state: PromiseState;
  readonly value: Value;
  readonly at: number;
}

/** Whether the promise is pending on disk but its deadline has passed, so that it counts as timed out. */
export function isOverdue(row: PromiseRow, now: number): boolean {
  return row.state === "pending" && now >= row.timeoutAt;
}

/** What a promise becomes at its deadline. */
export function deadlineState(row: Pick<PromiseRow, "tags">): PromiseState {
  return isTimer(row.tags) ? "resolved" : "rejected_timedout";
}

/** Times the promise out if it is overdue. Every id that a request names is touched first. */
export function touch(draft: Draft, id: string, now: number): void {
  const row = draft.promise(id);
  if (row !== undefined && isOverdue(row, now)) settleAll(draft, [atDeadline(row)], now);
}

/** Times out all of these that are due, as one instant. */
export function touchAll(draft: Draft, ids: Iterable<string>, now: number): void {
  const due: Settlement[] = [];
  for (const id of ids) {
    const row = draft.promise(id);
    if (row !== undefined && isOverdue(row, now)) due.push(atDeadline(row));
  }
  settleAll(draft, due, now);
}

/** Settles a pending promise, wakes the workflows that wait for it, and returns its final row. */
export function settle(
  draft: Draft,
  row: PromiseRow,
  outcome: { state: PromiseState; value: Value },
  now: number,
): PromiseRow {
  settleAll(draft, [{ row, ...outcome, at: now }], now);
  return draft.promise(row.id) ?? row;
}

/**
 * Settles promises as one instant: all of them end, then their tasks do, and only then are others woken, so that a
 * workflow which ends in this instant is not woken by its parts. A waiting workflow that is itself past its deadline
 * is not woken either: it times out, which may end the wait of yet others, wave by wave. Each promise settles once,
 * so the waves end.
 */
function settleAll(draft: Draft, first: readonly Settlement[], now: number): void {
  let wave = first;
  while (wave.length > 0) {
    const settled = wave.map((settlement) => writeSettlement(draft, settlement));
    for (const row of settled) fulfilTask(draft, row);
    const overdue = new Map<string, Settlement>();
    for (const row of settled) {
      // Inner steps of a workflow cannot be awaited.
      if (!isExternal(row.tags)) continue;
      for (const awaiter of wakeAwaiters(draft, row.id, now)) overdue.set(awaiter.id, atDeadline(awaiter));
      draft.notifyListeners(row, now);
    }
    wave = [...overdue.values()];
  }
}

function atDeadline(row: PromiseRow): Settlement {
  return { row, state: deadlineState(row), value: {}, at: row.timeoutAt };
}

function writeSettlement(draft: Draft, { row, state, value, at }: Settlement): PromiseRow {
  const settled = { ...row, state, value, settledAt: at };
  draft.settlePromise(settled);
  return settled;
}

function fulfilTask(draft: Draft, row: PromiseRow): void {
  if (row.tags[TAG.target] === undefined) return;
  const task = draft.task(row.id);
  if (task === undefined || task.state === "fulfilled") return;
  draft.updateTask({ ...task, ...IDLE, state: "fulfilled", resumes: 0 });
  draft.withdrawCallbacks(row.id);
}

/** Resumes the tasks that wait for the promise. Returns the promises of tasks that are past their own deadline. */
function wakeAwaiters(draft: Draft, promiseId: string, now: number): PromiseRow[] {
  const awaiters = draft.awaiters(promiseId);
  if (awaiters.length === 0) return [];
  const overdue: PromiseRow[] = [];
  for (const id of awaiters) {
    const task = draft.task(id);
    const own = draft.promise(id);
    if (task === undefined || own === undefined || task.state === "fulfilled") continue;
    if (isOverdue(own, now)) overdue.push(own);
    else if (task.state === "suspended") makePending(draft, { ...task, resumes: 1 }, now);
    else draft.updateTask({ ...task, resumes: task.resumes + 1 });
  }
  draft.clearCallbacks(promiseId);
  return overdue;
}

/** No holder and no timer. */
export const IDLE = { pid: null, ttl: null, local: false, dueAt: null, notBefore: null } as const;

/** Makes the task available to workers, at once or after `delayMs`. A timer's task waits for its deadline alone. */
export function makePending(draft: Draft, task: TaskRow, now: number, delayMs = 0): void {
  const pending = { ...task, ...IDLE, state: "pending" as const };
  if (task.timer) {
    draft.updateTask(pending);
  } else if (delayMs > 0) {
    draft.updateTask({ ...pending, dueAt: now + delayMs, notBefore: now + delayMs });
  } else {
    draft.updateTask({ ...pending, dueAt: now + RETRY_MS });
    draft.execute(pending);
  }
}

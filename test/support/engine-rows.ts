import type { PromiseRow, TaskRow } from "../../src/engine/decide/state.ts";

/** A pending promise of nobody's. */
export function promiseRow(id: string, more: Partial<PromiseRow> = {}): PromiseRow {
  const times = { timeoutAt: 1_000_000, createdAt: 0, settledAt: null };
  return { id, state: "pending", param: {}, value: {}, tags: {}, ...times, ...more };
}

/** A task that waits for a worker of the group `worker`. */
export function taskRow(id: string, more: Partial<TaskRow> = {}): TaskRow {
  return {
    id,
    state: "pending",
    version: 0,
    resumes: 0,
    pid: null,
    ttl: null,
    local: false,
    dueAt: 1_000,
    notBefore: null,
    setbacks: 0,
    target: "poll://any@worker",
    group: "worker",
    timer: false,
    ...more,
  };
}

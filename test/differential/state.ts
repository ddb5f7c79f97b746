import type { DatabaseSync } from "node:sqlite";
import { isTimerId } from "./differences.ts";
import type { Oracle, OraclePromise } from "./oracle.ts";

/**
 * All that a server stores: a line of JSON for each record, callback, listener and timer, in order. Both servers have
 * the same lines, but for what only one of them means to have.
 */
type State = readonly string[];

/** Reads the engine's file, past what the engine keeps in memory. */
export function engineState(db: DatabaseSync): () => State {
  const query = db.prepare(ENGINE_LINES.join(" UNION ALL "));
  query.setReturnArrays(true);
  return () => (query.all() as unknown as [string][]).map(([line]) => line).sort();
}

const ENGINE_LINES = [
  "SELECT json_array('promise', id, state, created_at, timeout_at, settled_at, json(tags), json(param_headers), param_data, json(value_headers), value_data) FROM promises",
  "SELECT json_array('deadline', id, timeout_at) FROM promises WHERE state = 'pending' AND tags ->> '$.resonate:target' IS NOT NULL",
  "SELECT json_array('task', id, state, version, resumes, pid, ttl) FROM tasks",
  "SELECT json_array(iif(state = 'acquired', 'lease', 'retry'), id, due_at) FROM tasks WHERE due_at IS NOT NULL",
  "SELECT json_array('callback', awaited, awaiter) FROM waits",
  "SELECT json_array('listener', promise_id, address) FROM listeners",
  "SELECT json_array('schedule', id, cron, promise_id, promise_timeout, json(param_headers), param_data, json(tags), created_at, next_run_at, last_run_at) FROM schedules",
];

export function oracleState(oracle: Oracle): State {
  const { promises, tasks, pTimeouts, tTimeouts } = oracle.server;
  const lines: string[] = [];
  const add = (...line: unknown[]): void => void lines.push(JSON.stringify(line));
  for (const promise of promises.values()) {
    lines.push(promiseLine(promise));
    for (const awaiter of promise.callbacks) add("callback", promise.id, awaiter);
    for (const address of promise.listeners) add("listener", promise.id, address);
  }
  for (const { id, timeout } of pTimeouts) add("deadline", id, timeout);
  for (const { id, state, version, resumes, pid, ttl } of tasks.values()) {
    add("task", id, state, version, resumes.size, pid ?? null, ttl ?? null);
  }
  for (const { id, type, timeout } of tTimeouts) {
    if (type === 1) add("lease", id, timeout);
    else if (!isTimerId(oracle, id)) add("retry", id, timeout);
  }
  for (const schedule of oracle.schedules()) {
    const { id, cron, promiseId, promiseTimeout, promiseParam, promiseTags, createdAt, ...runs } = schedule;
    const { headers = null, data = null } = promiseParam as Record<string, unknown>;
    const times = [createdAt, runs["nextRunAt"], runs["lastRunAt"] ?? null];
    add("schedule", id, cron, promiseId, promiseTimeout, headers, data, promiseTags, ...times);
  }
  return lines.sort();
}

const promiseLines = new WeakMap<OraclePromise, string>();

function promiseLine(promise: OraclePromise): string {
  const known = promiseLines.get(promise);
  if (known !== undefined) return known;
  const { id, state, createdAt, timeoutAt, settledAt, tags, param, value } = promise;
  const values = [param.headers ?? null, param.data ?? null, value.headers ?? null, value.data ?? null];
  const line = JSON.stringify(["promise", id, state, createdAt, timeoutAt, settledAt, tags, ...values]);
  promiseLines.set(promise, line);
  return line;
}

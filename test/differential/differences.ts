import type { DatabaseSync } from "node:sqlite";
import { isExternal, isTimer } from "../../src/protocol/tags.ts";
import { type Envelope, request } from "../support/engine-requests.ts";
import type { World } from "../support/engine-world.ts";
import { byId, type Json, type Oracle, type OracleMessage } from "./oracle.ts";

/**
 * Where the engine means to differ from the SDK's in-memory server. Each has a test of that name in
 * `differences.test.ts`; the comparison allows for these and for nothing else.
 */
export const INTENDED_DIFFERENCES = [
  "deadlines of external promises without a target are kept by the clock",
  "a waiting workflow past its own deadline times out instead of being woken",
  "the task of a timer is never handed out",
  "a released task is handed out again after a growing delay",
  "a task whose worker is lost again is handed out after a growing delay",
  "a task that is released fifty times in a row is halted",
  "children are preloaded, not only what shares the branch",
  "a callback on an inner step is refused",
  "suspending on an inner step is refused",
  "a refused suspension is told in a sentence",
  "resumes are counted, not listed",
  "promises, tasks and schedules are searched",
  "a snapshot has the messages that are still to be sent, not all that ever were",
  "all missed occurrences of a schedule are made up for at once",
  "promises of a schedule have a lineage of their own",
  "shapes, lineage, origin, version and address are checked",
] as const;

/** Whether both servers mean to do the same: the oracle lets a workflow wait for its inner steps, too. */
export function isComparable(oracle: Oracle, { kind, data }: Envelope): boolean {
  if (kind === "promise.register_callback") return isAwaitable(oracle, data["awaited"] as string);
  if (kind !== "task.suspend") return true;
  return (data["actions"] as Envelope[]).every((action) =>
    isAwaitable(oracle, action.data["awaited"] as string),
  );
}

export function isAwaitable(oracle: Oracle, id: string): boolean {
  const promise = oracle.get(id);
  return promise === undefined || isExternal(promise.tags);
}

export function isTimerId(oracle: Oracle, id: unknown): boolean {
  const promise = typeof id === "string" ? oracle.get(id) : undefined;
  return promise !== undefined && isTimer(promise.tags);
}

/** Promises that only the engine ends by itself are touched, which ends them in the oracle. */
export function endExternal(oracle: Oracle, now: number): OracleMessage[] {
  const due = [...oracle.server.promises.values()].filter(
    ({ state, timeoutAt, tags }) => state === "pending" && timeoutAt <= now && isExternal(tags),
  );
  return due.flatMap(({ id }) => oracle.step(now, request("promise.get", { id })).messages);
}

/** Both time out what waits and is overdue, so that the request that follows can't wake it in the oracle. */
export function touchOverdueAwaiters(oracle: Oracle, world: World, now: number): void {
  for (let isAgain = true; isAgain; ) {
    const overdue = [...oracle.server.promises.values()]
      .flatMap(({ callbacks }) => [...callbacks])
      .filter((awaiter) => {
        const own = oracle.get(awaiter);
        return own?.state === "pending" && own.timeoutAt <= now;
      });
    for (const id of overdue) {
      const touch = request("promise.get", { id });
      oracle.step(now, touch);
      world.step(now, touch);
    }
    isAgain = overdue.length > 0;
  }
}

/** The oracle gives the promises of a schedule no lineage. */
export function imitateLineage(oracle: Oracle): void {
  for (const promise of oracle.server.promises.values()) {
    const { id, tags } = promise;
    if (tags["resonate:schedule"] === undefined || tags["resonate:origin"] !== undefined) continue;
    promise.tags = { ...tags, "resonate:origin": id, "resonate:branch": id, "resonate:parent": id };
  }
}

/** Makes the oracle keep back what the engine keeps back after a setback; answers the ids of those tasks. */
export function delayImitation(db: DatabaseSync): (oracle: Oracle) => ReadonlySet<unknown> {
  const query = db.prepare("SELECT id, due_at FROM tasks WHERE setbacks > 0 AND not_before IS NOT NULL");
  return (oracle) => {
    const delayed = query.all() as { id: string; due_at: number }[];
    for (const { id, due_at } of delayed) {
      const entry = oracle.server.tTimeouts.find((each) => each.id === id);
      if (entry !== undefined) entry.timeout = due_at;
    }
    return new Set(delayed.map(({ id }) => id));
  };
}

/** Messages that both servers send, when the engine keeps back the tasks named. */
export function comparable(
  oracle: Oracle,
  messages: readonly OracleMessage[],
  delayed: ReadonlySet<unknown>,
): OracleMessage[] {
  return messages.filter(({ message }) => {
    const id = message.data["task"]?.["id"];
    return message.kind !== "execute" || !(isTimerId(oracle, id) || delayed.has(id));
  });
}

/** The oracle's preload with the children of the task's promise, which ours adds. */
export function withChildren(oracle: Oracle, preload: readonly Json[], id: string): Json[] {
  const known = new Set(preload.map((each) => each["id"]));
  const children = [...oracle.server.promises.values()]
    .filter((each) => each.tags["resonate:parent"] === id && each.id !== id && !known.has(each.id))
    .map((child) => oracle.record(child));
  return byId([...preload, ...children] as (Json & { id: string })[]);
}

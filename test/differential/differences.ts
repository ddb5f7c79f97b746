import type { TaskRow } from "../../src/engine/state.ts";
import { isExternal, isTimer } from "../../src/protocol/tags.ts";
import type { Oracle, OracleMessage } from "./oracle.ts";

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
  "all missed occurrences of a schedule are made up for at once",
  "promises of a schedule have a lineage of their own",
  "shapes, lineage, origin, version and address are checked",
] as const;

/** Only external promises are awaited in a comparison: the oracle allows others too. */
export function isAwaitable(oracle: Oracle, id: string): boolean {
  const promise = oracle.get(id);
  return promise === undefined || isExternal(promise.tags);
}

export function isTimerId(oracle: Oracle, id: unknown): boolean {
  const promise = typeof id === "string" ? oracle.get(id) : undefined;
  return promise !== undefined && isTimer(promise.tags);
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

/** Makes the oracle keep back what the engine keeps back after a setback; answers the ids of those tasks. */
export function imitateDelays(oracle: Oracle, tasks: readonly TaskRow[]): Set<string> {
  const delayed = tasks.filter(({ setbacks, notBefore }) => setbacks > 0 && notBefore !== null);
  for (const { id, dueAt } of delayed) {
    const entry = oracle.server.tTimeouts.find((each) => each.id === id);
    if (entry !== undefined && dueAt !== null) entry.timeout = dueAt;
  }
  return new Set(delayed.map(({ id }) => id));
}

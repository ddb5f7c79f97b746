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

/** Messages that both servers send. */
export function comparable(oracle: Oracle, messages: readonly OracleMessage[]): OracleMessage[] {
  return messages.filter(
    ({ message }) => message.kind !== "execute" || !isTimerId(oracle, message.data["task"]?.["id"]),
  );
}

/** How long the oracle keeps back a released task when it is made to behave like the engine. */
export class ReleaseDelays {
  readonly #counts = new Map<string, number>();

  /** Waiting time of a release that just happened. */
  released(id: string): number {
    const count = this.#counts.get(id) ?? 0;
    this.#counts.set(id, count + 1);
    return Math.min(30_000, 100 * 2 ** count);
  }

  reset(id: string): void {
    this.#counts.delete(id);
  }
}

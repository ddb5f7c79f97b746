/** The SDK's handle on a promise that was created but not yet awaited; it does not export the type's name. */
export interface Future<T> {
  readonly id: string;
  readonly state: "pending" | "completed";
  readonly value: { kind: "value"; value: T } | { kind: "error"; error: unknown } | undefined;
  [Symbol.iterator](): Generator<unknown, T>;
}

/** A promise as one pass of a workflow saw it. */
export interface Seen {
  readonly id: string;
  readonly settled: boolean;
  /** Absent while it is open, and when it timed out. */
  readonly value?: unknown;
}

export function isSettled(future: Future<unknown>): boolean {
  return future.state === "completed";
}

export function observe(future: Future<unknown>): Seen {
  const { id, value } = future;
  if (!isSettled(future)) return { id, settled: false };
  return value?.kind === "value" ? { id, settled: true, value: value.value } : { id, settled: true };
}

import type { Context } from "@resonatehq/sdk";

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

/** What `ctx.promise` makes, before it is created. */
export type Latent = ReturnType<Context["promise"]>;

/**
 * Creates a promise that the workflow does not wait for at its end. By itself the SDK asks once more for each that was
 * open when this pass created it, and goes through the workflow again, although a step of this pass has settled it.
 */
export function* createLoose(latent: Latent): Generator<unknown, Future<unknown>> {
  latent.mode = "detached";
  return yield* latent;
}

/** Ends this pass until one of them is settled; does nothing when all of them are. */
export function* waitForAny(latents: readonly Latent[]): Generator<unknown, void> {
  let open: Future<unknown> | undefined;
  for (const latent of latents) {
    // The SDK suspends on every open promise that it was given as attached; given once more, it is not created again.
    latent.mode = "attached";
    const future: Future<unknown> = yield* latent;
    if (!isSettled(future)) open = future;
  }
  if (open !== undefined) yield* open;
}

export function isSettled(future: Future<unknown>): boolean {
  return future.state === "completed";
}

export function observe(future: Future<unknown>): Seen {
  const { id, value } = future;
  if (!isSettled(future)) return { id, settled: false };
  return value?.kind === "value" ? { id, settled: true, value: value.value } : { id, settled: true };
}

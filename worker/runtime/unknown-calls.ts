/**
 * Calls of functions, or versions, that this worker does not have. While a new version rolls out, another worker of the
 * group may have them, so they are handed back. They are rejected only when no worker has known them for a while.
 *
 * The time starts when this worker first sees the call. It starts again if another worker made progress, which shows in
 * two ways: the workflow has created or settled something since, or the task was acquired too rarely for the elapsed
 * time, so another worker held it.
 */
export interface UnknownCallsOptions {
  /** How long calls are handed back, in milliseconds; 0: they are rejected at once. */
  readonly handBackMs: number;
  /** How long a task stays ours without a sign of life, in milliseconds. */
  readonly leaseMs: number;
  /** The engine's clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** A task as it was handed to this worker. */
export interface UnknownCall {
  readonly id: string;
  /** Rises each time that a worker takes it up. */
  readonly version: number;
  /** When the workflow last created or settled something, in milliseconds since 1970; 0: never, as far as is known. */
  readonly progressAtMs: number;
}

interface Met {
  readonly sinceMs: number;
  readonly atMs: number;
  readonly version: number;
  readonly times: number;
}

/** Maximum calls that are remembered. Beyond it, the oldest are forgotten. */
const CALLS_MAX = 10_000;
/** Twice what an engine waits at most before it hands out again what was handed back. */
const ROUND_MAX_MS = 60_000;
/** Some servers hand out again at once, so from the second time on the worker holds the task a little itself. */
const DELAY_MS = 250;
const DELAY_MAX_MS = 2_000;

export class UnknownCalls {
  readonly #options: UnknownCallsOptions;
  readonly #met = new Map<string, Met>();

  constructor(options: UnknownCallsOptions) {
    this.#options = options;
  }

  /** What to do with a call: hand it back after `delayMs`, or, when undefined, reject it. */
  meet({ id, version, progressAtMs }: UnknownCall): { readonly delayMs: number; times: number } | undefined {
    const { handBackMs, leaseMs, now } = this.#options;
    const atMs = now();
    const before = this.#met.get(id);
    this.#met.delete(id);
    const wasHeld =
      before !== undefined && atMs - before.atMs > Math.max(1, version - before.version) * ROUND_MAX_MS;
    const sinceMs = before === undefined || wasHeld ? atMs : Math.max(before.sinceMs, progressAtMs);
    if (atMs - sinceMs >= handBackMs) return undefined;
    const times = (before?.times ?? 0) + 1;
    this.#met.set(id, { sinceMs, atMs, version, times });
    const [oldest] = this.#met.keys();
    if (this.#met.size > CALLS_MAX && oldest !== undefined) this.#met.delete(oldest);
    // Well within the lease, which is not renewed, because the SDK does not know about the task.
    const delayMs = times === 1 ? 0 : Math.min(DELAY_MS * 2 ** (times - 2), DELAY_MAX_MS, leaseMs / 4);
    return { delayMs, times };
  }
}

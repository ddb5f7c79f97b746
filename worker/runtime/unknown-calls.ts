/**
 * Calls of functions, or versions, that this worker does not have. While a new version rolls out, another worker of the
 * group may have it, so they are handed back; only when none has shown it for a while are they rejected.
 *
 * How long nobody has known a call is counted here, from when this worker first met it. The count begins again when
 * somebody got on with it meanwhile, which shows in two ways: the workflow has made or ended something since, or the task
 * was taken up too seldom for the time that has passed, so somebody held it.
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
  /** When the workflow last made or ended something, in milliseconds since 1970; 0: never, as far as can be seen. */
  readonly progressAtMs: number;
}

interface Met {
  readonly sinceMs: number;
  readonly atMs: number;
  readonly version: number;
  readonly times: number;
}

/** Remembered at once; of more, those that were met first are forgotten and counted from the start. */
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
    // Well within the lease, which nothing renews: the SDK does not know that the task is here.
    const delayMs = times === 1 ? 0 : Math.min(DELAY_MS * 2 ** (times - 2), DELAY_MAX_MS, leaseMs / 4);
    return { delayMs, times };
  }
}

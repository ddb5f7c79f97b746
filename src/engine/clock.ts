/** Time as the engine sees it, so that a test can let days pass. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once, after at least `delayMs`. Returns a function that cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** How often a waiter must read it at least, in milliseconds, because it may jump. Default: a minute. */
  readonly looksEveryMs?: number;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    // Deadlines are on disk, so the timer need not keep the process alive.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Time as the engine sees it, so that a test can let days pass. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once, not before `delayMs` have passed; answers how to call it off. */
  after(delayMs: number, callback: () => void): () => void;
  /** How often somebody who waits looks at it at least, in milliseconds: it may jump. Default: a minute. */
  readonly looksEveryMs?: number;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    // What waits is on disk; it is no reason to keep a process alive.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

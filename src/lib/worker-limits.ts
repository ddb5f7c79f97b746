/** What a worker can be set to, as a process of Countersign's and in a process of your own. */
export const WORKER_LIMITS = {
  /** Enough to keep a relay and an engine busy, few enough that each lease is renewed in time. */
  concurrency: { min: 1, max: 1_000, default: 50 },
  /**
   * A lease shorter than a second would expire between two heartbeats of a busy process; above an hour nobody waits. Our
   * engine serves one machine, where a lost worker comes back within seconds. Over a network a sign of life may come late,
   * and some servers refuse heartbeats for several workflows at once, so a step needs longer to be safely its own.
   */
  leaseMs: { min: 1_000, max: 3_600_000, default: { here: 15_000, elsewhere: 60_000 } },
} as const;

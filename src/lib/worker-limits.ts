/** Limits of a worker's settings, in Countersign's processes and in your own. */
export const WORKER_LIMITS = {
  /** Enough to keep a relay and an engine busy, few enough that each lease is renewed in time. */
  concurrency: { min: 1, max: 1_000, default: 50 },
  /**
   * A lease shorter than a second would expire between two heartbeats of a busy process; nobody wants to wait for more
   * than an hour. Our engine serves one machine, where a lost worker comes back within seconds. Over a network a heartbeat
   * may come late, and some servers refuse heartbeats for several workflows at once, so leases must be longer.
   */
  leaseMs: { min: 1_000, max: 3_600_000, default: { here: 15_000, elsewhere: 60_000 } },
} as const;

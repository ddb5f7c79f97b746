import type { Clock } from "../clock.ts";
import type { Messenger } from "../deliver/messenger.ts";
import type { EngineLog } from "../log.ts";
import type { Store } from "../store/store.ts";
import { Alarm } from "./alarm.ts";
import { Batch } from "./batch.ts";
import { Checkpoints } from "./checkpoints.ts";
import { Debts } from "./debts.ts";
import { DebugControls } from "./debug.ts";
import { Decider } from "./decider.ts";
import { Publisher } from "./publisher.ts";
import { SteadyClock } from "./steady-clock.ts";
import { Sweeper } from "./sweeper.ts";
import { Transactions } from "./transactions.ts";
import { Upkeep } from "./upkeep.ts";

export interface GroupCommitOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: EngineLog;
  readonly messenger: Pick<Messenger, "send" | "taskChanged" | "isReachable" | "handOutAgain" | "reset">;
  /** Whether `debug.*` requests are served. */
  readonly debug?: boolean;
}

/** What was done since the start. */
export interface EngineStats {
  readonly requests: number;
  readonly commits: number;
  /** Of the journal into the database. */
  readonly checkpoints: number;
  readonly checkpointFailures: number;
  /** Workflows that no worker could continue. */
  readonly halted: number;
}

export interface GroupCommit {
  /** Where requests go. */
  readonly batch: Batch;
  /** Where the messenger reports delivered messages. */
  readonly debts: Debts;
  readonly upkeep: Upkeep;
  readonly transactions: Transactions;
  /** Figures since the start. */
  readonly stats: EngineStats;
  /** Answers the queue, writes what is outstanding, then stops. */
  close(): void;
}

/** Composes the parts that turn requests into commits. */
export function groupCommit({
  store,
  clock,
  log,
  messenger,
  debug = false,
}: GroupCommitOptions): GroupCommit {
  const stats = { requests: 0, commits: 0, checkpoints: 0, checkpointFailures: 0, halted: 0 };
  const steady = new SteadyClock(clock);
  const controls = debug ? new DebugControls(store) : undefined;
  const alarm: Alarm = new Alarm(clock, () => {
    sweeper.ring();
    batch.schedule();
  });
  const debts = new Debts(store.owed, clock, alarm);
  const sweeper = new Sweeper({ store, clock, alarm, debts, messenger, debug: controls });
  const publisher = new Publisher({ alarm, messenger, log, stats });
  const checkpoints = new Checkpoints({ store, publisher, log, stats });
  const transactions = new Transactions({ store, clock: steady, debts, checkpoints, publisher, stats });
  const { view, projector, trail } = store;
  const decider = new Decider({ view, clock: steady, sweeper, debug: controls, projector, trail, log });
  const batch = new Batch({ decider, transactions, sweeper, debts, publisher, log, stats });
  const upkeep = new Upkeep({ store, clock: steady, transactions });
  let isClosed = false;
  return {
    batch,
    debts,
    upkeep,
    transactions,
    stats,
    close: () => {
      if (isClosed) return;
      isClosed = true;
      upkeep.close();
      batch.close();
      checkpoints.close();
    },
  };
}

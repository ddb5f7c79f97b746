import type { Transition } from "../decide/state.ts";
import type { Store } from "../store/store.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { Debts } from "./debts.ts";
import type { Publisher } from "./publisher.ts";
import type { SteadyClock } from "./steady-clock.ts";

/** Writes what was decided into the transaction of the turn, where it can be read at once. */
export type Write = (transition: Transition) => void;

/** What a turn has written and nobody may know before it is on disk. */
interface Written {
  readonly transitions: readonly Transition[];
  readonly hasDebts: boolean;
}

export interface TransactionsParts {
  readonly store: Store;
  readonly clock: SteadyClock;
  readonly debts: Debts;
  readonly checkpoints: Checkpoints;
  readonly publisher: Publisher;
  readonly stats: { commits: number };
}

/**
 * One transaction a turn, in three stages: compute, commit, release. What a turn computes is in memory and in SQLite's
 * open transaction; the commit puts it into the journal; only what is there is released, to the alarm, to delivery, and,
 * when `run` returns, to whoever asked.
 */
export class Transactions {
  readonly #store: Store;
  readonly #clock: SteadyClock;
  readonly #debts: Debts;
  readonly #checkpoints: Checkpoints;
  readonly #publisher: Publisher;
  readonly #stats: TransactionsParts["stats"];

  constructor({ store, clock, debts, checkpoints, publisher, stats }: TransactionsParts) {
    this.#store = store;
    this.#clock = clock;
    this.#debts = debts;
    this.#checkpoints = checkpoints;
    this.#publisher = publisher;
    this.#stats = stats;
  }

  /**
   * Commits what `work` brings about as one. Without a change there is no transaction.
   * @throws Error if it cannot be written or read; then nothing of it is kept
   */
  run(work: (write: Write) => void): void {
    let written: Written | undefined;
    try {
      this.#store.catchUp();
      written = this.#compute(work);
      if (written === undefined) return;
      this.#store.commit();
    } catch (error) {
      // Even of a query that failed SQLite may have rolled back all since the last checkpoint.
      this.#store.rollback();
      throw error;
    }
    this.#release(written);
  }

  /** Undefined if nothing changed. */
  #compute(work: (write: Write) => void): Written | undefined {
    const transitions: Transition[] = [];
    let isOpen = false;
    work((transition) => {
      if (transition.changes.length > 0 && !isOpen) {
        this.#checkpoints.makeRoom();
        this.#store.begin();
        isOpen = true;
      }
      this.#store.write(transition.changes);
      transitions.push(transition);
    });
    const hasDebts = !this.#debts.isEmpty && (isOpen || this.#debts.isDue(this.#clock.last));
    if (hasDebts) {
      if (!isOpen) this.#store.begin();
      isOpen = true;
      this.#debts.write();
    }
    return isOpen ? { transitions, hasDebts } : undefined;
  }

  #release({ transitions, hasDebts }: Written): void {
    if (hasDebts) this.#debts.written();
    this.#stats.commits += 1;
    this.#checkpoints.soon();
    this.#publisher.publish(transitions);
  }
}

import type { Transition } from "../decide/state.ts";
import type { Store } from "../store/store.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { Debts } from "./debts.ts";
import type { Publisher } from "./publisher.ts";
import type { SteadyClock } from "./steady-clock.ts";

/** Writes changes into the turn's transaction, where later requests read them. */
export type Write = (transition: Transition) => void;

/** What a turn has written, to be released after the commit. */
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
 * One transaction a turn, in three stages: compute, commit, release. A turn's changes are in memory and in SQLite's
 * open transaction. The commit puts them into the journal. Only then are they released: to the alarm, to the messenger
 * and, when `run` returns, to the callers.
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
   * Commits the changes of `work` together. Without a change there is no transaction.
   * @throws Error if it cannot be written or read; then none of the changes are kept
   */
  run(work: (write: Write) => void): void {
    let written: Written | undefined;
    try {
      this.#store.catchUp();
      written = this.#compute(work);
      if (written === undefined) return;
      this.#store.commit();
    } catch (error) {
      // Even after a failed query, SQLite may have rolled back everything since the last checkpoint.
      this.#store.rollback();
      throw error;
    }
    this.#release(written);
  }

  /**
   * Makes rows beside the promises. They are in the database with the next checkpoint, and in no journal.
   * @throws Error if they cannot be written
   */
  beside(work: () => void): void {
    try {
      this.#store.catchUp();
      this.#store.begin();
      work();
    } catch (error) {
      this.#store.rollback();
      throw error;
    }
    this.#checkpoints.soon();
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

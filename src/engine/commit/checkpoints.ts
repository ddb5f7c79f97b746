import type { EngineLog } from "../log.ts";
import type { Store } from "../store/store.ts";
import type { Publisher } from "./publisher.ts";

/** Maximum delay from journal to database. All transactions in this time share one commit of the database. */
const CHECKPOINT_MS = 100;
/** A journal with this many bytes is checkpointed first, because a starting engine reads all of it. */
const JOURNAL_BYTES_MAX = 4 * 1024 * 1024;
/** A checkpoint that failed is tried again after this time. */
const RETRY_MS = 1000;

export interface CheckpointsParts {
  readonly store: Pick<Store, "checkpoint" | "journalBytes">;
  readonly publisher: Pick<Publisher, "doubt">;
  readonly log: EngineLog;
}

/** Decides when the journal's records are committed to the database. */
export class Checkpoints {
  readonly #store: CheckpointsParts["store"];
  readonly #publisher: CheckpointsParts["publisher"];
  readonly #log: EngineLog;
  #timer: NodeJS.Timeout | undefined;

  constructor({ store, publisher, log }: CheckpointsParts) {
    this.#store = store;
    this.#publisher = publisher;
    this.#log = log;
    if (store.journalBytes > 0) this.#after(0);
  }

  /** Something was committed to the journal. */
  soon(): void {
    this.#after(CHECKPOINT_MS);
  }

  /**
   * Before a transaction begins: empties a journal that has become long.
   * @throws Error if the disk is full
   */
  makeRoom(): void {
    if (this.#store.journalBytes > JOURNAL_BYTES_MAX) this.#store.checkpoint();
  }

  /** The last checkpoint. */
  close(): void {
    clearTimeout(this.#timer);
    this.#save(true);
    clearTimeout(this.#timer);
  }

  #after(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#save(false);
    }, ms);
  }

  #save(isLast: boolean): void {
    try {
      this.#store.checkpoint(isLast);
    } catch (error) {
      this.#log.error(
        { err: error },
        "Checkpoint failed: the journal keeps what the database does not have yet",
      );
      this.#publisher.doubt();
      this.#after(RETRY_MS);
    }
  }
}

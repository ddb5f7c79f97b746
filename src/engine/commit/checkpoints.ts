import { Trouble } from "../../lib/trouble.ts";
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
  readonly stats: { checkpoints: number; checkpointFailures: number };
}

/** Decides when the journal's records are committed to the database. */
export class Checkpoints {
  readonly #store: CheckpointsParts["store"];
  readonly #publisher: CheckpointsParts["publisher"];
  readonly #stats: CheckpointsParts["stats"];
  readonly #trouble: Trouble;
  #timer: NodeJS.Timeout | undefined;

  constructor({ store, publisher, log, stats }: CheckpointsParts) {
    this.#store = store;
    this.#publisher = publisher;
    this.#stats = stats;
    this.#trouble = new Trouble({
      begins: (message, err) => log.error({ err }, message),
      ends: (seconds) => log.warn({ seconds }, "Checkpoints work again"),
    });
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
    if (this.#store.journalBytes > JOURNAL_BYTES_MAX) this.#checkpoint(false);
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

  /** @throws Error if it fails, of which the first for each reason is logged */
  #checkpoint(isLast: boolean): void {
    try {
      this.#store.checkpoint(isLast);
    } catch (cause) {
      this.#stats.checkpointFailures += 1;
      const kind = cause instanceof Error ? cause.message : String(cause);
      const why = "Checkpoint failed: the journal keeps what the database does not have yet";
      this.#trouble.note({ kind, why, cause });
      throw cause;
    }
    this.#stats.checkpoints += 1;
    this.#trouble.note(undefined);
  }

  #save(isLast: boolean): void {
    try {
      this.#checkpoint(isLast);
    } catch {
      this.#publisher.doubt();
      this.#after(RETRY_MS);
    }
  }
}

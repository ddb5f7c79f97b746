import type { Clock } from "../clock.ts";
import type { Upkeep } from "../commit/upkeep.ts";
import type { HeadPlace } from "../decide/collect.ts";
import { FROM_START } from "../decide/collect.ts";
import type { EngineLog } from "../log.ts";

export interface RetentionOptions {
  readonly upkeep: Pick<Upkeep, "collect">;
  readonly clock: Clock;
  readonly log: EngineLog;
  /** How long what has ended is kept, in ms. */
  readonly keepMs: number;
}

/** Pause between two steps, so that collecting takes at most a fifth of the time. */
const STEP_PAUSE_MS = 25;
/** Pause between two rounds. Keeping old trees a little longer does no harm. */
const ROUND_PAUSE = { minMs: 1_000, maxMs: 600_000 } as const;

/** Deletes old trees in the background, in small transactions. */
export class Retention {
  readonly #options: RetentionOptions;
  #from: HeadPlace = FROM_START;
  #cancel: () => void;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#cancel = this.#wait(this.#roundMs);
  }

  stop(): void {
    this.#cancel();
  }

  get #roundMs(): number {
    return Math.min(Math.max(this.#options.keepMs / 10, ROUND_PAUSE.minMs), ROUND_PAUSE.maxMs);
  }

  #wait(ms: number): () => void {
    return this.#options.clock.after(ms, () => this.#step());
  }

  #step(): void {
    const { upkeep, clock, log, keepMs } = this.#options;
    let next: HeadPlace | undefined;
    try {
      ({ next } = upkeep.collect(clock.now() - keepMs, this.#from));
    } catch (error) {
      // For example a full disk. Requests report it, too; the next round tries again.
      log.warn({ err: error }, "Cannot delete old workflows now");
    }
    this.#from = next ?? FROM_START;
    this.#cancel = this.#wait(next === undefined ? this.#roundMs : STEP_PAUSE_MS);
  }
}

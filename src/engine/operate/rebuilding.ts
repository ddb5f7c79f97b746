import type { Clock } from "../clock.ts";
import type { Upkeep } from "../commit/upkeep.ts";
import type { EngineLog } from "../log.ts";

export interface RebuildingOptions {
  readonly upkeep: Pick<Upkeep, "build">;
  readonly clock: Clock;
  readonly log: EngineLog;
}

/** Pause between two steps of a few milliseconds each, so that building takes at most half of the time. */
const STEP_PAUSE_MS = 5;
const RETRY_MS = 1_000;

/** Makes the rows of a projection in the background, in small steps, while they are not all there. */
export class Rebuilding {
  readonly #options: RebuildingOptions;
  #cancel: () => void;

  constructor(options: RebuildingOptions) {
    this.#options = options;
    this.#cancel = options.clock.after(0, () => this.#step());
  }

  stop(): void {
    this.#cancel();
  }

  #step(): void {
    const { upkeep, clock, log } = this.#options;
    let hasMore = true;
    let pauseMs = STEP_PAUSE_MS;
    try {
      hasMore = upkeep.build();
    } catch (error) {
      // For example a full disk. Requests report it, too.
      log.warn({ err: error }, "Cannot make the index now");
      pauseMs = RETRY_MS;
    }
    if (hasMore) this.#cancel = clock.after(pauseMs, () => this.#step());
  }
}

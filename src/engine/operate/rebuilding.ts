import type { Clock } from "../clock.ts";
import type { Upkeep } from "../commit/upkeep.ts";
import type { EngineLog } from "../log.ts";
import type { Projector } from "../store/projector.ts";

export interface RebuildingOptions {
  readonly projector: Pick<Projector, "whenBuilding">;
  readonly upkeep: Pick<Upkeep, "build">;
  readonly clock: Clock;
  readonly log: EngineLog;
}

/** Pause between two steps of a few milliseconds each, so that building takes at most half of the time. */
const STEP_PAUSE_MS = 5;
const RETRY_MS = 1_000;

/**
 * Makes the rows of a projection in the background, in small steps, whenever they are not all there: at the start, after
 * `rebuild`, and after a full disk has undone what was made.
 */
export class Rebuilding {
  readonly #options: RebuildingOptions;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: RebuildingOptions) {
    this.#options = options;
    options.projector.whenBuilding(() => this.#after(0));
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  /** Unless a step is planned already. */
  #after(ms: number): void {
    if (this.#isStopped) return;
    this.#cancel ??= this.#options.clock.after(ms, () => this.#step());
  }

  #step(): void {
    const { upkeep, log } = this.#options;
    let pauseMs: number | undefined;
    try {
      pauseMs = upkeep.build() ? STEP_PAUSE_MS : undefined;
    } catch (error) {
      // For example a full disk. Requests report it, too.
      log.warn({ err: error }, "Cannot make the index now");
      pauseMs = RETRY_MS;
    }
    // Only now: what failed was undone, which says that there is something to do at once.
    this.#cancel = undefined;
    if (pauseMs !== undefined) this.#after(pauseMs);
  }
}

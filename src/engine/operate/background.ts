import type { Clock } from "../clock.ts";
import type { EngineLog } from "../log.ts";

export interface BackgroundOptions {
  /** Calls back whenever there is something to do. */
  whenNeeded(callback: () => void): void;
  /** Does some of it; whether there is more. Throws if it cannot be written now. */
  step(): boolean;
  readonly clock: Clock;
  readonly log: EngineLog;
  /** What the log says when a step fails. */
  readonly failed: string;
}

/** Pause between two steps of a few milliseconds each, so that the work takes at most half of the time. */
const STEP_PAUSE_MS = 5;
const RETRY_MS = 1_000;

/** Work beside the requests, in small steps: whenever it is needed, and again after a full disk has undone it. */
export class Background {
  readonly #options: BackgroundOptions;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: BackgroundOptions) {
    this.#options = options;
    options.whenNeeded(() => this.#after(0));
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
    const { log, failed } = this.#options;
    let pauseMs: number | undefined;
    try {
      pauseMs = this.#options.step() ? STEP_PAUSE_MS : undefined;
    } catch (error) {
      // For example a full disk. Requests report it, too.
      log.warn({ err: error }, failed);
      pauseMs = RETRY_MS;
    }
    // Only now: what failed was undone, which says that there is something to do at once.
    this.#cancel = undefined;
    if (pauseMs !== undefined) this.#after(pauseMs);
  }
}

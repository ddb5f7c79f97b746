import type { Clock } from "../clock.ts";

/** Clocks that are kept right are set by milliseconds. */
const SET_BACK_MS = 10_000;

/** The time for requests: the clock's time, except that it never goes back. */
export class SteadyClock {
  readonly #clock: Clock;
  readonly #onBack: (behindMs: number | undefined) => void;
  #last = 0;
  #isBack = false;

  /**
   * @param onBack told when the clock was set back so far that deadlines wait, and how far; and when it has caught up, with
   *   undefined
   */
  constructor(clock: Clock, onBack: (behindMs: number | undefined) => void = () => undefined) {
    this.#clock = clock;
    this.#onBack = onBack;
  }

  /** Milliseconds since 1970. */
  read(): number {
    const now = this.#clock.now();
    if (now < this.#last) {
      if (!this.#isBack && now < this.#last - SET_BACK_MS) {
        this.#isBack = true;
        this.#onBack(this.#last - now);
      }
      return this.#last;
    }
    this.#last = now;
    if (this.#isBack) {
      this.#isBack = false;
      this.#onBack(undefined);
    }
    return this.#last;
  }

  /** What was read last. */
  get last(): number {
    return this.#last;
  }
}

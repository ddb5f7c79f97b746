import type { Clock } from "../clock.ts";

/** The time for requests: the clock's time, except that it never goes back. */
export class SteadyClock {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since 1970. */
  read(): number {
    this.#last = Math.max(this.#last, this.#clock.now());
    return this.#last;
  }

  /** What was read last. */
  get last(): number {
    return this.#last;
  }
}

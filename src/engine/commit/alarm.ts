import type { Clock } from "../clock.ts";

/** The alarm rings at least this often: a machine that slept, or a clock that was set, is noticed within a minute. */
const LONGEST_WAIT_MS = 60_000;

/** One timer for all deadlines: it rings at or after the earliest time that it was set to. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #at = Number.POSITIVE_INFINITY;
  #wakesAt = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `time` or earlier. */
  noLaterThan(time: number): void {
    if (time >= this.#at) return;
    this.#at = time;
    this.#arm();
  }

  /** Replaces the alarm time; undefined leaves only the safety net. */
  setTo(time: number | undefined): void {
    this.#at = time ?? Number.POSITIVE_INFINITY;
    this.#arm();
  }

  isDue(now: number): boolean {
    return now >= this.#at;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#at = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    const now = this.#clock.now();
    // An earlier timer stays: a useless wake-up costs less than setting a timer for each request.
    const wakesAt = Math.max(now, Math.min(this.#at, now + (this.#clock.looksEveryMs ?? LONGEST_WAIT_MS)));
    if (this.#cancel !== undefined && this.#wakesAt <= wakesAt) return;
    this.#cancel?.();
    this.#wakesAt = wakesAt;
    this.#cancel = this.#clock.after(wakesAt - now, () => {
      this.#cancel = undefined;
      this.#ring();
    });
  }
}

import { uptime } from "node:os";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { elapsedMs } from "./elapsed.ts";
import type { EngineLog } from "./log.ts";

/** If the clock has gained or lost more than this beside elapsed time, it was set. Clocks that are kept right are moved by less. */
const SET_MS = 1_000;
/** If it has gained or lost more than this between two looks, the machine may have slept. */
const ODD_MS = 50;
/** For so long, a clock that was set is not believed: it may be set right again. */
const DOUBT_MS = 600_000;
/** How fast time runs here until a clock that was set back for good has caught up. */
const SLOW = 0.5;

export interface MachineClockOptions {
  /** The machine's clock, in milliseconds since 1970. It can be set. */
  readonly wall?: () => number;
  /** Milliseconds since any moment. They cannot be set, and stand still while the machine sleeps. */
  readonly elapsed?: () => number;
  /** The same, but they go on while the machine sleeps. */
  readonly sinceBoot?: () => number;
  /** Told how far the clock was set, in milliseconds, when that is seen; and with undefined when both agree again. */
  readonly onSet?: (byMs: number | undefined) => void;
}

/**
 * The machine's clock, as long as nobody sets it. Deadlines are instants, so the clock has to be right in the long run; but
 * durations must not change because it is set during a wait, for example by a time server that is wrong for a minute.
 *
 * C1 Time never goes back.
 * C2 A clock that was set is not believed for ten minutes: meanwhile, elapsed time counts. If it is set right again, nothing
 *    has happened.
 * C3 After that it is believed. If it is ahead, its time is taken. If it is behind, time runs at half its speed until the
 *    clock has caught up.
 * C4 A machine that slept has a clock that is ahead, too. How long it slept counts at once, also while its clock is doubted.
 * C5 Each start takes the clock as it is.
 */
export class MachineClock implements Clock {
  readonly #wall: () => number;
  readonly #elapsed: () => number;
  readonly #sinceBoot: () => number;
  readonly #onSet: (byMs: number | undefined) => void;
  /** The time at the last look, and elapsed time then. */
  #at: number;
  #lookedAt: number;
  /** How much longer than elapsed time the machine has been on, as far as that is in `#at`. */
  #slept: number;
  /** While the clock is doubted: since when, by elapsed time, and how far it was set. */
  #doubt: { readonly since: number; readonly byMs: number } | undefined;
  #last = 0;

  constructor(options: MachineClockOptions = {}) {
    this.#wall = options.wall ?? Date.now;
    this.#elapsed = options.elapsed ?? elapsedMs;
    this.#sinceBoot = options.sinceBoot ?? (() => uptime() * 1_000);
    this.#onSet = options.onSet ?? (() => undefined);
    this.#at = this.#wall();
    this.#lookedAt = this.#elapsed();
    this.#slept = this.#sinceBoot() - this.#lookedAt;
  }

  after(delayMs: number, callback: () => void): () => void {
    return SYSTEM_CLOCK.after(delayMs, callback);
  }

  now(): number {
    const elapsed = this.#elapsed();
    const passed = elapsed - this.#lookedAt;
    const isSlow = this.#doubt !== undefined && this.#doubt.byMs < 0 && this.#isOver(elapsed);
    let own = this.#at + passed * (isSlow ? SLOW : 1);
    const wall = this.#wall();
    const isOdd = this.#doubt !== undefined || Math.abs(wall - own) > ODD_MS;
    if (isOdd) own += this.#sleptSince(elapsed);
    const isBelieved = this.#isBelieved(wall - own, elapsed, isSlow ? passed * (1 - SLOW) : 0);
    if (isOdd && isBelieved) this.#slept = this.#sinceBoot() - elapsed;
    this.#lookedAt = elapsed;
    this.#at = isBelieved ? wall : own;
    // A clock may be moved back by milliseconds.
    this.#last = Math.max(this.#last, Math.floor(this.#at));
    return this.#last;
  }

  /**
   * @param byMs how far the clock is ahead of what elapsed time says
   * @param gainedMs how much of that it gained since the last look because time runs slowly here
   */
  #isBelieved(byMs: number, elapsed: number, gainedMs: number): boolean {
    const doubt = this.#doubt;
    if (Math.abs(byMs) <= SET_MS) {
      this.#doubt = undefined;
      if (doubt !== undefined) this.#onSet(undefined);
      return true;
    }
    if (doubt === undefined || Math.abs(byMs - doubt.byMs - gainedMs) > SET_MS) {
      this.#doubt = { since: elapsed, byMs };
      this.#onSet(byMs);
      return false;
    }
    if (byMs < 0 || !this.#isOver(elapsed)) {
      this.#doubt = { ...doubt, byMs };
      return false;
    }
    this.#doubt = undefined;
    this.#onSet(undefined);
    return true;
  }

  #isOver(elapsed: number): boolean {
    return this.#doubt !== undefined && elapsed - this.#doubt.since >= DOUBT_MS;
  }

  /** How long the machine slept that was not told yet. Some systems know it to the second: what may be none is left for later. */
  #sleptSince(elapsed: number): number {
    const sleptMs = this.#sinceBoot() - elapsed - this.#slept;
    if (sleptMs <= SET_MS) return 0;
    this.#slept += sleptMs;
    return sleptMs;
  }
}

/** The clock of an engine that was given none. The log names each time that it was set, and when that is over. */
export function openMachineClock(log: EngineLog): MachineClock {
  return new MachineClock({
    onSet: (byMs) => {
      if (byMs === undefined) return log.warn({}, "The engine's time is that of the machine's clock again");
      const seconds = Math.round(byMs / 1000);
      log.error({ seconds }, byMs > 0 ? SET_FORWARD : SET_BACK);
    },
  });
}

const SET_FORWARD =
  "The machine's clock was set forward: for ten minutes, the engine counts on from the time that it was, in case the clock is set right again. A restart takes the clock as it is";
const SET_BACK =
  "The machine's clock was set back: for ten minutes, the engine counts on from the time that it was, and then at half the speed until the clock has caught up. A restart takes the clock as it is";

import type { Clock } from "../../src/engine/clock.ts";

interface Alarm {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to go on to what comes next. */
export class VirtualClock implements Clock {
  /** Nothing but this clock lets time pass, so nothing has to be looked at meanwhile. */
  readonly looksEveryMs = Number.POSITIVE_INFINITY;
  readonly #alarms = new Set<Alarm>();
  #now: number;

  /** @param now milliseconds since 1970 */
  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const alarm: Alarm = { at: this.#now + delayMs, callback };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Goes on to the earliest alarm and lets it ring, of two at the same time the older one. False: there is none. */
  goOn(): boolean {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) if (alarm.at < (next?.at ?? Number.POSITIVE_INFINITY)) next = alarm;
    if (next === undefined) return false;
    this.#alarms.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.callback();
    return true;
  }
}

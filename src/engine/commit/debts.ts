import type { Clock } from "../clock.ts";
import type { Owed, OwedMessages } from "../store/owed-messages.ts";
import type { Alarm } from "./alarm.ts";

/** Paid debts are deleted together with the next change, or after this time. */
const WRITE_MS = 1000;
/** A worker that was away longer asks by itself. */
const LIFE_MS = 3_600_000;
const CHECK_MS = 600_000;

/**
 * Messages that were delivered but are still owed in the database. They are deleted with the next write, because a
 * second delivery does no harm.
 */
export class Debts {
  readonly #owed: OwedMessages;
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  #paid: Owed[] = [];
  #dueAt = 0;
  #checkedAt = 0;
  #isClosing = false;

  constructor(owed: OwedMessages, clock: Clock, alarm: Alarm) {
    this.#owed = owed;
    this.#clock = clock;
    this.#alarm = alarm;
  }

  /** The message was delivered. */
  pay(debt: Owed): void {
    if (this.#paid.length === 0) this.#dueAt = this.#clock.now() + WRITE_MS;
    this.#paid.push(debt);
    this.#alarm.noLaterThan(this.#dueAt);
  }

  get isEmpty(): boolean {
    return this.#paid.length === 0;
  }

  /** Whether to delete them now, even if nothing else is written. */
  isDue(now: number): boolean {
    return this.#isClosing || now >= this.#dueAt;
  }

  /** Deletes them in the open transaction. */
  write(): void {
    this.#owed.settle(this.#paid);
  }

  /** That transaction was committed. */
  written(): void {
    this.#paid = [];
  }

  /** Sets the alarm for those that are not yet deleted. */
  remind(): void {
    if (this.#paid.length > 0) this.#alarm.noLaterThan(this.#dueAt);
  }

  /** Occasionally drops debts to addresses that did not come back. */
  dropOld(now: number): void {
    if (now < this.#checkedAt + CHECK_MS) return;
    this.#checkedAt = now;
    this.#owed.dropBefore(now - LIFE_MS);
  }

  /** From now on, nothing is postponed. */
  close(): void {
    this.#isClosing = true;
  }
}

import type { Clock } from "../clock.ts";
import type { Owed, OwedMessages } from "../store/owed-messages.ts";
import type { Alarm } from "./alarm.ts";

/** Debts are struck out together with the next change, or at last after this time. */
const WRITE_MS = 1000;
/** A worker that was away longer asks by itself. */
const LIFE_MS = 3_600_000;
const CHECK_MS = 600_000;

/**
 * Messages that were handed over, until the database knows that they are owed no more. This is written in passing, since
 * telling somebody twice does no harm.
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

  /** The message was handed over. */
  pay(debt: Owed): void {
    if (this.#paid.length === 0) this.#dueAt = this.#clock.now() + WRITE_MS;
    this.#paid.push(debt);
    this.#alarm.noLaterThan(this.#dueAt);
  }

  get isEmpty(): boolean {
    return this.#paid.length === 0;
  }

  /** Whether they are to be written now, though nothing else is. */
  isDue(now: number): boolean {
    return this.#isClosing || now >= this.#dueAt;
  }

  /** Strikes them out, in the transaction that is open. */
  write(): void {
    this.#owed.settle(this.#paid);
  }

  /** That transaction was committed. */
  written(): void {
    this.#paid = [];
  }

  /** Sets the alarm for those that are not written. */
  remind(): void {
    if (this.#paid.length > 0) this.#alarm.noLaterThan(this.#dueAt);
  }

  /** Now and then: gives up on addresses that did not come back. */
  dropOld(now: number): void {
    if (now < this.#checkedAt + CHECK_MS) return;
    this.#checkedAt = now;
    this.#owed.dropBefore(now - LIFE_MS);
  }

  /** From now on nothing is put off. */
  close(): void {
    this.#isClosing = true;
  }
}

import type { Clock } from "../clock.ts";
import { sweep } from "../decide/sweep.ts";
import type { Delivery } from "../deliver/delivery.ts";
import type { Store } from "../store/store.ts";
import type { Alarm } from "./alarm.ts";
import type { Debts } from "./debts.ts";
import type { DebugControls } from "./debug.ts";
import type { Write } from "./transactions.ts";

/** Deadlines in one transaction: more gain nothing from sharing it and hold up the event loop. */
const DUE_MAX = 512;
/** When a transaction failed, the clock's next turn is after this time. */
const RETRY_MS = 1000;

export interface SweeperParts {
  readonly store: Pick<Store, "view" | "agenda">;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly debts: Debts;
  readonly delivery: Pick<Delivery, "isReachable">;
  readonly debug: DebugControls | undefined;
}

/** What the clock brings about: ends what is overdue, and hands out what waited for its time. */
export class Sweeper {
  readonly #store: SweeperParts["store"];
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #debts: Debts;
  readonly #delivery: SweeperParts["delivery"];
  readonly #debug: DebugControls | undefined;
  #hasRung = false;

  constructor({ store, clock, alarm, debts, delivery, debug }: SweeperParts) {
    this.#store = store;
    this.#clock = clock;
    this.#alarm = alarm;
    this.#debts = debts;
    this.#delivery = delivery;
    this.#debug = debug;
    alarm.noLaterThan(store.agenda.nextDueAt() ?? clock.now());
  }

  /** The alarm has rung: the next turn sweeps. */
  ring(): void {
    this.#hasRung = true;
  }

  /** The alarm has rung, and nothing was swept since. */
  get hasRung(): boolean {
    return this.#hasRung;
  }

  isDue(now: number): boolean {
    return this.#hasRung || this.#alarm.isDue(now);
  }

  /** Settles and hands out what is due, as much as fits one transaction. */
  sweep(write: Write, now: number): void {
    if (this.#debug?.isPaused === true) {
      this.#hasRung = false;
      return this.#alarm.setTo(undefined);
    }
    const parts = sweep(this.#store, now, DUE_MAX, (address) => this.#delivery.isReachable(address));
    for (const part of parts) write(part);
    this.#hasRung = false;
    this.#debts.dropOld(now);
    // With more left than fits, this is in the past, and the alarm rings at once.
    this.#alarm.setTo(this.#store.agenda.nextDueAt());
    this.#debts.remind();
  }

  /** The turn failed, and perhaps what was due in it: it is tried again a little later. */
  putOff(): void {
    this.#hasRung = false;
    this.#alarm.setTo(this.#clock.now() + RETRY_MS);
  }

  stop(): void {
    this.#alarm.stop();
  }
}

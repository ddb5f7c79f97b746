import type { Clock } from "../clock.ts";
import { sweep } from "../decide/sweep.ts";
import type { Messenger } from "../deliver/messenger.ts";
import type { Store } from "../store/store.ts";
import type { Alarm } from "./alarm.ts";
import type { Debts } from "./debts.ts";
import type { DebugControls } from "./debug.ts";
import type { Write } from "./transactions.ts";

/** Maximum deadlines in one transaction. More would gain nothing and block the event loop. */
const DUE_MAX = 512;
/** After a failed transaction, the next sweep waits this long. */
const RETRY_MS = 1000;

export interface SweeperParts {
  readonly store: Pick<Store, "view" | "agenda">;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly debts: Debts;
  readonly messenger: Pick<Messenger, "isReachable">;
  readonly debug: DebugControls | undefined;
}

/** Handles the clock: ends overdue promises, and hands out tasks whose delay is over. */
export class Sweeper {
  readonly #store: SweeperParts["store"];
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #debts: Debts;
  readonly #messenger: SweeperParts["messenger"];
  readonly #debug: DebugControls | undefined;
  #hasRung = false;

  constructor({ store, clock, alarm, debts, messenger, debug }: SweeperParts) {
    this.#store = store;
    this.#clock = clock;
    this.#alarm = alarm;
    this.#debts = debts;
    this.#messenger = messenger;
    this.#debug = debug;
    alarm.noLaterThan(store.agenda.nextDueAt() ?? clock.now());
  }

  /** The alarm has rung: the next turn sweeps. */
  ring(): void {
    this.#hasRung = true;
  }

  /** The alarm has rung since the last sweep. */
  get hasRung(): boolean {
    return this.#hasRung;
  }

  isDue(now: number): boolean {
    return this.#hasRung || this.#alarm.isDue(now);
  }

  /** Handles what is due, as much as fits into one transaction. */
  sweep(write: Write, now: number): void {
    if (this.#debug?.isPaused === true) {
      this.#hasRung = false;
      return this.#alarm.setTo(undefined);
    }
    const parts = sweep(this.#store, now, DUE_MAX, (address) => this.#messenger.isReachable(address));
    for (const part of parts) write(part);
    this.#hasRung = false;
    this.#debts.dropOld(now);
    // If more is due than fits, this time is in the past, and the alarm rings at once.
    this.#alarm.setTo(this.#store.agenda.nextDueAt());
    this.#debts.remind();
  }

  /** The turn failed, perhaps with a sweep. The sweep runs again a little later. */
  putOff(): void {
    this.#hasRung = false;
    this.#alarm.setTo(this.#clock.now() + RETRY_MS);
  }

  stop(): void {
    this.#alarm.stop();
  }
}

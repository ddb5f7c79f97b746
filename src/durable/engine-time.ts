/**
 * What time it is at the engine. Deadlines are judged by the engine's clock alone, so a duration must be counted from it:
 * a process whose own clock is minutes off would otherwise make two minutes of five, or of none.
 */
import type { Network } from "@resonatehq/sdk";
import { ask } from "./protocol-client.ts";

/** Milliseconds since 1970, by the engine's clock. */
export interface EngineTime {
  /** As last heard; by this process's own clock before anything was heard. */
  now(): number;
  /**
   * The same, but asks the engine first where it has not been heard for a while.
   *
   * @throws ServiceError ENGINE_UNAVAILABLE
   */
  current(): Promise<number>;
}

/** What a network knows of the engine's clock. */
export interface EngineClock {
  now(): number;
  /** Whether the engine was heard lately, and this machine has not slept since. */
  isCurrent(): boolean;
  /** The engine was asked: what it did not tell by then it will not tell. */
  asked(): void;
}

const OWN: EngineClock = { now: () => Date.now(), isCurrent: () => true, asked: () => {} };

interface Timekeepers {
  readonly durable: { readonly engineTime?: EngineTime };
  /** This process's own, in milliseconds since 1970. */
  readonly clock: () => number;
}

/** What durations that are stored are counted from. Asks the engine where it was not heard for a while. */
export async function currentTime({ durable, clock }: Timekeepers): Promise<number> {
  return durable.engineTime === undefined ? clock() : await durable.engineTime.current();
}

/** What is compared with what is stored, such as the end of a link: as last heard, without asking. */
export function knownTime({ durable, clock }: Timekeepers): number {
  return durable.engineTime?.now() ?? clock();
}

/** By the network's `clock`, if it has one; else the engine's clock is taken to be this process's own. */
export function engineTimeOf(network: Network): EngineTime {
  const clock = clockIn(network) ?? OWN;
  let asking: Promise<unknown> | undefined;
  return {
    now: () => clock.now(),
    async current() {
      if (!clock.isCurrent()) {
        // Any answer tells the time; one request for all who want to know.
        asking ??= ask(network, "promise.get", { id: "countersign-time" }).finally(() => {
          asking = undefined;
        });
        await asking;
        clock.asked();
      }
      return clock.now();
    },
  };
}

function clockIn(network: Network): EngineClock | undefined {
  const clock: unknown = "clock" in network ? network.clock : undefined;
  return typeof clock === "object" && clock !== null && "isCurrent" in clock
    ? (clock as EngineClock)
    : undefined;
}

/** A moment between two times of one clock. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Longer than between two requests of a busy process; the clocks of two machines drift apart by less than a millisecond. */
const CURRENT_MS = 60_000;
/** The machine's clock and the time that has passed disagree by more: it slept, or its clock was set. */
const JUMP_MS = 1_000;

/**
 * The clock of an engine on the other side of a wire, learnt from the times in its replies. It counts on the time that
 * has passed (which nobody sets), not on this machine's clock.
 */
export class RemoteClock implements EngineClock {
  readonly #passed: () => number;
  readonly #wall: () => number;
  /** Bounds of how far the engine's clock is ahead of the time that has passed here. */
  #ahead: Span | undefined;
  #heardAt = Number.NEGATIVE_INFINITY;
  #wallAhead = 0;

  constructor({ passed = () => performance.now(), wall = () => Date.now() } = {}) {
    this.#passed = passed;
    this.#wall = wall;
  }

  /** A reply came that was asked for at `sentAt`, by `passed`, and tells that it was between two times at the engine. */
  hear(sentAt: number, engine: Span): void {
    const receivedAt = this.#passed();
    // The engine wrote it after the request was sent and before the reply was here.
    const told: Span = { from: engine.from - receivedAt, to: engine.to - sentAt };
    const known = this.isCurrent() ? this.#ahead : undefined;
    const from = Math.max(told.from, known?.from ?? Number.NEGATIVE_INFINITY);
    const to = Math.min(told.to, known?.to ?? Number.POSITIVE_INFINITY);
    // Each reply narrows it down; one that contradicts what was known says that a clock was set.
    this.#ahead = from <= to ? { from, to } : told;
    this.#note(receivedAt);
  }

  now(): number {
    if (this.#ahead === undefined) return this.#wall();
    return Math.round(this.#passed() + (this.#ahead.from + this.#ahead.to) / 2);
  }

  isCurrent(): boolean {
    const passed = this.#passed();
    const jumpedMs = Math.abs(this.#wall() - passed - this.#wallAhead);
    return passed - this.#heardAt <= CURRENT_MS && jumpedMs <= JUMP_MS;
  }

  asked(): void {
    if (!this.isCurrent()) this.#note(this.#passed());
  }

  #note(passed: number): void {
    this.#heardAt = passed;
    this.#wallAhead = this.#wall() - passed;
  }
}

/** In milliseconds, from the embedded engine. */
const TIME_HEADER = "countersign-time";

/** When a reply was written: to the millisecond by our own header, else to the second by HTTP's (RFC 9110, section 6.6.1). */
export function timeIn(headers: Headers): Span | undefined {
  const own = headers.get(TIME_HEADER);
  if (own !== null && /^\d{1,16}$/.test(own)) return { from: Number(own), to: Number(own) };
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? undefined : { from: date, to: date + 999 };
}

/**
 * The engine's time. Only the engine's clock decides about deadlines, so durations must start from it. Otherwise a
 * process whose clock is minutes off would turn five minutes into two, or into none.
 */
import type { Network } from "@resonatehq/sdk";
import { ask } from "./protocol-client.ts";

/** Milliseconds since 1970, by the engine's clock. */
export interface EngineTime {
  /** The last known time; this process's own time before any reply. */
  now(): number;
  /**
   * The same, but asks the engine first if the last reply is too old.
   *
   * @throws ServiceError ENGINE_UNAVAILABLE
   */
  current(): Promise<number>;
}

/** A network's knowledge of the engine's clock. */
export interface EngineClock {
  now(): number;
  /** Whether the last reply is recent, and this machine has not slept since. */
  isCurrent(): boolean;
  /** The engine was asked. If its reply contained no time, it never will. */
  asked(): void;
}

const OWN: EngineClock = { now: () => Date.now(), isCurrent: () => true, asked: () => {} };

interface Timekeepers {
  readonly durable: { readonly engineTime?: EngineTime };
  /** This process's own, in milliseconds since 1970. */
  readonly clock: () => number;
}

/** The start of durations that are stored. Asks the engine if the last reply is too old. */
export async function currentTime({ durable, clock }: Timekeepers): Promise<number> {
  return durable.engineTime === undefined ? clock() : await durable.engineTime.current();
}

/** The time to compare with stored times, such as the end of a link. Does not ask the engine. */
export function knownTime({ durable, clock }: Timekeepers): number {
  return durable.engineTime?.now() ?? clock();
}

/** Uses the network's `clock`, if it has one; otherwise this process's own clock. */
export function engineTimeOf(network: Network): EngineTime {
  const clock = clockIn(network) ?? OWN;
  let asking: Promise<unknown> | undefined;
  return {
    now: () => clock.now(),
    async current() {
      if (!clock.isCurrent()) {
        // Any reply contains the time. All callers share one request.
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
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Longer than between two requests of a busy process; the clocks of two machines drift apart by less than a millisecond. */
const CURRENT_MS = 60_000;
/** If the machine's clock and its elapsed time differ by more than this, it slept or its clock was set. */
const JUMP_MS = 1_000;

/**
 * The clock of an engine on the other side of a wire, learnt from the times in its replies. It uses elapsed time, which
 * cannot be set, and not this machine's clock.
 */
export class RemoteClock implements EngineClock {
  readonly #passed: () => number;
  readonly #wall: () => number;
  /** Bounds of the difference between the engine's clock and the elapsed time here. */
  #ahead: Span | undefined;
  #heardAt = Number.NEGATIVE_INFINITY;
  #wallAhead = 0;

  constructor({ passed = () => performance.now(), wall = () => Date.now() } = {}) {
    this.#passed = passed;
    this.#wall = wall;
  }

  /** A reply to a request of `sentAt` (elapsed time) says that the engine's time was between two instants. */
  hear(sentAt: number, engine: Span): void {
    const receivedAt = this.#passed();
    // The engine wrote it after the request was sent and before the reply was here.
    const told: Span = { from: engine.from - receivedAt, to: engine.to - sentAt };
    const known = this.isCurrent() ? this.#ahead : undefined;
    const from = Math.max(told.from, known?.from ?? Number.NEGATIVE_INFINITY);
    const to = Math.min(told.to, known?.to ?? Number.POSITIVE_INFINITY);
    // Each reply narrows the bounds. A reply outside the bounds means that a clock was set.
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

/** Whether it is our own engine that has answered so, and not another server of the protocol. */
export function isOwnEngine(header: (name: string) => unknown): boolean {
  return (header(TIME_HEADER) ?? undefined) !== undefined;
}

/** When a reply was written: to the millisecond by our own header, else to the second by HTTP's (RFC 9110, section 6.6.1). */
export function timeIn(headers: Headers): Span | undefined {
  const own = headers.get(TIME_HEADER);
  if (own !== null && /^\d{1,16}$/.test(own)) return { from: Number(own), to: Number(own) };
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? undefined : { from: date, to: date + 999 };
}

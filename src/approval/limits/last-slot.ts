/** Finds the last use of a standing approval among its slots (`use-record.ts`), whoever reads them. Pure. */
import type { StoredRecord } from "../stored.ts";
import { useId } from "../use.ts";
import { UNUSED, type Used } from "./use.ts";
import { type Slot, slotIn } from "./use-record.ts";

/** A slot that is known to be taken by a use, and what all uses up to it came to; 0: none. */
export interface KnownSlot {
  readonly n: number;
  readonly used: Used;
}

/** An id can be used again once its approval is deleted. Until when it can be used tells the two apart. */
export interface StandingApproval {
  /** Promise id. */
  readonly approval: string;
  /** Milliseconds since 1970. */
  readonly untilMs: number;
}

/** With its use, if it was read, and what is stored behind it. */
export interface LastSlot<Found extends StoredRecord = StoredRecord> extends KnownSlot {
  readonly use?: Extract<Slot, { readonly kind: "use" }>;
  /** Of the slot. */
  readonly record?: Found;
  /** Of the next slot: a revocation, a use that came too late, or what another program wrote. */
  readonly next?: Found;
}

/** What a search yields are ids of promises; it goes on with what is stored there. */
export type Reading<Result, Found extends StoredRecord = StoredRecord> = Generator<
  string,
  Result,
  Found | undefined
>;

/**
 * Slots have no gaps: the last one that a use has taken is between one that is taken and one that is not. It reads twice as
 * many as the number of slots from the known one on has binary digits.
 *
 * @param from one that is known to be taken
 */
export function* findLastSlot<Found extends StoredRecord>(
  { approval, untilMs }: StandingApproval,
  from: KnownSlot = { n: 0, used: UNUSED },
): Reading<LastSlot<Found>, Found> {
  let next: Found | undefined;
  function* at(n: number): Reading<LastSlot<Found> | undefined, Found> {
    const record = yield useId(approval, n);
    const slot = record && slotIn(record, untilMs);
    if (record !== undefined && slot?.kind === "use") return { n, used: slot.use.used, use: slot, record };
    // Of the free slots, the last one that is looked at is the next.
    next = record;
    return undefined;
  }
  let taken: LastSlot<Found> = from;
  let step = 1;
  for (let slot = yield* at(from.n + step); slot !== undefined; slot = yield* at(from.n + step)) {
    taken = slot;
    step *= 2;
  }
  let free = from.n + step;
  while (free - taken.n > 1) {
    const middle = Math.floor((taken.n + free) / 2);
    const slot = yield* at(middle);
    if (slot === undefined) free = middle;
    else taken = slot;
  }
  return { ...taken, ...(next === undefined ? {} : { next }) };
}

/** Runs a search where promises are read at once. */
export function readNow<Result, Found extends StoredRecord>(
  reading: Reading<Result, Found>,
  read: (id: string) => Found | undefined,
): Result {
  let step = reading.next();
  while (step.done !== true) step = reading.next(read(step.value));
  return step.value;
}

/** Runs a search where they are asked for. */
export async function readEach<Result, Found extends StoredRecord>(
  reading: Reading<Result, Found>,
  read: (id: string) => Promise<Found | undefined>,
): Promise<Result> {
  let step = reading.next();
  while (step.done !== true) step = reading.next(await read(step.value));
  return step.value;
}

/**
 * The last slot of each standing approval that is in use, as this process knows it, and turns at it. Slots never change, so what
 * is known is at worst behind, by what other processes have used since: then the next slot is taken already, and the caller
 * looks further, slot by slot. So what was known for a while is brought up to date first.
 */
import {
  findLastSlot,
  type KnownSlot,
  type LastSlot,
  readEach,
  type StandingApproval,
} from "../../approval/limits/last-slot.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";

export interface SlotsOf {
  /** Finds it: by twice as many reads as the number of slots since the known one has binary digits; by none if it was just seen. */
  last(): Promise<KnownSlot>;
  saw(slot: KnownSlot): void;
  /** Up to where this process has looked for a slot of an attempt, without finding one. Slots never change. */
  lookedUpTo(attemptId: string): KnownSlot | undefined;
  looked(attemptId: string, upTo: KnownSlot): void;
}

export interface LastSlots {
  /** Runs `work` when all earlier work on the same approval is done. Others' processes are not waited for. */
  inTurn<T>(standing: StandingApproval, work: (slots: SlotsOf) => Promise<T>): Promise<T>;
}

/** Approvals whose last slot is remembered, and attempts that came to nothing. */
const KNOWN_MAX = 1_000;

/** In so short a time others use few slots, and to look at these costs less than to ask each time. */
const FRESH_MS = 1_000;

/** @param now milliseconds, for how long something is known */
export function createLastSlots(
  durable: Pick<Durable, "read">,
  now: () => number = () => performance.now(),
): LastSlots {
  const known = new Map<string, { readonly slot: KnownSlot; readonly atMs: number }>();
  const looked = new Map<string, KnownSlot>();
  const turns = new Map<string, Promise<unknown>>();

  const saw = (key: string, { n, used }: KnownSlot) => {
    if (n >= (known.get(key)?.slot.n ?? 0)) remember(known, key, { slot: { n, used }, atMs: now() });
  };
  const slotsOf = (standing: StandingApproval, key: string): SlotsOf => ({
    async last() {
      const before = known.get(key);
      if (before !== undefined && now() - before.atMs < FRESH_MS) return before.slot;
      const slot = await lastSlot(durable, standing, before?.slot);
      saw(key, slot);
      return slot;
    },
    saw: (slot) => saw(key, slot),
    lookedUpTo: (attemptId) => looked.get(`${key} ${attemptId}`),
    looked: (attemptId, upTo) => remember(looked, `${key} ${attemptId}`, upTo),
  });

  return {
    async inTurn(standing, work) {
      const key = `${standing.approval} ${standing.untilMs}`;
      const before = turns.get(key) ?? Promise.resolve();
      const mine = before.then(() => work(slotsOf(standing, key)));
      const settled = mine.catch(() => undefined);
      turns.set(key, settled);
      try {
        return await mine;
      } finally {
        if (turns.get(key) === settled) turns.delete(key);
      }
    },
  };
}

/** In place of what was remembered longest ago. */
function remember<T>(known: Map<string, T>, key: string, value: T): void {
  known.delete(key);
  known.set(key, value);
  if (known.size > KNOWN_MAX) known.delete(known.keys().next().value ?? "");
}

/**
 * The last slot that a use has taken, and what is behind it.
 *
 * @param from one that is known to be taken
 */
export async function lastSlot(
  durable: Pick<Durable, "read">,
  standing: StandingApproval,
  from?: KnownSlot,
): Promise<LastSlot<StoredPromise>> {
  return await readEach(findLastSlot<StoredPromise>(standing, from), (id) => durable.read(id));
}

/**
 * The last slot of each standing approval that is in use, as this process knows it, and turns at it. Slots never change, so what
 * is known is at worst behind: then the next slot is taken, and whoever wants it looks further.
 */
import { UNUSED, type Used } from "../../approval/limits/use.ts";
import { standingUseOf } from "../../approval/limits/use-record.ts";
import { useId } from "../../approval/use.ts";
import type { Durable } from "../../durable/durable.ts";

/** A slot that is known to be taken by a use, and what all uses up to it came to; 0: none. */
export interface KnownSlot {
  readonly n: number;
  readonly used: Used;
}

export interface SlotsOf {
  /** Finds it if it is not known: by twice as many reads as the number of the slot has binary digits. */
  last(): Promise<KnownSlot>;
  saw(slot: KnownSlot): void;
}

export interface LastSlots {
  /** Runs `work` when all earlier work on the same approval is done. Others' processes are not waited for. */
  inTurn<T>(standing: StandingApproval, work: (slots: SlotsOf) => Promise<T>): Promise<T>;
}

/** An id can be used again once its approval is deleted. Until when it can be used tells the two apart. */
interface StandingApproval {
  /** Promise id. */
  readonly approval: string;
  /** Milliseconds since 1970. */
  readonly untilMs: number;
}

/** Approvals whose last slot is remembered. */
const KNOWN_MAX = 1_000;

export function createLastSlots(durable: Pick<Durable, "read">): LastSlots {
  const known = new Map<string, KnownSlot>();
  const turns = new Map<string, Promise<unknown>>();

  const saw = (key: string, slot: KnownSlot) => {
    if (slot.n < (known.get(key)?.n ?? 0)) return;
    known.delete(key);
    known.set(key, slot);
    if (known.size > KNOWN_MAX) known.delete(known.keys().next().value ?? "");
  };
  const slotsOf = (approval: string, key: string): SlotsOf => ({
    async last() {
      const slot = known.get(key) ?? (await lastSlot(durable, approval));
      saw(key, slot);
      return slot;
    },
    saw: (slot) => saw(key, slot),
  });

  return {
    async inTurn({ approval, untilMs }, work) {
      const key = `${approval} ${untilMs}`;
      const before = turns.get(key) ?? Promise.resolve();
      const mine = before.then(() => work(slotsOf(approval, key)));
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

/** Slots have no gaps: the last one that a use has taken is between one that is taken and one that is not. */
export async function lastSlot(durable: Pick<Durable, "read">, approval: string): Promise<KnownSlot> {
  const at = async (n: number): Promise<KnownSlot | undefined> => {
    const record = await durable.read(useId(approval, n));
    const use = record && standingUseOf(record);
    return use && { n, used: use.used };
  };
  let taken: KnownSlot = { n: 0, used: UNUSED };
  let free = 1;
  for (let slot = await at(free); slot !== undefined; slot = await at(free)) {
    taken = slot;
    free *= 2;
  }
  while (free - taken.n > 1) {
    const middle = Math.floor((taken.n + free) / 2);
    const slot = await at(middle);
    if (slot === undefined) free = middle;
    else taken = slot;
  }
  return taken;
}

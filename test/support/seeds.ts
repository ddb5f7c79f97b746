/** Repeatable randomness: the same seed gives the same run on every machine. */
export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of these, which must be at least one. */
  pick<T>(items: readonly T[]): T;
}

/** mulberry32: small, fast, and good enough to choose operations. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    chance: (probability) => next() < probability,
    pick: <T>(items: readonly T[]) => {
      if (items.length === 0) throw new Error("Nothing to pick from");
      return items[below(items.length)] as T;
    },
  };
}

/** Seeds to run: those of the variable if it is set (`SEEDS=7,8`), else `count` new ones. */
export function seeds(count: number): number[] {
  const given = process.env["SEEDS"];
  if (given !== undefined && given !== "") return given.split(",").map(Number);
  return Array.from({ length: count }, () => Math.floor(Math.random() * 2 ** 31));
}

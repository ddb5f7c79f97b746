/**
 * Comments on event streams only show that both ends live, and a stream without them is given up. At every 15 s they would
 * be most of all that happens, so both times are sixteen times as long.
 */
export const STRETCHED_MS: ReadonlyMap<number, number> = new Map([
  [15_000, 240_000],
  [45_000, 720_000],
]);

import { REFUSALS_PER_MINUTE } from "../../openapi/limits.ts";

/** Counts what names do, so that a name with too much of it is told to slow down. Refusals, mostly: what succeeds is not counted. */
export interface RateLimit {
  /** Counts one for each name. Returns how many seconds to wait once a name has too many, else undefined. */
  count(names: readonly string[]): number | undefined;
}

/** Names counted at once. A caller with more addresses than this resets the oldest counts, and no more. */
const NAMES_MAX = 10_000;

export function createRateLimit({
  clock,
  windowMs,
  most,
}: {
  readonly clock: () => number;
  readonly windowMs: number;
  /** How many of one name within the window are let pass. */
  readonly most: number;
}): RateLimit {
  // In the order in which windows began, so that the first is the oldest.
  const windows = new Map<string, { readonly endsAt: number; counted: number }>();

  const countOne = (name: string, now: number): number => {
    let window = windows.get(name);
    if (window === undefined || now >= window.endsAt) {
      windows.delete(name);
      const [oldest] = windows.keys();
      if (windows.size >= NAMES_MAX && oldest !== undefined) windows.delete(oldest);
      window = { endsAt: now + windowMs, counted: 0 };
      windows.set(name, window);
    }
    window.counted += 1;
    return window.counted > most ? Math.ceil((window.endsAt - now) / 1000) : 0;
  };

  return {
    count(names) {
      const now = clock();
      const seconds = Math.max(0, ...names.map((name) => countOne(name, now)));
      return seconds === 0 ? undefined : seconds;
    },
  };
}

export function createFailureLimit({ clock }: { readonly clock: () => number }): RateLimit {
  return createRateLimit({ clock, windowMs: 60_000, most: REFUSALS_PER_MINUTE });
}

import { REFUSALS_PER_MINUTE } from "../../openapi/limits.ts";

/** Counts refusals, so that a caller with many of them is told to slow down. What succeeds is never counted. */
export interface FailureLimit {
  /** Counts one for each name. Returns how many seconds to wait once a name has too many, else undefined. */
  count(names: readonly string[]): number | undefined;
}

const WINDOW_MS = 60_000;
/** Names counted at once. A caller with more addresses than this resets the oldest counts, and no more. */
const NAMES_MAX = 10_000;

export function createFailureLimit({ clock }: { readonly clock: () => number }): FailureLimit {
  // In the order in which windows began, so that the first is the oldest.
  const windows = new Map<string, { readonly endsAt: number; failures: number }>();

  const countOne = (name: string, now: number): number => {
    let window = windows.get(name);
    if (window === undefined || now >= window.endsAt) {
      windows.delete(name);
      const [oldest] = windows.keys();
      if (windows.size >= NAMES_MAX && oldest !== undefined) windows.delete(oldest);
      window = { endsAt: now + WINDOW_MS, failures: 0 };
      windows.set(name, window);
    }
    window.failures += 1;
    return window.failures > REFUSALS_PER_MINUTE ? Math.ceil((window.endsAt - now) / 1000) : 0;
  };

  return {
    count(names) {
      const now = clock();
      const seconds = Math.max(0, ...names.map((name) => countOne(name, now)));
      return seconds === 0 ? undefined : seconds;
    },
  };
}

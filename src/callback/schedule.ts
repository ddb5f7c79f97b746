/** When a callback that failed is tried again. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Pauses between attempts: with the first at once, ten attempts over three days. */
export const RETRIES_MS: readonly number[] = [
  5_000,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** Spreads what failed together, so that a receiver that comes back is not met by all at once. */
const JITTER = 0.1;

/** A receiver may ask for more patience than the schedule has, but not for so much that its callback is forgotten. */
const RETRY_AFTER_MAX_MS = HOUR_MS;

/** Statuses by which a receiver says that it is busy; on others, a `Retry-After` has no meaning here. */
const BUSY = [429, 502, 503, 504];

/**
 * Milliseconds until the next attempt, or undefined if the `made`th was the last.
 *
 * @param random from 0 to 1
 * @param askedMs what `retryAfterMs` read from the answer
 */
export function pauseAfter(
  made: number,
  options: {
    readonly retriesMs: readonly number[];
    readonly random: number;
    readonly askedMs?: number | undefined;
  },
): number | undefined {
  const scheduledMs = options.retriesMs[made - 1];
  if (scheduledMs === undefined) return undefined;
  const jitteredMs = scheduledMs * (1 + JITTER * (2 * options.random - 1));
  return Math.round(Math.max(jitteredMs, options.askedMs ?? 0));
}

/** How long a busy receiver asks to be left alone, at most an hour; undefined if it does not ask. */
export function retryAfterMs(status: number, header: string | undefined, nowMs: number): number | undefined {
  if (!BUSY.includes(status) || header === undefined) return undefined;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : httpDateMs(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS);
}

/** The one form of date that senders may write; `Date.parse` alone would read nearly anything. */
function httpDateMs(text: string): number {
  return /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
}

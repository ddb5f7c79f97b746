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
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : httpDateMs(text, nowMs) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS);
}

/** `Sat, 21 Nov 2026 10:00:30 GMT` */
const IMF_DATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}:\d{2}:\d{2}) GMT$/;
/** `Saturday, 21-Nov-26 10:00:30 GMT` */
const RFC_850_DATE = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}:\d{2}:\d{2}) GMT$/;
/** `Sat Nov 21 10:00:30 2026`, which is UTC, too */
const ASCTIME_DATE = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([\d ]\d) (\d{2}:\d{2}:\d{2}) (\d{4})$/;

const YEAR_MS = 365.25 * 24 * HOUR_MS;

/** The three forms that RFC 9110 §5.6.7 wants read. `Date.parse` alone takes the third for local time, and reads nearly anything. */
function httpDateMs(text: string, nowMs: number): number {
  const imf = IMF_DATE.exec(text);
  if (imf !== null) return utcMs(imf[1], imf[2], imf[3], imf[4]);
  const rfc850 = RFC_850_DATE.exec(text);
  if (rfc850 !== null) {
    const ms = utcMs(rfc850[1], rfc850[2], `20${rfc850[3]}`, rfc850[4]);
    // A year that would be more than 50 years ahead is of the century before, and past.
    return ms - nowMs > 50 * YEAR_MS ? 0 : ms;
  }
  const asctime = ASCTIME_DATE.exec(text);
  if (asctime !== null) return utcMs(asctime[2], asctime[1], asctime[4], asctime[3]);
  return Number.NaN;
}

function utcMs(...[day, month, year, time]: readonly (string | undefined)[]): number {
  return Date.parse(`${day} ${month} ${year} ${time} GMT`);
}

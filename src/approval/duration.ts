/** Lengths of time as a caller gives them: ISO 8601 durations of a fixed length. `docs/time.md` lists what is read and how. */
import { remembering } from "../lib/remembering.ts";
import { Temporal } from "../lib/temporal.ts";

const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const DAY_MS = 24 * 60 * MINUTE_MS;

/** Different texts whose length is remembered. */
const LENGTHS_KEPT = 200;

/** Longest text of a duration or an instant: every one that is allowed fits several times. */
export const TIME_CHARS_MAX = 64;

export const DURATION_RULE =
  "an ISO 8601 duration in weeks, days, hours, minutes (P5D, PT36H; months and years have no fixed length)";

/** Durations that not all libraries read alike, and how to write them so that they do. */
const READ_DIFFERENTLY: readonly (readonly [RegExp, string])[] = [
  [/[a-z]/u, "write it in capitals"],
  [/^[+-]|[+-]\d+[YMWDHS]/u, "leave out the sign"],
  [/[.,]/u, "write whole numbers, such as PT90M for PT1.5H"],
  [/Y|^P[^T]*M/u, "write months and years as days, such as P30D"],
  [/W./u, "write weeks alone, or as days, such as P9D for P1W2D"],
];

/**
 * `P5D`, `PT36H` or `P1W` in milliseconds; undefined if it is no duration of a fixed length. It also reads what only
 * earlier versions accepted, and what is stored.
 *
 * Days and weeks count 24 and 168 hours. Years and months are refused, because they have no fixed length, and a time
 * must not depend on when its request happened to be read.
 */
export function parseDuration(text: string): number | undefined {
  return isDurationLike(text) ? lengthOf(text) : undefined;
}

/** Nearly all requests have one of a few durations, and each is read several times. */
const lengthOf = remembering(LENGTHS_KEPT, (text: string): number | undefined => {
  try {
    const duration = Temporal.Duration.from(text);
    if (duration.years !== 0 || duration.months !== 0) return undefined;
    const days = duration.weeks * 7 + duration.days;
    return Math.trunc(duration.with({ weeks: 0, days }).total("milliseconds"));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
});

/**
 * What is wrong with a duration of a new request, as the end of a sentence; undefined if it can be read, and libraries
 * read it alike.
 */
export function durationProblem(text: string, rule = DURATION_RULE): string | undefined {
  const advice = isDurationLike(text) ? READ_DIFFERENTLY.find(([pattern]) => pattern.test(text)) : undefined;
  if (advice !== undefined) return `must be ${rule}: ${advice[1]}`;
  return parseDuration(text) === undefined ? `must be ${rule}` : undefined;
}

/** Whether a text means a duration, rather than an instant. */
export function isDurationLike(text: string): boolean {
  return text.length <= TIME_CHARS_MAX && /^[+-]?p/iu.test(text);
}

/** The length of a text that `durationSchema` has accepted. */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new RangeError(`Not a duration: ${text}`);
  return ms;
}

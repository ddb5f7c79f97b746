import { Temporal } from "../lib/temporal.ts";
import {
  DAY_MS,
  durationProblem,
  isDurationLike,
  MINUTE_MS,
  parseDuration,
  TIME_CHARS_MAX,
} from "./duration.ts";

/** A deadline as a caller gives it: how long from now, or when. */

/** In less time nobody could read the mail. */
const DEADLINE_MIN_MS = MINUTE_MS;
/** Longer than a year, for what comes up once a year. Beyond it, links and keys would have to outlive their owners. */
export const DEADLINE_MAX_DAYS = 400;
export const DEADLINE_MAX_MS = DEADLINE_MAX_DAYS * DAY_MS;

/** The same in words. */
export const DEADLINE_WINDOW = `${DEADLINE_MIN_MS / MINUTE_MS} minute to ${DEADLINE_MAX_DAYS} days`;

const DEADLINE_RULE =
  "an ISO 8601 duration in weeks, days, hours, minutes (P5D, PT36H; months and years have no fixed length) or an instant (2026-12-01T12:00:00Z)";

/** Instants that not all libraries read alike, or that have no time or offset, and what to write in their place. */
const READ_DIFFERENTLY: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}(?:-?\d\d){0,2}$/u, "a date needs a time and an offset, such as 2026-12-01T17:00:00+01:00"],
  [/^\d{4}-?W\d/iu, "write a week's day with its month and day, such as 2026-12-01"],
  [/^\d{4}-?\d{3}(?:T|$)/iu, "write the day of a year with its month and day, such as 2026-12-01"],
  [/\[/u, "leave out what is in brackets"],
  [/[T ]24/iu, "write the end of a day as 00:00 of the next day"],
  [/[T ]\d\d:?\d\d:?60/iu, "seconds go from 00 to 59"],
  [/[+-]\d\d:?\d\d:?\d\d(?:[.,]\d+)?$/u, "an offset has hours and minutes, such as +01:00"],
  [/[T ][\d:.,]+$/iu, "add the offset, such as Z or +01:00"],
];

export type Deadline =
  | { readonly kind: "duration"; readonly ms: number }
  | { readonly kind: "instant"; readonly epochMs: number };

/**
 * `P5D`, `PT36H`, `P1W` or `2026-12-01T12:00:00Z`; undefined if it is neither. It also reads what only earlier
 * versions accepted, and what is stored.
 *
 * Days and weeks count 24 and 168 hours. Years and months are refused, because they have no fixed length, and an
 * approval's deadline must not depend on when its request happened to be read.
 */
export function parseDeadline(text: string): Deadline | undefined {
  const ms = parseDuration(text);
  return ms === undefined ? parseInstant(text) : { kind: "duration", ms };
}

/** What is wrong with a deadline of a new request; undefined if it can be read, and all libraries read it alike. */
export function deadlineProblem(text: string): string | undefined {
  if (isDurationLike(text)) return durationProblem(text, DEADLINE_RULE);
  const advice =
    text.length > TIME_CHARS_MAX ? undefined : READ_DIFFERENTLY.find(([kind]) => kind.test(text));
  if (advice !== undefined) return `must be ${DEADLINE_RULE}: ${advice[1]}`;
  return parseInstant(text) === undefined ? `must be ${DEADLINE_RULE}` : undefined;
}

export function deadlineAt(deadline: Deadline, nowMs: number): number {
  return deadline.kind === "instant" ? deadline.epochMs : nowMs + deadline.ms;
}

/** Whether a deadline leaves people time to answer, and ends within reach. */
export function withinWindow(deadline: Deadline, nowMs: number): boolean {
  const waitMs = deadlineAt(deadline, nowMs) - nowMs;
  return waitMs >= DEADLINE_MIN_MS && waitMs <= DEADLINE_MAX_MS;
}

/** Instants with a bracketed zone are refused: the zone could contradict the offset, and would be ignored. */
function parseInstant(text: string): Deadline | undefined {
  if (text.length > TIME_CHARS_MAX || text.includes("[")) return undefined;
  try {
    return { kind: "instant", epochMs: Temporal.Instant.from(text).epochMilliseconds };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

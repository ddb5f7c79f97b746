import { Temporal } from "../lib/temporal.ts";

/** A deadline as a caller gives it: how long from now, or when. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** In less time nobody could read the mail. */
const DEADLINE_MIN_MS = MINUTE;
/** Beyond this, links and keys would have to live longer than anyone looks after them. */
const DEADLINE_MAX_MS = 90 * DAY;

/** The same in words. */
export const DEADLINE_WINDOW = `${DEADLINE_MIN_MS / MINUTE} minute to ${DEADLINE_MAX_MS / DAY} days`;

/** Longest text of a deadline: any duration or instant in the allowed window fits several times. */
const DEADLINE_CHARS_MAX = 64;

export type Deadline =
  | { readonly kind: "duration"; readonly ms: number }
  | { readonly kind: "instant"; readonly epochMs: number };

/**
 * `P5D`, `PT36H`, `P1W` or `2026-12-01T12:00:00Z`; undefined if it is neither.
 *
 * Days and weeks count 24 and 168 hours. Years and months are refused, because they have no fixed length, and an
 * approval's deadline must not depend on when its request happened to be read.
 */
export function parseDeadline(text: string): Deadline | undefined {
  if (text.length > DEADLINE_CHARS_MAX) return undefined;
  try {
    return /^[+-]?p/iu.test(text) ? parseDuration(text) : parseInstant(text);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

export function deadlineAt(deadline: Deadline, nowMs: number): number {
  return deadline.kind === "instant" ? deadline.epochMs : nowMs + deadline.ms;
}

/** Whether a deadline leaves people time to answer, and ends within reach. */
export function withinWindow(deadline: Deadline, nowMs: number): boolean {
  const waitMs = deadlineAt(deadline, nowMs) - nowMs;
  return waitMs >= DEADLINE_MIN_MS && waitMs <= DEADLINE_MAX_MS;
}

function parseDuration(text: string): Deadline | undefined {
  const d = Temporal.Duration.from(text);
  if (d.years !== 0 || d.months !== 0) return undefined;
  const ms =
    (d.weeks * 7 + d.days) * DAY + d.hours * HOUR + d.minutes * MINUTE + d.seconds * SECOND + d.milliseconds;
  return { kind: "duration", ms };
}

/** Instants with a bracketed zone are refused: the zone could contradict the offset, and would be ignored. */
function parseInstant(text: string): Deadline | undefined {
  if (text.includes("[")) return undefined;
  return { kind: "instant", epochMs: Temporal.Instant.from(text).epochMilliseconds };
}

import { Temporal } from "../lib/temporal.ts";
import { DAY_MS, MINUTE_MS, parseDuration, TIME_CHARS_MAX } from "./duration.ts";

/** A deadline as a caller gives it: how long from now, or when. */

/** In less time nobody could read the mail. */
const DEADLINE_MIN_MS = MINUTE_MS;
/** Beyond this, links and keys would have to live longer than anyone looks after them. */
export const DEADLINE_MAX_DAYS = 400;
export const DEADLINE_MAX_MS = DEADLINE_MAX_DAYS * DAY_MS;

/** The same in words. */
export const DEADLINE_WINDOW = `${DEADLINE_MIN_MS / MINUTE_MS} minute to ${DEADLINE_MAX_DAYS} days`;

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
  const ms = parseDuration(text);
  return ms === undefined ? parseInstant(text) : { kind: "duration", ms };
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

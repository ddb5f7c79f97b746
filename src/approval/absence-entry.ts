/**
 * Rules for people who are away, as they are stored: entries of a list, each a promise that is created once and never
 * settled. An entry adds a rule, or takes one away. A writer writes an entry by creating the next number. So it has read all
 * entries before its own, and two writers never contradict each other.
 *
 * The list has a part for each month. A rule ends within a year, so those who read need the last 13 months and no more,
 * however long the service runs.
 */
import { z } from "zod";
import type { Act } from "./approval.ts";
import { DAY_MS } from "./duration.ts";
import { KIND_TAG } from "./ids.ts";
import { type Person, storedPersonSchema } from "./schema.ts";
import type { StoredRecord } from "./stored.ts";
import { storedActSchema } from "./stored-schemas.ts";

export const ABSENCE_KIND = "absence";

/** A rule: while it holds, `to` is asked in place of `person`. Times are milliseconds since 1970. */
export interface Absence {
  /** The month and number of its entry, such as `202611-3`. */
  readonly id: string;
  readonly person: Person;
  readonly to: Person;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly note?: string;
}

export type AbsenceEntry = { readonly kind: "absence"; readonly act: Act } & (
  | ({
      readonly entry: "added";
      /** SHA-256 of the call as it was given, which a repetition must equal. Absent in entries of earlier versions. */
      readonly call?: string;
    } & Omit<Absence, "id">)
  | { readonly entry: "removed"; readonly rule: string }
);

/** Longest time from now to the end of a rule, and since its beginning. */
export const ABSENCE_MAX_MS = 366 * DAY_MS;

/** Those that can have entries of rules that hold: this one and the 12 before. */
const MONTHS = 13;

/** Rules that hold or will, of all people together: each process has them in memory. */
export const ABSENCES_MAX = 10_000;

/** An entry outlives the last month in which it is read. */
export const ENTRY_LIFE_MS = 430 * DAY_MS;

/** The months that must be read at that time, the earliest first, such as `202611`. */
export function monthsAt(nowMs: number): string[] {
  const now = new Date(nowMs);
  return Array.from({ length: MONTHS }, (_, i) => {
    const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - (MONTHS - 1 - i), 1));
    return `${month.getUTCFullYear()}${String(month.getUTCMonth() + 1).padStart(2, "0")}`;
  });
}

/** @param n from 1 */
export function entryName(month: string, n: number): string {
  return `${month}-${n}`;
}

/** Callers cannot choose ids with a colon. */
export function entryId(name: string): string {
  return `absences:${name}`;
}

/** Whether the entry of the first name was written before that of the second. */
export function isWrittenBefore(one: string, other: string): boolean {
  const [month = "", n] = one.split("-");
  const [otherMonth = "", otherN] = other.split("-");
  return month === otherMonth ? Number(n) < Number(otherN) : month < otherMonth;
}

/** The rule that an entry added. */
export function absenceIn(name: string, entry: AbsenceEntry & { readonly entry: "added" }): Absence {
  const { person, to, fromMs, untilMs, note } = entry;
  return { id: name, person, to, fromMs, untilMs, ...(note === undefined ? {} : { note }) };
}

export const ABSENCE_ID = /^\d{6}-[1-9]\d{0,6}$/u;

const kind = z.literal("absence");
const epochMs = z.int().min(0);

const entry: z.ZodType<AbsenceEntry> = z.discriminatedUnion("entry", [
  z.object({
    kind,
    entry: z.literal("added"),
    act: storedActSchema,
    call: z.exactOptional(z.string()),
    person: storedPersonSchema,
    to: storedPersonSchema,
    fromMs: epochMs,
    untilMs: epochMs,
    note: z.exactOptional(z.string()),
  }),
  z.object({ kind, entry: z.literal("removed"), act: storedActSchema, rule: z.string() }),
]);

/** Undefined for a promise that is none, which other programs can create: it is passed over. */
export function absenceEntryOf({
  tags,
  param,
}: Pick<StoredRecord, "tags" | "param">): AbsenceEntry | undefined {
  if (tags[KIND_TAG] !== ABSENCE_KIND) return undefined;
  const parsed = entry.safeParse(param);
  return parsed.success ? parsed.data : undefined;
}

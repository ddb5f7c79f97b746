/** A rule for somebody who is away, as a caller gives it, and what can be wrong with it. */
import { z } from "zod";
import type { FieldProblem } from "../lib/errors.ts";
import { MAIL_ADDRESS, MAIL_ADDRESS_CHARS_MAX } from "../lib/mail-address.ts";
import { Temporal } from "../lib/temporal.ts";
import { CHAIN_MAX } from "./absence.ts";
import { ABSENCE_ID, ABSENCE_MAX_MS, type Absence } from "./absence-entry.ts";
import { deadlineAt, deadlineProblem, parseDeadline } from "./deadline.ts";
import { addressKey } from "./person.ts";
import { approverSchema, type Person } from "./schema.ts";
import { line } from "./text-schema.ts";
import { timeZoneSchema } from "./time-zone.ts";

/** Rules of one person that hold or will. */
const RULES_MAX = 10;
const NOTE_CHARS_MAX = 200;

const DATE = /^\d{4}-\d{2}-\d{2}$/u;
const TIME_RULE = "a date such as 2026-12-24, or";

const time = z.string().superRefine((text, ctx) => {
  const message = DATE.test(text)
    ? dateOf(text) === undefined
      ? "must be a date that exists, such as 2026-12-24"
      : undefined
    : deadlineProblem(text)?.replace(/^must be/u, `must be ${TIME_RULE}`);
  if (message !== undefined) ctx.addIssue({ code: "custom", message });
});

export const absenceRequest = z
  .strictObject({
    person: approverSchema.meta({ description: "Who is away." }),
    to: approverSchema.meta({ description: "Who is asked in their place." }),
    from: z.exactOptional(
      time.meta({
        description:
          "When it begins: a date (its first moment), an instant, or a duration from now; at most a year ago. Default: now.",
        examples: ["2026-12-24"],
      }),
    ),
    until: time.meta({
      description:
        "When it ends: a date (its last moment), an instant, or a duration from now; within a year.",
      examples: ["2027-01-06"],
    }),
    timeZone: z.exactOptional(
      timeZoneSchema.meta({ description: "IANA time zone of the dates. Default: the person's `timeZone`." }),
    ),
    note: z.exactOptional(
      line(NOTE_CHARS_MAX).meta({ description: "Shown to those who are asked instead." }),
    ),
  })
  .meta({ id: "AbsenceRequest" });

type AbsenceInput = z.output<typeof absenceRequest>;

/** Of a page of the list. */
export const ABSENCES_LIMIT = { default: 100, max: 100 } as const;

/** The parameters of the list, as they are in the address. */
export const absenceListParameters = {
  person: z
    .string()
    .max(MAIL_ADDRESS_CHARS_MAX)
    .regex(MAIL_ADDRESS, "must be one mail address, such as ana@example.com"),
  limit: z
    .string()
    .refine(
      (text) => /^[1-9]\d{0,2}$/u.test(text) && Number(text) <= ABSENCES_LIMIT.max,
      `must be a whole number from 1 to ${ABSENCES_LIMIT.max}`,
    ),
  cursor: z.string().regex(ABSENCE_ID, "must be the nextCursor of the page before"),
} as const;

export const absenceListCall = z.strictObject({
  person: z.exactOptional(absenceListParameters.person),
  limit: z.exactOptional(absenceListParameters.limit),
  cursor: z.exactOptional(absenceListParameters.cursor),
});

/** The rule that a request means, or everything that is wrong with it beside the rules that there are. */
export function absenceOf(
  { person, to, from, until, timeZone = person.timeZone, note }: AbsenceInput,
  rules: readonly Absence[],
  nowMs: number,
):
  | { readonly ok: true; readonly absence: Omit<Absence, "id"> }
  | { readonly ok: false; readonly problems: FieldProblem[] } {
  const dated = [from, until].some((text) => text !== undefined && DATE.test(text));
  if (dated && timeZone === undefined) {
    const message =
      "is required beside a date, unless the person has one: a date begins at different moments";
    return { ok: false, problems: [{ field: "timeZone", message }] };
  }
  const fromMs = from === undefined ? nowMs : momentOf(from, nowMs, { timeZone, isEnd: false });
  const untilMs = momentOf(until, nowMs, { timeZone, isEnd: true });
  const absence = { person, to, fromMs, untilMs, ...(note === undefined ? {} : { note }) };
  const problems = problemsOf(absence, rules, nowMs);
  return problems.length === 0 ? { ok: true, absence } : { ok: false, problems };
}

function problemsOf(rule: Omit<Absence, "id">, rules: readonly Absence[], nowMs: number): FieldProblem[] {
  const { person, to, fromMs, untilMs } = rule;
  const problems: FieldProblem[] = [];
  const say = (field: string, message: string) => void problems.push({ field, message });
  if (untilMs <= Math.max(fromMs, nowMs)) say("until", "must be later than now, and than from");
  if (untilMs > nowMs + ABSENCE_MAX_MS) say("until", "must be within a year from now");
  // Nobody means a time that is so long over: it is a slip of the pen.
  if (fromMs < nowMs - ABSENCE_MAX_MS) say("from", "must not be more than a year ago");
  const key = addressKey(person.email);
  if (addressKey(to.email) === key) say("to", "must be somebody else");
  const own = rules.filter((other) => addressKey(other.person.email) === key);
  const overlapping = own.find((other) => meet(other, rule));
  if (overlapping !== undefined) {
    say("from", `must not overlap with the rule ${overlapping.id} (${spanOf(overlapping)})`);
  }
  if (own.length >= RULES_MAX) say("person", `must have at most ${RULES_MAX} rules: remove one first`);
  if (problems.length > 0) return problems;
  const after = longest(addressKey(to.email), rule, (at) => leading(rules, at), key);
  if (after === undefined) {
    say("to", "must not lead back to the person: somebody in this chain is away, and points to them");
    return problems;
  }
  const before = longest(key, rule, (at) => following(rules, at)) ?? CHAIN_MAX;
  if (before + 1 + after > CHAIN_MAX) {
    say(
      "to",
      `must not make a chain of more than ${CHAIN_MAX}: they are away themselves, or others point here`,
    );
  }
  return problems;
}

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** One step of a chain: to whom it leads, and while both rules hold. */
type Steps = (key: string) => readonly { readonly key: string; readonly span: Span }[];

const leading = (rules: readonly Absence[], at: string) =>
  rules
    .filter(({ person }) => addressKey(person.email) === at)
    .map((rule) => ({ key: addressKey(rule.to.email), span: rule }));

const following = (rules: readonly Absence[], at: string) =>
  rules
    .filter(({ to }) => addressKey(to.email) === at)
    .map((rule) => ({ key: addressKey(rule.person.email), span: rule }));

/** How many rules follow on one another from here on at one time; undefined if they lead to `target`. */
function longest(key: string, span: Span, steps: Steps, target?: string, depth = 0): number | undefined {
  if (key === target) return undefined;
  // Rules that were made at the same moment by others could form a circle: it has an end here.
  if (depth > CHAIN_MAX) return depth;
  let found = 0;
  for (const next of steps(key)) {
    const both = {
      fromMs: Math.max(span.fromMs, next.span.fromMs),
      untilMs: Math.min(span.untilMs, next.span.untilMs),
    };
    if (both.fromMs >= both.untilMs) continue;
    const rest = longest(next.key, both, steps, target, depth + 1);
    if (rest === undefined) return undefined;
    found = Math.max(found, 1 + rest);
  }
  return found;
}

function meet(one: Span, other: Span): boolean {
  return one.fromMs < other.untilMs && other.fromMs < one.untilMs;
}

function spanOf({ fromMs, untilMs }: Span): string {
  return `${new Date(fromMs).toISOString()} to ${new Date(untilMs).toISOString()}`;
}

interface Place {
  readonly timeZone: string | undefined;
  readonly isEnd: boolean;
}

/** Of a time that was checked. A day ends when the next one begins. */
function momentOf(text: string, nowMs: number, { timeZone, isEnd }: Place): number {
  const date = DATE.test(text) ? dateOf(text) : undefined;
  if (date !== undefined && timeZone !== undefined) {
    const day = isEnd ? date.add({ days: 1 }) : date;
    return day.toZonedDateTime(timeZone).epochMilliseconds;
  }
  const parsed = parseDeadline(text);
  return parsed === undefined ? Number.NaN : deadlineAt(parsed, nowMs);
}

function dateOf(text: string): Temporal.PlainDate | undefined {
  try {
    const date = Temporal.PlainDate.from(text);
    return date.toString() === text ? date : undefined;
  } catch {
    return undefined;
  }
}

/** A rule as responses show it. */
export interface AbsenceView {
  readonly id: string;
  readonly person: Person;
  readonly to: Person;
  /** ISO 8601 instants. */
  readonly from: string;
  readonly until: string;
  readonly note?: string;
}

export function viewAbsence({ fromMs, untilMs, ...rule }: Absence): AbsenceView {
  const { id, person, to, note } = rule;
  return {
    id,
    person,
    to,
    from: new Date(fromMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    ...(note === undefined ? {} : { note }),
  };
}

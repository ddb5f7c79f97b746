/** The tables in `docs/time.md`, row by row. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { deadlineProblem, parseDeadline } from "../../../src/approval/deadline.ts";
import { durationMs, durationProblem } from "../../../src/approval/duration.ts";
import { durationSchema, undoSchema } from "../../../src/approval/duration-schema.ts";
import { type Hours, hoursProblem, hoursSchema, isOpen, nextOpening } from "../../../src/approval/hours.ts";
import {
  nextReminderAt,
  remindersDue,
  remindersSchema,
  reminderTimes,
} from "../../../src/approval/reminders.ts";
import { meaning, storedShape } from "../../../src/approval/shape.ts";

const docs = readFileSync("docs/time.md", "utf8");

/** The cells of the table whose head is this, without backticks. */
function rows(head: string): string[][] {
  return cells(docs.split(`\n| ${head} |\n`)[1]?.split("\n\n")[0] ?? "");
}

function cells(table: string): string[][] {
  return table
    .split("\n")
    .slice(1)
    .filter((row) => row !== "")
    .map((row) => row.slice(2, -2).replaceAll("`", "").split(" | "));
}

/** `Europe/Vienna Mo-Fr 09:00-17:00 except 2024-03-29,2024-04-01` */
function hoursIn(text: string): Hours {
  const [timeZone, days, times = "", , holidays] = text.split(" ");
  const [from, to] = times.split("-");
  return hoursSchema.parse({
    timeZone,
    days,
    from,
    to,
    ...(holidays === undefined ? {} : { holidays: holidays.split(",") }),
  });
}

const iso = (ms: number) => new Date(ms).toISOString();
const instant = (text: string) => iso(Date.parse(text));

const openings = rows("case | hours | asked at | opens at");
const reminders = rows("case | reminders | hours | asked at | reminded at");

const times = docs
  .split("\n| text | Countersign reads | other readers |\n")
  .slice(1)
  .map((part) => part.split("\n\n")[0] ?? "");
const [durations = [], instants = []] = times.map((table) => cells(table));

test("the tables are there", () => {
  expect(durations.length).toBeGreaterThan(20);
  expect(instants.length).toBeGreaterThan(20);
  expect(openings.length).toBeGreaterThan(40);
  expect(reminders.length).toBeGreaterThan(10);
});

/** The message with the advice of a row: `refused: write it in capitals`. */
const refusal = (rule: string, said: string) => `must be ${rule}${said.slice("refused".length)}`;

const DURATION_RULE =
  "an ISO 8601 duration in weeks, days, hours, minutes (P5D, PT36H; months and years have no fixed length)";
const DEADLINE_RULE = `${DURATION_RULE} or an instant (2026-12-01T12:00:00Z)`;

test.each(durations)("duration: %s is %s", (text = "", said = "") => {
  if (said.startsWith("refused")) {
    expect(durationProblem(text)).toBe(refusal(DURATION_RULE, said));
    expect(deadlineProblem(text)).toBe(refusal(DEADLINE_RULE, said));
    return;
  }
  expect(durationProblem(text)).toBeUndefined();
  expect(deadlineProblem(text)).toBeUndefined();
  expect(`${durationMs(text) / 1_000} s`).toBe(said);
});

test.each(instants)("instant: %s is %s", (text = "", said = "") => {
  // An instant is no duration.
  expect(durationProblem(text)).toBe(`must be ${DURATION_RULE}`);
  if (said.startsWith("refused")) {
    expect(deadlineProblem(text)).toBe(refusal(DEADLINE_RULE, said));
    return;
  }
  expect(deadlineProblem(text)).toBeUndefined();
  const deadline = parseDeadline(text);
  expect(deadline?.kind === "instant" && iso(deadline.epochMs)).toBe(said);
});

test.each([
  ["PT1.5H", { kind: "duration", ms: 5_400_000 }],
  ["P1W2D", { kind: "duration", ms: 777_600_000 }],
  ["p5d", { kind: "duration", ms: 432_000_000 }],
  ["2026-12-31T23:59:60Z", { kind: "instant", epochMs: Date.parse("2026-12-31T23:59:59Z") }],
])("a stored deadline of %s keeps its meaning", (text, deadline) => {
  expect(parseDeadline(text)).toEqual(deadline);
});

test.each(["", "x", "P", "P".repeat(1_000_000), `P1D${"T1".repeat(40)}`, `2026-12-01T${"0".repeat(99)}`])(
  "%o is neither",
  (text) => {
    expect(deadlineProblem(text)).toBe(`must be ${DEADLINE_RULE}`);
  },
);

test.each(openings)("hours: %s (%s)", (_, text = "", at = "", opens = "") => {
  const hours = hoursIn(text);
  const same = opens === "the same";
  expect(iso(nextOpening(hours, Date.parse(at)))).toBe(instant(same ? at : opens));
  expect(isOpen(hours, Date.parse(at))).toBe(same);
});

test.each(reminders)("reminders: %s", (_, text = "", hoursText = "", at = "", due = "") => {
  const asked = Date.parse(at);
  const when = remindersSchema.parse(JSON.parse(text));
  const hours = hoursText === "–" ? undefined : hoursIn(hoursText);
  const times = due.split(" ").map((time) => Date.parse(time));
  expect([...reminderTimes(when, hours, asked)].map(iso)).toEqual(times.map(iso));
  // None again, none early.
  for (const [i, time] of times.entries()) {
    expect(remindersDue(when, hours, asked, times[i - 1] ?? asked, time - 1)).toEqual([]);
    expect(remindersDue(when, hours, asked, times[i - 1] ?? asked, time)).toEqual([time]);
    expect(nextReminderAt(when, hours, asked, time - 1)).toBe(time);
    expect(nextReminderAt(when, hours, asked, time)).toBe(times[i + 1]);
  }
  expect(remindersDue(when, hours, asked, asked, Date.parse("2026-01-01T00:00Z"))).toEqual(times);
});

const VIENNA = { timeZone: "Europe/Vienna", days: "Mo-Fr", from: "09:00", to: "17:00" };
const problems = (schema: typeof hoursSchema | typeof remindersSchema, input: unknown) =>
  schema.safeParse(input).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);

const DAYS_RULE = "must be days of the week or ranges of them, such as Mo-Fr or Mo,We,Fr or Mo-Fr,Su";
const FROM_RULE = "must be a time of day from 00:00 to 23:59, such as 09:00";
const TO_RULE = "must be a time of day from 00:01 to 24:00, such as 17:00";
const LATER_RULE =
  "must be later than `from`, on the same day: hours cannot go past midnight (24:00 is the end of a day)";
const DATE_RULE = "must be a date that exists, such as 2027-03-26";

test.each<[object, string[]]>([
  ...["", "Mon-Fri", "mo-fr", "Mo - Fr", "Mo, We", "Mo-", "Mo-We-Fr", "Mo-Mo", "1-5", "Mo–Fr", "PH"].map(
    (days): [object, string[]] => [{ days }, [`days: ${DAYS_RULE}`]],
  ),
  ...["9:00", "24:00", "09:60", "09:00:00", "0900", "9am", "T09:00", " 09:00"].map(
    (from): [object, string[]] => [{ from }, [`from: ${FROM_RULE}`]],
  ),
  ...["24:01", "25:00", "17", "5pm"].map((to): [object, string[]] => [{ to }, [`to: ${TO_RULE}`]]),
  ...[
    { from: "22:00", to: "06:00" },
    { from: "09:00", to: "09:00" },
    { from: "00:00", to: "00:00" },
  ].map((times): [object, string[]] => [times, [`to: ${LATER_RULE}`]]),
  ...["+01:00", "Europe/Wien", "CET+1", ""].map((timeZone): [object, string[]] => [
    { timeZone },
    ["timeZone: must be an IANA time zone, such as Europe/Berlin"],
  ]),
  ...["2027-02-29", "2027-13-01", "2027-3-1", "20270301", "2027-060", "2027-W09-1", "+002027-03-01"].map(
    (date): [object, string[]] => [
      { holidays: ["2027-03-26", date, "--12-25"] },
      [`holidays.1: ${DATE_RULE}`, `holidays.2: ${DATE_RULE}`],
    ],
  ),
])("hours with %j are refused", (change, expected) => {
  expect(problems(hoursSchema, { ...VIENNA, ...change })).toEqual(expected);
});

test.each<[unknown, string[]]>([
  [{}, [': must have either after, such as ["P1D", "P3D"], or every, such as "P1D"']],
  [
    { after: ["P1D"], every: "P1D" },
    [': must have either after, such as ["P1D", "P3D"], or every, such as "P1D"'],
  ],
  [{ after: ["P1D"], max: 3 }, ["max: must be left out without every"]],
  [{ after: ["P3D", "P1D"] }, ["after.1: must be longer than after[0]"]],
  [{ after: ["P1W", "P7D"] }, ["after.1: must be longer than after[0]"]],
  [
    { after: ["x", "P1D", "P1W2D"] },
    [
      `after.0: must be ${DURATION_RULE}, from PT1M to P400D`,
      `after.2: must be ${DURATION_RULE}, from PT1M to P400D: write weeks alone, or as days, such as P9D for P1W2D`,
    ],
  ],
  [{ after: ["PT59S"] }, ["after.0: must be from PT1M to P400D, such as P3D"]],
  [{ every: "PT59M" }, ["every: must be from PT1H to P400D, such as P1D"]],
])("reminders %j are refused", (input, expected) => {
  expect(problems(remindersSchema, input)).toEqual(expected);
});

test.each([
  ["PT1S", undefined],
  ["P1D", undefined],
  ["PT10M", undefined],
  ["PT0S", "must be from PT1S to P1D, such as PT10M"],
  ["PT24H1S", "must be from PT1S to P1D, such as PT10M"],
])("an undo window of %s", (text, message) => {
  expect(undoSchema.safeParse(text).error?.issues[0]?.message).toBe(message);
});

test.each([
  ["PT1M", undefined],
  ["P400D", undefined],
  ["PT59S", "must be from PT1M to P400D, such as P2D"],
  ["P400DT1S", "must be from PT1M to P400D, such as P2D"],
])("a stage's deadline of %s", (text, message) => {
  expect(durationSchema.safeParse(text).error?.issues[0]?.message).toBe(message);
});

test("hours that stay closed for 400 days are refused, and later hold nothing back", () => {
  const mondays = Array.from({ length: 60 }, (_, week) => iso(Date.UTC(2024, 0, 1 + 7 * week)).slice(0, 10));
  const hours = hoursSchema.parse({ ...VIENNA, days: "Mo", holidays: mondays });
  const at = Date.parse("2024-01-01T10:00:00+01:00");
  expect(hoursProblem(hours, at)).toBe(
    "must open within 400 days: every working day until then is a holiday",
  );
  expect(nextOpening(hours, at)).toBe(at);
  const later = Date.parse("2024-02-01T10:00:00+01:00");
  expect(hoursProblem(hours, later)).toBeUndefined();
  expect(iso(nextOpening(hours, later))).toBe(instant("2025-02-24T09:00:00+01:00"));
});

test("stored hours and reminders must be readable, and may have what a later version adds", () => {
  const stored = storedShape(hoursSchema);
  expect(stored.parse({ ...VIENNA, holidays: ["2027-03-26"], lunch: "12:00" })).toEqual({
    ...VIENNA,
    holidays: ["2027-03-26"],
  });
  for (const change of [{ from: "9" }, { days: "" }, { timeZone: "x" }, { holidays: ["x"] }]) {
    expect(stored.safeParse({ ...VIENNA, ...change }).success).toBe(false);
  }
  expect(storedShape(remindersSchema).safeParse({ every: "a day" }).success).toBe(false);
  // Settled by another program: they end, whatever they say.
  expect(nextOpening({ ...VIENNA, to: "08:00" }, 0)).toBe(0);
});

test("what means the same is equal", () => {
  const same = { ...VIENNA, timeZone: "europe/vienna", days: "Mo,Tu,We-Fr,Fr" };
  expect(meaning(hoursSchema, same)).toEqual(meaning(hoursSchema, VIENNA));
  expect(meaning(hoursSchema, { ...VIENNA, days: "Mo-Sa" })).not.toEqual(meaning(hoursSchema, VIENNA));
  expect(hoursSchema.parse({ ...VIENNA, holidays: ["2027-05-01", "2027-01-01", "2027-05-01"] })).toEqual({
    ...VIENNA,
    holidays: ["2027-01-01", "2027-05-01"],
  });
  expect(meaning(remindersSchema, { after: ["PT24H", "P1W"] })).toEqual(
    meaning(remindersSchema, { after: ["P1D", "P7D"] }),
  );
});

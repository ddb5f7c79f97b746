/** Working hours: when people may be reminded. `docs/time.md` says what they mean where clocks change. */
import { z } from "zod";
import { Temporal } from "../lib/temporal.ts";
import { type Frozen, facets } from "./shape.ts";
import { timeZoneSchema } from "./time-zone.ts";

const DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const DAY = DAYS.join("|");
const DAYS_TEXT = new RegExp(`^(?:${DAY})(?:-(?:${DAY}))?(?:,(?:${DAY})(?:-(?:${DAY}))?){0,6}$`, "u");

const HOLIDAYS_MAX = 100;
/** As long as an approval can wait. Hours that stay closed for longer are no hours. */
const CLOSED_DAYS_MAX = 400;

const timeSchema = (pattern: RegExp, rule: string) =>
  z
    .string()
    // Without a time there is nothing to compare.
    .regex(pattern, { error: `must be a time of day ${rule}`, abort: true })
    .register(facets, { keeps: true });

const dateSchema = z
  .string()
  .refine(isDate, "must be a date that exists, such as 2027-03-26")
  .register(facets, { keeps: true });

export const hoursSchema = z
  .strictObject({
    timeZone: timeZoneSchema
      .meta({ description: "IANA time zone of the hours, whoever reads them.", examples: ["Europe/Vienna"] })
      .register(facets, { keeps: true }),
    days: z
      .string()
      .max(64)
      .refine(isDays, "must be days of the week or ranges of them, such as Mo-Fr or Mo,We,Fr or Mo-Fr,Su")
      .meta({
        description: "Days of the week: `Mo`, `Tu`, `We`, `Th`, `Fr`, `Sa`, `Su`, ranges of them, or both.",
        examples: ["Mo-Fr", "Mo,We,Fr", "Mo-Fr,Su"],
      })
      .register(facets, {
        keeps: true,
        meaning: (text) => DAYS.filter((_, i) => daysOf(text).has(i + 1)).join(),
      }),
    from: timeSchema(/^(?:[01]\d|2[0-3]):[0-5]\d$/u, "from 00:00 to 23:59, such as 09:00").meta({
      description: "When the hours open.",
      examples: ["09:00"],
    }),
    to: timeSchema(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/u, "from 00:01 to 24:00, such as 17:00").meta({
      description: "When they close. `24:00` is the end of the day.",
      examples: ["17:00"],
    }),
    holidays: z.exactOptional(
      z
        .array(dateSchema)
        .max(HOLIDAYS_MAX)
        .overwrite((dates) => [...new Set(dates)].toSorted())
        .meta({ description: "Dates that are no working days.", examples: [["2027-03-26"]] }),
    ),
  })
  .refine(({ from, to }) => from < to, {
    path: ["to"],
    message:
      "must be later than `from`, on the same day: hours cannot go past midnight (24:00 is the end of a day)",
  })
  .meta({
    id: "HoursInput",
    description: "Working hours. People are reminded within them.",
    examples: [
      { timeZone: "Europe/Vienna", days: "Mo-Fr", from: "09:00", to: "17:00", holidays: ["2027-03-26"] },
    ],
  })
  .register(facets, { name: "Hours" });

export type Hours = Frozen<z.output<typeof hoursSchema>>;

/** What is wrong with hours at an instant: they stay closed for longer than an approval can wait. */
export function hoursProblem(hours: Hours, atMs: number): string | undefined {
  return openingFrom(hours, atMs) === undefined
    ? `must open within ${CLOSED_DAYS_MAX} days: every working day until then is a holiday`
    : undefined;
}

export function isOpen(hours: Hours, atMs: number): boolean {
  return openingFrom(hours, atMs) === atMs;
}

/**
 * The first instant from `atMs` on at which the hours are open: `atMs` itself if they are. In milliseconds since 1970.
 * Hours that stay closed for 400 days hold nothing back: for them it is `atMs`, too.
 */
export function nextOpening(hours: Hours, atMs: number): number {
  return openingFrom(hours, atMs) ?? atMs;
}

function openingFrom(hours: Hours, atMs: number): number | undefined {
  const days = daysOf(hours.days);
  const holidays = new Set(hours.holidays);
  const today = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(hours.timeZone).toPlainDate();
  // The hours of earlier dates are over: they close at the latest when the clock first shows this one.
  for (let i = 0; i <= CLOSED_DAYS_MAX; i++) {
    const date = today.add({ days: i });
    if (!days.has(date.dayOfWeek) || (holidays.size > 0 && holidays.has(date.toString()))) continue;
    const opensMs = Math.max(atMs, momentAt(hours, date, hours.from));
    if (opensMs < momentAt(hours, date, hours.to)) return opensMs;
  }
  return undefined;
}

/** The first moment at which the clock shows `time` on `date`, or anything later. */
function momentAt({ timeZone }: Hours, date: Temporal.PlainDate, time: string): number {
  const shown =
    time === "24:00" ? date.add({ days: 1 }).toPlainDateTime("00:00") : date.toPlainDateTime(time);
  const moment = shown.toZonedDateTime(timeZone, { disambiguation: "earlier" });
  // The clock skips that time: `moment` lies before the change.
  const first = moment.toPlainDateTime().equals(shown) ? moment : moment.getTimeZoneTransition("next");
  return (first ?? moment).epochMilliseconds;
}

function isDays(text: string): boolean {
  return DAYS_TEXT.test(text) && !/(\w\w)-\1/u.test(text);
}

/** 1 for Monday to 7 for Sunday; a range may go over Sunday. */
function daysOf(text: string): ReadonlySet<number> {
  const days = text.split(",").flatMap((range) => {
    const [first = "", last = first] = range.split("-");
    const start = DAYS.indexOf(first);
    const length = ((DAYS.indexOf(last) - start + 7) % 7) + 1;
    return Array.from({ length }, (_, i) => ((start + i) % 7) + 1);
  });
  return new Set(days);
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(text)) return false;
  try {
    return Temporal.PlainDate.from(text).toString() === text;
  } catch {
    return false;
  }
}

/**
 * `nextOpening` against somebody who looks at the clock once a minute: around changes of clocks in ten zones, an opening
 * is the first minute at which the clock shows it, and hours are open from there to the first minute that shows their end.
 */
import { registerHooks } from "node:module";
import { assert, constantFrom, integer, property, record, uniqueArray } from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Hours, nextOpening } from "../../../src/approval/hours.ts";
import { Temporal } from "../../../src/lib/temporal.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

/** A zone, and a day within a week of which its clocks change. */
const CHANGES = [
  ["Europe/Vienna", "2024-03-31"],
  ["Europe/Vienna", "2024-10-27"],
  ["Australia/Lord_Howe", "2024-04-06"],
  ["Australia/Lord_Howe", "2024-10-05"],
  // At midnight: the day begins at one, or its last hour comes twice.
  ["America/Santiago", "2024-04-07"],
  ["America/Santiago", "2024-09-08"],
  ["Asia/Beirut", "2024-03-30"],
  ["Asia/Beirut", "2024-10-26"],
  ["America/Havana", "2024-11-03"],
  // A minute after midnight, back to the day before.
  ["America/Goose_Bay", "2010-11-07"],
  ["America/Goose_Bay", "2011-03-13"],
  // Two hours at once.
  ["Antarctica/Troll", "2024-03-31"],
  ["Antarctica/Troll", "2024-10-27"],
  // Ramadan: back for a month.
  ["Africa/Casablanca", "2024-03-10"],
  // A day that never was, and one that came twice.
  ["Pacific/Apia", "2011-12-30"],
  ["Pacific/Kwajalein", "1969-10-01"],
  ["UTC", "2024-02-29"],
] as const;

const WEEKDAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"] as const;

/** What the clock shows in each minute of sixteen days around a day, such as `2024-03-31 03:00`. */
function clockOf(timeZone: string, day: string) {
  const startMs = Date.parse(day) - 7 * DAY_MS;
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
  const shown = Array.from({ length: 16 * 1_440 }, (_, i) => format.format(startMs + i * MINUTE_MS));
  const seen = new Map<string, number>();
  /** The first minute in which it shows that time or a later one. */
  const firstAt = (text: string) => {
    const known = seen.get(text) ?? shown.findIndex((now) => now >= text);
    seen.set(text, known);
    return known === -1 ? shown.length : known;
  };
  return { timeZone, startMs, firstAt, dates: [...new Set(shown.map((text) => text.slice(0, 10)))] };
}

type Clock = ReturnType<typeof clockOf>;
const clocks = CHANGES.map(([zone, day]) => clockOf(zone, day));

/** By looking at the clock; undefined if the hours do not open while it is looked at. */
function openingSeen({ startMs, firstAt, dates }: Clock, hours: Hours, atMs: number): number | undefined {
  const openings = dates.flatMap((date) => {
    const [weekday = "Mo"] = WEEKDAYS.slice(new Date(date).getUTCDay() - 1);
    if (!hours.days.split(",").includes(weekday) || hours.holidays?.includes(date) === true) return [];
    const next = new Date(Date.parse(date) + DAY_MS).toISOString().slice(0, 10);
    const opensMs = startMs + firstAt(`${date} ${hours.from}`) * MINUTE_MS;
    const closesMs =
      startMs + firstAt(hours.to === "24:00" ? `${next} 00:00` : `${date} ${hours.to}`) * MINUTE_MS;
    const openMs = Math.max(atMs, opensMs);
    return openMs < closesMs ? [openMs] : [];
  });
  return openings.length === 0 ? undefined : Math.min(...openings);
}

/** Times of day, most of them around midnight and in the hours that clocks skip. */
const minutes = [0, 1, 15, 29, 30, 31, 45, 59, 60, 90, 105, 119, 120, 135, 150, 165, 179, 180, 181, 240];
const timeOfDay = constantFrom(...minutes, 540, 1_020, 1_379, 1_380, 1_381, 1_410, 1_439, 1_440);
const clockTime = (minute: number) =>
  `${Math.floor(minute / 60)}`.padStart(2, "0").concat(":", `${minute % 60}`.padStart(2, "0"));

const cases = record({
  clock: constantFrom(...clocks),
  days: uniqueArray(constantFrom(...WEEKDAYS), { minLength: 1 }),
  times: uniqueArray(timeOfDay, { minLength: 2, maxLength: 2 }),
  holidays: uniqueArray(integer({ min: 0, max: 15 }), { maxLength: 4 }),
  // Not from the first days, which may have begun before anybody looked.
  minute: integer({ min: 3 * 1_440, max: 12 * 1_440 }),
  ms: constantFrom(0, 1, 59_999),
});

function compare(opening: typeof nextOpening, runs: number): number {
  let seen = 0;
  assert(
    property(cases, ({ clock, days, times, holidays, minute, ms }) => {
      const [from = 0, to = 0] = times.toSorted((a, b) => a - b);
      const hours: Hours = {
        timeZone: clock.timeZone,
        days: days.join(),
        from: clockTime(from),
        to: clockTime(to),
        holidays: holidays.flatMap((i) => clock.dates[i] ?? []),
      };
      const atMs = clock.startMs + minute * MINUTE_MS + ms;
      const expected = openingSeen(clock, hours, atMs);
      const got = opening(hours, atMs);
      if (expected === undefined) expect(got).toBeGreaterThanOrEqual(clock.startMs + 16 * DAY_MS);
      else expect(new Date(got).toISOString()).toBe(new Date(expected).toISOString());
      if (expected !== undefined) seen++;
    }),
    { numRuns: runs },
  );
  return seen;
}

test("nextOpening() is what a look at the clock each minute finds", () => {
  expect(compare(nextOpening, 1_000)).toBeGreaterThan(500);
});

test("and so with the package that stands in for Temporal", async () => {
  // Both modules are loaded once more, as others: this process has them already.
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      return HOURS.test(resolved.url) ? { ...resolved, url: `${resolved.url}?stand-in` } : resolved;
    },
  });
  onTestFinished(() => hooks.deregister());
  vi.stubGlobal("Temporal", undefined);
  const { nextOpening: opening } = await import("../../../src/approval/hours.ts");
  const { Temporal: standIn } = await import("../../../src/lib/temporal.ts");
  vi.unstubAllGlobals();
  expect(opening).not.toBe(nextOpening);
  expect(standIn).not.toBe(Temporal);
  expect(compare(opening, 500)).toBeGreaterThan(200);
});

const HOURS = /\/src\/(?:approval\/hours|lib\/temporal)\.ts$/u;

import { expect, test } from "vitest";
import { NEVER, nextOccurrence, occurrences } from "../../../src/lib/cron.ts";

const AT = Date.UTC(2026, 10, 21, 11, 30, 15);

function next(cron: string, count = 2): string[] {
  const times = occurrences(cron, AT, "seed");
  return Array.from({ length: count }, () => times.next().value).flatMap((time) =>
    time === undefined ? [] : [new Date(time).toISOString().slice(0, 19)],
  );
}

test.each([
  ["*/15 * * * *", ["2026-11-21T11:45:00", "2026-11-21T12:00:00"]],
  ["30 0 9 * * 1-5", ["2026-11-23T09:00:30", "2026-11-24T09:00:30"]],
  ["@daily", ["2026-11-22T00:00:00", "2026-11-23T00:00:00"]],
  ["0 0 12 29 2 * *", ["2028-02-29T12:00:00", "2032-02-29T12:00:00"]],
  ["0 0 12 1 1 * 2028", ["2028-01-01T12:00:00"]],
  ["0 0 12 1 1 * 2020,2029-2031/2", ["2029-01-01T12:00:00", "2031-01-01T12:00:00"]],
  ["0 0 12 1 1 * */50", ["2070-01-01T12:00:00"]],
])("occurrences() of %s, in UTC", (cron, expected) => {
  expect(next(cron)).toEqual(expected);
});

test("occurrences() of H is the same each time, and differs by seed", () => {
  const first = (seed: string) => occurrences("H H * * *", AT, seed).next().value;
  expect(first("a")).toBe(first("a"));
  expect(new Set(["a", "b", "c", "d"].map(first)).size).toBeGreaterThan(1);
});

test("nextOccurrence() is NEVER for what has passed", () => {
  expect(nextOccurrence("0 0 12 1 1 * 2020", AT, "s")).toBe(NEVER);
});

test.each([
  "",
  "* * * *",
  "* * * * * * * *",
  "61 * * * *",
  "often",
  "0 0 30 2 *",
  "0 0 0 1 1 * 20",
  "0 0 0 1 1 * 1900",
])("nextOccurrence() knows no time for %j", (cron) => {
  expect(nextOccurrence(cron, AT, "s")).toBeUndefined();
});

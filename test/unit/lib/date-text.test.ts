import { describe, expect, test } from "vitest";
import { dateText, relativeText } from "../../../src/lib/date-text.ts";

const atMs = Date.UTC(2026, 10, 26, 16, 5);

describe("dateText()", () => {
  test("writes an instant in the reader's language and zone, and in UTC", () => {
    expect(dateText(atMs, { locale: "de-AT", timeZone: "Europe/Vienna" })).toEqual({
      iso: "2026-11-26T16:05:00.000Z",
      local: "Donnerstag, 26. November 2026 um 17:05 MEZ",
      utc: "2026-11-26 16:05 UTC",
      lang: "de-AT",
    });
  });

  test("falls back to British English and UTC, once", () => {
    expect(dateText(atMs)).toMatchObject({
      local: "Thursday, 26 November 2026 at 16:05 UTC",
      utc: undefined,
      lang: "en-GB",
    });
  });

  test("takes the day of the reader's zone", () => {
    expect(dateText(atMs, { timeZone: "Pacific/Auckland" }).local).toContain("Friday, 27 November 2026");
  });

  test.each([
    [{ locale: "not a tag", timeZone: "Europe/Vienna" }, "Thursday, 26 November 2026 at 17:05 CET"],
    [{ locale: "de", timeZone: "Mars/Olympus" }, "Donnerstag, 26. November 2026 um 16:05 UTC"],
    [{ locale: "??", timeZone: "Mars/Olympus" }, "Thursday, 26 November 2026 at 16:05 UTC"],
  ])("keeps what it knows of %j", (reader, local) => {
    expect(dateText(atMs, reader).local).toBe(local);
  });

  test("writes for more readers than it remembers", () => {
    for (let n = 0; n < 500; n++)
      expect(dateText(atMs, { locale: `de-x-r${n}` }).local).toContain("November");
  });
});

describe("relativeText()", () => {
  const [second, minute, hour] = [1_000, 60_000, 3_600_000];
  const day = 24 * hour;
  test.each([
    // Of what was asked for a moment ago, people read the number that the asker gave.
    [5 * day - 2 * second, "in 5 days"],
    [5 * day - 50 * minute, "in 5 days"],
    [5 * day - 61 * minute, "in 4 days"],
    [2 * day - 2 * second, "in 2 days"],
    [2 * day - 61 * minute, "in 47 hours"],
    [2 * day - 64 * minute, "in 46 hours"],
    [24 * hour - 2 * second, "in 24 hours"],
    [24 * hour - 4 * minute, "in 23 hours"],
    [2 * hour - 2 * second, "in 2 hours"],
    [10 * minute - 2 * second, "in 10 minutes"],
    [10 * minute - 11 * second, "in 9 minutes"],
    [second, "in 1 minute"],
    [0, undefined],
    [-day, undefined],
  ])("of %i ms from now is %s", (inMs, text) => {
    expect(relativeText(inMs, 0, "en")).toBe(text);
  });
});

import { describe, expect, test } from "vitest";
import { dateText } from "../../../src/lib/date-text.ts";

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

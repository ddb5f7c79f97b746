import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextOccurrence } from "../../../src/lib/cron.ts";
import { portableCron } from "../../../src/lib/portable-cron.ts";

const AT = Date.UTC(2026, 10, 21, 11, 30, 15);
const read = (cron: string) => portableCron(cron, { seed: "weekly", nowMs: AT });

describe("portableCron()", () => {
  test.each([
    // 1 is Sunday to Resonate Server 0.9.8, which refuses 0.
    ["0 9 * * 1", "0 9 * * MON"],
    ["0 9 * * 0", "0 9 * * SUN"],
    ["0 9 * * 7", "0 9 * * SUN"],
    ["0 9 * * 1-5", "0 9 * * MON-FRI"],
    ["0 9 * * 5-7", "0 9 * * SUN,FRI,SAT"],
    ["0 9 * * 1,3", "0 9 * * MON,WED"],
    ["0 9 * * 0-7", "0 9 * * *"],
    ["0 9 * * */2", "0 9 * * SUN,TUE,THU,SAT"],
    ["0 9 * * 1-5/2", "0 9 * * MON,WED,FRI"],
    ["0 9 * * 1-7/2", "0 9 * * SUN,MON,WED,FRI"],
    ["0 9 * * MON-SAT/2", "0 9 * * MON,WED,FRI"],
    ["0 9 * * mon", "0 9 * * MON"],
    ["30 0 9 * * 1", "30 0 9 * * MON"],
    ["0 0 9 * * 1", "0 9 * * MON"],
    ["0 0 9 * * 1 *", "0 9 * * MON"],
    [" 0  9 *\t* 1 ", "0 9 * * MON"],
    // Refused there: ?, H, and words beyond five.
    ["? 9 ? * ?", "* 9 * * *"],
    ["0 9 13 * ?", "0 9 13 * *"],
    ["@annually", "0 0 1 1 *"],
    ["@weekdays", "0 0 * * MON-FRI"],
    ["@secondly", "* * * * * *"],
    // Read the same, and left as they are.
    ["*/15 8-18/2 1,15 * *", "*/15 8-18/2 1,15 * *"],
    ["@weekly", "@weekly"],
    ["@yearly", "@yearly"],
    ["0 9 29 2 *", "0 9 29 2 *"],
  ])("puts %j as %j", (given, cron) => {
    expect(read(given)).toEqual({ ok: true, cron });
  });

  test("draws H as the embedded engine would", () => {
    const plain = read("H H(9-17) * * H");
    expect(plain).toEqual({ ok: true, cron: expect.stringMatching(/^\d+ (9|1[0-7]) \* \* [A-Z]{3}$/) });
    expect(plain.ok && nextOccurrence(plain.cron, AT, "")).toBe(
      nextOccurrence("H H(9-17) * * H", AT, "weekly"),
    );
  });

  test.each([
    ["0 9 13 * 5", "0 9 13 * FRI", "days that fit both"],
    // Every day here, by OR; the 13th there, by AND.
    ["0 9 13 * 0-6", "0 9 13 * SUN-SAT", "days that fit both"],
    ["0 9 */2 * MON", "0 9 */2 * MON", "days that fit both"],
    ["0 9 L * *", "0 9 L * *", "L, for the last day"],
    ["0 9 * * 5L", "0 9 * * 5L", "L, for the last day"],
    ["0 9 * * 1#2", "0 9 * * MON#2", "# is read"],
    ["0 0 9 * * 1 2030", "0 0 9 * * MON 2030", "every minute"],
    ["0 0 9 * * 1 2027-2099/2", "0 0 9 * * MON 2027-2099/2", "every minute"],
  ])("says of %j, as %j, what others do: %s", (given, cron, why) => {
    expect(read(given)).toEqual({ ok: true, cron, onlyHere: expect.stringContaining(why) });
  });

  test.each([
    ["", "must be minute, hour"],
    ["* * * *", "must be minute, hour"],
    ["@reboot", "must be minute, hour"],
    ["60 * * * *", "for the minute one of 0 to 59"],
    ["0 24 * * *", "for the hour"],
    ["0 9 15W * *", "for the day of the month"],
    ["0 9 * JANUARY *", "for the month"],
    ["0 9 * * MONDAY", "for the weekday one of SUN to SAT"],
    ["0 9 * * FRI-SUN", "FRI,SAT,SUN"],
    ["0 9 * * L", "for the weekday"],
    // Sunday too for cron-parser, without it for most, Mondays alone for one: findings/cron-weekday-step.sh.
    ["0 9 * * MON/2", "a range before a step, such as MON-SAT/2"],
    ["0 9 * * 0,1/2", "a range before a step"],
    ["0 9 * * 1,1", "each once"],
    ["*/0 * * * *", "for the minute"],
    [`${"0".repeat(260)} * * * *`, "at most 256 characters"],
    ["61 0 9 * * 1", "for the second"],
    ["0 0 9 * * 1 30", "for the year"],
    // Resonate Server 0.9.8 takes these and starts them every minute.
    ["0 9 30 2 *", "must occur again"],
    ["0 0 9 * * 1 2020", "must occur again"],
  ])("refuses %j: %s", (given, problem) => {
    expect(read(given)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });

  const field = (min: number, max: number) => {
    const number = fc.integer({ min, max });
    const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
    return fc.oneof(fc.constantFrom("*", "?"), number.map(String), range, fc.constantFrom("*/2", `${min}/3`));
  };

  test("changes no time, and says so of itself again", () => {
    const expression = fc
      .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7))
      .map((fields) => fields.join(" "));
    const time = fc.integer({ min: 0, max: 20 * 366 * 86_400_000 }).map((ms) => AT + ms);
    fc.assert(
      fc.property(expression, time, (given, nowMs) => {
        const plain = portableCron(given, { seed: "s", nowMs });
        if (!plain.ok) return;
        expect(nextOccurrence(plain.cron, nowMs, "other")).toBe(nextOccurrence(given, nowMs, "s"));
        expect(portableCron(plain.cron, { seed: "other", nowMs })).toEqual(plain);
      }),
    );
  });
});

import { describe, expect, test } from "vitest";
import { CALLBACK_LIFE_MS } from "../../../src/approval/callback.ts";
import { pauseAfter, RETRIES_MS, retryAfterMs } from "../../../src/callback/schedule.ts";

const S = 1_000;
const M = 60 * S;
const H = 60 * M;

test("RETRIES_MS is the published schedule, and fits into a callback's life", () => {
  expect(RETRIES_MS).toEqual([5 * S, 5 * M, 30 * M, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H]);
  const longest = RETRIES_MS.reduce((sum, ms) => sum + ms * 1.1, 0);
  expect(longest / H).toBeCloseTo(83.1, 0);
  expect(longest * 2).toBeLessThan(CALLBACK_LIFE_MS);
});

describe("pauseAfter()", () => {
  test.each([
    [0, 4_500],
    [0.5, 5_000],
    [1, 5_500],
  ])("spreads a pause by a tenth: random %d", (random, ms) => {
    expect(pauseAfter(1, { retriesMs: RETRIES_MS, random })).toBe(ms);
  });

  test("ends after the last attempt", () => {
    expect(pauseAfter(9, { retriesMs: RETRIES_MS, random: 0.5 })).toBe(24 * H);
    expect(pauseAfter(10, { retriesMs: RETRIES_MS, random: 0.5 })).toBeUndefined();
  });

  test("waits longer when asked to, never shorter", () => {
    const options = { retriesMs: RETRIES_MS, random: 0.5 };
    expect(pauseAfter(1, { ...options, askedMs: 60 * S })).toBe(60 * S);
    expect(pauseAfter(2, { ...options, askedMs: 1 * S })).toBe(5 * M);
  });
});

describe("retryAfterMs()", () => {
  const now = Date.UTC(2026, 10, 21, 10, 0, 0);

  test.each([
    [503, "120", 120 * S],
    [429, "0", 0],
    [502, " 7 ", 7 * S],
    [504, "86400", H],
    [503, "99999999999999999999", H],
    [503, "0000000000000005", 5 * S],
    [503, "Sat, 21 Nov 2026 10:00:30 GMT", 30 * S],
    [503, "Sat, 21 Nov 2026 09:00:00 GMT", 0],
    [503, "Sun, 22 Nov 2026 10:00:00 GMT", H],
    [503, "Saturday, 21-Nov-26 10:00:30 GMT", 30 * S],
    [503, "Sunday, 06-Nov-94 08:49:37 GMT", 0],
    [503, "Sat Nov 21 10:00:30 2026", 30 * S],
    [503, "Sun Nov  6 08:49:37 1994", 0],
  ])("reads %i with %j as %i ms", (status, header, ms) => {
    expect(retryAfterMs(status, header, now)).toBe(ms);
  });

  test.each([
    [500, "120"],
    [200, "120"],
    [404, "120"],
    [503, undefined],
    [503, ""],
    [503, "soon"],
    [503, "-1"],
    [503, "1.5"],
    [503, "2026-11-21T10:00:30Z"],
    [503, "Xxx, 99 Yyy 2026 10:00:30 GMT"],
    [503, "Sat, 21 Nov 2026 10:00:30"],
    [503, "Sat Nov 21 10:00:30 2026 GMT"],
  ])("does not read %i with %j", (status, header) => {
    expect(retryAfterMs(status, header, now)).toBeUndefined();
  });
});

import { assert, integer, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { pauseBeforeRetry } from "../../../../src/channels/mail/retry.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** When mails are tried that never get through, in ms from the first try. */
function triesUntil(deadlineMs: number, together = 1): number[] {
  const tries = [0];
  for (;;) {
    const atMs = tries.at(-1) as number;
    const pauseMs = pauseBeforeRetry({ tries: tries.length, untilDeadlineMs: deadlineMs - atMs, together });
    if (pauseMs === undefined) return tries;
    tries.push(atMs + pauseMs);
  }
}

describe("pauseBeforeRetry()", () => {
  test("tries quickly at first, then every four hours", () => {
    const minutes = triesUntil(7 * DAY_MS).map((ms) => ms / MINUTE_MS);
    expect(minutes.slice(0, 8)).toEqual([0, 1, 6, 21, 81, 321, 561, 801]);
  });

  test.each([
    MINUTE_MS,
    2 * MINUTE_MS,
    10 * MINUTE_MS,
    HOUR_MS,
    17 * HOUR_MS,
    DAY_MS,
    7 * DAY_MS,
    90 * DAY_MS,
    400 * DAY_MS,
  ])("tries until a deadline %i ms away is near", (deadlineMs) => {
    const tries = triesUntil(deadlineMs);
    const last = tries.at(-1) as number;
    expect(tries.length).toBeGreaterThan(1);
    // A relay that is back at some time leaves at least a quarter of the time from then on, but for seconds.
    expect(deadlineMs - last).toBeLessThan(15_000);
    expect(last).toBeLessThan(deadlineMs);
  });

  test("leaves gaps of four hours, and somewhat longer ones for many approvers or a far deadline", () => {
    const gaps = (deadlineMs: number, together: number) => {
      const tries = triesUntil(deadlineMs, together);
      return Math.max(...tries.slice(1).map((ms, i) => ms - (tries[i] as number)));
    };
    expect(gaps(7 * DAY_MS, 1)).toBe(4 * HOUR_MS);
    expect(gaps(7 * DAY_MS, 10)).toBe(4 * HOUR_MS);
    expect(gaps(7 * DAY_MS, 50)).toBeLessThan(10 * HOUR_MS);
    expect(gaps(90 * DAY_MS, 1)).toBeLessThan(6 * HOUR_MS);
    expect(gaps(400 * DAY_MS, 1)).toBeLessThan(25 * HOUR_MS);
  });

  test("keeps an approval small, and ends, whatever the deadline and the number of approvers", () => {
    assert(
      property(
        integer({ min: 1, max: 400 * DAY_MS }),
        integer({ min: 1, max: 50 }),
        (deadlineMs, together) => {
          const rounds = triesUntil(deadlineMs, together).length - 1;
          // With the end, ballots, first mails and a judgement for each answer: below what a look at an approval reads.
          expect(1 + 3 * together + rounds * (together + 2)).toBeLessThan(2000);
        },
      ),
    );
  });
});

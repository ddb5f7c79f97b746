import { describe, expect, test } from "vitest";
import { UnknownCalls } from "../../../../worker/runtime/unknown-calls.ts";

const MINUTE_MS = 60_000;

function meeting(handBackMs = 5 * MINUTE_MS, leaseMs = 15_000) {
  let nowMs = 1_800_000_000_000;
  const calls = new UnknownCalls({ handBackMs, leaseMs, now: () => nowMs });
  return {
    later: (ms: number) => (nowMs += ms),
    now: () => nowMs,
    meet: (version: number, { id = "a", progressAtMs = 0 } = {}) =>
      calls.meet({ id, version, progressAtMs })?.delayMs,
  };
}

describe("UnknownCalls", () => {
  test("hands back, later each time and well within the lease, until nobody has known the call for the time", () => {
    const { later, meet } = meeting();
    expect([1, 2, 3, 4, 5, 6].map((version) => meet(version))).toEqual([0, 250, 500, 1000, 2000, 2000]);
    for (let version = 7; version < 17; version += 1) {
      later(29_999);
      expect(meet(version)).toBe(2000);
    }
    later(29_999);
    expect(meet(17)).toBeUndefined();
    // It is forgotten with its rejection.
    expect(meet(18)).toBe(0);
  });

  test("with 0 rejects at once", () => {
    expect(meeting(0).meet(1)).toBeUndefined();
  });

  test("holds no task for longer than a quarter of its lease", () => {
    const { meet } = meeting(MINUTE_MS, 1000);
    expect([1, 2, 3].map((version) => meet(version))).toEqual([0, 250, 250]);
  });

  test("counts from the workflow's latest progress: another worker has the function", () => {
    const { later, now, meet } = meeting();
    meet(1);
    later(4 * MINUTE_MS);
    expect(meet(9)).toBeDefined();
    const progressAtMs = now();
    later(4 * MINUTE_MS);
    expect(meet(17, { progressAtMs })).toBeDefined();
    later(MINUTE_MS);
    expect(meet(19, { progressAtMs })).toBeUndefined();
  });

  test("counts anew when a worker has held the task meanwhile", () => {
    const { later, meet } = meeting();
    meet(1);
    later(10 * MINUTE_MS);
    expect(meet(3)).toBeDefined();
    later(4 * MINUTE_MS);
    expect(meet(11)).toBeDefined();
    later(MINUTE_MS);
    expect(meet(13)).toBeUndefined();
  });

  test("a worker among many, which meets the call seldom, rejects it too", () => {
    const { later, meet } = meeting();
    meet(1);
    later(10 * MINUTE_MS);
    expect(meet(21)).toBeUndefined();
  });

  test("counts each call apart, and forgets the oldest of too many", () => {
    const { later, meet } = meeting();
    for (let i = 0; i <= 10_000; i += 1) meet(1, { id: `call-${i}` });
    later(5 * MINUTE_MS);
    expect(meet(11, { id: "call-1" })).toBeUndefined();
    expect(meet(11, { id: "call-0" })).toBe(0);
  });
});

import { expect, test } from "vitest";
import { SteadyClock } from "../../../../src/engine/commit/steady-clock.ts";

test("time never goes back; a clock that was set back by more than seconds is told once, and when it has caught up", () => {
  let nowMs = 1_000_000;
  const told: (number | undefined)[] = [];
  const clock = new SteadyClock({ now: () => nowMs, after: () => () => undefined }, (ms) => told.push(ms));
  expect(clock.read()).toBe(1_000_000);
  nowMs -= 2_000;
  expect([clock.read(), told]).toEqual([1_000_000, []]);
  nowMs -= 3_600_000;
  expect([clock.read(), clock.read()]).toEqual([1_000_000, 1_000_000]);
  expect(told).toEqual([3_602_000]);
  nowMs = 999_999;
  expect([clock.read(), told.length]).toEqual([1_000_000, 1]);
  nowMs = 1_000_001;
  expect([clock.read(), told]).toEqual([1_000_001, [3_602_000, undefined]]);
  nowMs += 3_600_000;
  expect([clock.read(), told.length]).toEqual([4_600_001, 2]);
});

import { expect, test } from "vitest";
import { SteadyClock } from "../../../../src/engine/commit/steady-clock.ts";

test("time never goes back", () => {
  let nowMs = 1_000_000;
  const clock = new SteadyClock({ now: () => nowMs, after: () => () => undefined });
  expect(clock.read()).toBe(1_000_000);
  nowMs -= 3_600_000;
  expect([clock.read(), clock.last]).toEqual([1_000_000, 1_000_000]);
  nowMs = 1_000_001;
  expect(clock.read()).toBe(1_000_001);
});

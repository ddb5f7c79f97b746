import { expect, test } from "vitest";
import { interval } from "../../bench/lib/interval.ts";
import { verdict } from "../../bench/lib/report.ts";

test("the interval is that of Student's t over the logarithms of the rounds' means", () => {
  // Means of logs 0, 0.02 and 0.04: standard deviation 0.02, and t is 4.303 for two degrees of freedom.
  const { ratio, low, high } = interval([[1], [Math.exp(0.02)], [Math.exp(0.03), Math.exp(0.05)]]);
  const half = (4.303 * 0.02) / Math.sqrt(3);
  expect(ratio).toBeCloseTo(Math.exp(0.02), 10);
  expect(low).toBeCloseTo(Math.exp(0.02 - half), 10);
  expect(high).toBeCloseTo(Math.exp(0.02 + half), 10);
});

test("one round has a ratio and no interval, and none has neither", () => {
  expect(interval([[2, 2]])).toEqual({ ratio: expect.closeTo(2), low: Number.NaN, high: Number.NaN });
  expect(interval([]).ratio).toBeNaN();
  expect(interval([[], []]).ratio).toBeNaN();
});

test("95 of 100 intervals hold the true ratio, where processes differ more than turns", () => {
  const random = gaussian(11);
  const experiments = 2_000;
  let held = 0;
  for (let n = 0; n < experiments; n += 1) {
    const rounds = Array.from({ length: 8 }, () => {
      const ofProcess = 0.03 * random();
      return Array.from({ length: 4 }, () => 0.9 * Math.exp(ofProcess + 0.02 * random()));
    });
    const { low, high } = interval(rounds);
    if (low <= 0.9 && 0.9 <= high) held += 1;
  }
  expect(held / experiments).toBeGreaterThan(0.935);
  expect(held / experiments).toBeLessThan(0.965);
});

test.each([
  ["≥ 0.9", [1, 0.95, 1.1], "met"],
  ["≥ 0.9", [0.8, 0.7, 0.89], "missed"],
  ["≥ 0.9", [0.95, 0.8, 1.1], "met, not shown"],
  ["≤ 1.05", [1.06, 1.04, 1.08], "missed, not shown"],
  ["≤ 1.05", [1.02, Number.NaN, Number.NaN], "met, not shown"],
  ["≤ 1000 with 1M", [300, 290, 310], "met"],
  ["≈ 0", [0, 0, 0], ""],
  ["", [1, 1, 1], ""],
] as const)("of the target %s, %j is %s", (target, [ratio, low, high], said) => {
  expect(verdict(target, { ratio, low, high })).toBe(said);
});

/** Numbers of the normal distribution, the same for the same seed. */
function gaussian(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

import { describe, expect, test } from "vitest";
import { median, percentile, ratios, short, spread } from "../../bench/lib/figures.ts";
import { inTurn } from "../../bench/lib/rounds.ts";

describe("percentile()", () => {
  test("lies between the two nearest ranks, in whatever order the values come", () => {
    expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(percentile([10, 20], 0.99)).toBeCloseTo(19.9);
    expect(percentile([7], 0.99)).toBe(7);
    expect([percentile([3, 1, 2], 0), percentile([3, 1, 2], 1)]).toEqual([1, 3]);
    expect(percentile([], 0.5)).toBeNaN();
  });

  test("does not alter what it is given", () => {
    const values = [3, 1, 2];
    expect(median(values)).toBe(2);
    expect(values).toEqual([3, 1, 2]);
  });
});

test("ratios() compares round by round, and leaves out a round that one side lacks or that took nothing", () => {
  expect(ratios([2, 9, 8], [1, 3, 0])).toEqual([2, 3]);
  expect(ratios([2, 9], [1])).toEqual([2]);
});

test.each([
  [12_345, "12 345"],
  [99.94, "99.9"],
  [3.456, "3.46"],
  [0.0664, "0.066"],
  [0, "0.00"],
  [Number.NaN, "–"],
])("short(%d) is %s", (value, text) => {
  expect(short(value)).toBe(text);
});

test("spread() shows the median with the range, one value alone, and a dash for none", () => {
  expect([spread([3, 1, 2]), spread([5]), spread([])]).toEqual(["2.00 (1.00–3.00)", "5.00", "–"]);
});

test("inTurn() goes forwards and backwards, and runs just the case that is named", async () => {
  const done: string[] = [];
  const one = (name: string) => async () => {
    done.push(name);
    return name;
  };
  const cases = { a: one("a"), b: one("b"), c: one("c") };
  expect(await inTurn({ rounds: 2 }, cases)).toEqual({ a: ["a", "a"], b: ["b", "b"], c: ["c", "c"] });
  expect(done.join("")).toBe("abccba");
  expect(await inTurn({ rounds: 2, only: "b" }, cases)).toEqual({ a: [], b: ["b", "b"], c: [] });
});

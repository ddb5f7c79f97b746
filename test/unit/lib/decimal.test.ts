import { assert, bigInt, integer, property, record } from "fast-check";
import { expect, test } from "vitest";
import { add, type Decimal, decimalOf, decimalText, isLess, times, ZERO } from "../../../src/lib/decimal.ts";

const textOf = (value: unknown) => {
  const decimal = decimalOf(value);
  return decimal && decimalText(decimal);
};

test.each<[unknown, string | undefined]>([
  [0, "0"],
  [-0, "0"],
  [0.1, "0.1"],
  [-12.5, "-12.5"],
  [5e-324, undefined],
  [1e-7, "0.0000001"],
  [1.5e21, "1500000000000000000000"],
  [1e30, undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  ["12.50", "12.50"],
  ["-0.05", "-0.05"],
  ["0", "0"],
  ["-0", undefined],
  ["-0.00", undefined],
  ["+1", undefined],
  ["01", undefined],
  ["1.", undefined],
  [".5", undefined],
  ["1e3", undefined],
  [" 1", undefined],
  ["1\n", undefined],
  ["1,5", undefined],
  ["٣", undefined],
  ["", undefined],
  ["1".repeat(30), "1".repeat(30)],
  ["1".repeat(31), undefined],
  [`0.${"1".repeat(31)}`, undefined],
  [null, undefined],
])("%j is the decimal %s", (value, text) => {
  expect(textOf(value)).toBe(text);
});

test("a tenth and two tenths are three tenths", () => {
  expect(0.1 + 0.2 > 0.3).toBe(true);
  const sum = add(decimalOf(0.1) ?? ZERO, decimalOf("0.2") ?? ZERO);
  const three = decimalOf(0.3) ?? ZERO;
  expect([decimalText(sum), isLess(sum, three), isLess(three, sum)]).toEqual(["0.3", false, false]);
});

test("sums and comparisons are those of whole numbers, whatever the places", () => {
  const decimals = record({ digits: bigInt(-(10n ** 40n), 10n ** 40n), scale: integer({ min: 0, max: 30 }) });
  // In units of 10^-30 all of them are whole.
  const units = ({ digits, scale }: Decimal) => digits * 10n ** BigInt(30 - scale);
  assert(
    property(decimals, decimals, (a, b) => {
      expect(units(add(a, b))).toBe(units(a) + units(b));
      expect(isLess(a, b)).toBe(units(a) < units(b));
      expect(units(times(a, 5n))).toBe(5n * units(a));
      const read = decimalOf(decimalText(a));
      // Zero has one way to be written, and long ones are not read.
      if (read !== undefined) expect(units(read)).toBe(units(a));
    }),
  );
});

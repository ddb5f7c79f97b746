import { describe, expect, test } from "vitest";
import { type Standing, standingSchema } from "../../../../src/approval/limits/schema.ts";
import { judgeUse, toldAfter, UNUSED, type Used } from "../../../../src/approval/limits/use.ts";

const payments: Standing = standingSchema.parse({
  limits: {
    "/currency": { fixed: "EUR" },
    "/amount": { max: 500 },
    "/to": { oneOf: ["Acme", { iban: "AT61", bic: "X" }] },
    "/fee": { min: "0.10", max: "2.50" },
    "/deep/note": { maxLength: 5 },
    "/deep/tags": { fixed: ["a", "b"] },
  },
  uses: 3,
  total: { argument: "/amount", max: 1_000 },
});
const good = {
  currency: "EUR",
  amount: 100,
  to: "Acme",
  fee: "0.10",
  deep: { note: "hello", tags: ["a", "b"] },
};

const judge = (given: unknown, before: Used = UNUSED, standing = payments) => {
  const result = judgeUse(standing, before, given);
  return result.ok ? result.used : `${result.refusal.limit} ${result.refusal.pointer ?? ""}`;
};

test("a use within all limits is counted, with the exact total", () => {
  expect(judge(good)).toEqual({ uses: 1, total: "100" });
  expect(judge({ ...good, amount: 0.1 }, { uses: 1, total: "0.2" })).toEqual({ uses: 2, total: "0.3" });
  expect(judge({ ...good, to: { bic: "X", iban: "AT61" } })).toEqual({ uses: 1, total: "100" });
  expect(judge({ ...good, amount: 500, fee: "2.5" }, { uses: 2, total: "500" })).toEqual({
    uses: 3,
    total: "1000",
  });
});

describe("refused is, by the name of its limit,", () => {
  const { currency: _currency, ...withoutCurrency } = good;
  test.each<[string, unknown, string]>([
    ["an argument that is missing", withoutCurrency, "present /currency"],
    ["an argument that no limit names", { ...good, urgent: true }, "named /urgent"],
    ["one whose name only looks like a pointer", { ...good, "deep/note": "x" }, "named /deep~1note"],
    ["one beside named parts", { ...good, deep: { ...good.deep, more: 1 } }, "named /deep/more"],
    ["an empty object that nothing names", { ...good, extra: {} }, "named /extra"],
    ["a value in place of an object", { ...good, deep: "hello" }, "named /deep"],
    ["a list in place of an object", { ...good, deep: ["hello"] }, "named /deep"],
    ["no object at all", [good], "named "],
    ["nothing", undefined, "named "],
    ["an object without its parts", { ...good, deep: {} }, "present /deep/note"],
    ["another value than the fixed one", { ...good, currency: "USD" }, "fixed /currency"],
    ["a value that only looks fixed", { ...good, currency: "EUR " }, "fixed /currency"],
    ["a list in another order", { ...good, deep: { ...good.deep, tags: ["b", "a"] } }, "fixed /deep/tags"],
    ["none of the options", { ...good, to: "Mallory" }, "oneOf /to"],
    ["an option with more in it", { ...good, to: { iban: "AT61", bic: "X", x: 1 } }, "oneOf /to"],
    ["more than max", { ...good, amount: 500.0000001 }, "max /amount"],
    ["less than nothing", { ...good, amount: -0.01 }, "min /amount"],
    ["a number as text", { ...good, amount: "100" }, "max /amount"],
    ["a number in a list", { ...good, amount: [100] }, "max /amount"],
    ["a text as number", { ...good, fee: 0.1 }, "max /fee"],
    ["less than min", { ...good, fee: "0.09" }, "min /fee"],
    ["a text that is no decimal", { ...good, fee: "1e0" }, "max /fee"],
    ["a longer text", { ...good, deep: { ...good.deep, note: "hello!" } }, "maxLength /deep/note"],
    ["null", { ...good, amount: null }, "max /amount"],
  ])("%s", (_what, given, limit) => {
    expect(judge(given)).toBe(limit);
  });

  test("names that every object has", () => {
    expect(judge(JSON.parse(`{"__proto__": 1}`))).toBe("named /__proto__");
    const standing: Standing = standingSchema.parse({ limits: { "/toString": { maxLength: 9 } }, uses: 1 });
    expect(judge({}, UNUSED, standing)).toBe("present /toString");
  });

  test("the use after the last one", () => {
    expect(judge(good, { uses: 3, total: "300" })).toBe("uses ");
  });

  test("a use that makes the total too large, by however little", () => {
    expect(judge({ ...good, amount: 0.3 }, { uses: 1, total: "999.7" })).toEqual({
      uses: 2,
      total: "1000.0",
    });
    expect(judge({ ...good, amount: 0.3 }, { uses: 1, total: "999.70000000000000000001" })).toBe(
      "total /amount",
    );
  });
});

describe("people are told", () => {
  const without: Standing = { limits: {}, uses: 10 };
  test.each<[string, Standing, Used, Used, string[]]>([
    ["of the first use", without, UNUSED, { uses: 1 }, ["first"]],
    ["of none in between", without, { uses: 6 }, { uses: 7 }, []],
    ["of four fifths of the uses", without, { uses: 7 }, { uses: 8 }, ["near"]],
    ["of those once", without, { uses: 8 }, { uses: 9 }, []],
    ["of both at once", { limits: {}, uses: 1 }, UNUSED, { uses: 1 }, ["first", "near"]],
    [
      "of four fifths of the total",
      payments,
      { uses: 1, total: "799.99" },
      { uses: 2, total: "800" },
      ["near"],
    ],
    ["not below", payments, { uses: 1, total: "1" }, { uses: 2, total: "799.999999" }, []],
    ["of uses after the total not again", payments, { uses: 2, total: "900" }, { uses: 3, total: "901" }, []],
  ])("%s", (_what, standing, before, used, told) => {
    expect(toldAfter(standing, before, used)).toEqual(told);
  });
});

import { assert, bigInt, double, integer, jsonValue, property, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { parseExactJson, rawNumber } from "../../../src/lib/exact-json.ts";

function written(text: string): string {
  return JSON.stringify(parseExactJson(text));
}

describe("parseExactJson()", () => {
  test.each([
    "9007199254740993",
    "-9007199254740993",
    "8202522731445525542",
    "12345678901234567890123",
    "0.1234567890123456789",
    "1e400",
    "-1e400",
    "1e-400",
    "4.35e-325",
    "100000000000000000000000.5",
    "1234567890123456789e3",
  ])("%s keeps its text, in lists and objects too", (text) => {
    expect(rawNumber(parseExactJson(text))).toBe(text);
    expect(written(`{"a":[${text},{"b":${text}}]}`)).toBe(`{"a":[${text},{"b":${text}}]}`);
  });

  test.each([
    "0",
    "-0",
    "0.0",
    "0e0",
    "1.50",
    "15e-1",
    "1E+2",
    "9007199254740991",
    "9007199254740992",
    "10000000000000000000000",
    "1e22",
    "1.7976931348623157e308",
    "5e-324",
    "0.1",
    "0.30000000000000004",
    "100.0000000000000000000000",
    "1234567890.12345",
  ])("%s is a number like any other", (text) => {
    expect(parseExactJson(text)).toBe(JSON.parse(text));
  });

  test("whatever a double holds is read as JSON.parse does", () => {
    assert(
      property(jsonValue(), double({ noNaN: true, noDefaultInfinity: true }), (value, number) => {
        const text = JSON.stringify({ value, number, "1234567890123456": "0e0 12345678901234567890" });
        expect(parseExactJson(text)).toStrictEqual(JSON.parse(text));
      }),
    );
  });

  test("every whole number, and every decimal, is written as large as it was read", () => {
    const digits = tuple(bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), integer({ min: 0, max: 12 }));
    assert(
      property(digits, ([whole, exponent]) => {
        const text = `${whole}e-${exponent}`;
        const value = parseExactJson(text);
        // Read in another way: both as whole numbers of 10^-40.
        if (rawNumber(value) === undefined) expect(scaled(String(value))).toBe(scaled(text));
        else expect(rawNumber(value)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a number's length costs what it is long", () => {
    const zeros = `1${"0".repeat(200_000)}1`;
    expect(rawNumber(parseExactJson(zeros))).toBe(zeros);
  });

  test("a number keeps its text also between texts that look like numbers, or hold quotes", () => {
    const number = "8202522731445525542";
    for (const text of [
      "3e4",
      "0b5e2f41-1e30-4d11-8000-000000000000",
      'a "b',
      '"',
      "\\",
      '\\"',
      "\\\\",
      "",
    ]) {
      const quoted = JSON.stringify(text);
      const value = parseExactJson(`{${quoted}:${quoted},"n":${number},"m":[${quoted},${number}]}`);
      expect(JSON.stringify(value)).toBe(`{${quoted}:${quoted},"n":${number},"m":[${quoted},${number}]}`);
    }
  });

  test("a text of quotes that does not end costs what it is long", () => {
    expect(() => parseExactJson(`["3e4","${'\\"'.repeat(500_000)}`)).toThrow(SyntaxError);
    expect(() => parseExactJson(`["3e4","${"\\".repeat(500_001)}`)).toThrow(SyntaxError);
  });

  test("what is no JSON is thrown, as JSON.parse throws it", () => {
    for (const text of ["", "{", "01", "1e", "1234567890123456789x"]) {
      expect(() => parseExactJson(text)).toThrow(SyntaxError);
    }
  });

  test("an object that looks like a number's text is an object", () => {
    const value = parseExactJson('{"rawJSON":"1e400"}');
    expect(rawNumber(value)).toBeUndefined();
    expect(written('{"rawJSON":"1e400"}')).toBe('{"rawJSON":"1e400"}');
  });
});

function scaled(text: string): bigint {
  const [, sign, whole = "", fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(
    text,
  )!;
  const magnitude = BigInt(whole + fraction) * 10n ** BigInt(40 - fraction.length + Number(exponent));
  return sign === "-" ? -magnitude : magnitude;
}

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assertStorable } from "../../../src/durable/storable.ts";
import { decodeValue, encodeValue } from "../../../src/durable/value.ts";
import { ServiceError } from "../../../src/lib/errors.ts";
import { parseExactJson } from "../../../src/lib/exact-json.ts";

function problemsOf(value: unknown): string[] {
  try {
    assertStorable(value, "body");
    return [];
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return error.problems.map(({ field, message }) => `${field} ${message}`);
  }
}

describe("assertStorable()", () => {
  test("passes only what comes back as it was", () => {
    let passed = 0;
    // Plain JSON, mixed with everything that the codec reads in its own way.
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom("__INF__", "__NEG_INF__", "__type", "error", null, true, 1, "text"),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("a", "b", "__type", "message"), tie("value"), { maxKeys: 3 }),
        fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
      ),
    })).value;
    fc.assert(
      fc.property(value, (candidate) => {
        if (problemsOf(candidate).length > 0) return;
        passed += 1;
        expect(JSON.stringify(decodeValue(encodeValue(candidate)))).toBe(JSON.stringify(candidate));
      }),
      { numRuns: 500 },
    );
    expect(passed).toBeGreaterThan(100);
  });

  test("names every place in the order of the text", () => {
    const value = { a: ["__INF__", Number.NaN], b: { __type: "error", f: () => 1 }, c: new Date(0) };
    expect(problemsOf(value)).toEqual([
      "body.a[1] must be a finite number",
      "body.b.f must be plain JSON, not a function",
      "body.c must be plain JSON",
    ]);
  });

  test.each([
    [1n, "body must be plain JSON, not a bigint"],
    [() => 1, "body must be plain JSON, not a function"],
    [[undefined], "body[0] must be present"],
    [new Map(), "body must be plain JSON"],
    [JSON.parse('{"__proto__":1}'), "body.__proto__ must have another name: this one is reserved"],
  ])("refuses %o", (value, problem) => {
    expect(problemsOf(value)).toEqual([problem]);
  });

  test("lets third parties' numbers and names through, and still nothing that is no JSON", () => {
    const value: unknown = parseExactJson('{"n":12345678901234567890,"__proto__":[1e400]}');
    expect(problemsOf(value)).toHaveLength(2);
    expect(() => assertStorable(value, "value", "third-party")).not.toThrow();
    expect(() => assertStorable([1n], "value", "third-party")).toThrow(ServiceError);
  });

  test("passes members that are undefined, which JSON leaves out", () => {
    expect(problemsOf({ comment: undefined })).toEqual([]);
    expect(problemsOf(undefined)).toEqual([]);
  });

  test("refuses values that contain themselves, or are nested without end", () => {
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    expect(problemsOf(cyclic)).toEqual(["body must not be nested deeper than 200 levels, or contain itself"]);
  });

  test("keeps what it says short", () => {
    const many = Array.from({ length: 1000 }, () => Number.NaN);
    expect(problemsOf(many)).toHaveLength(20);
    expect(problemsOf({ ["n".repeat(1000)]: 1n })[0]?.length).toBeLessThan(150);
  });
});

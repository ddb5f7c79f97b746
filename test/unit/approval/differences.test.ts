import { describe, expect, test } from "vitest";
import { DIFFERENCES_MAX, differencesOf } from "../../../src/approval/differences.ts";
import { canonicalText } from "../../../src/lib/canonical-hash.ts";
import { parseJson } from "../../../src/lib/parse-json.ts";
import { randomFrom, seeds } from "../../support/seeds.ts";

const json = (text: string): unknown => parseJson(Buffer.from(text), 32);

describe("differencesOf()", () => {
  test.each([
    ["the order of members", '{"a":1,"b":{"c":2,"d":[3]}}', '{"b":{"d":[3],"c":2},"a":1}'],
    ["the spelling of a number", '{"a":1500,"b":0.1}', '{"a":1.50e3,"b":10e-2}'],
    ["minus zero, which RFC 8785 writes as zero", '{"a":0}', '{"a":-0}'],
    ["the spelling of a text", '{"a":"é/"}', '{"a":"\\u00e9\\/"}'],
    ["a member with a reserved name", '{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
  ])("finds none in %s", (_, approved, given) => {
    expect(differencesOf(json(approved), json(given))).toEqual([]);
  });

  test.each([
    ["a value", '{"a":1}', '{"a":2}', [{ pointer: "/a", what: "changed", approved: 1, given: 2 }]],
    ["a type", '{"a":1}', '{"a":"1"}', [{ pointer: "/a", what: "changed", approved: 1, given: "1" }]],
    ["null", '{"a":null}', '{"a":0}', [{ pointer: "/a", what: "changed", approved: null, given: 0 }]],
    ["null left out", '{"a":null}', "{}", [{ pointer: "/a", what: "missing", approved: null }]],
    [
      "a list for an object",
      '{"a":{"0":1}}',
      '{"a":[1]}',
      [{ pointer: "/a", what: "changed", approved: { 0: 1 }, given: [1] }],
    ],
    [
      "an empty list for an empty object",
      "{}",
      "[]",
      [{ pointer: "", what: "changed", approved: {}, given: [] }],
    ],
    ["a member more", "{}", '{"a":{"b":1}}', [{ pointer: "/a", what: "added", given: { b: 1 } }]],
    ["an item less", '{"a":[1,2]}', '{"a":[1]}', [{ pointer: "/a/1", what: "missing", approved: 2 }]],
    [
      "the order of a list",
      "[1,2]",
      "[2,1]",
      [
        { pointer: "/0", what: "changed", approved: 1, given: 2 },
        { pointer: "/1", what: "changed", approved: 2, given: 1 },
      ],
    ],
    [
      "a name that a pointer escapes",
      '{"a/b~":1}',
      '{"a/b~":2}',
      [{ pointer: "/a~1b~0", what: "changed", approved: 1, given: 2 }],
    ],
    ["a reserved name", '{"__proto__":1}', "{}", [{ pointer: "/__proto__", what: "missing", approved: 1 }]],
    [
      "names that differ in composition",
      '{"\\u00e9":1}',
      '{"e\\u0301":1}',
      [
        { pointer: "/é", what: "missing", approved: 1 },
        { pointer: "/e\u0301", what: "added", given: 1 },
      ],
    ],
  ])("finds %s", (_, approved, given, differences) => {
    expect(differencesOf(json(approved), json(given))).toEqual(differences);
  });

  test("takes no number for another that a double would make of it", () => {
    const approved = json('{"account":9007199254740992}');
    const [found] = differencesOf(approved, json('{"account":9007199254740993}'));
    expect(JSON.stringify(found)).toBe(
      '{"pointer":"/account","what":"changed","approved":9007199254740992,"given":9007199254740993}',
    );
  });

  test("leaves long values out, and counts no further than its limit", () => {
    const long = "x".repeat(501);
    expect(differencesOf({ a: long }, { a: 1 })).toEqual([{ pointer: "/a", what: "changed", given: 1 }]);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`n${i}`, i]));
    expect(differencesOf(many, {})).toHaveLength(DIFFERENCES_MAX);
    expect(differencesOf({}, many)).toHaveLength(DIFFERENCES_MAX);
  });

  test.each(seeds(3))("agrees with the form of RFC 8785 on random values (SEEDS=%i)", (seed) => {
    const random = randomFrom(seed);
    const value = (depth: number): unknown => {
      const kind = random.below(depth > 3 ? 5 : 7);
      if (kind === 5) return Array.from({ length: random.below(3) }, () => value(depth + 1));
      if (kind === 6) {
        const names = Array.from({ length: random.below(4) }, () => random.pick(["a", "b", "c/~", "é", ""]));
        return Object.fromEntries(names.map((name) => [name, value(depth + 1)]));
      }
      return random.pick([null, true, false, 0, -0, 1, 1.5, 1e21, "", "a", "1"]);
    };
    for (let i = 0; i < 1_000; i += 1) {
      const [a, b] = [value(0), random.chance(0.5) ? value(0) : undefined];
      const other = b ?? (JSON.parse(canonicalText(a)) as unknown);
      expect(differencesOf(a, other).length === 0).toBe(canonicalText(a) === canonicalText(other));
    }
  });
});

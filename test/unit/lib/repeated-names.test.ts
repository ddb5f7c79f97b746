import { assert, jsonValue, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { repeatedNames } from "../../../src/lib/repeated-names.ts";

describe("repeatedNames()", () => {
  test.each<[string, readonly string[]]>([
    ['{"a":1,"a":2}', ["/a"]],
    ['{"a":1,"a":1,"a":1}', ["/a", "/a"]],
    ['{"a":1,"\\u0061":2}', ["/a"]],
    ['{"\\"":1,"\\u0022":2}', ['/"']],
    ['{"a\\\\":1,"a\\\\":2}', ["/a\\"]],
    ['{"":1,"":2}', ["/"]],
    ['{"__proto__":1,"__proto__":2}', ["/__proto__"]],
    ['{"a/b~":{"c":[0,{"d":1 , "d" : 2}]}}', ["/a~1b~0/c/1/d"]],
    ['{"a":{"b":1,"b":2},"c":3,"a":4}', ["/a/b", "/a"]],
    ['[{"a":1},{"a":1},["a","a"],{"b":"a","a":"b"}]', []],
    ['{"a":"\\",\\"a\\":1","b":{"a":1},"c":[{"a":1}],"A":1}', []],
    ['"a"', []],
    ["null", []],
  ])("of %s", (json, places) => {
    JSON.parse(json);
    expect(repeatedNames(json)).toEqual(places);
  });

  test("are none in what JSON.stringify writes, and one where an object gets a member again", () => {
    assert(
      property(jsonValue(), (value) => {
        const json = JSON.stringify(value, undefined, 1);
        expect(repeatedNames(json)).toEqual([]);
        expect(repeatedNames(`[{"x":${json},"y":0,"x":${json}}]`)).toEqual(["/0/x"]);
      }),
    );
  });

  test("are told in a short answer, however many and long they are", () => {
    expect(repeatedNames(`{${Array.from({ length: 100 }, () => '"a":1').join()}}`)).toHaveLength(20);
    const [place = ""] = repeatedNames(`{"${"a".repeat(9_000)}":1,"${"a".repeat(9_000)}":1}`);
    expect(place).toHaveLength(201);
  });
});

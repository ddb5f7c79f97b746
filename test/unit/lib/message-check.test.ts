import { expect, test } from "vitest";
import { anatomyOf } from "../../../src/lib/message-check.ts";

test("anatomyOf() finds the arguments of a text, and what it counts", () => {
  expect(anatomyOf("Words alone")).toEqual({ args: new Map() });
  expect(anatomyOf("{$name} has {$n :integer}")).toEqual({
    args: new Map([
      ["name", "string"],
      ["n", "number"],
    ]),
  });
  expect(anatomyOf(".input {$n :integer} .match $n one {{one}} * {{{$n} of {$all}}}")).toEqual({
    args: new Map([
      ["n", "number"],
      ["all", "string"],
    ]),
  });
});

test.each([
  [1, "must be text"],
  [" ", "must not be empty"],
  ["x".repeat(2_001), "must have at most 2000 characters"],
  ["Hello {$name", "is not MessageFormat 2: missing-syntax at character 13"],
  [".input {$n :integer} .match $n one {{one}}", "is not MessageFormat 2: missing-fallback"],
  ["Hello {|name|}", "may print nothing but words and arguments"],
  ["{$n :number}", "has the function :number; only :integer and :string can be used"],
  ["{#b}bold{/b}", "has the markup #b; only words and arguments can be used"],
  ["two\nlines", "must be one line without control characters and marks of direction"],
  ["\u202Eturned", "must be one line without control characters and marks of direction"],
])("anatomyOf() refuses %j", (source, problem) => {
  expect(anatomyOf(source)).toBe(problem);
});

import { describe, expect, test } from "vitest";
import { standingSchema } from "../../../../src/approval/limits/schema.ts";
import { problemsFromIssues } from "../../../../src/approval/problems.ts";
import { storedShape } from "../../../../src/approval/shape.ts";

/** `field: message` of every problem; empty for what is accepted. */
function problems(standing: unknown): string[] {
  const parsed = standingSchema.safeParse(standing);
  if (parsed.success) return [];
  return problemsFromIssues(parsed.error.issues, standing).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}
const one = (limit: unknown, rest: object = {}) => ({ limits: { "/x": limit }, uses: 10, ...rest });

const payments = {
  limits: {
    "/currency": { fixed: "EUR" },
    "/amount": { max: 500 },
    "/fee": { min: "0.10", max: "2.50" },
    "/to": { oneOf: ["Acme", "Example Ltd", null, { iban: "AT611904300234573201" }] },
    "/note": { maxLength: 140 },
    "/deep/a~1b~0c": { fixed: [1, { two: null }] },
  },
  uses: 1_000,
  total: { argument: "/amount", max: 5_000 },
};

test("every kind of limit is taken as it is, and read back as it is", () => {
  expect(standingSchema.parse(payments)).toEqual(payments);
  expect(storedShape(standingSchema).parse(payments)).toEqual(payments);
  expect(problems({ limits: {}, uses: 1 })).toEqual([]);
  expect(problems(one({ min: -5, max: -1 }))).toEqual([]);
  expect(problems(one({ fixed: null }))).toEqual([]);
});

describe("refused is", () => {
  test.each<[string, unknown, string]>([
    ["no object", "x", "body: must be an object"],
    ["no uses", { limits: {} }, "uses: is required"],
    ["no use", { limits: {}, uses: 0 }, "uses: must be at least 1"],
    ["too many uses", { limits: {}, uses: 1_001 }, "uses: must be at most 1000"],
    ["half a use", { limits: {}, uses: 1.5 }, "uses: must be a whole number"],
    ["no limits", { uses: 1 }, "limits: is required"],
    ["an empty limit", one({}), "limits./x: must have one of fixed, oneOf, max and maxLength"],
    ["two kinds", one({ fixed: 1, max: 2 }), "limits./x.max: cannot stand beside fixed"],
    ["an unknown kind", one({ fixed: 1, pattern: "a*" }), "limits./x.pattern: is not a known field"],
    ["min alone", one({ min: 1 }), "limits./x.max: is required beside min"],
    ["min beside oneOf", one({ oneOf: [1], min: 1 }), "limits./x.min: cannot stand beside oneOf"],
    ["min above max", one({ min: 3, max: 2 }), "limits./x.min: must be at most max, which is 2"],
    ["a max below 0", one({ max: -1 }), "limits./x.min: is required where max is less than 0"],
    ["min of another kind", one({ min: 1, max: "2" }), "limits./x.min: must be a text, as max is"],
    [
      "a max that is no number",
      one({ max: "many" }),
      "limits./x.max: must be a number of at most 30 digits before and after its point, such as 500 or 12.50",
    ],
    [
      "a max that is a list",
      one({ max: [] }),
      "limits./x.max: must be a number or a decimal text, such as 12.50",
    ],
    ["no options", one({ oneOf: [] }), "limits./x.oneOf: must have at least 1 item"],
    ["a length of 0", one({ maxLength: 0 }), "limits./x.maxLength: must be at least 1"],
    [
      "a pointer to the whole",
      { limits: { "": { fixed: {} } }, uses: 1 },
      "limits.: must be a JSON pointer to an argument, such as /amount",
    ],
    [
      "a name in place of a pointer",
      { limits: { amount: { max: 1 } }, uses: 1 },
      "limits.amount: must be a JSON pointer to an argument, such as /amount",
    ],
    [
      "a limit within another",
      { limits: { "/a": { fixed: {} }, "/a/b": { max: 1 } }, uses: 1 },
      "limits./a/b: is a part of /a, which has a limit of its own",
    ],
    [
      "too many limits",
      { limits: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`/a${i}`, { max: 1 }])), uses: 1 },
      "limits: must have at most 50 limits",
    ],
    [
      "a total of nothing",
      one({ max: 1 }, { total: { argument: "/y", max: 1 } }),
      "total.argument: must be the pointer of a limit with a max",
    ],
    [
      "a total of a text",
      one({ maxLength: 5 }, { total: { argument: "/x", max: 1 } }),
      "total.argument: must be the pointer of a limit with a max",
    ],
    [
      "a total of an inherited name",
      one({ max: 1 }, { total: { argument: "/constructor", max: 1 } }),
      "total.argument: must be the pointer of a limit with a max",
    ],
    [
      "a total of another kind",
      one({ max: "1.00" }, { total: { argument: "/x", max: 1 } }),
      "total.max: must be a text, as the argument's limit is",
    ],
    [
      "a total that uses could make less",
      one({ min: -1, max: 1 }, { total: { argument: "/x", max: 1 } }),
      "total.argument: must have a limit whose min is at least 0",
    ],
    [
      "a total below 0",
      one({ max: 1 }, { total: { argument: "/x", max: -1 } }),
      "total.max: must be at least 0",
    ],
  ])("%s", (_what, standing, problem) => {
    expect(problems(standing)).toEqual([problem]);
  });
});

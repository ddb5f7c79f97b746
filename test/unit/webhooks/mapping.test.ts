import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseExactJson } from "../../../src/lib/exact-json.ts";
import { loadSources } from "../../../src/webhooks/load.ts";
import { plan } from "../../../src/webhooks/mapping.ts";
import { parsePath, valueAt } from "../../../src/webhooks/path.ts";
import { fill, parseTemplate } from "../../../src/webhooks/template.ts";
import { problemsOf, sourcesOf } from "./senders.ts";

function planned(mapping: Record<string, unknown>, event: unknown) {
  const source = { scheme: "github", secrets: [{ env: "S1" }], promise: "p", ...mapping };
  return plan(sourcesOf({ acme: source }, { S1: "x" }).get("acme")!.mapping, event);
}

describe("paths", () => {
  test.each([
    ["a", ["a"]],
    ["a.b-c.$d", ["a", "b-c", "$d"]],
    ["items[0].id", ["items", 0, "id"]],
    ["[2]", [2]],
    ['meta["order no"].x', ["meta", "order no", "x"]],
    ['a["say \\"b\\" \\\\"]', ["a", 'say "b" \\']],
  ])("%s", (text, path) => {
    expect(parsePath(text)).toEqual(path);
  });

  test.each(["", ".", "a.", ".a", "a..b", "a[", "a[]", "a[-1]", "a[x]", "a b", "a[0]b", "0", "a.0", 'a["x]'])(
    "%j is none",
    (text) => {
      expect(parsePath(text)).toBeUndefined();
    },
  );

  test("lead to what the event itself has, and to nothing that objects inherit", () => {
    const event = { list: [{ id: 1 }], text: "abc", none: null };
    expect(valueAt(event, ["list", 0, "id"])).toBe(1);
    expect(valueAt(event, ["none"])).toBe(null);
    for (const path of [
      ["toString"],
      ["__proto__"],
      ["constructor", "name"],
      ["list", "length"],
      ["list", 1],
      ["text", "length"],
      ["text", 0],
      ["none", "x"],
      [0],
    ]) {
      expect(valueAt(event, path), path.join()).toBeUndefined();
    }
  });
});

describe("templates", () => {
  test("keep what a value may not bring along", () => {
    const template = parseTemplate("order-${a.b}:${n}")!;
    expect(fill(template, { a: { b: "x" }, n: 1 })).toEqual({ ok: true, text: "order-x:1" });
    const rule = { pattern: /^\w+$/, rule: "must be a word" };
    expect(fill(template, { a: { b: "x:2" }, n: 1 }, rule)).toEqual({
      ok: false,
      problem: "a.b must be a word",
    });
    expect(fill(template, { n: 1 })).toMatchObject({ ok: false });
    expect(fill(template, { a: { b: null }, n: 1 })).toEqual({ ok: true, text: "order-:1" });
    expect(fill(template, { a: { b: null }, n: 1 }, rule)).toMatchObject({ ok: false });
  });

  test("$${ stands for itself; a place that is no path is no template", () => {
    expect(fill(parseTemplate("a$${b}")!, {})).toEqual({ ok: true, text: "a${b}" });
    expect(parseTemplate("a${b c}")).toBeUndefined();
    expect(parseTemplate("")).toBeUndefined();
  });
});

describe("conditions", () => {
  const event = { type: "paid", n: 5, flag: false, none: null, list: [1], text: "5" };
  test.each([
    [{ path: "type", equals: "paid" }, true],
    [{ path: "type", equals: "PAID" }, false],
    [{ path: "n", equals: 5 }, true],
    [{ path: "n", equals: "5" }, true],
    [{ path: "text", equals: 5 }, true],
    [{ path: "flag", equals: false }, true],
    [{ path: "none", equals: null }, true],
    [{ path: "missing", equals: null }, false],
    [{ path: "type", in: ["a", "paid"] }, true],
    [{ path: "type", in: ["a"] }, false],
    [{ path: "none", exists: true }, true],
    [{ path: "missing", exists: true }, false],
    [{ path: "missing", exists: false }, true],
    [{ path: "list", equals: "1" }, false],
    [
      {
        all: [
          { path: "n", equals: 5 },
          { path: "flag", equals: true },
        ],
      },
      false,
    ],
    [{ any: [{ path: "n", equals: 6 }, { all: [{ path: "type", exists: true }] }] }, true],
  ])("%j: %s", (condition, holds) => {
    expect(planned({ resolve: condition }, event).kind).toBe(holds ? "settle" : "ignore");
  });

  test.each([
    [{ path: "a" }],
    [{ equals: 1 }],
    [{ path: "a", equals: {} }],
    [{ path: "a", in: [] }],
    [{ path: "a", exists: "yes" }],
    [{ path: "a", equals: 1, in: [2] }],
    [{ all: [] }],
    [{ any: [{ path: "" }] }],
    [{ all: [{ path: "a", exists: true }], any: [] }],
    ["paid"],
    [null],
    [Array.from({ length: 10 }).reduce((inner) => ({ all: [inner] }), { path: "a", exists: true })],
  ])("%j is none", (resolve) => {
    const source = { scheme: "github", secrets: [{ env: "S1" }], promise: "p", resolve };
    expect(problemsOf({ acme: source }, { S1: "x" })).toHaveLength(1);
  });

  test("whole numbers beyond 2^53 are compared by their digits, and are text in the configuration", () => {
    const is = (equals: unknown) => ({ resolve: { path: "n", equals } });
    const event: unknown = parseExactJson('{"n":9007199254740993}');
    expect(planned(is("9007199254740993"), event).kind).toBe("settle");
    expect(planned(is("9007199254740992"), event).kind).toBe("ignore");
    for (const resolve of [
      "{path: n, equals: 9007199254740993}",
      "{path: n, in: [1, 12345678901234567890]}",
    ]) {
      const text = `sources: {acme: {scheme: github, secrets: [{env: S1}], promise: p, resolve: ${resolve}}}`;
      expect(loadSources(text, () => "x")).toEqual({
        ok: false,
        problems: [
          "sources.acme.resolve must have whole numbers beyond 2^53 in quotes: without them, another number is read",
        ],
      });
    }
  });

  test("ignore comes before reject, and reject before resolve", () => {
    const is = (value: string) => ({ path: "type", in: [value, "all"] });
    const mapping = { ignore: is("i"), reject: is("r"), resolve: is("s") };
    expect(planned(mapping, { type: "all" })).toMatchObject({ kind: "ignore" });
    expect(planned({ reject: is("r"), resolve: is("s") }, { type: "all" })).toMatchObject({
      verdict: "reject",
    });
    expect(planned({ resolve: is("s") }, { type: "all" })).toMatchObject({ verdict: "resolve" });
    expect(planned({ reject: is("r") }, { type: "x" })).toMatchObject({ verdict: "resolve" });
  });
});

describe("plan()", () => {
  test("never throws, and names no promise that the template does not allow, whatever the event", () => {
    const source = sourcesOf(
      {
        acme: {
          scheme: "github",
          secrets: [{ env: "S1" }],
          promise: "order-${a.b}:1",
          resolve: {
            any: [
              { path: "a.b", exists: true },
              { path: "a[0]", equals: 1 },
            ],
          },
        },
      },
      { S1: "x" },
    ).get("acme")!;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.record({
            a: fc.record({ b: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue(), fc.double()) }),
          }),
        ),
        (event) => {
          const made = plan(source.mapping, event);
          if (made.kind === "settle") expect(made.promise).toMatch(/^order-[A-Za-z0-9._-]{1,128}:1$/);
          else expect(["ignore", "unusable"]).toContain(made.kind);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("a match needs all of its values, each a short text or whole number", () => {
    const mapping = { promise: undefined, match: { a: "x.a", b: "x.b" } };
    const source = { scheme: "github", secrets: [{ env: "S1" }], match: mapping.match };
    const { mapping: m } = sourcesOf({ acme: source }, { S1: "x" }).get("acme")!;
    expect(plan(m, { x: { a: 1, b: "t" } })).toMatchObject({ kind: "meet", match: { a: "1", b: "t" } });
    for (const x of [
      { a: 1, b: {} },
      { a: 1, b: [] },
      { a: 1, b: "y".repeat(513) },
      { a: 1e300, b: 1 },
    ]) {
      expect(plan(m, { x })).toMatchObject({ kind: "unusable" });
    }
    for (const [x, why] of [
      [{ a: 1 }, "match.b: x.b is not there"],
      [{ a: 1, b: null }, "match.b: x.b is null"],
      [{ a: 1, b: "" }, "match.b: x.b is empty"],
      [null, "match.a: x.a is not there"],
    ] as const) {
      expect(plan(m, { x })).toEqual({ kind: "ignore", why: `it names nothing to settle: ${why}` });
    }
    // Whatever else is amiss with it: it is not for us.
    const withValue = { ...m, value: { path: ["none"], source: "none" } };
    expect(plan(withValue, { x: { a: 1, b: null } })).toMatchObject({ kind: "ignore" });
    expect(plan(withValue, { x: { a: 1, b: 2 } })).toMatchObject({ kind: "unusable" });
  });

  test("a value that is not there is told, not made up", () => {
    expect(planned({ value: { path: "a.b" } }, { a: {} })).toMatchObject({ kind: "unusable" });
    expect(planned({ value: { path: "a.b" } }, { a: { b: null } })).toMatchObject({ value: null });
    expect(planned({ value: { template: "${a}!" } }, { a: "x" })).toMatchObject({ value: "x!" });
  });
});

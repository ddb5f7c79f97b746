/** The action of a request: what is accepted, what is refused and where, and what binds it. */
import { createHash } from "node:crypto";
import { array, assert, constantFrom, dictionary, jsonValue, oneof, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf, outcomeAction } from "../../../src/approval/action.ts";
import type { ApprovalRequest, OutcomeKind } from "../../../src/approval/approval.ts";
import { argumentRows, shownJson } from "../../../src/approval/argument-rows.ts";
import { contentChanges } from "../../../src/approval/content-changes.ts";
import { edited, isEditable, isEditableAt } from "../../../src/approval/editing.ts";
import { heldExcept } from "../../../src/approval/items.ts";
import { differingFields } from "../../../src/approval/meaning.ts";
import { parseApprovalRequest } from "../../../src/approval/request.ts";
import { storedRequestSchema } from "../../../src/approval/schema.ts";
import { parseInteroperableJson } from "../../../src/lib/exact-json.ts";
import { callbackUrlProblem } from "../../support/callbacks.ts";
import { argumentsIn } from "../../support/shown-arguments.ts";

const unedited = (request: ApprovalRequest) => ({ proposed: request, approved: request });
const nowMs = Date.parse("2026-11-21T12:00:00Z");
const transfer = {
  tool: "payments.transfer",
  arguments: { amount: 4120, to: "DE89 3704 0044 0532 0130 00" },
};
const withAction = (action: unknown) => ({ title: "Pay invoice 7", approvers: ["ana@example.com"], action });
const parse = (input: unknown) => parseApprovalRequest(input, { nowMs, callbackUrlProblem });

function accepted(action: unknown) {
  const parsed = parse(withAction(action));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

function fail(why: string): never {
  throw new Error(why);
}

/** `field: message` of every problem. */
function problems(action: unknown): string[] {
  const parsed = parse(withAction(action));
  return parsed.ok ? [] : parsed.problems.map(({ field, message }) => `${field}: ${message}`);
}

const given = (value: unknown) => ({ ...transfer, arguments: { value } });

describe("an action", () => {
  test("is taken with defaults: it cannot be undone, and is valid for a day", () => {
    expect(accepted(transfer).action).toEqual({ ...transfer, reversible: "no", validFor: "P1D" });
  });

  test("is taken whole", () => {
    const whole = {
      ...transfer,
      target: "ERP, company 12",
      audience: "payment-runner",
      reversible: "costly",
      schema: { type: "object", properties: { amount: { type: "number", maximum: 5000 } } },
      validFor: "PT2H",
    };
    expect(accepted(whole).action).toEqual(whole);
  });

  test("is compared by what it means, and its arguments as they are", () => {
    const terms = { deadlineAtMs: nowMs + 7 * 86_400_000 };
    const stored = { request: accepted(transfer), terms };
    const differs = (action: unknown) => differingFields(stored, accepted(action));
    expect(differs({ arguments: { to: transfer.arguments.to, amount: 4120 }, tool: transfer.tool })).toEqual(
      [],
    );
    expect(differs({ ...transfer, validFor: "PT24H", reversible: "no" })).toEqual([]);
    expect(differs({ ...transfer, arguments: { ...transfer.arguments, amount: 4121 } })).toEqual(["action"]);
    expect(differs({ ...transfer, reversible: "yes" })).toEqual(["action"]);
  });

  describe.each(["tool", "target", "audience"])("whose %s", (name) => {
    test.each([
      ["begins with a blank", " pay", "must not begin or end with a blank"],
      ["ends with a blank", "pay ", "must not begin or end with a blank"],
      ["is blank", " ", "must not begin or end with a blank"],
      [
        "has a control character",
        "pay\n",
        "must be one line without control characters: U+000A is character 4",
      ],
      [
        "has a control of writing direction",
        "p\u202eay",
        "must hold only characters that can be seen: U+202E is character 2",
      ],
      [
        "has a zero-width space",
        "pay\u200b",
        "must hold only characters that can be seen: U+200B is character 4",
      ],
      [
        "has a letter that is none to see",
        "pay\u3164",
        "must hold only characters that can be seen: U+3164 is character 4",
      ],
      [
        "has another blank than the usual one",
        "pay\u00a0all",
        "must hold only characters that can be seen: U+00A0 is character 4",
      ],
      [
        "has a tag beyond U+FFFF",
        "pay\u{e0061}",
        "must hold only characters that can be seen: U+E0061 is character 4",
      ],
      [
        "has half a surrogate pair",
        "pay\ud800",
        "must be well-formed Unicode (it holds half a surrogate pair)",
      ],
    ])("%s is refused, and not mended", (_, text, message) => {
      expect(problems({ ...transfer, [name]: text })).toEqual([`action.${name}: ${message}`]);
    });

    test.each(["pay.all-v2", "Überweisung an ACME, 12 Stück", "支払い", "pay 💸"])(
      "is %s is taken as it is",
      (text) => {
        expect(accepted({ ...transfer, [name]: text }).action).toMatchObject({ [name]: text });
      },
    );

    test.each(["pay\u200b", "pay\u00a0all"])("was taken when less was refused is read back (%j)", (text) => {
      const stored = { ...accepted(transfer), action: { ...accepted(transfer).action, [name]: text } };
      expect(storedRequestSchema.parse(stored)).toEqual(stored);
    });
  });

  test.each([
    ["a member that is not known", { ...transfer, "\ud800": "\ud800" }],
    ["a text in the place of the arguments", { ...transfer, arguments: "\ud800" }],
    [
      "limits that cannot be shown beside arguments",
      { ...transfer, standing: { limits: { "/a": { fixed: "\ud800" } }, uses: 1 } },
    ],
    ["a text in the place of a word", { ...transfer, reversible: "\ud800" }],
  ])("with half a surrogate pair in %s is refused, alone and among items", (_, action) => {
    expect(problems(action)).not.toEqual([]);
    const several = parse({ title: "Pay", approvers: ["ana@example.com"], items: [transfer, action] });
    expect(several.ok).toBe(false);
  });

  test.each([
    ["an argument that is no object", { ...transfer, arguments: [1] }, "action.arguments: must be an object"],
    ["an unknown member", { ...transfer, args: {} }, "action.args: is not a known field"],
    ["no tool", { arguments: {} }, "action.tool: is required"],
    [
      "another word",
      { ...transfer, reversible: "maybe" },
      'action.reversible: must be "yes" or "costly" or "no"',
    ],
    [
      "too long a time",
      { ...transfer, validFor: "P31D" },
      "action.validFor: must be from PT1M to P30D, such as P1D",
    ],
    [
      "a time that is none",
      { ...transfer, validFor: "4h" },
      "action.validFor: must be an ISO 8601 duration in weeks, days, hours, minutes (P5D, PT36H; months and years have no fixed length), from PT1M to P30D",
    ],
    [
      "half a surrogate pair",
      given("a\ud800"),
      "/action/arguments/value: must be well-formed Unicode (it holds half a surrogate pair)",
    ],
    [
      "a control",
      given("a\u0007"),
      "/action/arguments/value: must hold only characters that can be shown: U+0007 is character 2",
    ],
    [
      "a turn of the writing direction",
      given("gpj.\u202eexe"),
      "/action/arguments/value: must hold only characters that can be shown: U+202E is character 5",
    ],
    [
      "a reserved name",
      given(JSON.parse('{"__proto__": 1}')),
      "/action/arguments/value/__proto__: must have another name: this one is reserved",
    ],
    [
      "a name with a control",
      given({ "a\u0000": 1 }),
      "/action/arguments/value/a\u0000: must have a name that hold only characters that can be shown: U+0000 is character 2",
    ],
    ["infinity", given([0, Number.POSITIVE_INFINITY]), "/action/arguments/value/1: must be a finite number"],
    ["what is no JSON", given(new Date(0)), "/action/arguments/value: must be JSON"],
    ["what JSON leaves out", given(undefined), "/action/arguments/value: must be JSON"],
  ])("with %s is refused", (_, action, problem) => {
    expect(problems(action)).toContain(problem);
  });

  test("is told all that is wrong with it at once", () => {
    expect(problems({})).toEqual(["action.tool: is required", "action.arguments: is required"]);
    expect(problems({ arguments: [1], reversible: "maybe", when: "now" })).toEqual([
      "action.tool: is required",
      "action.arguments: must be an object",
      'action.reversible: must be "yes" or "costly" or "no"',
      "action.when: is not a known field",
    ]);
    const standing = { limits: { "/n": { max: 5 } }, uses: 2 };
    expect(problems({ standing, arguments: [1] })).toEqual([
      "action.tool: is required",
      "action.arguments: must be an object",
      "action.arguments: cannot stand beside standing, whose limits say what they can be",
      'action.reversible: must be "yes" or "costly" beside standing: what cannot be undone is approved each time',
    ]);
    for (const action of [null, 1, "x", []]) expect(problems(action)).toEqual(["action: must be an object"]);
  });

  test("that cannot be undone is not approved by silence", () => {
    const ask = (reversible: string) => {
      const request = { ...withAction({ ...transfer, reversible }), onDeadline: "approve" };
      return parseApprovalRequest(request, { nowMs, callbackUrlProblem, mayApproveByDeadline: true }).ok;
    };
    expect([ask("no"), ask("costly"), ask("yes")]).toEqual([false, true, true]);
  });

  test("with a name that libraries of RFC 8785 sort in different ways is refused", () => {
    expect(problems(given({ "\u{1f600}": 1 }))[0]).toContain("without characters beyond U+FFFF");
  });

  test("with a number that a double would change is refused where it comes in", () => {
    const body = parseInteroperableJson('{"value": 8202522731445525542, "small": 0.1}');
    expect(problems({ ...transfer, arguments: body })[0]).toContain(
      "/action/arguments/value: must be a number that JSON readers keep",
    );
  });

  test("has at most 32 KiB in the form of RFC 8785, to the byte, and as many values as people read", () => {
    const others = JSON.stringify({ arguments: { value: "" }, tool: transfer.tool }).length;
    const longest = "é".repeat((32 * 1024 - others - 1) / 2) + "x".repeat((32 * 1024 - others - 1) % 2);
    expect(problems(given(`${longest}x`))).toEqual([]);
    expect(problems(given(`${longest}xx`))).toEqual([
      "/action/arguments: must be shorter: the action has 32769 bytes and may have 32768",
    ]);
    const named = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`n${i}`, i]));
    expect(problems({ ...transfer, arguments: named(500) })).toEqual([]);
    expect(problems({ ...transfer, arguments: named(501) })[0]).toContain("at most 500 values");
    const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
    expect(problems(given(deep(23)))).toEqual([]);
    expect(problems(given(deep(24)))[0]).toContain("nested at most 24 levels deep");
  });
});

describe("the schema of an action", () => {
  const by = (schema: unknown, value: unknown = transfer.arguments) =>
    problems({ ...transfer, schema, arguments: value });

  test("is met, or the problem names the place by its JSON Pointer", () => {
    const schema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: { amount: { $ref: "#/$defs/amount" }, "a/b #%": { type: "string" } },
      required: ["amount"],
      $defs: { amount: { type: "number", maximum: 5000 } },
    };
    expect(by(schema)).toEqual([]);
    expect(by(schema, { amount: 5001 })[0]).toContain("/action/arguments/amount: must fit the schema: ");
    expect(by(schema, { amount: 1, "a/b #%": 1 })[0]).toContain(
      "/action/arguments/a~1b #%: must fit the schema",
    );
    expect(by({ ...schema, additionalProperties: false })).toEqual([
      "/action/arguments/to: must be left out: the schema does not allow it",
    ]);
    expect(by(schema, {})[0]).toMatch(/^\/action\/arguments: must fit the schema: .*"amount"/u);
  });

  test.each([
    ["another draft", { $schema: "http://json-schema.org/draft-07/schema#" }, "/action/schema/$schema"],
    ["a word that is no type", { type: "text" }, "/action/schema/type"],
    [
      "a reference to another place",
      { $ref: "https://example.com/s.json" },
      "/action/schema/$ref: must begin with #: nothing is fetched, so it can only point into the same schema",
    ],
    ["the same by its own address", { $id: "https://example.com/", $ref: "s.json" }, "/action/schema/$ref"],
    [
      "a dynamic reference",
      { properties: { a: { $dynamicRef: "#a" } } },
      "/action/schema/properties/a/$dynamicRef: must be left out: dynamic references are not followed",
    ],
    [
      "a pattern that is none",
      { properties: { to: { pattern: "(" } } },
      "/action/schema/properties/to/pattern",
    ],
    [
      "a reference to nothing",
      { $ref: "#/$defs/a" },
      "/action/schema: must be a JSON Schema that can be checked: Unresolved $ref",
    ],
    ["a circle", { $ref: "#" }, "/action/schema: must not refer to itself without end"],
    ["half a surrogate pair", { title: "\udc00" }, "/action/schema/title: must be well-formed"],
  ])("with %s is refused", (_, schema, start) => {
    const found = by(schema);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((problem) => !problem.startsWith(start))).toEqual([]);
    expect(new Set(found.map((problem) => problem.split(": ")[0])).size).toBe(found.length);
  });

  test("whose pattern backtracks, or whose references multiply, is broken off", () => {
    const slow = { properties: { to: { pattern: "^(([a-z])+.)+[A-Z]([a-z])+$" } } };
    expect(by(slow, { to: "a".repeat(60) })).toEqual([
      "/action/schema: must be simpler: checking with it took longer than 250 ms",
    ]);
    const $defs: Record<string, unknown> = { d0: { type: "object" } };
    for (let i = 1; i <= 30; i += 1)
      $defs[`d${i}`] = { allOf: [{ $ref: `#/$defs/d${i - 1}` }, { $ref: `#/$defs/d${i - 1}` }] };
    expect(by({ $defs, $ref: "#/$defs/d30" })).toEqual([
      "/action/schema: must be simpler: checking with it took longer than 250 ms",
    ]);
  });

  test("is not changed by the check, and checks nothing in inherited members", () => {
    const schema = Object.freeze({
      properties: Object.freeze({ amount: Object.freeze({ type: "number" }) }),
    });
    expect(by(schema)).toEqual([]);
    expect(Object.getOwnPropertyNames(schema.properties.amount)).toEqual(["type"]);
    expect(by({ required: ["toString"] })[0]).toContain('"toString"');
    expect(by({ properties: { constructor: { type: "number" } } })).toEqual([]);
  });
});

const ended = (outcome: OutcomeKind, ...excepts: readonly (readonly number[])[]) => ({
  outcome,
  decisions: excepts.map((except, i) => ({
    n: i + 1,
    email: "a@b.example",
    choice: "approve",
    at: "",
    except,
  })),
});

describe("the digest", () => {
  const terms = { approval: "po-1", startedAtMs: nowMs, deadlineAtMs: nowMs + 86_400_000 };

  test("is the SHA-256 of the canonical form that the docs tell of", () => {
    const nonce = createHash("sha256").update(`["po-1",${nowMs}]`).digest("hex");
    const text = `{"action":{"arguments":{"amount":4120,"to":"DE89 3704 0044 0532 0130 00"},"reversible":"no","tool":"payments.transfer","validFor":"P1D"},"expires":"2026-11-22T12:00:00.000Z","nonce":"${nonce}","people":{"approvers":[{"email":"ana@example.com"}]},"rule":{"onDeadline":"expire","rejection":"veto","require":"any"},"v":1}`;
    expect(digestOf(accepted(transfer), terms)).toBe(createHash("sha256").update(text).digest("hex"));
  });

  test("differs for another argument, rule, person, approval or deadline, and not for another spelling", () => {
    const request = accepted(transfer);
    const digest = digestOf(request, terms);
    const others = [
      digestOf(accepted({ ...transfer, arguments: { amount: 4120 } }), terms),
      digestOf(accepted({ ...transfer, target: "x" }), terms),
      digestOf({ ...request, require: "all" }, terms),
      digestOf({ ...request, approvers: [{ email: "bo@example.com" }] }, terms),
      digestOf(request, { ...terms, approval: "po-2" }),
      digestOf(request, { ...terms, startedAtMs: nowMs + 1 }),
      digestOf(request, { ...terms, deadlineAtMs: nowMs }),
    ];
    expect(new Set([digest, ...others]).size).toBe(8);
    const { amount, to } = transfer.arguments;
    expect(digestOf(accepted({ arguments: { to, amount }, tool: transfer.tool }), terms)).toBe(digest);
  });

  test("is in the outcome, with the arguments only where they may be used", () => {
    const request = accepted(transfer);
    const digest = digestOf(request, terms);
    expect(outcomeAction(unedited(request), terms, ended("approved"))).toEqual({
      action: { digest, arguments: transfer.arguments },
    });
    expect(outcomeAction(unedited(request), terms, ended("rejected"))).toEqual({ action: { digest } });
    const { action: _, ...plain } = request;
    expect(outcomeAction(unedited(plain), terms, ended("approved"))).toEqual({});
  });
});

describe("items", () => {
  const other = { ...transfer, arguments: { amount: 1, to: "Bo" } };
  const third = { ...transfer, tool: "mail.send" };
  const ask = (more: object) => parse({ title: "Pay", approvers: ["ana@example.com"], ...more });
  const faults = (more: object) => {
    const parsed = ask(more);
    return parsed.ok ? [] : parsed.problems.map(({ field, message }) => `${field}: ${message}`);
  };
  const asked = (more: object = {}) => {
    const parsed = ask({ items: [transfer, other, third], ...more });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.value;
  };

  test("are in place of an action, at most fifty, and each is checked", () => {
    expect(faults({ items: [transfer], action: transfer })).toEqual([
      "items: must be left out beside action",
    ]);
    expect(faults({ action: transfer, atomic: true })).toEqual(["atomic: must be left out without items"]);
    expect(faults({ items: [] })).toEqual(["items: must have at least 1 item"]);
    expect(faults({ items: Array.from({ length: 51 }, () => transfer) })).toEqual([
      "items: must have at most 50 items",
    ]);
    expect(faults({ items: [transfer, given("\u0007")] })[0]).toContain("/items/1/arguments/value: ");
    expect(faults({ items: [transfer, { ...other, schema: { required: ["x"] } }] })[0]).toContain(
      "/items/1/arguments: ",
    );
    expect(
      faults({ items: [given("x".repeat(30_000)), given("x".repeat(30_000)), given("x".repeat(6_000))] })[0],
    ).toMatch(/^items: must be shorter: all items have \d+ bytes and may have 65536$/u);
    const many = {
      ...transfer,
      arguments: Object.fromEntries(Array.from({ length: 251 }, (_, i) => [`n${i}`, i])),
    };
    expect(faults({ items: [many, many] })[0]).toContain("items: must have at most 500 values together");
  });

  test("are checked with their schemas in the time that one has, however many there are", () => {
    // Each takes some tens of milliseconds: less than the limit, and all together much more.
    const slow = {
      ...transfer,
      arguments: { to: "a".repeat(22) },
      schema: { properties: { to: { not: { pattern: "^(a|a)*b" } } } },
    };
    const simple = { ...transfer, schema: { properties: { to: { pattern: "^[A-Z0-9 ]+$" } } } };
    // On a busy machine one alone may take all of the time: the first is none of them.
    const found = faults({ items: [simple, ...Array.from({ length: 49 }, () => slow)] });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(
      /^\/items\/[1-9]\d*\/schema: must be simpler: checking with it took longer than 250 ms, together with those of the items before it$/u,
    );
    expect(faults({ items: Array.from({ length: 50 }, () => simple) })).toEqual([]);
    const unfit = { ...simple, arguments: { to: "x" } };
    expect(faults({ items: [unfit, simple, unfit] }).map((each) => each.split(":")[0])).toEqual([
      "/items/0/arguments/to",
      "/items/2/arguments/to",
    ]);
  });

  test("are approved but for those that anybody whose answer counts has struck out", () => {
    const terms = { approval: "po-1", startedAtMs: nowMs, deadlineAtMs: nowMs };
    const request = asked();
    const digest = digestOf(request, terms);
    const items = [transfer, other, third].map((item, i) => ({ n: i + 1, arguments: item.arguments }));
    const approved = (...excepts: readonly (readonly number[])[]) =>
      outcomeAction(unedited(request), terms, ended("approved", ...excepts)).action;
    expect(approved([])).toEqual({ digest, items });
    expect(approved([2])).toEqual({ digest, items: [items[0], items[2]] });
    expect(approved([2], [1])).toEqual({ digest, items: [items[2]] });
    expect(approved([2], [1, 3])).toEqual({ digest, items: [] });
    expect(outcomeAction(unedited(request), terms, ended("expired")).action).toEqual({ digest });
    expect(digestOf(asked({ items: [other, transfer, third] }), terms)).not.toBe(digest);
    expect(digestOf(asked({ atomic: true }), terms)).not.toBe(digest);
  });

  test.each([
    ["none", [], "approve", { ok: true, except: [] }],
    ["some, in order and once", [3, 1, 3], "approve", { ok: true, except: [1, 3] }],
    ["one that is not there", [4], "approve", "must have numbers of items, from 1 to 3"],
    ["all", [1, 2, 3], "approve", "must leave at least one item: reject to strike out all of them"],
    ["some, with a rejection", [1], "reject", "must be left out with a choice that does not approve"],
  ] as const)("are struck out by an answer: %s", (_, except, effect, expected) => {
    const held = heldExcept(asked(), effect, except);
    expect(held.ok ? held : held.problem.message).toEqual(expected);
    expect(heldExcept(asked({ atomic: true }), "approve", [1]).ok).toBe(false);
    expect(heldExcept({}, "approve", [1]).ok).toBe(false);
  });
});

describe("an edit", () => {
  const mark = { "x-countersign-editable": true };
  const schema = {
    properties: {
      amount: { type: "number", maximum: 5000, ...mark },
      to: { $ref: "#/$defs/person" },
      lines: { items: { properties: { qty: { allOf: [mark] } } } },
      free: mark,
      pair: { prefixItems: [{}, mark] },
    },
    $defs: { person: { properties: { note: mark } }, loop: { $ref: "#/$defs/loop" } },
  };
  const before = {
    amount: 1,
    to: { name: "Ana", note: "x" },
    lines: [
      { sku: "a", qty: 1 },
      { sku: "b", qty: 2 },
    ],
    pair: ["a", "b"],
    other: 1,
  };
  const content = accepted({ ...transfer, arguments: before, schema });
  const faults = (given: object, of = content) => {
    const held = edited(of, [{ arguments: { ...before, ...given } }]);
    return held.ok ? [] : held.problems.map(({ field, message }) => `${field}: ${message}`);
  };
  const fixed = (place: string) => [`/arguments${place}: must stay as it was proposed: nobody may change it`];

  test.each([
    ["a marked value", { amount: 4 }],
    ["what a reference marks", { to: { name: "Ana", note: "y" } }],
    ["one that is left out", { to: { name: "Ana" } }],
    [
      "in each item of a list",
      {
        lines: [
          { sku: "a", qty: 7 },
          { sku: "b", qty: 8 },
        ],
      },
    ],
    ["everything within a mark, also what was not there", { free: { any: ["thing"] } }],
    ["one place of a list", { pair: ["a", "c"] }],
  ])("changes %s", (_, given) => {
    expect(faults(given)).toEqual([]);
    const held = edited(content, [{ arguments: { ...before, ...given } }]);
    expect(held.ok && held.content.action?.arguments).toEqual({ ...before, ...given });
  });

  test.each([
    ["another value", { other: 2 }, "/other"],
    ["a new member", { more: 1 }, "/more"],
    ["beside the mark", { to: { name: "Bo", note: "y" } }, "/to/name"],
    [
      "beside it in a list",
      {
        lines: [
          { sku: "x", qty: 1 },
          { sku: "b", qty: 2 },
        ],
      },
      "/lines/0/sku",
    ],
    ["the length of a list", { lines: [{ sku: "a", qty: 1 }] }, "/lines/1"],
    ["another place of a list", { pair: ["z", "b"] }, "/pair/0"],
  ])("does not change %s", (_, given, place) => {
    expect(faults(given)).toEqual(fixed(place));
  });

  test("that changes many things tells of what it may not change, however many it may", () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`n${i}`, i]));
    const wide = accepted({
      ...transfer,
      arguments: { ...many, last: 1 },
      schema: { properties: { last: {} }, additionalProperties: mark },
    });
    const changed = Object.fromEntries(Object.keys(many).map((name) => [name, "x"]));
    const held = edited(wide, [{ arguments: { ...changed, last: 2 } }]);
    expect(held.ok ? [] : held.problems.map(({ field }) => field)).toEqual(["/arguments/last"]);
  });

  test("must fit the schema and can be shown", () => {
    expect(faults({ amount: 5001 })[0]).toContain("/arguments/amount: must fit the schema");
    expect(faults({ free: "\u202e" })[0]).toContain(
      "/arguments/free: must hold only characters that can be shown",
    );
    expect(edited(content, [{ arguments: [] }]).ok).toBe(false);
    expect(edited(content, [{ arguments: before, item: 1 }]).ok).toBe(false);
  });

  test("of several items are checked in the time of one, and within the limits of all together", () => {
    const marked = { properties: { text: { pattern: "^(a+)+$", "x-countersign-editable": true } } };
    const items = Array.from({ length: 8 }, () => ({
      ...transfer,
      arguments: { text: "a" },
      schema: marked,
    }));
    const { action: _, ...others } = withAction(transfer);
    const parsed = parse({ ...others, items });
    const many = parsed.ok ? parsed.value : fail(JSON.stringify(parsed.problems));
    const editsWith = (text: string) => items.map((_each, i) => ({ arguments: { text }, item: i + 1 }));
    const startedAt = performance.now();
    const slow = edited(many, editsWith(`${"a".repeat(40)}!`));
    // Without a limit, the first would take days.
    expect(performance.now() - startedAt).toBeLessThan(60_000);
    expect(slow).toMatchObject({
      ok: false,
      item: 1,
      problems: [{ field: "/schema", message: expect.stringContaining("took longer than 250 ms") }],
    });
    const long = edited(many, editsWith("a".repeat(9_000)));
    expect(long).toMatchObject({ ok: false, problems: [{ field: "items" }] });
    expect(edited(many, editsWith("aa"))).toMatchObject({ ok: true });
  });

  test("needs a mark: without a schema, or by a schema that has none, nothing can be changed", () => {
    const { action } = content;
    if (action === undefined) throw new Error("no action");
    const { schema: _, ...plain } = action;
    const { title, details } = content;
    expect(faults({ amount: 2 }, { ...content, title, details, action: plain })).toEqual(fixed("/amount"));
    expect(isEditable({ action: plain })).toBe(false);
    expect(isEditable(content)).toBe(true);
    expect(isEditable({ action: { ...plain, schema: { $ref: "#/$defs/loop", $defs: schema.$defs } } })).toBe(
      true,
    );
  });

  test("asks a schema in time, also where its check has not been: what multiplies there, leads in circles, or is no address", () => {
    const $defs: Record<string, unknown> = { d0: mark, loop: { allOf: [{ $ref: "#/$defs/loop" }, mark] } };
    for (let i = 1; i <= 40; i += 1) {
      $defs[`d${i}`] = { allOf: [{ $ref: `#/$defs/d${i - 1}` }, { $ref: `#/$defs/d${i - 1}` }] };
    }
    const unchecked = {
      $defs,
      properties: { many: { $ref: "#/$defs/d40" }, circle: { $ref: "#/$defs/loop" }, bad: { $ref: "#/%zz" } },
      patternProperties: { "^plain$": true },
      additionalProperties: mark,
    };
    const of = { schema: unchecked };
    expect(isEditableAt(of, ["many"])).toBe(true);
    expect(isEditableAt(of, ["circle"])).toBe(true);
    expect(isEditableAt(of, ["bad"])).toBe(false);
    // The check goes by the pattern, and so nobody may take the mark of all others for it.
    expect(isEditableAt(of, ["plain"])).toBe(false);
    expect(isEditableAt({ schema: { additionalProperties: mark } }, ["plain"])).toBe(true);
  });

  test("is told argument by argument, before and after", () => {
    const held = edited(content, [{ arguments: { ...before, amount: 4, free: "a\nb" } }]);
    if (!held.ok) throw new Error("refused");
    expect(contentChanges(content, held.content)).toEqual([
      { part: "argument", label: "amount", before: "1", after: "4" },
      { part: "argument", label: "free", after: '"a\\nb"' },
    ]);
  });
});

describe("arguments as people see them", () => {
  test.each([
    [
      { amount: 5, to: "Ana" },
      [
        ["amount", "5"],
        ["to", "Ana"],
      ],
    ],
    [
      { a: { b: [1, 2], c: null } },
      [
        ["a › b", "[1,2]"],
        ["a › c", "null"],
      ],
    ],
    [
      { rows: [{ id: 1 }, {}] },
      [
        ["rows › [0] › id", "1"],
        ["rows › [1]", "{}"],
      ],
    ],
    [
      { number: "5", word: "true", empty: "", blank: " a" },
      [
        ["number", '"5"'],
        ["word", '"true"'],
        ["empty", '""'],
        ["blank", '" a"'],
      ],
    ],
    [{ rows: { 0: { id: 1 } } }, [["rows › 0 › id", "1"]]],
    [
      { "the rows": [{ id: 1 }, { 0: 2 }] },
      [
        ["/the rows/[0]/id", "1"],
        ["/the rows/[1]/0", "2"],
      ],
    ],
    [
      { rows: [{ id: 1 }, { "[0]": 2 }], "[0]": 3 },
      [
        ["rows › [0] › id", "1"],
        ['["rows",1,"[0]"]', "2"],
        ['["[0]"]', "3"],
      ],
    ],
    [
      { "a b": "x", "": 1 },
      [
        ["/a b", "x"],
        ["/", "1"],
      ],
    ],
    [
      { amount: 1, "amount\u3164": 99, beträge: 2 },
      [
        ["amount", "1"],
        ['"/amount\\u3164"', "99"],
        ["beträge", "2"],
      ],
    ],
    [
      { to: "a\u200bb", line: "a\nb", tab: "a\tb" },
      [
        ["to", '"a\\u200bb"'],
        ["line", "a\nb"],
        ["tab", '"a\\tb"'],
      ],
    ],
  ])("%j", (value, rows) => {
    expect(argumentRows(value).map((row) => [row.label, row.value])).toEqual(rows);
  });

  test.each([
    [{ rows: [{ id: 1 }] }, { rows: { 0: { id: 1 } } }],
    [{ "a b": [{ id: 1 }] }, { "a b": { 0: { id: 1 } } }],
    [{ "a b": [{ id: 1 }] }, { "a b": { "[0]": { id: 1 } } }],
    [{ a: [{ id: 1 }] }, { a: { "[0]": { id: 1 } } }],
  ])("a list and an object with its indexes for names are different (%j, %j)", (one, other) => {
    const labels = (given: object) => argumentRows({ ...given }).map(({ label }) => label);
    expect(labels(one)).not.toEqual(labels(other));
    const content = (given: object) =>
      ({
        title: "Pay",
        details: [],
        action: {
          ...accepted(transfer).action,
          tool: "pay",
          reversible: "no",
          validFor: "P1D",
          arguments: { ...given },
        },
      }) as const;
    expect(contentChanges(content(one), content(other))).toMatchObject([{ before: "1" }, { after: "1" }]);
  });

  test("are all there: whatever is accepted can be read back from its rows, and from its JSON", () => {
    assert(
      property(
        dictionary(
          string({ unit: "grapheme" }),
          oneof(
            jsonValue({ maxDepth: 4, stringUnit: "binary" }),
            // Names that look like indexes, beside lists.
            array(dictionary(constantFrom("0", "1", "[0]", "a"), jsonValue({ maxDepth: 2 }))),
            dictionary(constantFrom("0", "1", "[0]", "[1]", "a b"), jsonValue({ maxDepth: 2 })),
          ),
        ),
        (value) => {
          const json = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
          if (problems({ ...transfer, arguments: json }).length > 0) return;
          expect(argumentsIn(argumentRows(json))).toEqual(json);
          const text = shownJson(json, 2);
          expect(JSON.parse(text)).toEqual(json);
          expect(text.replaceAll("\n", "")).not.toMatch(/[\p{C}\u00a0\u200b\u2028]/u);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

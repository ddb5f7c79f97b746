import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  type FieldValues,
  faultText,
  readFieldsForm,
  readFieldsJson,
} from "../../../src/approval/field-answers.ts";
import { type FieldSpec, type FieldsSpec, fieldsSchema } from "../../../src/approval/fields.ts";
import { problemsFromIssues } from "../../../src/approval/problems.ts";
import { meaning, storedShape } from "../../../src/approval/shape.ts";
import { parseInteroperableJson } from "../../../src/lib/exact-json.ts";

/** `field: message` of every problem; empty for a spec that is accepted. */
function problems(spec: unknown): string[] {
  const parsed = fieldsSchema.safeParse(spec);
  if (parsed.success) return [];
  return problemsFromIssues(parsed.error.issues, spec).map(({ field, message }) => `${field}: ${message}`);
}
const one = (field: unknown, name = "x") => ({ type: "object", properties: { [name]: field } });

const purchase = {
  type: "object",
  properties: {
    costCentre: { type: "string", title: "Cost centre", minLength: 4, maxLength: 10 },
    amount: { type: "number", minimum: 0.5, maximum: 50_000, description: "In euros" },
    items: { type: "integer", minimum: 1, maximum: 99 },
    budgeted: { type: "boolean" },
    supplier: { enum: ["Acme", "Other supplier"] },
    due: { type: "string", format: "date" },
    invoice: { type: "string", format: "email" },
    why: { type: "string", maxLength: 1_000 },
  },
  required: ["costCentre", "amount"],
} as const satisfies FieldsSpec;

describe("fieldsSchema takes", () => {
  test("every kind of field as it is", () => {
    expect(fieldsSchema.parse(purchase)).toEqual(purchase);
  });

  test("what Zod writes of an object of plain fields", () => {
    const written = z.toJSONSchema(
      z.strictObject({
        costCentre: z.string().min(4).max(10),
        amount: z.number().min(1),
        paid: z.boolean(),
        to: z.enum(["a", "b"]),
      }),
    );
    expect(problems(written)).toEqual([]);
  });

  test("names that objects have anyway", () => {
    const names = ["constructor", "toString", "hasOwnProperty", "valueOf"];
    const properties = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
    const spec = fieldsSchema.parse({ type: "object", properties, required: names });
    expect(readFieldsJson(spec, {}, true)).toMatchObject({
      ok: false,
      problems: names.map((name) => ({ name })),
    });
    expect(readFieldsJson(one({ type: "string" }) as FieldsSpec, { toString: "x" }, true)).toMatchObject({
      problems: [{ name: "toString", fault: { kind: "unknown" } }],
    });
  });
});

describe("fieldsSchema refuses", () => {
  test.each<[string, unknown, string]>([
    ["no object", "x", "body: must be an object"],
    ["another type", { ...one({ type: "string" }), type: "array" }, 'type: must be "object"'],
    ["no fields", { type: "object", properties: {} }, "properties: must have 1 to 20 fields"],
    [
      "too many fields",
      {
        type: "object",
        properties: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`f${i}`, { type: "string" }])),
      },
      "properties: must have 1 to 20 fields",
    ],
    [
      "a name with a point",
      one({ type: "string" }, "a.b"),
      "properties.a.b: must be named by 1 to 64 letters, digits, '_' or '-', beginning with a letter",
    ],
    [
      "a name that is a number",
      one({ type: "string" }, "1"),
      "properties.1: must be named by 1 to 64 letters, digits, '_' or '-', beginning with a letter",
    ],
    ["no type", one({}), "properties.x.type: is required"],
    [
      "an object in it",
      one({ type: "object" }),
      'properties.x.type: must be "string" or "number" or "integer" or "boolean"',
    ],
    [
      "two types",
      one({ type: ["string", "null"] }),
      'properties.x.type: must be "string" or "number" or "integer" or "boolean"',
    ],
    [
      "a keyword that is not read",
      one({ type: "string", pattern: "^a+$" }),
      "properties.x.pattern: is not a known field",
    ],
    [
      "a format that is not read",
      one({ type: "string", format: "uri" }),
      'properties.x.format: must be "date" or "email"',
    ],
    [
      "a format of a number",
      one({ type: "number", format: "date" }),
      'properties.x.type: must be "string" beside format',
    ],
    [
      "options of a number",
      one({ type: "number", enum: ["1"] }),
      'properties.x.type: must be "string" beside enum',
    ],
    [
      "a format beside options",
      one({ enum: ["1"], format: "date" }),
      "properties.x.format: cannot stand beside enum",
    ],
    ["no options", one({ enum: [] }), "properties.x.enum: must have at least 1 item"],
    [
      "an option twice",
      one({ enum: ["Caf\u00e9", "b", "Cafe\u0301"] }),
      "properties.x.enum[2]: is there twice",
    ],
    ["an option that is a number", one({ enum: [1] }), "properties.x.enum[0]: must be a string"],
    [
      "a limit of another kind",
      one({ type: "string", minimum: 1 }),
      "properties.x.minimum: has no meaning for a field of the type string",
    ],
    [
      "a limit beside options",
      one({ enum: ["a"], maxLength: 1 }),
      "properties.x.maxLength: has no meaning beside enum",
    ],
    [
      "a limit of a date",
      one({ type: "string", format: "date", minLength: 1 }),
      "properties.x.minLength: has no meaning for a field of the type date",
    ],
    ["a limit that is text", one({ type: "number", minimum: "1" }), "properties.x.minimum: must be a number"],
    [
      "a text longer than is kept",
      one({ type: "string", maxLength: 1_001 }),
      "properties.x.maxLength: must be at most 1000",
    ],
    [
      "limits that leave nothing",
      one({ type: "string", minLength: 5, maxLength: 4 }),
      "properties.x.minLength: must be at most maxLength, which is 4",
    ],
    [
      "a least length above the default",
      one({ type: "string", minLength: 300 }),
      "properties.x.minLength: must be at most maxLength, which is 200",
    ],
    [
      "no room for a text",
      one({ type: "string", maxLength: 0 }),
      "properties.x.maxLength: must be at least 1",
    ],
    [
      "numbers that leave nothing",
      one({ type: "number", minimum: 2, maximum: 1 }),
      "properties.x.minimum: must be at most maximum, which is 1",
    ],
    [
      "no whole number between",
      one({ type: "integer", minimum: 1.2, maximum: 1.8 }),
      "properties.x.maximum: leaves no whole number",
    ],
    [
      "a required field that is none",
      { ...one({ type: "string" }), required: ["x", "y"] },
      "required[1]: must be one of the properties",
    ],
    [
      "a required field twice",
      { ...one({ type: "string" }), required: ["x", "x"] },
      "required[1]: is named twice",
    ],
    [
      "more than is asked for",
      { ...one({ type: "string" }), additionalProperties: true },
      "additionalProperties: must be false",
    ],
  ])("%s", (_, spec, problem) => {
    expect(problems(spec)).toContain(problem);
  });
});

describe("a stored spec", () => {
  test("stays readable when the rules become stricter, and is compared by meaning", () => {
    const loose = { ...one({ type: "string", maxLength: 9_999, title: "" }), required: ["gone"] };
    expect(storedShape(fieldsSchema).parse(loose)).toEqual(loose);
    const spelled = (title: string) => meaning(fieldsSchema, one({ type: "string", title }));
    expect(spelled("Caf\u00e9")).toEqual(spelled("Cafe\u0301"));
    expect(spelled("a")).not.toEqual(spelled("b"));
  });
});

const filled = { costCentre: "4711", amount: 12.5 };

function valuesOf(given: Record<string, unknown>, isApproval = true): FieldValues {
  const read = readFieldsJson(purchase, given, isApproval);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.values;
}

/** `field: fault` of every problem, of JSON and of the same as a form has it. */
function faults(given: Record<string, unknown>, isApproval = true): string[] {
  const read = readFieldsJson(purchase, given, isApproval);
  return read.ok ? [] : read.problems.map(({ name, fault }) => `${name} ${faultText(fault)}`);
}
function formFaults(given: Record<string, string>, isApproval = true): string[] {
  const read = readFieldsForm(purchase, (name) => given[name], isApproval);
  return read.ok ? [] : read.problems.map(({ name, fault }) => `${name} ${faultText(fault)}`);
}

describe("readFieldsJson()", () => {
  test("takes what fits, in the order of the fields, and tidies texts", () => {
    const given = {
      why: " two\r\nlines\u000bthree ",
      amount: 12.5,
      costCentre: " 4711 ",
      items: -0 + 1,
      budgeted: false,
      supplier: "Other supplier",
      due: "2028-02-29",
      invoice: "ana@example.com",
    };
    expect(Object.entries(valuesOf(given))).toEqual([
      ["costCentre", "4711"],
      ["amount", 12.5],
      ["items", 1],
      ["budgeted", false],
      ["supplier", "Other supplier"],
      ["due", "2028-02-29"],
      ["invoice", "ana@example.com"],
      ["why", "two\nlines\nthree"],
    ]);
  });

  test("asks for required fields where an answer approves, and only there", () => {
    expect(faults({})).toEqual(["costCentre is required to approve", "amount is required to approve"]);
    expect(faults({ costCentre: " ", amount: null })).toEqual(faults({}));
    expect(faults({}, false)).toEqual([]);
    expect(valuesOf({ costCentre: "4711" }, false)).toEqual({ costCentre: "4711" });
    // What is filled in must be right all the same.
    expect(faults({ amount: "x" }, false)).toEqual(["amount must be a number, such as 1200.50"]);
  });

  test("takes nothing that was not asked for", () => {
    expect(faults({ ...filled, x: 1 })).toEqual(["x is not a field of this approval"]);
    expect(readFieldsJson(undefined, undefined, true)).toEqual({ ok: true, values: {} });
    expect(readFieldsJson(undefined, { x: 1 }, true)).toMatchObject({ ok: false });
    const given = JSON.parse('{"__proto__": {"costCentre": "4711"}, "amount": 1}') as Record<string, unknown>;
    expect(faults(given)).toEqual([
      "__proto__ is not a field of this approval",
      "costCentre is required to approve",
    ]);
  });

  test.each<[string, unknown, string]>([
    ["costCentre", 4711, "must be a text"],
    ["costCentre", ["4711"], "must be a text"],
    ["costCentre", "123", "must have at least 4 characters"],
    ["costCentre", "12345678901", "must have at most 10 characters"],
    ["costCentre", "47\n11", "holds characters that cannot be kept there, such as control characters"],
    ["costCentre", "4711\ud800", "holds characters that cannot be kept there, such as control characters"],
    [
      "costCentre",
      "\u200b\u200b\u200b\u200b",
      "holds characters that cannot be kept there, such as control characters",
    ],
    ["why", "a\u0007b", "holds characters that cannot be kept there, such as control characters"],
    ["amount", "12", "must be a number, such as 1200.50"],
    ["amount", true, "must be a number, such as 1200.50"],
    ["amount", 0.4, "must be at least 0.5"],
    ["amount", 50_001, "must be at most 50000"],
    ["items", 1.5, "must be a whole number"],
    ["items", 0, "must be at least 1"],
    ["items", 1e20, "has more digits than can be kept: at most 15"],
    ["budgeted", "true", "must be true or false"],
    ["budgeted", 1, "must be true or false"],
    ["supplier", "acme", "must be one of the options"],
    ["due", "2027-02-29", "must be a date, such as 2026-12-31"],
    ["due", "2027-13-01", "must be a date, such as 2026-12-31"],
    ["due", "2027-1-1", "must be a date, such as 2026-12-31"],
    ["due", "20270101", "must be a date, such as 2026-12-31"],
    ["due", "2027-01-01T00:00:00Z", "must be a date, such as 2026-12-31"],
    ["due", "31.12.2026", "must be a date, such as 2026-12-31"],
    ["invoice", "ana", "must be one mail address, such as ana@example.com"],
    ["invoice", "a@example.com, b@example.com", "must be one mail address, such as ana@example.com"],
  ])("refuses %s: %j", (name, value, fault) => {
    expect(faults({ ...filled, [name]: value })).toEqual([`${name} ${fault}`]);
  });

  test("keeps numbers exactly, or refuses them", () => {
    const given = parseInteroperableJson('{"costCentre":"4711","amount":0.1234567890123456789}');
    expect(faults(given as Record<string, unknown>)).toEqual([
      "amount has more digits than can be kept: at most 15",
    ]);
    const wide: FieldsSpec = { type: "object", properties: { n: { type: "number" } } };
    expect(readFieldsJson(wide, { n: -0 }, true)).toEqual({ ok: true, values: { n: 0 } });
    expect(readFieldsJson(wide, { n: Infinity }, true)).toMatchObject({ ok: false });
  });

  test("counts an emoji as one character", () => {
    const short: FieldSpec = { type: "string", minLength: 2, maxLength: 2 };
    const spec = { type: "object", properties: { x: short } } as const;
    expect(readFieldsJson(spec, { x: "👍👍" }, true)).toMatchObject({ ok: true });
    expect(readFieldsJson(spec, { x: "👍" }, true)).toMatchObject({ ok: false });
  });
});

describe("readFieldsForm()", () => {
  test("reads the same from texts", () => {
    const form: Record<string, string> = {
      costCentre: "4711",
      amount: " 0012.50 ",
      items: "+7",
      budgeted: "false",
      supplier: "Acme",
      due: "2026-12-31",
      invoice: " ana@example.com",
      why: "one\r\ntwo",
    };
    const read = readFieldsForm(purchase, (name) => form[name], true);
    expect(read).toEqual({
      ok: true,
      values: {
        costCentre: "4711",
        amount: 12.5,
        items: 7,
        budgeted: false,
        supplier: "Acme",
        due: "2026-12-31",
        invoice: "ana@example.com",
        why: "one\ntwo",
      },
    });
  });

  test.each<[string, string, string]>([
    ["amount", "twelve", "must be a number, such as 1200.50"],
    ["amount", "12,50", "must be a number, such as 1200.50"],
    ["amount", "1.000,50", "must be a number, such as 1200.50"],
    ["amount", "0x10", "must be a number, such as 1200.50"],
    ["amount", "Infinity", "must be a number, such as 1200.50"],
    ["amount", "1e999", "has more digits than can be kept: at most 15"],
    ["amount", "0.1234567890123456789", "has more digits than can be kept: at most 15"],
    ["items", "9007199254740993", "has more digits than can be kept: at most 15"],
    ["items", "1.5", "must be a whole number"],
    ["items", "-1", "must be at least 1"],
    ["budgeted", "on", "must be true or false"],
    ["supplier", "Acme ltd", "must be one of the options"],
  ])("refuses %s: %j", (name, text, fault) => {
    expect(formFaults({ costCentre: "4711", amount: "1", [name]: text })).toEqual([`${name} ${fault}`]);
  });

  test("takes an empty control as not filled in", () => {
    const empty = {
      costCentre: "",
      amount: " ",
      items: "",
      budgeted: "",
      supplier: "",
      due: "",
      why: " \r\n",
    };
    expect(formFaults(empty, false)).toEqual([]);
    expect(formFaults(empty)).toEqual(["costCentre is required to approve", "amount is required to approve"]);
  });
});

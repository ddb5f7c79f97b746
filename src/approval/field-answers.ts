/**
 * Reads what approvers fill in (`fields.ts` says what they are asked): from a form, where everything is text, and from
 * JSON. Both are held to the same rules:
 *
 * F1 A required field must be filled in by an answer that approves. Who rejects or sends back owes nobody the facts of
 *    an approval.
 * F2 Texts are tidied as all text is (`text.ts`), and one of which nothing is left counts as not filled in.
 * F3 Numbers are kept exactly, or refused: what is shown later is what was written.
 * F4 Lengths count characters as JSON Schema does: an emoji is one.
 */
import { parseInteroperableJson, rawNumber } from "../lib/exact-json.ts";
import { isMailAddress } from "../lib/mail-address.ts";
import { Temporal } from "../lib/temporal.ts";
import { type FieldSpec, type FieldsSpec, kindOf, LINE_CHARS_MAX } from "./fields.ts";
import { lineProblem, linesProblem, storableProblem, tidyLine, tidyLines } from "./text.ts";

export type FieldValue = string | number | boolean;
export type FieldValues = Readonly<Record<string, FieldValue>>;

/** What is wrong with what was filled in; `limit` belongs to the four kinds that name one. */
export type FieldFault =
  | {
      readonly kind:
        | "required"
        | "unknown"
        | "text"
        | "characters"
        | "number"
        | "integer"
        | "digits"
        | "boolean"
        | "option"
        | "date"
        | "email";
    }
  | { readonly kind: "tooShort" | "tooLong" | "tooSmall" | "tooLarge"; readonly limit: number };

export interface FieldAnswerProblem {
  /** The field's name. */
  readonly name: string;
  readonly fault: FieldFault;
}

export type FieldsRead =
  | { readonly ok: true; readonly values: FieldValues }
  | { readonly ok: false; readonly problems: readonly FieldAnswerProblem[] };

/**
 * Reads the member `fields` of a decision.
 *
 * @param given JSON, or undefined if the decision has no such member
 * @param isApproval whether the answer approves (F1)
 */
export function readFieldsJson(
  spec: FieldsSpec | undefined,
  given: Readonly<Record<string, unknown>> | undefined,
  isApproval: boolean,
): FieldsRead {
  const members = Object.entries(given ?? {});
  const raw = new Map<string, unknown>(members);
  const unknown = members
    .filter(([name]) => !Object.hasOwn(spec?.properties ?? {}, name))
    .map(([name]): FieldAnswerProblem => ({ name, fault: { kind: "unknown" } }));
  const read = readAll(spec, isApproval, (name, field) => {
    const value = raw.get(name);
    return value === undefined || value === null ? undefined : readValue(field, value);
  });
  if (unknown.length === 0) return read;
  return { ok: false, problems: [...unknown, ...(read.ok ? [] : read.problems)] };
}

/**
 * Reads a posted form.
 *
 * @param textOf what the form has under a field's name; undefined if it has nothing
 */
export function readFieldsForm(
  spec: FieldsSpec | undefined,
  textOf: (name: string) => string | undefined,
  isApproval: boolean,
): FieldsRead {
  return readAll(spec, isApproval, (name, field) => {
    const text = textOf(name) ?? "";
    return text.trim() === "" ? undefined : readText(field, text);
  });
}

/** The fault in English, as the end of a sentence that begins with the field: `must be a whole number`. */
export function faultText(fault: FieldFault): string {
  switch (fault.kind) {
    case "tooShort":
      return `must have at least ${fault.limit} characters`;
    case "tooLong":
      return `must have at most ${fault.limit} characters`;
    case "tooSmall":
      return `must be at least ${fault.limit}`;
    case "tooLarge":
      return `must be at most ${fault.limit}`;
    default:
      return FAULTS[fault.kind];
  }
}

const FAULTS = {
  required: "is required to approve",
  unknown: "is not a field of this approval",
  text: "must be a text",
  characters: "holds characters that cannot be kept there, such as control characters",
  number: "must be a number, such as 1200.50",
  integer: "must be a whole number",
  digits: "has more digits than can be kept: at most 15",
  boolean: "must be true or false",
  option: "must be one of the options",
  date: "must be a date, such as 2026-12-31",
  email: "must be one mail address, such as ana@example.com",
} as const;

type ValueRead = { readonly value: FieldValue } | FieldFault;

function readAll(
  spec: FieldsSpec | undefined,
  isApproval: boolean,
  read: (name: string, field: FieldSpec) => ValueRead | undefined,
): FieldsRead {
  const values: [string, FieldValue][] = [];
  const problems: FieldAnswerProblem[] = [];
  const { properties = {}, required = [] } = spec ?? {};
  for (const [name, field] of Object.entries(properties)) {
    const result = read(name, field) ?? { value: "" };
    if (!("value" in result)) problems.push({ name, fault: result });
    else if (result.value !== "") values.push([name, result.value]);
    else if (isApproval && required.includes(name)) problems.push({ name, fault: { kind: "required" } });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, values: Object.fromEntries(values) };
}

/** What somebody typed, as the value that JSON would have, if it can be one. */
function readText(field: FieldSpec, text: string): ValueRead {
  const kind = kindOf(field);
  if (kind === "boolean") {
    return text === "true" || text === "false" ? { value: text === "true" } : { kind: "boolean" };
  }
  if (kind !== "number" && kind !== "integer") return readValue(field, text);
  const [, sign, digits] = TYPED_NUMBER.exec(text.trim()) ?? [];
  if (digits === undefined) return { kind };
  return readValue(field, parseInteroperableJson(`${sign === "-" ? "-" : ""}${digits}`));
}

/** Browsers send a decimal point, whatever the person typed; a large number may come as `1e21`. JSON has no zeros before a number. */
const TYPED_NUMBER = /^([+-]?)0*((?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/u;

function readValue(field: FieldSpec, value: unknown): ValueRead {
  const kind = kindOf(field);
  switch (kind) {
    case "number":
    case "integer":
      return readNumber(kind, field, value);
    case "boolean":
      return typeof value === "boolean" ? { value } : { kind };
    case "line":
    case "text":
    case "options":
    case "date":
    case "email":
      return typeof value === "string" ? readString(kind, field, value) : { kind: "text" };
    default:
      return kind satisfies never;
  }
}

function readNumber(
  kind: "number" | "integer",
  { minimum = -Infinity, maximum = Infinity }: FieldSpec,
  value: unknown,
): ValueRead {
  if (rawNumber(value) !== undefined) return { kind: "digits" };
  if (typeof value !== "number" || !Number.isFinite(value)) return { kind };
  if (kind === "integer" && !Number.isInteger(value)) return { kind };
  if (kind === "integer" && !Number.isSafeInteger(value)) return { kind: "digits" };
  if (value < minimum) return { kind: "tooSmall", limit: minimum };
  if (value > maximum) return { kind: "tooLarge", limit: maximum };
  // A minus before zero would be shown as no number that anybody wrote.
  return { value: value === 0 ? 0 : value };
}

function readString(
  kind: "line" | "text" | "options" | "date" | "email",
  { minLength = 0, maxLength = LINE_CHARS_MAX, enum: options = [] }: FieldSpec,
  raw: string,
): ValueRead {
  const isLines = kind === "text";
  const value = isLines ? tidyLines(raw) : tidyLine(raw);
  if (value === "") return { value };
  const problem = (isLines ? linesProblem(raw) : lineProblem(raw)) ?? storableProblem(value);
  if (problem !== undefined) return { kind: "characters" };
  switch (kind) {
    case "options": {
      const option = options.find((each) => each === value);
      return option === undefined ? { kind: "option" } : { value: option };
    }
    case "date":
      return isDate(value) ? { value } : { kind };
    case "email":
      return isMailAddress(value) ? { value } : { kind };
    default: {
      const { length } = Array.from(value);
      if (length < minLength) return { kind: "tooShort", limit: minLength };
      return length > maxLength ? { kind: "tooLong", limit: maxLength } : { value };
    }
  }
}

/** A day that exists, as RFC 3339 writes it (`full-date`). */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(text)) return false;
  try {
    return Temporal.PlainDate.from(text, { overflow: "reject" }).toString() === text;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

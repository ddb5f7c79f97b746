import type { FieldFault } from "../../approval/field-answers.ts";
import {
  type FieldKind,
  type FieldSpec,
  type FieldsSpec,
  kindOf,
  LINE_CHARS_MAX,
} from "../../approval/fields.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import { DECISION_FORM, type Rejected } from "./page.ts";

/** Each field as the form shows it: label, control, hint, and what is wrong with it. */
export function fieldControls(
  spec: FieldsSpec | undefined,
  rejected: Rejected | undefined,
  messages: Messages,
): readonly Locals[] {
  const problems = rejected?.fieldProblems ?? [];
  const faults = new Map(problems.map(({ name, fault }) => [name, fault]));
  return Object.entries(spec?.properties ?? {}).map(([name, field], i) => {
    const kind = kindOf(field);
    const fault = faults.get(name);
    const isRequired = spec?.required?.includes(name) ?? false;
    return {
      id: `field-${i}`,
      name: DECISION_FORM.field + name,
      label: field.title ?? name,
      hint: field.description,
      need: isRequired ? `(${messages.text("page.required")})` : messages.text("page.field.optional"),
      required: isRequired,
      problem: fault === undefined ? undefined : faultText(fault, messages),
      focus: rejected?.problem.kind === "fields" && name === problems[0]?.name,
      value: rejected?.fields.get(name) ?? "",
      control: CONTROLS[kind],
      ...inputOf(kind, field),
      options: optionsOf(kind, field, messages),
    };
  });
}

/** The fault as a sentence for the person who filled in the field. */
export function faultText(fault: FieldFault, messages: Messages): string {
  if ("limit" in fault) return messages.text(LIMIT_FAULTS[fault.kind], { limit: String(fault.limit) });
  return messages.text(FAULTS[fault.kind]);
}

const FAULTS = {
  required: "field.required",
  // A form has no fields but ours, and all that it sends is text.
  unknown: "field.characters",
  text: "field.characters",
  characters: "field.characters",
  number: "field.number",
  integer: "field.integer",
  digits: "field.digits",
  boolean: "field.boolean",
  option: "field.option",
  date: "field.date",
  email: "field.email",
} as const;

const LIMIT_FAULTS = {
  tooShort: "field.tooShort",
  tooLong: "field.tooLong",
  tooSmall: "field.tooSmall",
  tooLarge: "field.tooLarge",
} as const;

const CONTROLS: Readonly<Record<FieldKind, "input" | "textarea" | "select">> = {
  line: "input",
  text: "textarea",
  number: "input",
  integer: "input",
  boolean: "select",
  options: "select",
  date: "input",
  email: "input",
};

/** What the browser holds an input to, too. */
function inputOf(kind: FieldKind, { minimum, maximum, maxLength = LINE_CHARS_MAX }: FieldSpec): Locals {
  switch (kind) {
    case "number":
    case "integer":
      return { type: "number", min: minimum, max: maximum, step: kind === "integer" ? "1" : "any" };
    case "date":
    case "email":
      return { type: kind };
    case "line":
    case "text":
      return { type: "text", maxLength };
    default:
      return { type: "text" };
  }
}

interface Option {
  readonly value: string;
  readonly text: string;
}

function optionsOf(kind: FieldKind, field: FieldSpec, messages: Messages): readonly Option[] {
  const none = { value: "", text: messages.text("page.field.choose") };
  if (kind === "options") return [none, ...(field.enum ?? []).map((value) => ({ value, text: value }))];
  if (kind !== "boolean") return [];
  const yes = { value: "true", text: messages.text("page.field.yes") };
  return [none, yes, { value: "false", text: messages.text("page.field.no") }];
}

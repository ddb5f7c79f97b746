/**
 * The fields of a request: what an approver fills in beside the answer. They are a subset of JSON Schema (2020-12), so
 * that other programs can read them as they are, and every field has one obvious control on a page.
 *
 * `field-answers.ts` reads what people and programs fill in.
 */
import { z } from "zod";
import { type Frozen, facets } from "./shape.ts";
import { line } from "./text-schema.ts";

const FIELDS_MAX = 20;
const OPTIONS_MAX = 50;
/** Of a text field, in characters. */
const TEXT_CHARS_MAX = 1_000;

/** How long a text may be whose field says nothing about it. Up to this length, a text has one line. */
export const LINE_CHARS_MAX = 200;

/** Names are parts of form fields, paths in problems and members of objects, and nothing of this form is reserved. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/u;

const chars = z.int().min(0).max(TEXT_CHARS_MAX);
const bound = z.number({ error: "must be a number" });

const fieldSchema = z
  .strictObject({
    type: z
      .exactOptional(z.enum(["string", "number", "integer", "boolean"]))
      .meta({ description: "May be left out beside `enum`." }),
    title: z.exactOptional(line(100)).meta({ description: "The label; default: the field's name." }),
    description: z.exactOptional(line(300)).meta({ description: "A hint below the label." }),
    enum: z
      .exactOptional(z.array(line(100)).min(1).max(OPTIONS_MAX))
      .meta({ description: "The texts to choose from." }),
    format: z.exactOptional(z.enum(["date", "email"])),
    minLength: z.exactOptional(chars),
    maxLength: z
      .exactOptional(chars)
      .meta({ description: `Default ${LINE_CHARS_MAX}. A longer text may have several lines.` }),
    minimum: z.exactOptional(bound),
    maximum: z.exactOptional(bound),
  })
  .superRefine((field, ctx) => {
    for (const { path, message } of problemsOf(field))
      ctx.addIssue({ code: "custom", path: [...path], message });
  })
  .meta({ id: "FieldInput" })
  .register(facets, { name: "Field" });

/** One field, as it is written in a request. */
export type FieldSpec = Frozen<z.output<typeof fieldSchema>>;

/** The request's `fields`. */
export const fieldsSchema = z
  .strictObject({
    $schema: z.exactOptional(z.string().max(200)),
    type: z.literal("object"),
    properties: z.record(
      z.string().regex(NAME, {
        error: "must be named by 1 to 64 letters, digits, '_' or '-', beginning with a letter",
      }),
      fieldSchema,
    ),
    required: z
      .exactOptional(z.array(z.string()).max(FIELDS_MAX))
      .meta({ description: "Fields that must be filled in to approve." }),
    additionalProperties: z.exactOptional(z.literal(false)),
  })
  .superRefine(({ properties, required = [] }, ctx) => {
    const names = Object.keys(properties);
    if (names.length === 0 || names.length > FIELDS_MAX) {
      const message = `must have 1 to ${FIELDS_MAX} fields`;
      ctx.addIssue({ code: "custom", path: ["properties"], message });
    }
    for (const [i, name] of required.entries()) {
      const message = names.includes(name) ? "is named twice" : "must be one of the properties";
      if (names.includes(name) && required.indexOf(name) === i) continue;
      ctx.addIssue({ code: "custom", path: ["required", i], message });
    }
  })
  .meta({
    id: "FieldsInput",
    description: "What approvers fill in beside their answer: a JSON Schema of an object with plain fields.",
  })
  .register(facets, { name: "Fields" });

export type FieldsSpec = Frozen<z.output<typeof fieldsSchema>>;

/** What a field is to the person who fills it in. */
export type FieldKind = "line" | "text" | "number" | "integer" | "boolean" | "options" | "date" | "email";

export function kindOf({ type, enum: options, format, maxLength = LINE_CHARS_MAX }: FieldSpec): FieldKind {
  if (options !== undefined) return "options";
  if (format !== undefined) return format;
  if (type === undefined || type === "string") return maxLength > LINE_CHARS_MAX ? "text" : "line";
  return type;
}

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Which limits a field of a kind can have. */
const LIMITS: Readonly<Record<FieldKind, readonly (keyof FieldSpec)[]>> = {
  line: ["minLength", "maxLength"],
  text: ["minLength", "maxLength"],
  number: ["minimum", "maximum"],
  integer: ["minimum", "maximum"],
  boolean: [],
  options: [],
  date: [],
  email: [],
};

function problemsOf(field: FieldSpec): Problem[] {
  const { type, enum: options, format } = field;
  if (type === undefined && options === undefined) return [{ path: ["type"], message: "is required" }];
  if (options !== undefined && format !== undefined) {
    return [{ path: ["format"], message: "cannot stand beside enum" }];
  }
  const text = options === undefined ? format && "format" : "enum";
  if (text !== undefined && type !== undefined && type !== "string") {
    return [{ path: ["type"], message: `must be "string" beside ${text}` }];
  }
  return [...limitProblems(field), ...twice(options ?? [])];
}

function limitProblems(field: FieldSpec): Problem[] {
  const kind = kindOf(field);
  const given = (["minLength", "maxLength", "minimum", "maximum"] as const).filter(
    (name) => field[name] !== undefined,
  );
  const foreign = given.filter((name) => !LIMITS[kind].includes(name));
  if (foreign.length > 0) {
    const what = kind === "options" ? "beside enum" : `for a field of the type ${KIND_NAMES[kind]}`;
    return foreign.map((name) => ({ path: [name], message: `has no meaning ${what}` }));
  }
  const { minLength = 0, maxLength = LINE_CHARS_MAX, minimum = -Infinity, maximum = Infinity } = field;
  if (minLength > maxLength) {
    return [{ path: ["minLength"], message: `must be at most maxLength, which is ${maxLength}` }];
  }
  if (field.maxLength === 0) return [{ path: ["maxLength"], message: "must be at least 1" }];
  if (minimum > maximum) {
    return [{ path: ["minimum"], message: `must be at most maximum, which is ${maximum}` }];
  }
  if (kind !== "integer" || Math.ceil(minimum) <= Math.floor(maximum)) return [];
  return [{ path: ["maximum"], message: "leaves no whole number" }];
}

const KIND_NAMES: Readonly<Record<FieldKind, string>> = {
  line: "string",
  text: "string",
  number: "number",
  integer: "integer",
  boolean: "boolean",
  options: "enum",
  date: "date",
  email: "email",
};

/** Two options that look the same cannot be told apart. */
function twice(options: readonly string[]): Problem[] {
  const seen = options.map((option) => option.normalize("NFC"));
  return seen.flatMap((option, i) =>
    seen.indexOf(option) === i ? [] : [{ path: ["enum", i], message: "is there twice" }],
  );
}

/** An argument that a workflow accepts, made from the JSON Schema of its argument, to show how to start the workflow. */
import { checkArgument } from "./argument.ts";
import { jsonSchemaOf } from "./json-schema.ts";
import type { Workflow } from "./workflow.ts";

/** A deeper or longer argument is not worth pasting. */
const DEPTH_MAX = 8;
const ITEMS_MAX = 3;
const TEXT_CHARS_MAX = 80;

type Schema = Readonly<Record<string, unknown>>;

/** @returns undefined if the schema accepts no argument that can be made here. Without a schema, any text will do. */
export async function sampleArgument({
  input,
}: Pick<Workflow, "input">): Promise<{ readonly value: unknown } | undefined> {
  if (input === undefined) return { value: "hello" };
  const value = sampleOf(jsonSchemaOf(input), DEPTH_MAX);
  try {
    const checked = await checkArgument({ input }, value, "body");
    return checked.ok ? { value } : undefined;
  } catch {
    return undefined;
  }
}

function sampleOf(schema: unknown, depth: number): unknown {
  if (!isObject(schema) || depth === 0) return null;
  const { default: preset, examples, const: fixed, enum: choices, anyOf, oneOf, type } = schema;
  if (fixed !== undefined) return fixed;
  if (preset !== undefined) return preset;
  for (const list of [examples, choices]) if (Array.isArray(list) && list.length > 0) return list[0];
  for (const list of [anyOf, oneOf]) if (Array.isArray(list)) return sampleOf(list[0], depth - 1);
  switch (Array.isArray(type) ? type[0] : type) {
    case "object":
      return objectOf(schema, depth);
    case "array": {
      const count = Math.min(numberOf(schema["minItems"]) ?? 0, ITEMS_MAX);
      return Array.from({ length: count }, () => sampleOf(schema["items"], depth - 1));
    }
    case "string":
      return textOf(schema);
    case "number":
    case "integer":
      return amountOf(schema);
    case "boolean":
      return true;
    default:
      return null;
  }
}

function objectOf({ properties, required }: Schema, depth: number): unknown {
  if (!isObject(properties) || !Array.isArray(required)) return {};
  return Object.fromEntries(required.map((name) => [name, sampleOf(properties[String(name)], depth - 1)]));
}

const FORMATS: Readonly<Record<string, string>> = {
  email: "ana@example.com",
  uri: "https://example.com/",
  uuid: "7d444840-9dc0-41d1-b245-5ffdce74fad2",
  date: "2030-01-31",
  "date-time": "2030-01-31T09:00:00Z",
};

function textOf({ format, minLength, maxLength }: Schema): string {
  const sample = FORMATS[String(format)];
  if (sample !== undefined) return sample;
  const length = Math.min(numberOf(minLength) ?? 0, TEXT_CHARS_MAX);
  return "example".padEnd(length, ".").slice(0, numberOf(maxLength) ?? TEXT_CHARS_MAX);
}

/** The lowest positive whole number that is in the bounds; where there is none, the schema refuses it. */
function amountOf({ minimum, exclusiveMinimum, maximum, multipleOf }: Schema): number {
  const lowest = Math.max(
    1,
    Math.ceil(numberOf(minimum) ?? 1),
    Math.floor(numberOf(exclusiveMinimum) ?? 0) + 1,
  );
  const unit = numberOf(multipleOf) ?? 1;
  const amount = Math.ceil(lowest / unit) * unit;
  return Math.min(amount, numberOf(maximum) ?? amount);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

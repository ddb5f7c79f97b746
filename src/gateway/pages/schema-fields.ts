/** A JSON Schema of the OpenAPI document as people read it: a table of fields. */
import type { Json } from "../../openapi/document.ts";

/** A piece of a type's text. One with a `name` leads to the type of that name. */
export interface TypePart {
  readonly text: string;
  readonly name: string;
}

export interface ShownField {
  /** Members of members with a dot: `links.self`. */
  readonly name: string;
  readonly required: boolean;
  readonly type: readonly TypePart[];
  /** Markdown. */
  readonly meaning: string;
  /** `1 to 200 characters`; empty without any. */
  readonly limits: string;
}

export interface ShownType {
  /** Markdown. */
  readonly meaning: string;
  /** Members of an object; empty for a type of another kind. */
  readonly fields: readonly ShownField[];
  /** What it is, if it is no plain object: alternatives, values, a list. */
  readonly is: readonly TypePart[];
  readonly limits: string;
}

export function shownType(schema: Json): ShownType {
  const fields = fieldsOf(schema, "");
  return {
    meaning: text(schema["description"]),
    fields,
    is: fields.length > 0 ? [] : typeOf(schema),
    limits: limitsOf(schema),
  };
}

/** The type in words, as `string`, `list of Person`, `"any" or "all" or integer`. */
export function typeOf(schema: Json): TypePart[] {
  const alternatives = list(schema["oneOf"]) ?? list(schema["anyOf"]);
  if (alternatives !== undefined) return joined(alternatives.map(typeOf), " or ");
  const name = nameIn(schema);
  if (name !== "") return [{ text: name, name }];
  const { const: only, enum: values, type, items, format, additionalProperties } = schema;
  if (only !== undefined) return plain(JSON.stringify(only));
  if (Array.isArray(values)) return plain(values.map((value) => JSON.stringify(value)).join(" or "));
  if (Array.isArray(type)) return plain(type.join(" or "));
  if (type === "array") return [...plain("list of "), ...typeOf(isSchema(items) ? items : {})];
  if (type === "object" && isSchema(additionalProperties) && Object.keys(additionalProperties).length > 0)
    return [...plain("object of "), ...typeOf(additionalProperties)];
  if (typeof type !== "string") return plain("any JSON");
  return plain(typeof format === "string" ? `${type} (${format})` : type);
}

/** How often members of members are shown in place. Deeper ones are types with a name. */
const DEPTH_MAX = 3;

function fieldsOf({ properties, required }: Json, prefix: string, depth = 1): ShownField[] {
  if (!isSchema(properties)) return [];
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(properties).flatMap(([name, member]) => {
    if (!isSchema(member)) return [];
    const field: ShownField = {
      name: prefix + name,
      required: needed.includes(name),
      type: typeOf(member),
      meaning: text(member["description"]),
      limits: limitsOf(member),
    };
    const inner =
      depth < DEPTH_MAX && nameIn(member) === "" ? fieldsOf(member, `${field.name}.`, depth + 1) : [];
    return [field, ...inner];
  });
}

function limitsOf(schema: Json): string {
  const items = isSchema(schema["items"]) ? schema["items"] : {};
  const limits = [
    between(schema["minLength"], schema["maxLength"], "characters"),
    between(schema["minimum"], schema["maximum"], ""),
    between(schema["minItems"], schema["maxItems"], "items"),
    between(items["minLength"], items["maxLength"], "characters each"),
    typeof schema["pattern"] === "string" ? `matches ${schema["pattern"]}` : "",
  ];
  return limits.filter((limit) => limit !== "").join("; ");
}

function between(min: unknown, max: unknown, unit: string): string {
  const count = (value: unknown) => (typeof value === "number" ? value.toLocaleString("en") : undefined);
  // JSON Schema's integers end where those of JavaScript do: that says nothing to a reader.
  const least = min === 0 || min === Number.MIN_SAFE_INTEGER ? undefined : count(min);
  const most = max === Number.MAX_SAFE_INTEGER ? undefined : count(max);
  if (least === undefined && most === undefined) return "";
  const range =
    most === undefined
      ? `at least ${least}`
      : least === undefined
        ? `at most ${most}`
        : `${least} to ${most}`;
  return `${range} ${unit}`.trimEnd();
}

function nameIn({ $ref }: Json): string {
  return typeof $ref === "string" ? $ref.slice($ref.lastIndexOf("/") + 1) : "";
}

function joined(parts: readonly TypePart[][], between: string): TypePart[] {
  return parts.flatMap((each, index) => (index === 0 ? each : [...plain(between), ...each]));
}

function plain(words: string): TypePart[] {
  return [{ text: words, name: "" }];
}

function list(value: unknown): Json[] | undefined {
  return Array.isArray(value) ? value.filter(isSchema) : undefined;
}

function isSchema(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

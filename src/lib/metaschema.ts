/**
 * What a JSON Schema may consist of (https://json-schema.org/draft/2020-12/schema), as one schema. It allows what can be checked
 * without fetching anything: `$ref` points into the same schema, and there are no dynamic references. Unknown keywords mean
 * nothing, as the standard says.
 */
const SCHEMA = { $ref: "#/$defs/schema" };
const SCHEMAS = { type: "array", minItems: 1, items: SCHEMA };
const SCHEMA_MAP = { type: "object", additionalProperties: SCHEMA };
const COUNT = { type: "integer", minimum: 0 };
const NUMBER = { type: "number" };
const TEXT = { type: "string" };
const TEXTS = { type: "array", items: TEXT, uniqueItems: true };
const TYPE = { enum: ["array", "boolean", "integer", "null", "number", "object", "string"] };
const PATTERN = { type: "string", format: "regex" };
const UNKNOWN = { not: {} };

/** What each keyword must be. */
const KEYWORDS: Readonly<Record<string, object>> = {
  $schema: { enum: ["https://json-schema.org/draft/2020-12/schema"] },
  $ref: { type: "string", pattern: "^#" },
  $anchor: { type: "string", pattern: "^[A-Za-z_][-A-Za-z0-9._]*$" },
  ...each(UNKNOWN, ["$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"]),
  ...each(TEXT, ["$id", "$comment", "title", "description", "format"]),
  ...each(SCHEMA_MAP, ["$defs", "definitions", "properties", "dependentSchemas"]),
  ...each(SCHEMAS, ["prefixItems", "allOf", "anyOf", "oneOf"]),
  ...each(SCHEMA, [
    "items",
    "contains",
    "additionalProperties",
    "propertyNames",
    "if",
    "then",
    "else",
    "not",
  ]),
  ...each(SCHEMA, ["unevaluatedItems", "unevaluatedProperties"]),
  ...each(NUMBER, ["maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"]),
  ...each(COUNT, ["maxLength", "minLength", "maxItems", "minItems", "maxContains", "minContains"]),
  ...each(COUNT, ["maxProperties", "minProperties"]),
  type: { anyOf: [TYPE, { type: "array", items: TYPE, minItems: 1, uniqueItems: true }] },
  enum: { type: "array" },
  multipleOf: { type: "number", exclusiveMinimum: 0 },
  pattern: PATTERN,
  uniqueItems: { type: "boolean" },
  required: TEXTS,
  dependentRequired: { type: "object", additionalProperties: TEXTS },
  patternProperties: { ...SCHEMA_MAP, propertyNames: PATTERN },
};

export const METASCHEMA = {
  type: "object",
  ...SCHEMA,
  $defs: { schema: { type: ["object", "boolean"], properties: KEYWORDS } },
};

function each(rule: object, names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, rule]));
}

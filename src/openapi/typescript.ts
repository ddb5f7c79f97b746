/** Types of a client, made of the document's schemas: those that a client sends and those that it gets. */
import type { Json } from "./document.ts";

/** A module with one exported type for each component of the document. Unformatted. */
export function typescriptTypes(document: Json): string {
  const { schemas } = document["components"] as { readonly schemas: Readonly<Record<string, Json>> };
  const types = Object.entries(schemas).map(
    ([name, schema]) => `${comment(schema)}export type ${name} = ${typeOf(schema)};\n`,
  );
  return `/** Made from the OpenAPI document by \`npm run generate\`: change the schemas in \`src/openapi\`, not this file. */\n\n${types.join("\n")}`;
}

function typeOf(schema: Json): string {
  const { $ref, const: only, enum: values, anyOf, oneOf, type } = schema;
  if (typeof $ref === "string") return $ref.replace("#/components/schemas/", "");
  if (only !== undefined) return JSON.stringify(only);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" | ");
  const union = anyOf ?? oneOf;
  if (Array.isArray(union)) return union.map((one) => typeOf(one as Json)).join(" | ");
  switch (type) {
    case "string":
    case "boolean":
    case "null":
      return type;
    case "integer":
    case "number":
      return "number";
    case "array":
      return `readonly (${typeOf(schema["items"] as Json)})[]`;
    case "object":
      return objectType(schema);
    case undefined:
      return "unknown";
    default:
      throw new Error(`Cannot make a type of ${JSON.stringify(schema)}`);
  }
}

function objectType({ properties, required, additionalProperties }: Json): string {
  if (properties === undefined) return `Readonly<Record<string, ${typeOf(additionalProperties as Json)}>>`;
  const needed = (required ?? []) as readonly string[];
  const members = Object.entries(properties as Readonly<Record<string, Json>>).map(
    ([name, schema]) =>
      `${comment(schema)}readonly ${name}${needed.includes(name) ? "" : "?"}: ${typeOf(schema)};\n`,
  );
  return `{\n${members.join("")}}`;
}

function comment({ description }: Json): string {
  return typeof description === "string" ? `/** ${description.replaceAll("*/", "* /")} */\n` : "";
}

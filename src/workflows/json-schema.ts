import { isStandardSchema } from "./standard-schema.ts";
import type { Workflow } from "./workflow.ts";

/** JSON Schema (draft 2020-12) of an argument; null if there is no schema, or its library cannot tell. */
export function jsonSchemaOf(input: Workflow["input"]): unknown {
  if (!isStandardSchema(input)) return null;
  try {
    return input["~standard"].jsonSchema?.input({ target: "draft-2020-12" }) ?? null;
  } catch {
    // Not every schema has one: a transformation, for instance, or a type that JSON lacks.
    return null;
  }
}

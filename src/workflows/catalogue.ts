/** The workflows that a gateway knows: what it lists, and whose arguments it checks. */
import { isStandardSchema } from "./standard-schema.ts";
import type { Workflow } from "./workflow.ts";

type Entry = Pick<Workflow, "name" | "version" | "input">;

export interface Catalogue {
  /** Undefined: not known here, which does not mean that no worker has it. */
  find(name: string, version: number): Entry | undefined;
  readonly listed: readonly ListedWorkflow[];
}

interface ListedWorkflow {
  readonly name: string;
  readonly version: number;
  /** JSON Schema (draft 2020-12) of the argument, where its library can tell; null: any argument, or it cannot. */
  readonly argument: unknown;
}

export function createCatalogue(workflows: readonly Entry[]): Catalogue {
  const byKey = new Map(workflows.map((entry) => [keyOf(entry.name, entry.version), entry]));
  const listed = [...byKey.values()]
    .map(({ name, version, input }) => ({ name, version, argument: jsonSchemaOf(input) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version - b.version));
  return { find: (name, version) => byKey.get(keyOf(name, version)), listed };
}

function jsonSchemaOf(input: Entry["input"]): unknown {
  if (!isStandardSchema(input)) return null;
  try {
    return input["~standard"].jsonSchema?.input({ target: "draft-2020-12" }) ?? null;
  } catch {
    // Not every schema has one: a transformation, for instance, or a type that JSON has not.
    return null;
  }
}

function keyOf(name: string, version: number): string {
  return `${name} ${version}`;
}

/** The workflows that a gateway knows: what it lists, and whose arguments it checks. */
import { jsonSchemaOf } from "./json-schema.ts";
import type { Workflow } from "./workflow.ts";

type Entry = Pick<Workflow, "name" | "version" | "input">;

export interface Catalogue {
  /**
   * @param target the worker group that is to run it; undefined: that of the settings
   * @returns undefined if it is not known here, which does not mean that no worker has it
   */
  find(name: string, version: number, target?: string): Entry | undefined;
  /** Why a workflow of the settings' group must not be begun, as text after a colon; undefined if it may be. */
  withheld(name: string, target?: string): string | undefined;
  readonly listed: readonly ListedWorkflow[];
}

interface ListedWorkflow {
  readonly name: string;
  readonly version: number;
  /** JSON Schema (draft 2020-12) of the argument, where its library can tell; null: any argument, or it cannot. */
  readonly argument: unknown;
}

export interface CatalogueOptions {
  /** The worker group that runs them. Default `worker`. */
  readonly group?: string;
  /** Names of examples that are switched off, unless a workflow of the folder has the same name. */
  readonly examplesOff?: readonly string[];
}

export function createCatalogue(
  workflows: readonly Entry[],
  { group = "worker", examplesOff = [] }: CatalogueOptions = {},
): Catalogue {
  const byKey = new Map(workflows.map((entry) => [keyOf(entry.name, entry.version), entry]));
  const listed = [...byKey.values()]
    .map(({ name, version, input }) => ({ name, version, argument: jsonSchemaOf(input) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version - b.version));
  const isOurs = (target: string | undefined) => target === undefined || target === group;
  return {
    find: (name, version, target) => (isOurs(target) ? byKey.get(keyOf(name, version)) : undefined),
    withheld: (name, target) =>
      isOurs(target) && examplesOff.includes(name)
        ? `${name} is an example, and EXAMPLE_WORKFLOWS is off. GET /workflows lists what there is`
        : undefined,
    listed,
  };
}

function keyOf(name: string, version: number): string {
  return `${name} ${version}`;
}

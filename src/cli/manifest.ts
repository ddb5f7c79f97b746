/** How `countersign init` changes the folder's package.json: it keeps everything and adds what is missing. */

type Texts = Readonly<Record<string, string>>;

/** A package.json, as far as a project needs it. */
export interface Manifest {
  readonly type?: string;
  readonly scripts?: Texts;
  readonly dependencies?: Texts;
  readonly devDependencies?: Texts;
  readonly [member: string]: unknown;
}

export interface Completed {
  readonly manifest: Manifest;
  /** What was missing: `script dev`, `dependency zod`. */
  readonly added: readonly string[];
  /** What the project has under our names: `script test`. */
  readonly kept: readonly string[];
}

/** What `npm init` writes where a test should be. */
const NO_TEST = /^echo "?Error: no test specified"? && exit 1$/u;

/**
 * @param isNew nothing in the folder uses this package.json yet, as after `npm install` in an empty one: then it may also
 *   become that of an ES module, and private
 */
export function completed(existing: Manifest, wanted: Manifest, isNew: boolean): Completed {
  const scripts = { ...existing.scripts };
  const added: string[] = [];
  const kept: string[] = [];
  for (const [name, script] of Object.entries(wanted.scripts ?? {})) {
    const own = scripts[name];
    if (own === script) continue;
    if (own === undefined || NO_TEST.test(own)) {
      scripts[name] = script;
      added.push(`script ${name}`);
    } else kept.push(`script ${name}`);
  }
  const groups = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
  const has = (name: string) =>
    groups.some((group) => Object.hasOwn((existing[group] as Texts | undefined) ?? {}, name));
  const dependencies = (group: "dependencies" | "devDependencies"): Texts => {
    const missing = Object.entries(wanted[group] ?? {}).filter(([name]) => !has(name));
    added.push(...missing.map(([name]) => `dependency ${name}`));
    const all = Object.entries({ ...existing[group], ...Object.fromEntries(missing) });
    return Object.fromEntries(all.toSorted(([one], [other]) => (one < other ? -1 : 1)));
  };
  const manifest = {
    ...(isNew ? wanted : {}),
    ...existing,
    ...(isNew ? { type: "module" } : {}),
    scripts,
    dependencies: dependencies("dependencies"),
    devDependencies: dependencies("devDependencies"),
  };
  return { manifest, added, kept };
}

/**
 * @returns what is wrong, to follow the file's name
 */
export function manifestProblem(value: unknown): string | undefined {
  if (!isObject(value)) return "is no JSON object";
  for (const member of ["scripts", "dependencies", "devDependencies"]) {
    const texts = value[member];
    if (texts === undefined) continue;
    if (!isObject(texts) || Object.values(texts).some((text) => typeof text !== "string")) {
      return `has ${member} that are no object of texts`;
    }
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

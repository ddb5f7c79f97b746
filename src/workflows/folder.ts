/** The folder of `WORKFLOWS`: every workflow that its files export. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "../lib/config-error.ts";
import { isMeantAsWorkflow, type Workflow, workflowProblems } from "./workflow.ts";

/** A file of code, but no declarations and no tests. */
const CODE = /(?<!\.d|\.test|\.spec)\.[cm]?[jt]s$/u;
const FILES_MAX = 1_000;
/** A module may await something at its top, but not for ever. */
const LOAD_LIMIT_MS = 30_000;

interface Found {
  /** `purchase.ts`, its export `default`. */
  readonly where: string;
  readonly workflow: Workflow;
}

/**
 * Loads the workflows of a folder's files, not of folders inside it: those are for what workflows share. Each file
 * exports at least one, as default or by name.
 *
 * @param folder absolute path; undefined: there are none
 * @throws ConfigError with every problem, each naming file and export
 */
export async function loadWorkflows(folder: string | undefined): Promise<readonly Workflow[]> {
  if (folder === undefined) return [];
  const files = filesOf(folder);
  const problems: string[] = [];
  const found: Found[] = [];
  for (const file of files) found.push(...(await workflowsOf(folder, file, problems)));
  const byKey = new Map<string, Found>();
  for (const entry of found) {
    const { name, version } = entry.workflow;
    const key = `${name} version ${version}`;
    const other = byKey.get(key);
    // The same object by two names, or exported again by another file, is one workflow.
    if (other !== undefined && other.workflow !== entry.workflow) {
      problems.push(
        `${entry.where}: ${key} is defined by ${other.where} already: give one of them another name or version`,
      );
    } else byKey.set(key, entry);
  }
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `WORKFLOWS: ${problem}`));
  return [...byKey.values()].map(({ workflow }) => workflow);
}

function filesOf(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new ConfigError([
      code === "ENOENT"
        ? `WORKFLOWS must be a folder that is there, not ${folder}`
        : `WORKFLOWS ${folder} cannot be read: ${code}`,
    ]);
  }
  const files = names.filter((name) => CODE.test(name) && !name.startsWith(".")).toSorted();
  if (files.length === 0)
    throw new ConfigError([`WORKFLOWS ${folder} holds no .ts or .js file: put a workflow into it`]);
  if (files.length > FILES_MAX)
    throw new ConfigError([`WORKFLOWS ${folder} holds ${files.length} files, more than ${FILES_MAX}`]);
  return files;
}

async function workflowsOf(folder: string, file: string, problems: string[]): Promise<Found[]> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await load(join(folder, file));
  } catch (error) {
    problems.push(`${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
  const found: Found[] = [];
  let isFaulty = false;
  for (const [name, value] of exportsOf(exported)) {
    const where = `${file}, its export ${name}`;
    if (!isMeantAsWorkflow(value)) {
      if (name !== "default") continue;
      isFaulty = true;
      problems.push(`${where} is no workflow: export what defineWorkflow({ name, run }) returns`);
      continue;
    }
    const wrong = workflowProblems(value as object);
    for (const problem of wrong) problems.push(`${where}: ${problem}`);
    if (wrong.length > 0) isFaulty = true;
    else found.push({ where, workflow: value as Workflow });
  }
  if (found.length === 0 && !isFaulty) {
    const names = exportsOf(exported).map(([name]) => name);
    problems.push(
      names.length === 0
        ? `${file} exports nothing: export what defineWorkflow({ name, run }) returns, or move the file into a folder inside this one`
        : `${file} exports no workflow (but ${names.slice(0, 5).join(", ")}): export what defineWorkflow({ name, run }) returns, or move the file into a folder inside this one`,
    );
  }
  return found;
}

/**
 * By name. Of a file in CommonJS, Node's `default` is all that it exports, and not all of that has a name beside it. An empty
 * `.ts` file is CommonJS unless the nearest package.json says otherwise.
 */
function exportsOf(exported: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  const { default: main, "module.exports": _, ...named } = exported;
  if (isModule(main)) return Object.entries({ ...main, ...named });
  return main === undefined ? Object.entries(named) : [["default", main], ...Object.entries(named)];
}

function isModule(main: unknown): main is object {
  if (typeof main !== "object" || main === null) return false;
  const members = Object.values(main);
  return members.length === 0 || members.some(isMeantAsWorkflow);
}

async function load(path: string): Promise<Readonly<Record<string, unknown>>> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => limit.reject(new Error(`it does not finish loading within ${LOAD_LIMIT_MS / 1000} s`)),
    LOAD_LIMIT_MS,
  );
  try {
    return (await Promise.race([import(pathToFileURL(path).href), limit.promise])) as Readonly<
      Record<string, unknown>
    >;
  } finally {
    clearTimeout(timer);
  }
}

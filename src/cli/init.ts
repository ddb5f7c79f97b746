import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { readTextFile, TextFileError } from "../lib/text-file.ts";
import { type Command, CommandFailure, EXIT, parseWords, UsageError } from "./command.ts";
import { type Completed, completed, type Manifest, manifestProblem } from "./manifest.ts";
import { ownPackage } from "./own-package.ts";
import { FIRST_CALL, IGNORED, KEPT_FILES, type Project, projectFiles, projectManifest } from "./project.ts";

export const init: Command = {
  help: `Usage: countersign init [DIR]

Writes a project into DIR (default: this folder): a workflow with an approval in the middle, a test, and scripts to run
both. Creates DIR if it does not exist. Never overwrites: it adds what is missing to package.json and .gitignore, keeps
your README.md and tsconfig.json, and writes nothing if the workflow or its test exists.

Exits 0 when the project is written, 2 when it is not.

Example:
  npx countersign init && npm install && npm test && npm run dev
`,
  async run(args, { print }) {
    const { values, positionals } = parseWords(args, {});
    const [dir = ".", ...others] = positionals;
    if (others.length > 0) throw new UsageError(`One DIR only: what is ${others.join(" ")}?`);
    if (dir === "") throw new UsageError("DIR must not be empty");
    const folder = resolve(dir);
    const plan = planFor(folder);
    try {
      write(folder, plan);
    } catch (error) {
      throw new CommandFailure(EXIT.usage, `Cannot write to ${folder}: ${reasonOf(error)}`);
    }
    const files = Object.keys(plan.files);
    print(
      { folder, files, added: plan.manifest.added, kept: keptOf(plan) },
      () => written(folder, plan),
      values,
    );
    return EXIT.ok;
  },
};

const CODE = /\.[cm]?[jt]sx?$/u;

interface Plan {
  /** Files to write. None of them exists. */
  readonly files: Project;
  /** Existing files, which stay as they are. */
  readonly kept: readonly string[];
  readonly manifest: Completed;
  /** Undefined where there is no package.json yet. */
  readonly indent: string | undefined;
  /** Lines that `.gitignore` lacks; undefined where there is none yet. */
  readonly toIgnore: readonly string[] | undefined;
  /** The checkout in which you still have to run `npm pack`. */
  readonly unpacked: string | undefined;
}

/** @throws CommandFailure that names the files in the way; nothing was written then */
function planFor(folder: string): Plan {
  const { specifier, unpacked } = ownPackage(folder);
  const wanted = projectManifest(basename(folder), specifier);
  checkFolder(folder);
  const text = textIfThere(folder, "package.json");
  const existing = text === undefined ? undefined : readManifest(text);
  const isNew = existing === undefined || isUntouched(folder);
  const all = projectFiles(isNew || existing.type === "module" ? "ts" : "mts");
  checkFiles(folder, Object.keys(all));
  const kept = Object.keys(all).filter((name) => KEPT_FILES.has(name) && existsSync(join(folder, name)));
  const ignored = textIfThere(folder, ".gitignore")?.split(/\r?\n/u);
  const files = {
    ...(existing === undefined ? { "package.json": jsonText(wanted, "  ") } : {}),
    ...(ignored === undefined ? { ".gitignore": lines(IGNORED) } : {}),
    ...Object.fromEntries(Object.entries(all).filter(([name]) => !kept.includes(name))),
  };
  return {
    files,
    kept,
    unpacked,
    manifest:
      existing === undefined ? { manifest: wanted, added: [], kept: [] } : completed(existing, wanted, isNew),
    indent: text === undefined ? undefined : (/^([ \t]+)"/mu.exec(text)?.[1] ?? "  "),
    toIgnore: ignored && IGNORED.filter((line) => !ignored.includes(line) && !ignored.includes(`/${line}`)),
  };
}

function checkFolder(folder: string): void {
  if (existsSync(folder) && !statSync(folder).isDirectory()) throw inTheWay(folder);
}

function checkFiles(folder: string, names: readonly string[]): void {
  for (const name of names) {
    const parent = join(folder, dirname(name));
    if (existsSync(parent) && !statSync(parent).isDirectory()) throw inTheWay(parent);
  }
  const taken = names.filter((name) => !KEPT_FILES.has(name) && existsSync(join(folder, name)));
  if (taken.length > 0) {
    throw new CommandFailure(
      EXIT.usage,
      `${folder} already has ${taken.join(", ")}: nothing was written. Name another folder: countersign init DIR`,
    );
  }
}

function inTheWay(path: string): CommandFailure {
  return new CommandFailure(EXIT.usage, `${path} is a file, not a folder: nothing was written`);
}

/** Undefined where there is no such file. */
function textIfThere(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  if (!existsSync(path)) return undefined;
  try {
    return readTextFile(path);
  } catch (error) {
    if (error instanceof TextFileError) throw error;
    throw new CommandFailure(EXIT.usage, `Cannot read ${path} (${reasonOf(error)}): nothing was written`);
  }
}

function readManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CommandFailure(
      EXIT.usage,
      `package.json is no JSON (${error instanceof Error ? error.message : String(error)}): nothing was written`,
    );
  }
  const problem = manifestProblem(value);
  if (problem !== undefined)
    throw new CommandFailure(EXIT.usage, `package.json ${problem}: nothing was written`);
  return value as Manifest;
}

/** Whether the folder has what npm leaves in an empty one, and no code that could depend on its package.json. */
function isUntouched(folder: string): boolean {
  return readdirSync(folder, { withFileTypes: true }).every(
    (entry) =>
      entry.name === "node_modules" ||
      entry.name.startsWith(".") ||
      (entry.isFile() && !CODE.test(entry.name)),
  );
}

function write(folder: string, { files, manifest, indent, toIgnore = [] }: Plan): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    // Never overwrites a file that was made in the meantime.
    writeFileSync(path, text, { flag: "wx" });
  }
  if (indent !== undefined && manifest.added.length > 0) {
    replace(join(folder, "package.json"), jsonText(manifest.manifest, indent));
  }
  if (toIgnore.length > 0) {
    const path = join(folder, ".gitignore");
    const text = readFileSync(path, "utf8");
    replace(path, `${text === "" || text.endsWith("\n") ? text : `${text}\n`}${lines(toIgnore)}`);
  }
}

/** As a whole, or not at all. */
function replace(path: string, text: string): void {
  const part = `${path}.countersign`;
  writeFileSync(part, text);
  renameSync(part, path);
}

function jsonText(value: unknown, indent: string): string {
  return `${JSON.stringify(value, null, indent)}\n`;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}

function keptOf({ kept, manifest }: Plan): readonly string[] {
  return [...kept, ...manifest.kept];
}

function written(folder: string, plan: Plan): string {
  const { files, manifest, toIgnore = [], unpacked } = plan;
  const kept = keptOf(plan);
  const there = relative(process.cwd(), folder);
  const into = there === "" ? "" : ` into ${there}`;
  const own = (script: string) => kept.includes(`script ${script}`);
  const next = [
    ...(unpacked === undefined ? [] : [`(cd ${word(unpacked)} && npm pack)`]),
    ...(there === "" ? [] : [`cd ${word(there)}`]),
    "npm install",
    own("test") ? "node --test" : "npm test",
    own("dev") ? "npx countersign dev" : "npm run dev",
  ];
  return [
    `Wrote ${Object.keys(files).join(", ")}${into}.`,
    ...(manifest.added.length === 0 ? [] : [`Added to package.json: ${manifest.added.join(", ")}.`]),
    ...(toIgnore.length === 0 ? [] : [`Added to .gitignore: ${toIgnore.join(", ")}.`]),
    ...(kept.length === 0 ? [] : [`Left as it is: ${kept.join(", ")}.`]),
    "",
    "Next:",
    ...next.map((line) => `  ${line}`),
    "",
    "Then, in another terminal, start the workflow and decide in http://127.0.0.1:5001/mailbox:",
    FIRST_CALL.replaceAll(/^/gmu, "  "),
  ].join("\n");
}

function word(text: string): string {
  return /[^\w./-]/u.test(text) ? `'${text.replaceAll("'", String.raw`'\''`)}'` : text;
}

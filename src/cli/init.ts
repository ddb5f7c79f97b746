import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { PACKAGE_JSON } from "../lib/package-root.ts";
import { type Command, CommandFailure, EXIT, parseWords, UsageError } from "./command.ts";
import { projectFiles } from "./project.ts";

export const init: Command = {
  name: "init",
  summary: "Write a small project with a workflow of your own",
  help: `Usage: countersign init [DIR]

Writes a project into DIR (default: this folder): a workflow with an approval in the middle, a test, and scripts to
run both. Creates DIR if it does not exist. If one of the files exists, it writes nothing.

Exits 0 when the project is written, 2 when it is not.

Example:
  npx countersign init approvals && cd approvals && npm install && npm test && npm run dev
`,
  async run(args, { print }) {
    const { values, positionals } = parseWords(args, {});
    const [dir = ".", ...others] = positionals;
    if (others.length > 0) throw new UsageError(`One DIR only: what is ${others.join(" ")}?`);
    if (dir === "") throw new UsageError("DIR must not be empty");
    const folder = resolve(dir);
    const files = projectFiles({ name: basename(folder), version: ownVersion() });
    const names = Object.keys(files);
    checkRoom(folder, names);
    try {
      for (const [name, text] of Object.entries(files)) {
        const path = join(folder, name);
        mkdirSync(dirname(path), { recursive: true });
        // Not over a file that came since we looked.
        writeFileSync(path, text, { flag: "wx" });
      }
    } catch (error) {
      throw new CommandFailure(EXIT.usage, `Cannot write to ${folder}: ${reasonOf(error)}`);
    }
    print({ folder, files: names }, () => written(folder, names), values);
    return EXIT.ok;
  },
};

/** @throws CommandFailure naming what is in the way; nothing was written then */
function checkRoom(folder: string, names: readonly string[]): void {
  // From the outside in, so that the message names the first thing that is in the way.
  const folders = [folder, ...new Set(names.map((name) => join(folder, dirname(name))))];
  const file = folders.find((path) => existsSync(path) && !statSync(path).isDirectory());
  if (file !== undefined)
    throw new CommandFailure(EXIT.usage, `${file} is a file, not a folder: nothing was written`);
  const taken = names.filter((name) => existsSync(join(folder, name)));
  if (taken.length > 0) {
    throw new CommandFailure(
      EXIT.usage,
      `${folder} already has ${taken.join(", ")}: nothing was written. Name another folder: countersign init DIR`,
    );
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}

function ownVersion(): string {
  const manifest = JSON.parse(readFileSync(PACKAGE_JSON, "utf8")) as { readonly version: string };
  return manifest.version;
}

function written(folder: string, names: readonly string[]): string {
  const there = relative(process.cwd(), folder);
  return `Wrote ${names.join(", ")}${there === "" ? "" : ` into ${there}`}.

Next:${there === "" ? "" : `\n  cd ${/\s/u.test(there) ? JSON.stringify(there) : there}`}
  npm install
  npm test
  npm run dev`;
}

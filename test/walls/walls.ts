/**
 * The import walls: which folder may import which, read from the table in `docs/architecture.md` and held against every
 * import in `src` and `worker`. What the table does not allow is forbidden, and so is a folder without a row. What it
 * allows must be used.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** A row of the table. */
export interface Room {
  /** A folder, such as `src/gateway`; with all below it, unless that has a row of its own. */
  readonly folder: string;
  /** Folders of ours and packages that it may import, of a package `types` alone if so said; `*`: everything. */
  readonly imports: ReadonlySet<string>;
}

export interface Import {
  readonly file: string;
  /** A file of ours, a package, or `node:` and a module. */
  readonly target: string;
  readonly isType: boolean;
}

/** Rows of the table whose head begins with `| folder |`. Words in backticks count, the rest is for people. */
export function roomsIn(markdown: string): Room[] {
  const table = /^\| folder \|.*\n\|[-| ]+\n((?:\|.*\n?)+)/mu.exec(markdown)?.[1];
  if (table === undefined) throw new Error("There is no table with the head | folder |");
  return table
    .trim()
    .split("\n")
    .map((row) => {
      const [, folder = "", , imports = ""] = row.split(/(?<!\\)\|/u).map((cell) => cell.trim());
      const words = (cell: string) => [...cell.matchAll(/`([^`]+)`( types)?/gu)];
      const [name] = words(folder);
      if (name?.[1] === undefined) throw new Error(`This row names no folder: ${row}`);
      return {
        folder: name[1],
        imports: new Set(words(imports).map(([, word, types = ""]) => `${word}${types}`)),
      };
    });
}

/** What is wrong, a sentence each. */
export function breaches(rooms: readonly Room[], imports: readonly Import[]): string[] {
  return imports.flatMap(({ file, target, isType }) => {
    const from = roomOf(rooms, file);
    if (from === undefined) return [`${file}: its folder has no row in the table of docs/architecture.md`];
    if (from.imports.has("*")) return [];
    const name = nameOf(rooms, target);
    if (name === undefined) return [`${file} imports ${target}, whose folder has no row in the table`];
    if (name === from.folder) return [];
    if (from.imports.has(name) || (isType && from.imports.has(`${name} types`))) return [];
    return [`${file} imports ${target}: ${from.folder} may not import ${name}${isType ? " types" : ""}`];
  });
}

/** What the table allows and nobody needs, a sentence each: a row is only worth reading if it says what is. */
export function unused(rooms: readonly Room[], imports: readonly Import[]): string[] {
  const used = new Map(rooms.map((room) => [room, new Set<string>()]));
  const inhabited = new Set<Room>();
  for (const { file, target, isType } of imports) {
    const from = roomOf(rooms, file);
    if (from === undefined) continue;
    inhabited.add(from);
    const name = nameOf(rooms, target);
    if (name !== undefined) used.get(from)?.add(isType ? `${name} types` : name);
  }
  return rooms.flatMap((room) => {
    const { folder, imports: allowed } = room;
    if (!inhabited.has(room))
      return [`${folder}: the table has a row for it, and it has no file that imports`];
    const needs = used.get(room) ?? new Set();
    return [...allowed].flatMap((permission) => {
      if (permission === "*" || needs.has(permission)) return [];
      return needs.has(`${permission} types`)
        ? [`${folder} imports only types from ${permission}: write types behind it in the table`]
        : [`${folder} may import ${permission} and does not: remove it from the table`];
    });
  });
}

/** What a permission to import this is called; undefined if its folder has no row. */
function nameOf(rooms: readonly Room[], target: string): string | undefined {
  return isOurs(target) ? roomOf(rooms, target)?.folder : packageOf(target);
}

function isOurs(target: string): boolean {
  return /^(?:src|worker|test)\//u.test(target);
}

/** The row of the innermost folder that has one. */
function roomOf(rooms: readonly Room[], file: string): Room | undefined {
  const rows = roomsByFolder(rooms);
  for (let folder = file; folder !== dirname(folder); folder = dirname(folder)) {
    const room = rows.get(folder);
    if (room !== undefined) return room;
  }
  return undefined;
}

/** Made once for each table: every import of the checkout is looked up in it twice. */
const byFolder = new WeakMap<readonly Room[], ReadonlyMap<string, Room>>();

function roomsByFolder(rooms: readonly Room[]): ReadonlyMap<string, Room> {
  const known = byFolder.get(rooms) ?? new Map(rooms.map((room) => [room.folder, room]));
  byFolder.set(rooms, known);
  return known;
}

function packageOf(target: string): string {
  if (target.startsWith("node:")) return "node:";
  return target.split("/", target.startsWith("@") ? 2 : 1).join("/");
}

/** Every import of a file: `import … from`, `export … from`, `import "…"`, `import("…")` and `require("…")`. */
export function importsIn(file: string, source: string): Import[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gmu, "");
  const statement =
    /(?:^|\n)\s*(import|export)\s+(type\s)?(?:[\w*{}\s,$]+?from\s*)?["']([^"'\n]+)["']|(?:\bimport|\brequire|\bcreateRequire\(import\.meta\.url\))\(\s*["']([^"'\n]+)["']\s*\)/gu;
  return [...code.matchAll(statement)].map(([, , type, named, dynamic]) => {
    const specifier = named ?? dynamic ?? "";
    const target = specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : specifier;
    return { file, target, isType: type !== undefined };
  });
}

/** All imports of the checkout at `root`. */
export function importsOf(root: string): Import[] {
  return ["src", "worker"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.[jt]s$/u.test(name))
      .map((name) => join(folder, name))
      .flatMap((file) => importsIn(file, readFileSync(join(root, file), "utf8"))),
  );
}

import { readdirSync, readFileSync } from "node:fs";
import ejs from "ejs";
import { escapeHtml, Html } from "./html.ts";
import { PACKAGE_ROOT } from "./package-root.ts";
import { cleanText } from "./text.ts";

/** What a template sees as `it`. A value that is printed must not be undefined. */
export type Locals = Readonly<Record<string, unknown>>;

export interface Templates {
  /** Renders `name.html.ejs`. */
  html(name: string, locals: Locals): Html;
  /** Renders `name.txt.ejs`. */
  text(name: string, locals: Locals): string;
}

/**
 * Reads the templates of some folders under `views/` once, at start, and compiles each when it is first used: to compile
 * all of them takes a tenth of a start, and most processes show few. A test compiles all.
 *
 * Templates print with `<%= %>` only, and `it` is built by us field by field: EJS gets neither options nor names from
 * data. An `Html` value is printed as it is. `it.partial(name, locals)` prints another loaded template.
 *
 * @throws when a folder cannot be read; `html` and `text`, when a template does not compile.
 */
export function loadTemplates(...folders: readonly string[]): Templates {
  const html = new Map<string, Render>();
  const text = new Map<string, Render>();
  for (const folder of folders) {
    for (const file of readdirSync(new URL(`${folder}/`, VIEWS))) {
      const match = TEMPLATE_FILE.exec(file);
      if (match?.groups === undefined) continue;
      const { name = "", kind } = match.groups;
      const source = readFileSync(new URL(`${folder}/${file}`, VIEWS), "utf8");
      if (kind === "html") html.set(`${folder}/${name}`, prepared(HTML, source));
      else text.set(`${folder}/${name}`, prepared(TEXT, source));
    }
  }
  const renderHtml = (name: string, locals: Locals): Html =>
    new Html(find(html, name)({ ...locals, partial: renderHtml }));
  return { html: renderHtml, text: (name, locals) => find(text, name)(locals) };
}

type Render = (locals: Locals) => string;

const VIEWS = new URL("views/", PACKAGE_ROOT);
const TEMPLATE_FILE = /^(?<name>[a-z-]+)\.(?<kind>html|txt)\.ejs$/u;

/** A kind of template: how it prints a value, and those that were compiled in this process, by their source. */
interface Kind {
  readonly print: (value: unknown) => string;
  readonly compiled: Map<string, Render>;
}

const HTML: Kind = { print: printHtml, compiled: new Map() };
const TEXT: Kind = { print: printText, compiled: new Map() };

/** Several parts of a process load the same folders; to compile a template takes longer than to read it. */
function prepared(kind: Kind, source: string): Render {
  return (locals) => compiledOf(kind, source)(locals);
}

function compiledOf({ print, compiled }: Kind, source: string): Render {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const render: Render = ejs.compile(source, {
    escape: print,
    strict: true,
    _with: false,
    localsName: "it",
    compileDebug: false,
  });
  compiled.set(source, render);
  return render;
}

function find(templates: ReadonlyMap<string, Render>, name: string): Render {
  const render = templates.get(name);
  if (render === undefined) throw new Error(`Cannot render: no template ${name}`);
  return render;
}

function printHtml(value: unknown): string {
  return value instanceof Html ? value.toString() : escapeHtml(printable(value));
}

function printText(value: unknown): string {
  return cleanText(printable(value));
}

/** A page that says "undefined" to people is worse than an error. */
function printable(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new TypeError(`Cannot render: a template printed ${typeof value}`);
}

/**
 * The arguments of an action as rows that people read. Nothing is cut, and nothing is ambiguous: from the rows as they are
 * shown, the arguments can be read back. So a text that could be mistaken for something else is shown as JSON, in quotes,
 * and characters that are invisible are shown by their numbers.
 */
import { pointer } from "./pointer.ts";

/** One value, with its place. */
export interface ArgumentRow {
  /** Its place within the arguments: see {@link labelOf}. */
  readonly label: string;
  readonly value: string;
  /** Names of members and indexes of lists, from the arguments on. */
  readonly path: Path;
}

type Path = readonly (string | number)[];

/** A list of short values is read as one. */
const LIST_CHARS_MAX = 120;

/** In the order in which they were given. The arguments must be JSON of bounded depth. */
export function argumentRows(given: Readonly<Record<string, unknown>>): readonly ArgumentRow[] {
  return Object.entries(given).flatMap(([name, value]) => rowsOf([name], value));
}

function rowsOf(path: Path, value: unknown): readonly ArgumentRow[] {
  const members = isComposed(value) && !isShortList(value) ? Object.entries(value) : [];
  if (members.length === 0) return [{ label: labelOf(path), value: shownValue(value), path }];
  const isList = Array.isArray(value);
  return members.flatMap(([name, member]) => rowsOf([...path, isList ? Number(name) : name], member));
}

function isComposed(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isShortList(value: object): boolean {
  return Array.isArray(value) && !value.some(isComposed) && JSON.stringify(value).length <= LIST_CHARS_MAX;
}

/** Names that need no quotes, and that no two people read differently. */
const PLAIN_NAME = /^[\p{L}\p{N}_.-]+$/u;

const LIKE_INDEX = /^\[\d+\]$/u;

/**
 * The names with `›` between them if all are plain, and else as in a JSON Pointer. Indexes of lists are in brackets, so that
 * they are no names. Where a name is in such brackets, the path as a JSON list.
 */
function labelOf(path: Path): string {
  if (path.some((name) => typeof name === "string" && LIKE_INDEX.test(name))) return shownJson(path);
  const isPlain = path.every((name) => typeof name === "number" || isPlainName(name));
  const names = path.map((name) => (typeof name === "number" ? `[${name}]` : name));
  if (isPlain) return names.join(" › ");
  const whole = names.map((name) => `/${pointer(name)}`).join("");
  return hasInvisible(whole) ? shownJson(whole) : whole;
}

/** Some letters cannot be seen, such as U+3164. */
export function isPlainName(name: string): boolean {
  return PLAIN_NAME.test(name) && !hasInvisible(name);
}

/** A text as it is if it is plain; everything else as JSON. */
function shownValue(value: unknown): string {
  return typeof value === "string" && isPlainText(value) ? value : shownJson(value);
}

/** JSON in which every character can be seen. */
export function shownJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replaceAll(INVISIBLE, (char) =>
    char === "\n"
      ? char
      : [...Array(char.length).keys()]
          .map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`)
          .join(""),
  );
}

/** Controls, formats, private and unassigned characters, all blanks but the usual one, and what is ignored when shown. */
const INVISIBLE =
  /[\p{C}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u2800\p{Default_Ignorable_Code_Point}]/gu;
/** Blanks where nobody sees them. */
const OUTER_BLANK = /^\s| $| \n|\n$/u;

/** The first character that cannot be seen, or not be told from a usual blank: such as `U+200B`, and its place from 1. */
export function invisibleAt(text: string): { readonly code: string; readonly place: number } | undefined {
  const index = text.search(INVISIBLE);
  if (index === -1) return undefined;
  const code = (text.codePointAt(index) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return { code: `U+${code}`, place: index + 1 };
}

function hasInvisible(text: string): boolean {
  return text.search(INVISIBLE) !== -1;
}

function isPlainText(text: string): boolean {
  if (text === "" || OUTER_BLANK.test(text) || hasInvisible(text.replaceAll("\n", ""))) return false;
  return !isJson(text);
}

function isJson(text: string): boolean {
  // The first character tells of nearly all texts that they are none.
  if (!/^[-"[{\dtfn]/u.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

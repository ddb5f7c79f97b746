import { ID_CHARS_MAX } from "./ids.ts";
import type { Tags, Value } from "./records.ts";

/** Unusable input; the message names the field and says what would be right. Caught where a request is parsed. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

export type Fields = Readonly<Record<string, unknown>>;

/** Longest `data` of a param or value: a mail's worth of text with room, far below what a commit should carry. */
const DATA_CHARS_MAX = 4 * 1024 * 1024;
/** Headers and tags are labels; more than this many is a mistake. */
const ENTRIES_MAX = 256;
const ENTRY_CHARS_MAX = 8192;
/** Tasks in a heartbeat, promises awaited at once: more than one process runs, less than stalls a commit. */
const LIST_MAX = 50_000;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function fields(value: unknown, path: string): Fields {
  if (!isFields(value)) throw new Malformed(`${path} must be an object`);
  return value;
}

export function id(value: unknown, path: string): string {
  const text = nonEmpty(value, path);
  if (text.length > ID_CHARS_MAX) throw new Malformed(`${path} must have at most ${ID_CHARS_MAX} characters`);
  if (text.includes("\0")) throw new Malformed(`${path} must not contain NUL`);
  // Half a surrogate pair has no UTF-8: stored, it would turn into another id.
  if (!text.isWellFormed()) throw new Malformed(`${path} must be well-formed Unicode`);
  return text;
}

export function nonEmpty(value: unknown, path: string): string {
  if (typeof value !== "string" || value === "") throw new Malformed(`${path} must be a non-empty string`);
  return value;
}

/** A whole number that both JavaScript and SQLite keep exactly. */
export function integer(value: unknown, path: string, min: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min) {
    throw new Malformed(`${path} must be a whole number of at least ${min}`);
  }
  return value;
}

export function oneOf<T extends string>(value: unknown, path: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Malformed(`${path} must be one of ${allowed.join(", ")}`);
  return found;
}

export function list(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${path} must be an array`);
  if (value.length > LIST_MAX) throw new Malformed(`${path} must have at most ${LIST_MAX} entries`);
  return value;
}

/** A param or value; a missing one is an empty one. Members that the protocol doesn't know are dropped. */
export function payload(value: unknown, path: string): Value {
  if (value === undefined || value === null) return {};
  const { headers, data } = fields(value, path);
  if (data !== undefined && typeof data !== "string") throw new Malformed(`${path}.data must be a string`);
  if (data !== undefined && data.length > DATA_CHARS_MAX) {
    throw new Malformed(`${path}.data must have at most ${DATA_CHARS_MAX} characters`);
  }
  const labels = headers === undefined ? undefined : strings(headers, `${path}.headers`);
  if (labels === undefined) return data === undefined ? {} : { data };
  return data === undefined ? { headers: labels } : { headers: labels, data };
}

/** An object of strings; `what` is undefined for none. */
export function strings(value: unknown, path: string): Tags {
  const entries = Object.entries(fields(value, path));
  if (entries.length > ENTRIES_MAX) throw new Malformed(`${path} must have at most ${ENTRIES_MAX} entries`);
  const copy: Record<string, string> = {};
  for (const [key, entry] of entries) {
    if (typeof entry !== "string") throw new Malformed(`${path}[${JSON.stringify(key)}] must be a string`);
    if (key.length + entry.length > ENTRY_CHARS_MAX) {
      throw new Malformed(
        `${path}[${JSON.stringify(key.slice(0, 64))}] must have at most ${ENTRY_CHARS_MAX} characters`,
      );
    }
    // A plain assignment to this key would change the prototype and lose the entry.
    if (key === "__proto__") throw new Malformed(`${path} must not have the key __proto__`);
    copy[key] = entry;
  }
  return copy;
}

/** Largest page of a search. */
const PAGE_MAX = 1000;

/** Where a search begins, and how much it answers at once. */
export function page(data: Fields, limitDefault: number): { limit: number; cursor?: string } {
  const { limit, cursor } = data;
  const size = limit === undefined ? limitDefault : integer(limit, "data.limit", 1);
  if (size > PAGE_MAX) throw new Malformed(`data.limit must be at most ${PAGE_MAX}`);
  return cursor === undefined ? { limit: size } : { limit: size, cursor: id(cursor, "data.cursor") };
}

/**
 * JSON pointers (RFC 6901) into the arguments of an action. They lead through the members of objects only: a list is one
 * value, so no pointer means both the first item of a list and a member called `0`.
 */
import { pointer as token } from "../pointer.ts";
import { isRecord } from "../raw-input.ts";

/** In characters, as of the name of an argument. */
export const POINTER_CHARS_MAX = 200;

/** At least one name. A `~` or `/` in a name is written `~0` or `~1`. */
export const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/u;

/** The pointer to a member of what `parent` points to; the whole is the empty text. */
export function memberPointer(parent: string, name: string): string {
  return `${parent}/${token(name)}`;
}

/** The value that a pointer leads to, and undefined if nothing is there. */
export function valueAt(whole: unknown, pointer: string): unknown {
  let value = whole;
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

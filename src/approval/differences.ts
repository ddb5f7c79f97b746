/**
 * What differs between the arguments that were approved and those that somebody wants to run. Two values are equal if RFC 8785
 * writes them alike: the order of members and the spelling of numbers do not matter, everything else does.
 */

import { rawNumber } from "../lib/exact-json.ts";
import { pointer as token } from "./pointer.ts";
import { isRecord } from "./raw-input.ts";

export interface Difference {
  /** JSON Pointer (RFC 6901) into the arguments; empty for the arguments as a whole. */
  readonly pointer: string;
  /** `missing`: it was approved and is not given. `added`: it is given and was not approved. */
  readonly what: "changed" | "missing" | "added";
  /** The approved value. Left out if there is none, or if it is long. */
  readonly approved?: unknown;
  /** The same of the given value. */
  readonly given?: unknown;
}

/** A caller mends their arguments one by one, and a hundred differences tell no more than these. */
export const DIFFERENCES_MAX = 20;
/** Longer values are left out, in characters of JSON: both sides have them. */
export const DIFFERENCE_CHARS_MAX = 500;

/**
 * The first differences, in the order of the approved arguments and then of the given ones; empty if they are equal.
 *
 * Both must be JSON of bounded depth.
 */
export function differencesOf(approved: unknown, given: unknown): readonly Difference[] {
  const found: Difference[] = [];
  compare(approved, given, "", found);
  return found;
}

function compare(approved: unknown, given: unknown, pointer: string, found: Difference[]): void {
  if (found.length >= DIFFERENCES_MAX) return;
  if (Array.isArray(approved) && Array.isArray(given)) {
    const [a, b] = [Object.entries(approved), Object.entries(given)];
    return compareMembers(new Map(a), new Map(b), pointer, found);
  }
  if (isObject(approved) && isObject(given)) {
    return compareMembers(new Map(Object.entries(approved)), new Map(Object.entries(given)), pointer, found);
  }
  // `===` takes -0 for 0, and so does RFC 8785, which writes both as 0.
  if (approved === given) return;
  found.push({ pointer, what: "changed", ...shown("approved", approved), ...shown("given", given) });
}

/** Of objects, and of lists by their indexes. */
function compareMembers(
  approved: ReadonlyMap<string, unknown>,
  given: ReadonlyMap<string, unknown>,
  pointer: string,
  found: Difference[],
): void {
  const note = (difference: Difference) => {
    if (found.length < DIFFERENCES_MAX) found.push(difference);
  };
  for (const [name, value] of approved) {
    const at = `${pointer}/${token(name)}`;
    if (given.has(name)) compare(value, given.get(name), at, found);
    else note({ pointer: at, what: "missing", ...shown("approved", value) });
  }
  for (const [name, value] of given) {
    if (approved.has(name)) continue;
    note({ pointer: `${pointer}/${token(name)}`, what: "added", ...shown("given", value) });
  }
}

function shown(side: "approved" | "given", value: unknown): Partial<Difference> {
  // Nothing is given where the other form of a call was used.
  if (value === undefined) return {};
  return JSON.stringify(value).length > DIFFERENCE_CHARS_MAX ? {} : { [side]: value };
}

/** A number that kept its text, as a double would change it, is none. */
function isObject(value: unknown): value is object {
  return isRecord(value) && rawNumber(value) === undefined;
}

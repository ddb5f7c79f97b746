import { rawNumber } from "./exact-json.ts";

/** Whether two values mean the same in JSON, whatever the order of members. They must be JSON of bounded depth. */
export function isSameJson(a: unknown, b: unknown): boolean {
  // What was stored and comes back has its members in the order in which it was given.
  return JSON.stringify(a) === JSON.stringify(b) || canonicalJson(a) === canonicalJson(b);
}

/**
 * JSON with the members of every object in one order: equal texts mean equal values. `undefined` members do not
 * count, as in JSON itself. The value must be JSON of bounded depth.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => {
    if (typeof each !== "object" || each === null || Array.isArray(each)) return each;
    if (rawNumber(each) !== undefined) return each;
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

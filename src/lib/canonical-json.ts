/**
 * JSON with the members of every object in one order: equal texts mean equal values. `undefined` members do not
 * count, as in JSON itself. The value must be JSON of bounded depth.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => {
    if (typeof each !== "object" || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

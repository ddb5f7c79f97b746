/** Cursors of lists: the place of the last item, for the one query that they were made for. */
import { createHash } from "node:crypto";
import type { ListQuery } from "./ledger.ts";

/** Key and tie-break of an item in the list's order. */
export type Place = readonly [at: number, n: number];

export function cursorOf(query: ListQuery, place: Place): string {
  return Buffer.from(JSON.stringify([fingerprint(query), ...place])).toString("base64url");
}

/** Undefined if the text is no cursor of this query. */
export function placeIn(query: ListQuery, cursor: string): Place | undefined {
  try {
    const [made, at, n, ...rest] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
    if (made !== fingerprint(query) || rest.length > 0) return undefined;
    return Number.isSafeInteger(at) && Number.isSafeInteger(n) ? [at as number, n as number] : undefined;
  } catch {
    return undefined;
  }
}

/** Of all that decides what is in the list and in which order. */
function fingerprint(query: ListQuery): string {
  const members = Object.entries(query)
    .filter(([name]) => !PAGE_ONLY.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url").slice(0, 12);
}

/** These may differ from page to page. */
const PAGE_ONLY: ReadonlySet<string> = new Set([
  "cursor",
  "limit",
  "total",
  "nowMs",
] satisfies (keyof ListQuery)[]);

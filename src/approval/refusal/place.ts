/**
 * Where a request finds the refusals that may concern it: an id that can be computed from the request alone.
 *
 * P1 A scope is the program that asks, the tool, the target and the audience. It has 16 places in each window of 90 days. A place
 *    names an approval that may have become a refusal; whether it did, the approval says.
 * P2 A place is taken before the answer is stored. So there is no refusal that a request does not find, and a place whose
 *    answer never came refuses nothing.
 * P3 Places are taken in order, and the first one's id is that of their tree. A tree is deleted as a whole, when each of its
 *    places has been over for long enough. So the first place that is free has no taken one behind it.
 * P4 A place lasts as long as its refusal can, at most 30 days, and an hour. So a lookup reads the present window, and in
 *    its first 30 days also the one before.
 */
import { z } from "zod";
import { canonicalHash } from "../../lib/canonical-hash.ts";
import type { Action } from "../action-schema.ts";
import { KIND_TAG } from "../ids.ts";
import type { StoredRecord } from "../stored.ts";
import { DO_NOT_ASK_MAX_MS } from "./do-not-ask.ts";

export const PLACE_KIND = "refusal-place";

/** In a window. */
export const PLACES_MAX = 16;

export const WINDOW_DAYS = 90;
const WINDOW_MS = WINDOW_DAYS * 24 * 3_600_000;

/** Clocks of gateways may differ by so much. */
const CLOCK_SLACK_MS = 60_000;

/** What a place names. */
export interface Place {
  readonly kind: typeof PLACE_KIND;
  /** Promise id of the approval. */
  readonly approval: string;
  /** When it was created, in milliseconds since 1970: another may have had its id before. */
  readonly bornAtMs: number;
}

/** SHA-256, in hexadecimal. @param client the name of the API key that asks */
export function scopeOf(
  client: string,
  { tool, target, audience }: Pick<Action, "tool" | "target" | "audience">,
): string {
  return canonicalHash({ v: 1, client, tool, target, audience });
}

export function windowOf(atMs: number): number {
  return Math.floor(atMs / WINDOW_MS);
}

/** The windows in which refusals that stand now can have their places. */
export function windowsAt(nowMs: number): readonly number[] {
  const first = windowOf(nowMs - DO_NOT_ASK_MAX_MS - CLOCK_SLACK_MS);
  const last = windowOf(nowMs + CLOCK_SLACK_MS);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** @param n from 1 */
export function placeId(scope: string, window: number, n: number): string {
  const first = `${PLACE_KIND}~${scope.slice(0, 40)}.${window}`;
  return n === 1 ? first : `${first}:${n}`;
}

const shape: z.ZodType<Place> = z.object({
  kind: z.literal(PLACE_KIND),
  approval: z.string(),
  bornAtMs: z.int(),
});

/** Undefined if it is none. */
export function placeOf({ tags, param }: StoredRecord): Place | undefined {
  return tags[KIND_TAG] === PLACE_KIND ? shape.safeParse(param).data : undefined;
}

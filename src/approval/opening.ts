/**
 * That a link was opened, for operators: a promise for the first time that what looks like a person, and what looks like a
 * scanner, opened a page of a ballot's link. It has a lineage of its own, so no workflow knows of it, and settles nothing.
 */
import { canonicalHash } from "../lib/canonical-hash.ts";

export const OPENING_KIND = "opening";

/** `scanner`: a program that looks at mails, at best. Which it was, only its owner knows. */
export const OPENERS = ["person", "scanner"] as const;
export type Opener = (typeof OPENERS)[number];

/** That a ballot's link was opened first by one of them, in milliseconds since 1970. */
export interface Opening {
  readonly by: Opener;
  readonly atMs: number;
}

/**
 * @param ballot promise id of the ballot
 * @param bornAtMs its creation: another ballot may have had its id before
 */
export function openingId(ballot: string, bornAtMs: number, by: Opener): string {
  return `opened.${canonicalHash(JSON.stringify([ballot, bornAtMs])).slice(0, 32)}.${by}`;
}

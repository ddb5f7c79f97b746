/**
 * That a ballot's link was opened, for operators: a promise for the first time that what looks like a person, or like a scanner,
 * opened a page of it. It is settled when the other of the two does so. It has a lineage of its own, so no workflow knows of it.
 */
import { canonicalHash } from "../lib/canonical-hash.ts";
import type { StoredRecord } from "./stored.ts";

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
 * One for both, because a history reads it for every ballot.
 *
 * @param ballot promise id of the ballot
 * @param bornAtMs its creation: another ballot may have had its id before
 */
export function openingId(ballot: string, bornAtMs: number): string {
  return `opened.${canonicalHash(JSON.stringify([ballot, bornAtMs])).slice(0, 32)}`;
}

/** What such a promise says, in order. */
export function openingsIn({ param, createdAt, state, value, settledAt }: StoredRecord): readonly Opening[] {
  const [first, second] = [openerIn(param), state === "resolved" ? openerIn(value) : undefined];
  if (first === undefined) return [];
  const one = { by: first, atMs: createdAt };
  return second === undefined || second === first || settledAt === undefined
    ? [one]
    : [one, { by: second, atMs: settledAt }];
}

function openerIn(value: unknown): Opener | undefined {
  const by = typeof value === "object" && value !== null && "by" in value ? value.by : undefined;
  return OPENERS.find((opener) => opener === by);
}

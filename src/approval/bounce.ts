/**
 * What comes back of mails to approvers after a relay has taken them: that a mail cannot be delivered, or that it is late.
 *
 * B1 Before the first mail of a ballot goes out, a promise is made that says which ballot its return path is for.
 * B2 A mail that cannot be delivered is the notice `undeliverable` of that ballot: one promise, whether the relay refused the mail
 *    at once or another system did later. Its id follows from the ballot, so it is there once however many reports come.
 * B3 A late mail is a promise as well, only to be shown: the mail may still arrive.
 */
import { z } from "zod";
import { canonicalHash } from "../lib/canonical-hash.ts";
import { KIND_TAG } from "./ids.ts";
import { noticeId, noticeKey } from "./notice.ts";
import type { StoredRecord } from "./stored.ts";

export const RETURN_PATH_KIND = "return-path";
export const DELAY_KIND = "delay";

/** What a return path is for. */
export interface ReturnPath {
  readonly kind: typeof RETURN_PATH_KIND;
  /** Promise id of the approval. */
  readonly approval: string;
  /** The ballot's number and promise id. */
  readonly n: number;
  readonly ballot: string;
  /** The ballot's creation, in milliseconds since 1970, as all times here: another may have had its id before. */
  readonly bornAtMs: number;
}

/** What a report says of a mail. */
export interface BounceReport {
  /** `failed`: it cannot be delivered. `delayed`: it is late, and still under way. */
  readonly kind: "failed" | "delayed";
  /** The enhanced status code (RFC 3463), if it has one. */
  readonly status?: string;
}

/** That a mail cannot be delivered, or, as a delay, is still under way. */
export interface Returned {
  /** When it was reported. */
  readonly atMs: number;
  /** The enhanced status code of the report (RFC 3463), such as `5.1.1`. */
  readonly status?: string;
}

/** A late mail, as it is kept. */
export interface Delay extends Returned {
  readonly kind: typeof DELAY_KIND;
  readonly approval: string;
  readonly n: number;
}

/** What came back of the mails of one ballot. */
export interface Returns {
  readonly bounce?: Returned;
  readonly delay?: Returned;
}

/** The first promise of a tree of its own. @param name of a tag (`src/tokens/return-path.ts`) */
export function returnPathId(name: string): string {
  return `return.${name}`;
}

/** Why a mail is undeliverable, by what came back: codes alone, and nothing that a mail system put into words. */
export function bounceText({ status }: Returned): string {
  return `The mail came back${status === undefined ? "" : ` (${status})`}`;
}

export function delayText({ status }: Returned): string {
  return `The mail is late, and still under way${status === undefined ? "" : ` (${status})`}`;
}

interface BallotOfApproval {
  readonly approval: string;
  /** When the approval began. */
  readonly startedAtMs: number;
  readonly n: number;
}

/** The notice that a ballot's mail cannot be delivered. */
export function unreachedId({ approval, startedAtMs, n }: BallotOfApproval): string {
  const says = { mail: "undeliverable", n, person: { email: "" } } as const;
  const key = noticeKey({ kind: "notice", approval, startedAtMs, says });
  return noticeId(approval, canonicalHash(key).slice(0, 32));
}

export function delayId({ approval, startedAtMs, n }: BallotOfApproval): string {
  const key = canonicalHash(JSON.stringify([approval, startedAtMs, DELAY_KIND, n])).slice(0, 32);
  return `${approval.split(":", 1)[0] ?? approval}:${DELAY_KIND}~${key}`;
}

const text = z.string();
const epochMs = z.int().min(0);

/** Three numbers with points between them (RFC 3463 §2). */
export const STATUS_CODE = /^[245]\.\d{1,3}\.\d{1,3}$/;

export const returnedShape = { atMs: epochMs, status: z.exactOptional(z.string().regex(STATUS_CODE)) };

const returnPath: z.ZodType<ReturnPath> = z.object({
  kind: z.literal(RETURN_PATH_KIND),
  approval: text,
  n: z.int().min(1),
  ballot: text,
  bornAtMs: epochMs,
});

const delay: z.ZodType<Delay> = z.object({
  kind: z.literal(DELAY_KIND),
  approval: text,
  n: z.int().min(1),
  ...returnedShape,
});

export function returnPathOf({ tags, param }: Pick<StoredRecord, "tags" | "param">): ReturnPath | undefined {
  if (tags[KIND_TAG] !== RETURN_PATH_KIND) return undefined;
  const parsed = returnPath.safeParse(param);
  return parsed.success ? parsed.data : undefined;
}

export function delayOf({ tags, param }: Pick<StoredRecord, "tags" | "param">): Delay | undefined {
  if (tags[KIND_TAG] !== DELAY_KIND) return undefined;
  const parsed = delay.safeParse(param);
  return parsed.success ? parsed.data : undefined;
}

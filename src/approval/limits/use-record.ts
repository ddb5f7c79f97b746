/**
 * What is stored of the uses of a standing approval. Uses take slots, 1, 2, 3 and so on: the promises of `use.ts`, each created
 * once. So two uses can never count as one, and what all of them came to is known from the last slot alone.
 *
 * V1 A slot is created only by who has seen the slot before it, and has in it what all uses up to it came to.
 * V2 A revocation takes the next slot. Nobody creates one behind it.
 * V3 Before an attempt takes a slot, it has a promise of its own (`attemptId`) that names a slot from which on there was none
 *    yet. It looks at each slot from there, and takes the first free one unless one is its own. So it has one slot, however
 *    often it is repeated, and wherever it was cut off.
 * V4 The slots of a first use, and of one with which four fifths are used up, are calls of the workflow that tells people
 *    (`toldAfter`): the use and the task to tell of it are one creation.
 */
import { z } from "zod";
import { canonicalHash } from "../../lib/canonical-hash.ts";
import { type Program, programOf } from "../doer.ts";
import { KIND_TAG } from "../ids.ts";
import type { StoredRecord } from "../stored.ts";
import { type Revocation, takenIn, useId } from "../use.ts";
import { STANDING_USE_FUNC, USE_KIND } from "../use-names.ts";
import { storedProgram } from "../why.ts";
import type { Used } from "./use.ts";

/** How long it is tried to tell them, in milliseconds. */
export const STANDING_MAIL_LIFE_MS = 3 * 24 * 3_600_000;

export interface StandingUse extends Program {
  readonly kind: "use";
  /** The slot. */
  readonly n: number;
  /** The executor's own name of this try. */
  readonly attempt: string;
  /** What is run, within the limits. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** SHA-256 of the arguments in the form of RFC 8785, in hexadecimal. */
  readonly argumentsHash: string;
  /** What all uses came to with this one. */
  readonly used: Used;
}

/** What is stored in a slot. Times are milliseconds since 1970, by the engine's clock. */
export type Slot =
  | { readonly kind: "use"; readonly use: StandingUse; readonly atMs: number }
  | { readonly kind: "revoked"; readonly revocation: Revocation; readonly atMs: number }
  /** The approval's time was over. */
  | { readonly kind: "late" }
  /** Another program wrote something else there. Nobody can use the approval then. */
  | { readonly kind: "unreadable" };

/** An executor's try, before it has a slot. */
export interface Attempt {
  readonly kind: "use-attempt";
  readonly attempt: string;
  readonly argumentsHash: string;
  /** Slots below this one were taken before. */
  readonly from: number;
}

export const ATTEMPT_KIND = "use-attempt";

/** The promise of an attempt. Two executors may use the same name for their tries. */
export function attemptId(
  approval: string,
  { attempt, ...program }: Program & { readonly attempt: string },
): string {
  const { client, caller } = programOf(program);
  return `${useId(approval, 0)}-${canonicalHash([client ?? caller ?? "", attempt])}`;
}

const text = z.string();
const count = z.int().min(1);

const standingUse: z.ZodType<StandingUse> = z.object({
  kind: z.literal("use"),
  n: count,
  attempt: text,
  arguments: z.record(text, z.unknown()),
  argumentsHash: text,
  used: z.object({ uses: count, total: z.exactOptional(text) }),
  ...storedProgram,
});

/** With the approval's id. */
const call = z.object({ func: z.literal(STANDING_USE_FUNC), args: z.tuple([standingUse, text]) });

const attemptShape: z.ZodType<Attempt> = z.object({
  kind: z.literal("use-attempt"),
  attempt: text,
  argumentsHash: text,
  from: count,
});

/** @param untilMs the end of the approval's time: the promise of a slot that tells people lives longer */
export function slotIn(record: StoredRecord | undefined, untilMs: number): Slot {
  if (record === undefined) return { kind: "late" };
  const use = standingUseOf(record);
  if (use === undefined) {
    const taken = takenIn(record);
    // A use without its count is none of a standing approval.
    return taken.kind === "use" ? { kind: "unreadable" } : taken;
  }
  return record.createdAt >= untilMs ? { kind: "late" } : { kind: "use", use, atMs: record.createdAt };
}

/** Undefined if the record is none of a use of a standing approval. */
export function standingUseOf({ tags, param }: StoredRecord): StandingUse | undefined {
  if (tags[KIND_TAG] !== USE_KIND) return undefined;
  const plain = standingUse.safeParse(param);
  return plain.success ? plain.data : call.safeParse(param).data?.args[0];
}

/** The argument of the workflow that tells people of it. */
export function standingUseIn(value: unknown): StandingUse | undefined {
  return standingUse.safeParse(value).data;
}

/** How the workflow that tells people of a use ends: it orders mails, which are workflows of their own. */
export interface StandingUseEnd {
  readonly kind: "standing-use-end";
  readonly mails: number;
}

const end: z.ZodType<StandingUseEnd> = z.object({
  kind: z.literal("standing-use-end"),
  mails: z.int().min(0),
});

export function standingUseEndIn(value: unknown): StandingUseEnd | undefined {
  return end.safeParse(value).data;
}

export function attemptOf({ tags, param }: StoredRecord): Attempt | undefined {
  return tags[KIND_TAG] === ATTEMPT_KIND ? attemptShape.safeParse(param).data : undefined;
}

/** Its slot, once that is recorded. Others can settle promises, too: look whether the slot is its own. */
export function slotOfAttempt({ state, value }: StoredRecord): number | undefined {
  return state === "resolved" ? count.safeParse(value).data : undefined;
}

/**
 * That an approved action was taken to be run, or can no longer be: one promise for each use, created once.
 *
 * U1 The caller that creates the promise of a use has the use. The promise's value tells everybody who that is.
 * U2 A revocation takes the place of a use. So one promise says which of the two came first.
 * U3 The promise times out when the action's time is over, and a server creates one whose time is over as timed out, with that
 *    time as its creation. So only the engine's clock decides whether a use came in time.
 */
import { z } from "zod";
import type { Act } from "./approval.ts";
import type { Program } from "./doer.ts";
import { KIND_TAG } from "./ids.ts";
import type { Used } from "./limits/use.ts";
import type { StoredRecord } from "./stored.ts";
import { storedActSchema } from "./stored-schemas.ts";
import { STANDING_USE_FUNC, USE_KIND } from "./use-names.ts";
import { storedProgram } from "./why.ts";

/** The executor's name of one try, in characters. */
export const ATTEMPT_CHARS_MAX = 200;

/** One try of an executor to take the action. */
export interface Try extends Program {
  /** The executor's own name of it. */
  readonly attempt: string;
  /** SHA-256 of the arguments in the form of RFC 8785, in hexadecimal. */
  readonly argumentsHash: string;
}

/** That an executor took the action. */
export interface Use extends Try {
  readonly kind: "use";
  /** 1 for an action that can be used once. */
  readonly n: number;
  /** Of a standing approval: what all uses came to with this one. */
  readonly used?: Used;
}

/** That nobody can take the action any more. */
export interface Revocation extends Act {
  readonly kind: "revoked";
  readonly n: number;
  readonly reason?: string;
}

/** Which of them is stored, and when, in milliseconds since 1970 by the engine's clock. */
export type Taken =
  | { readonly kind: "use"; readonly use: Use; readonly atMs: number }
  | { readonly kind: "revoked"; readonly revocation: Revocation; readonly atMs: number }
  /** Nobody came before the action's time was over. */
  | { readonly kind: "late" }
  /** Another program wrote something else there. Nobody can take the action then. */
  | { readonly kind: "unreadable" };

/** A key that was changed for another of the same client is the same executor's. */
export function isSameTry(stored: Try, asked: Try): boolean {
  const executor = ({ client, caller }: Program) => client ?? caller;
  return (
    stored.attempt === asked.attempt &&
    executor(stored) === executor(asked) &&
    stored.argumentsHash === asked.argumentsHash
  );
}

/** @param n from 1 */
export function useId(approval: string, n: number): string {
  return `${approval}${approval.includes(":") ? "." : ":"}${USE_KIND}~${n}`;
}

const text = z.string();
const n = z.int().min(1);

const use: z.ZodType<Use> = z.object({
  kind: z.literal("use"),
  n,
  attempt: text,
  argumentsHash: text,
  used: z.exactOptional(z.object({ uses: n, total: z.exactOptional(text) })),
  ...storedProgram,
});

/** A use of a standing approval that people are told of: the call of the workflow that tells them. */
const call = z.object({ func: z.literal(STANDING_USE_FUNC), args: z.tuple([use, text]) });

const revocation: z.ZodType<Revocation> = z.intersection(
  z.object({ kind: z.literal("revoked"), n, reason: z.exactOptional(text) }),
  storedActSchema,
);

/** What became of a use's promise; if there is none, because nobody came in time. */
export function takenIn(record: StoredRecord | undefined): Taken {
  if (record === undefined) return { kind: "late" };
  const { param, tags, createdAt, timeoutAt } = record;
  if (tags[KIND_TAG] !== USE_KIND) return { kind: "unreadable" };
  if (createdAt >= timeoutAt) return { kind: "late" };
  const asUse = use.safeParse(param).data ?? call.safeParse(param).data?.args[0];
  if (asUse !== undefined) return { kind: "use", use: asUse, atMs: createdAt };
  const asRevocation = revocation.safeParse(param);
  return asRevocation.success
    ? { kind: "revoked", revocation: asRevocation.data, atMs: createdAt }
    : { kind: "unreadable" };
}

/** A decision by program: the API's door, and messages whose buttons come back as webhooks. */
import type { Choice, Decision, Door } from "../../approval/approval.ts";
import { addressKey } from "../../approval/person.ts";
import type { Durable } from "../../durable/durable.ts";
import type { Standing } from "../../gateway/pages/pages.ts";
import { readQuestion, standsOf } from "./question.ts";

export interface ProgramDecision {
  /** Promise id of the ballot. */
  readonly ballot: string;
  readonly choice: Choice;
  readonly comment?: string;
  readonly door: Exclude<Door, "mail">;
  /** Unique to the call, or to the delivery it repeats. */
  readonly nonce: string;
  /** The address of whoever pressed: nobody answers another's ballot. Absent: a program that may answer any. */
  readonly by?: string;
  /** The program, for the record. */
  readonly caller?: string;
}

export type Decided =
  | { readonly kind: "unknown" }
  | { readonly kind: "not-theirs" }
  | { readonly kind: "stands"; readonly effective: boolean; readonly stands: Standing };

/** Answers the ballot unless somebody was faster, and tells what stands then, as read after the answer. */
export async function decideBallot(
  durable: Durable,
  { ballot: id, choice, comment, door, nonce, by, caller }: ProgramDecision,
): Promise<Decided> {
  const before = await readQuestion(durable, id);
  if (before === undefined) return { kind: "unknown" };
  const { approver } = before.ballot;
  if (by !== undefined && addressKey(by) !== addressKey(approver.email)) return { kind: "not-theirs" };
  if (before.standing.kind === "open") {
    const decision: Decision = {
      kind: "decision",
      choice,
      ...(comment === undefined ? {} : { comment }),
      by: approver.email,
      door,
      nonce,
      ...(caller === undefined ? {} : { caller }),
    };
    await durable.settle(id, decision);
  }
  const after = await readQuestion(durable, id);
  const stands = after && standsOf(after);
  if (after === undefined || stands === undefined) {
    throw new Error(`Cannot tell what stands of ${id}: it was settled, and reads as open`);
  }
  const { standing } = after;
  return {
    kind: "stands",
    effective: standing.kind === "decided" && standing.decision.nonce === nonce,
    stands,
  };
}

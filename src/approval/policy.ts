import { type ApprovalRequest, effectOf, type Verdict, type Vote } from "./approval.ts";
import { addressKey } from "./person.ts";

/** The rule of an approval of one question to one group, as version 1 of the workflow judges it. */
export type Rules = Pick<ApprovalRequest, "approvers" | "requester" | "require" | "rejection" | "onDeadline">;

/** Whether the wait itself was ended, as far as it was seen: not yet, by the deadline, or by a cancellation. */
export type End =
  | { readonly kind: "open" }
  | { readonly kind: "deadline" }
  | { readonly kind: "cancelled"; readonly reason?: string };

/**
 * Judges an approval by all that was seen of it at one moment.
 *
 * P1 Only approvers count, each person once (by address; the ballot with the lowest number if there are several), and
 *    never the requester, whatever ballots exist.
 * P2 `veto`: one rejection ends it, even if enough approvals were seen at the same moment. The order of answers that were
 *    seen together is not known (there is no clock here), and "no" is the safe side to err on.
 * P3 `majority`: rejections end it when those who have not rejected are fewer than the approvals needed.
 * P4 Votes that decide win over a deadline or a cancellation that was seen at the same moment. The voters were told that
 *    their answer is recorded, and a ballot can be answered only before the deadline. The caller who cancelled is told
 *    the outcome.
 *
 * The order of `votes` does not matter. Under `majority`, no further votes can change a verdict. Under `veto`, a rejection
 * cannot change, and an approval changes only if a rejection follows. The caller keeps the first verdict that is done,
 * and then closes the ballots, so that nothing follows.
 */
export function decide(rules: Rules, votes: readonly Vote[], end: End): Verdict {
  const { eligible, needed, approvals, rejections } = tally(rules, votes);
  if (rules.rejection === "veto" && rejections > 0) {
    return { kind: "done", outcome: "rejected", reason: "An approver rejected it" };
  }
  if (approvals >= needed) {
    return {
      kind: "done",
      outcome: "approved",
      reason: `${approvals} of ${needed} needed approvals were given`,
    };
  }
  if (eligible - rejections < needed) {
    const reason = `${rejections} of ${eligible} approvers rejected it, so ${needed} approvals are no longer possible`;
    return { kind: "done", outcome: "rejected", reason };
  }
  if (end.kind === "open") return { kind: "wait" };
  if (end.kind === "cancelled") {
    const reason = end.reason === undefined ? "It was cancelled" : `It was cancelled: ${end.reason}`;
    return { kind: "done", outcome: "cancelled", reason };
  }
  const reason = `The deadline passed with ${approvals} of ${needed} needed approvals`;
  return { kind: "done", outcome: rules.onDeadline === "reject" ? "rejected" : "expired", reason };
}

export interface Tally {
  /** People whose vote can count. */
  readonly eligible: number;
  /** Approvals that end it as approved; at least 1. */
  readonly needed: number;
  readonly approvals: number;
  readonly rejections: number;
}

/** Counts by the rules of {@link decide}, also for showing how far an approval has come. */
export function tally(rules: Rules, votes: readonly Vote[]): Tally {
  const open = new Set(rules.approvers.map(({ email }) => addressKey(email)));
  if (rules.requester !== undefined) open.delete(addressKey(rules.requester.email));
  const eligible = open.size;
  let approvals = 0;
  let rejections = 0;
  for (const vote of votes.toSorted((a, b) => a.n - b.n)) {
    // A voter leaves the set, so a second vote of the same person does not count.
    if (!open.delete(addressKey(vote.email))) continue;
    if (effectOf(vote) === "approve") approvals += 1;
    else rejections += 1;
  }
  return { eligible, needed: neededOf(rules.require, eligible), approvals, rejections };
}

function neededOf(require: Rules["require"], eligible: number): number {
  if (require === "any") return 1;
  // With nobody to ask, "all" must not mean that zero approvals are enough.
  if (require === "all") return Math.max(1, eligible);
  return require;
}

import type { ApprovalRequest, Decision, OutcomeKind } from "./approval.ts";
import { decide } from "./policy.ts";
import {
  cancellationOf,
  closedOf,
  decisionOf,
  outcomeOf,
  type StoredRecord,
  withdrawalOf,
} from "./stored.ts";

/** The promises that one ballot's state follows from. */
export interface BallotRecords {
  /** This and `end` are undefined only before the workflow's first pass. */
  readonly ballot: StoredRecord | undefined;
  readonly end: StoredRecord | undefined;
  readonly root: StoredRecord;
  /** Of an approval whose cancellation no worker has judged yet: what `endOfCancelled` says. */
  readonly cancelledAs?: OutcomeKind;
}

/** How a ballot stands: what its approver, and whoever asks, is told. Times in milliseconds since 1970, the engine's. */
export type BallotStanding =
  | { readonly kind: "open" }
  | { readonly kind: "decided"; readonly decision: Decision; readonly atMs: number }
  | { readonly kind: "closed"; readonly because: OutcomeKind; readonly atMs?: number };

/**
 * S1 The ballot's stored answer stands; it never changes.
 * S2 An answer stored later than the end of its approval does not count, and nobody is told that it did. That happens
 *    when somebody answers between a cancellation and the worker's closing the ballots. The workflow goes by the same
 *    times of the same clock.
 * S3 A ballot that nobody has answered is closed as soon as its approval has ended in any way, even if the worker has
 *    not come to closing it.
 * S4 Answers that were there before a cancellation count, and may have decided the approval: how it ends is told as the
 *    workflow will find it, not as whoever cancelled wished it.
 */
export function standingOf({ ballot, end, root, cancelledAs }: BallotRecords): BallotStanding {
  const ending = endingOf(end, root, cancelledAs);
  if (ballot === undefined) return ending === undefined ? { kind: "open" } : { kind: "closed", ...ending };
  const decision = decisionOf(ballot);
  if (decision !== undefined) {
    const atMs = ballot.settledAt ?? ballot.timeoutAt;
    return ending?.atMs !== undefined && atMs > ending.atMs
      ? { kind: "closed", ...ending }
      : { kind: "decided", decision, atMs };
  }
  const withdrawal = withdrawalOf(ballot);
  if (withdrawal !== undefined) return { kind: "closed", because: withdrawal.because, ...settledAt(ballot) };
  if (ballot.state === "timedout") return { kind: "closed", because: "expired", atMs: ballot.timeoutAt };
  if (ballot.state !== "pending") return { kind: "closed", because: "cancelled", ...settledAt(ballot) };
  return ending === undefined ? { kind: "open" } : { kind: "closed", ...ending };
}

/**
 * How an approval with a cancellation ends (S4), from its ballots as they are read after the cancellation; undefined if
 * `end` is no cancellation.
 */
export function endOfCancelled(
  request: ApprovalRequest,
  end: StoredRecord,
  ballots: readonly (StoredRecord | undefined)[],
): OutcomeKind | undefined {
  const cancelledAtMs = end.settledAt;
  if (cancellationOf(end) === undefined || cancelledAtMs === undefined) return undefined;
  const votes = ballots.flatMap((ballot, i) => {
    const decision = ballot && decisionOf(ballot);
    const isInTime = ballot !== undefined && (ballot.settledAt ?? ballot.timeoutAt) <= cancelledAtMs;
    return decision !== undefined && isInTime
      ? [{ n: i + 1, email: decision.by, choice: decision.choice }]
      : [];
  });
  const verdict = decide(request, votes, { kind: "cancelled" });
  return verdict.kind === "done" ? verdict.outcome : "cancelled";
}

/** How and when an approval ended, from whichever of its promises tells it. */
function endingOf(
  end: StoredRecord | undefined,
  root: StoredRecord,
  cancelledAs: OutcomeKind | undefined,
): { readonly because: OutcomeKind; readonly atMs?: number } | undefined {
  // The end promise first: it is settled before the root, and answers are measured against it.
  if (end !== undefined) {
    const closed = closedOf(end);
    if (closed !== undefined) return { because: closed.outcome, ...settledAt(end) };
    if (cancellationOf(end) !== undefined) {
      return { because: outcomeOf(root)?.outcome ?? cancelledAs ?? "cancelled", ...settledAt(end) };
    }
  }
  if (root.state === "pending") return undefined;
  if (root.state === "timedout") return { because: "expired", atMs: root.timeoutAt };
  return { because: outcomeOf(root)?.outcome ?? "cancelled", ...settledAt(root) };
}

function settledAt(record: StoredRecord): { readonly atMs?: number } {
  return record.settledAt === undefined ? {} : { atMs: record.settledAt };
}

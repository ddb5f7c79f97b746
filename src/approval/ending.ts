/**
 * How an approval ends, by its end promise and its ballots: one rule for the worker, pages and the API.
 *
 * N1 The end promise is settled once: by the clock at the deadline, by a cancellation, or by the judgement.
 * N2 The judgement withdraws every open ballot before it settles the end. So no answer can follow, and the value of the end
 *    lists all answers that count.
 * N3 Ballots can be answered between a deadline or a cancellation and the judgement that closes them. Such an answer
 *    counts if it was stored no later than the end, by the engine's clock. Both times are stored and never change, so
 *    every reader comes to the same result.
 * N4 How a cancelled approval ends is known once all its ballots are settled, and not before: an answer of the same
 *    millisecond as the cancellation may still come. Where answers can be taken back it is known at once: as cancelled.
 */
import type { Closed, CountedDecision, Decision, Verdict, Vote } from "./approval.ts";
import { decide, type End, type Rules } from "./policy.ts";
import { cancellationOf, changeOf, closedOf, decisionOf, extensionOf, type StoredRecord } from "./stored.ts";

/** The part of a ballot's record that an answer is read from. */
export type BallotRecord = Pick<StoredRecord, "state" | "value" | "settledAt" | "timeoutAt">;

/** An answer that counts. */
export interface Answer {
  /** The ballot's number. */
  readonly n: number;
  readonly decision: Decision;
  /** When the ballot was settled, in milliseconds since 1970, by the engine's clock. */
  readonly atMs: number;
}

/** The answer on the ballot `n`, if there is one and it counts (N2, N3). Without `end`, every answer does. */
export function answerOn(
  n: number,
  ballot: BallotRecord | undefined,
  end: StoredRecord | undefined,
): Answer | undefined {
  if (ballot === undefined) return undefined;
  const decision = decisionOf(ballot);
  if (decision === undefined) return undefined;
  const atMs = ballot.settledAt ?? ballot.timeoutAt;
  return isInTime(n, atMs, end) ? { n, decision, atMs } : undefined;
}

function isInTime(n: number, atMs: number, end: StoredRecord | undefined): boolean {
  if (end === undefined) return true;
  const answered = closedOf(end)?.answered;
  if (answered !== undefined) return answered.includes(n);
  // A server may still show an end as pending whose time is over.
  const endsAtMs = end.settledAt ?? end.timeoutAt;
  return endIn(end).kind === "cancelled" ? atMs <= endsAtMs : atMs < endsAtMs;
}

/** The answers that count, in the order of the ballots. */
export function answersOn(
  ballots: readonly (BallotRecord | undefined)[],
  end: StoredRecord | undefined,
): Answer[] {
  return ballots.flatMap((ballot, i) => answerOn(i + 1, ballot, end) ?? []);
}

/** The verdict that the end promise records, or that follows from it and the answers. */
export function verdictOf(rules: Rules, end: StoredRecord, answers: readonly Answer[]): Verdict {
  const closed = closedOf(end);
  if (closed !== undefined) return { kind: "done", outcome: closed.outcome, reason: closed.reason };
  return decide(rules, answers.map(voteOf), endIn(end));
}

/** What the judgement writes into the end promise; undefined while the answers decide nothing. */
export function closedBy(rules: Rules, answers: readonly Answer[]): Closed | undefined {
  const verdict = decide(rules, answers.map(voteOf), { kind: "open" });
  if (verdict.kind === "wait") return undefined;
  const { outcome, reason } = verdict;
  return { kind: "closed", outcome, reason, answered: answers.map(({ n }) => n) };
}

/** What ended the wait, for the rule. A value that Countersign never writes also ends it, like a cancellation. */
function endIn(end: StoredRecord): End {
  if (end.state === "pending") return { kind: "open" };
  if (end.state === "timedout" || (end.state === "resolved" && end.value === undefined)) {
    return { kind: "deadline" };
  }
  // Another end follows.
  if (extensionOf(end) !== undefined || changeOf(end) !== undefined) return { kind: "open" };
  const reason = cancellationOf(end)?.reason;
  return { kind: "cancelled", ...(reason === undefined ? {} : { reason }) };
}

/** Whether the wait was ended from outside, before any verdict. */
export function isCancelled(end: StoredRecord): boolean {
  return closedOf(end) === undefined && endIn(end).kind === "cancelled";
}

function voteOf({ n, decision }: Answer): Vote {
  return { n, email: decision.by, choice: decision.choice };
}

/** An answer as outcomes show it. */
export function countedDecision(answer: Answer): CountedDecision {
  const { comment, door, caller } = answer.decision;
  return {
    ...voteOf(answer),
    ...(comment === undefined ? {} : { comment }),
    at: new Date(answer.atMs).toISOString(),
    door,
    ...(caller === undefined ? {} : { caller }),
  };
}

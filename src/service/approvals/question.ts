import type { ApprovalRequest, Ballot } from "../../approval/approval.ts";
import { answersOn, closedBy, isCancelled } from "../../approval/ending.ts";
import { ballotId, endId, parentId } from "../../approval/ids.ts";
import { APPROVAL_SLACK_MS } from "../../approval/request.ts";
import { type BallotStanding, outcomeOfCancelled, standingOf } from "../../approval/standing.ts";
import { ballotOf, requestOf } from "../../approval/stored.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";

/** One ballot with everything its page needs, as stored now. */
export interface Question {
  readonly ballot: Ballot;
  /** When the ballot was created, in milliseconds since 1970: another approval may have had its id before. */
  readonly bornAtMs: number;
  readonly request: ApprovalRequest;
  readonly deadlineAtMs: number;
  readonly standing: BallotStanding;
}

/** What a press needs to know about a ballot before it settles it. */
export interface BallotAsked {
  readonly ballot: Ballot;
  /** As of `Question`. */
  readonly bornAtMs: number;
  /** Whether it is unanswered and not past its deadline. Its approval may have ended; then an answer does not count. */
  readonly isOpen: boolean;
}

/**
 * Reads only the ballot with the promise `pid`; undefined if that promise is not a ballot. Reading the approval's state
 * as well would prove nothing: it can end between the read and the press. The time of storing decides
 * (`src/approval/ending.ts`, N3).
 */
export async function readBallot(durable: Durable, pid: string): Promise<BallotAsked | undefined> {
  const record = await durable.read(pid);
  const ballot = record && ballotOf(record);
  if (record === undefined || ballot === undefined || ballot.approval !== parentId(pid)) return undefined;
  return { ballot, bornAtMs: record.createdAt, isOpen: record.state === "pending" };
}

/** Reads the ballot with the promise `pid`; undefined if that promise is not a ballot of an approval. */
export async function readQuestion(durable: Durable, pid: string): Promise<Question | undefined> {
  const approval = parentId(pid);
  if (approval === undefined) return undefined;
  const [first, root, end] = await durable.readTogether(pid, [approval, endId(approval)]);
  const ballot = first && ballotOf(first);
  if (first === undefined || ballot?.approval !== approval) return undefined;
  const request = root && requestOf(root);
  if (root === undefined || request === undefined) return undefined;
  // How a cancelled approval ends follows from all of its ballots, read after the cancellation.
  const cancelled = root.state === "pending" && end !== undefined && isCancelled(end) ? end : undefined;
  const ballots = cancelled && (await ballotsOf(durable, root.id, request));
  const outcome = cancelled && ballots && outcomeOfCancelled(request, cancelled, ballots);
  const hasEnded = root.state !== "pending" || (end !== undefined && end.state !== "pending");
  // An answer may have arrived between the first read and the end, and then it counts. A ballot that is still open on
  // the second read was not answered in time.
  const record =
    ballots?.[ballot.n - 1] ?? (hasEnded && first.state === "pending" ? await durable.read(pid) : first);
  return {
    ballot,
    bornAtMs: first.createdAt,
    request,
    deadlineAtMs: root.timeoutAt - APPROVAL_SLACK_MS,
    standing: standingOf({ n: ballot.n, ballot: record, end, root, ...(outcome && { outcome }) }),
  };
}

async function ballotsOf(
  durable: Durable,
  approval: string,
  { approvers }: ApprovalRequest,
): Promise<(StoredPromise | undefined)[]> {
  return await Promise.all(approvers.map((_, i) => durable.read(ballotId(approval, i + 1))));
}

/** Time for a worker to record the end of an approval that the answers have decided: usually milliseconds. */
const OUTCOME_WAIT_MS = 1_000;

/**
 * The same question, but waits a moment if the answers have decided the approval and no worker has recorded it yet. The
 * person who gave the deciding answer wants to see the result.
 */
export async function withOutcome(
  durable: Durable,
  question: Question,
  signal: AbortSignal,
): Promise<Question> {
  const { ballot, request, standing } = question;
  if (standing.kind !== "decided" || standing.outcome !== undefined) return question;
  const answers = answersOn(await ballotsOf(durable, ballot.approval, request), undefined);
  if (closedBy(request, answers) === undefined) return question;
  await durable.waitFor(ballot.approval, { timeoutMs: OUTCOME_WAIT_MS, signal });
  return (await readQuestion(durable, ballotId(ballot.approval, ballot.n))) ?? question;
}

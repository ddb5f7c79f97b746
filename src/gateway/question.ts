import type { ApprovalRequest, Ballot, OutcomeKind } from "../approval/approval.ts";
import { ballotId, endId, parentId } from "../approval/ids.ts";
import { APPROVAL_SLACK_MS } from "../approval/request.ts";
import { type BallotStanding, endOfCancelled, standingOf } from "../approval/standing.ts";
import { ballotOf, cancellationOf, requestOf } from "../approval/stored.ts";
import type { Durable, StoredPromise } from "../durable/durable.ts";
import type { Asked, Standing } from "./pages.ts";

/** One ballot with all that its page needs, as stored at this moment. */
export interface Question {
  readonly ballot: Ballot;
  readonly request: ApprovalRequest;
  readonly deadlineAtMs: number;
  readonly standing: BallotStanding;
}

/** Reads the ballot whose promise is `pid`; undefined if that promise is no ballot of an approval. */
export async function readQuestion(durable: Durable, pid: string): Promise<Question | undefined> {
  const approval = parentId(pid);
  if (approval === undefined) return undefined;
  const [first, root, end] = await durable.readTogether(pid, [approval, endId(approval)]);
  const ballot = first && ballotOf(first);
  if (first === undefined || ballot?.approval !== approval) return undefined;
  const request = root && requestOf(root);
  if (root === undefined || request === undefined) return undefined;
  const hasEnded = root.state !== "pending" || (end !== undefined && end.state !== "pending");
  // An answer may have come between the first reading and the end, and then it counts: looked at again, an open ballot
  // is one that nobody answered in time.
  const record = hasEnded && first.state === "pending" ? await durable.read(pid) : first;
  const cancelledAs = root.state === "pending" ? await howItEnds(durable, root.id, request, end) : undefined;
  return {
    ballot,
    request,
    deadlineAtMs: root.timeoutAt - APPROVAL_SLACK_MS,
    standing: standingOf({ ballot: record, end, root, ...(cancelledAs && { cancelledAs }) }),
  };
}

/** What the worker will find of a cancellation, by the answers that were there before it; undefined without one. */
async function howItEnds(
  durable: Durable,
  approval: string,
  request: ApprovalRequest,
  end: StoredPromise | undefined,
): Promise<OutcomeKind | undefined> {
  if (end === undefined || cancellationOf(end) === undefined) return undefined;
  const ids = request.approvers.map((_, i) => ballotId(approval, i + 1));
  return endOfCancelled(request, end, await Promise.all(ids.map((id) => durable.read(id))));
}

/** What every page about the question shows, field by field: nothing of a stored object passes through whole. */
export function askedOf({ ballot, request, deadlineAtMs }: Question): Asked {
  const { title, summary, details, requester, approvers, require, rejection, onDeadline } = request;
  return {
    request: {
      title,
      ...(summary === undefined ? {} : { summary }),
      details,
      ...(requester === undefined ? {} : { requester }),
      approvers,
      require,
      rejection,
      onDeadline,
    },
    approver: ballot.approver,
    deadlineAtMs,
  };
}

/** What stands, for pages; undefined while the question is open. */
export function standsOf({ standing }: Question): Standing | undefined {
  if (standing.kind === "open") return undefined;
  if (standing.kind === "closed") return standing;
  const { choice, by, comment } = standing.decision;
  return { kind: "decided", choice, by, atMs: standing.atMs, ...(comment === undefined ? {} : { comment }) };
}

import { effectOf } from "../../approval/approval.ts";
import type { BallotStanding } from "../../approval/standing.ts";
import type { Question } from "../../service/approvals/question.ts";
import type { Asked, Standing } from "./page.ts";

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

/** How the ballot was settled, for pages; undefined while the question is open. */
export function standsOf(standing: BallotStanding): Standing | undefined {
  if (standing.kind !== "decided") return standing.kind === "open" ? undefined : standing;
  const { decision, atMs, outcome } = standing;
  const { by, comment, door, caller } = decision;
  return {
    kind: "decided",
    choice: effectOf(decision) === "approve" ? "approve" : "reject",
    by,
    door,
    atMs,
    ...(comment === undefined ? {} : { comment }),
    ...(caller === undefined ? {} : { caller }),
    ...(outcome === undefined ? {} : { outcome }),
  };
}

export function isExpired(standing: Standing): boolean {
  return standing.kind === "closed" && standing.because === "expired";
}

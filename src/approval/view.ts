import type { ApprovalRequest, Delivery, Door, Outcome, OutcomeKind, Person } from "./approval.ts";
import { shownUrl } from "./callback.ts";
import { ballotId, endId, KIND_TAG } from "./ids.ts";
import { APPROVAL_SLACK_MS } from "./request.ts";
import { type BallotStanding, standingOf } from "./standing.ts";
import { cancellationOf, mailResultOf, outcomeOf, requestOf, type StoredRecord } from "./stored.ts";

/** What `GET /approvals/:id` answers. Times are ISO 8601 instants of the engine's clock. */
export interface ApprovalView extends Omit<ApprovalRequest, "deadline" | "approvers"> {
  readonly id: string;
  /** `failed`: its workflow broke off, and `error` says why. */
  readonly status: "pending" | OutcomeKind | "failed";
  readonly deadline: string;
  /** One for each approver, in the order of the request. */
  readonly ballots: readonly BallotView[];
  /** Addresses of the approvers who have not answered yet. */
  readonly waitingFor: readonly string[];
  /** A caller asked to cancel; it took effect if `status` is `cancelled`. */
  readonly cancellation?: { readonly at: string; readonly reason?: string };
  /** The workflow's result, once there is one. */
  readonly outcome?: Outcome;
  readonly error?: string;
  readonly createdAt: string;
  readonly endedAt?: string;
}

interface BallotView {
  readonly n: number;
  readonly approver: Person;
  /** `withdrawn`: the approval ended without this answer. */
  readonly state: "open" | "approved" | "rejected" | "withdrawn" | "expired";
  readonly comment?: string;
  readonly decidedAt?: string;
  readonly door?: Door;
  /** The program that decided in the approver's place: an API key, or the source of a webhook. */
  readonly caller?: string;
  readonly mail: MailView;
}

interface MailView {
  /**
   * `pending`: not tried yet. `sent`: a relay took it, which does not mean that anybody read it. `deferred`: it is
   * tried again. `undeliverable`: it is not. `skipped`: the ballot was closed by then.
   */
  readonly status: "pending" | Delivery["status"];
  /** Why it is deferred or undeliverable, by the last attempt. */
  readonly reason?: string;
  /** How often it was tried to hand the mail over; what is tried again within seconds counts once. */
  readonly attempts: number;
  /** When it is tried again; absent while it is being tried, and when it is not. */
  readonly nextTryAt?: string;
}

/** Direct children of an approval, by position: the end, the ballots, then steps. */
export type Children = readonly StoredRecord[];

/** Computes an approval's state from its stored promises; undefined if `root` is no approval. */
export function summarize(root: StoredRecord, children: Children): ApprovalView | undefined {
  const request = requestOf(root);
  if (request === undefined) return undefined;
  const { approvers, deadline: _, callbackUrl, ...shown } = request;
  const byId = new Map(children.map((child) => [child.id, child]));
  const end = byId.get(endId(root.id));
  const mails = mailsOf(children);
  const ballots = approvers.map((approver, i) => {
    const n = i + 1;
    const standing = standingOf({ n, ballot: byId.get(ballotId(root.id, n)), end, root });
    return ballotView({ n, approver, mail: mails.get(n) ?? { status: "pending", attempts: 0 } }, standing);
  });
  const { status, ...ended } = statusOf(root);
  return {
    id: root.id,
    status,
    ...shown,
    ...(callbackUrl === undefined ? {} : { callbackUrl: shownUrl(callbackUrl) }),
    deadline: iso(root.timeoutAt - APPROVAL_SLACK_MS),
    ballots,
    waitingFor: ballots.filter(({ state }) => state === "open").map(({ approver }) => approver.email),
    ...cancellationIn(end),
    ...ended,
    createdAt: iso(root.createdAt),
    ...(root.settledAt === undefined ? {} : { endedAt: iso(root.settledAt) }),
  };
}

/** The approval's status from its root promise alone. */
export function statusOf(root: StoredRecord): Pick<ApprovalView, "status" | "outcome" | "error"> {
  const outcome = outcomeOf(root);
  if (outcome !== undefined) return { status: outcome.outcome, outcome };
  if (root.state === "pending") return { status: "pending" };
  // No worker ran for all of the slack after the deadline.
  if (root.state === "timedout") return { status: "expired" };
  if (root.state === "canceled") return { status: "cancelled" };
  return { status: "failed", error: root.value instanceof Error ? root.value.message : "Unknown result" };
}

function cancellationIn(end: StoredRecord | undefined): Pick<ApprovalView, "cancellation"> {
  const cancellation = end === undefined ? undefined : cancellationOf(end);
  if (end?.settledAt === undefined || cancellation === undefined) return {};
  return { cancellation: { at: iso(end.settledAt), ...reasonOf(cancellation) } };
}

/** The latest known result by ballot; later steps are later tries. */
function mailsOf(children: Children): Map<number, MailView> {
  const mails = new Map<number, MailView>();
  // One timer for all mails that are to be tried again.
  const timer = children.find(({ tags, state }) => tags[KIND_TAG] === "retry" && state === "pending");
  for (const child of children) {
    const result = mailResultOf(child);
    if (result === undefined) continue;
    const { status } = result.delivery;
    const { attempts = 0 } = mails.get(result.n) ?? {};
    // A later try that found the ballot closed does not undo that the first mail went out.
    if (status === "skipped" && attempts > 0) continue;
    mails.set(result.n, {
      status,
      ...reasonOf(result.delivery),
      attempts: status === "skipped" ? 0 : attempts + 1,
      ...(status === "deferred" && timer !== undefined ? { nextTryAt: iso(timer.timeoutAt) } : {}),
    });
  }
  return mails;
}

function ballotView(
  { n, approver, mail }: Pick<BallotView, "n" | "approver" | "mail">,
  standing: BallotStanding,
): BallotView {
  if (standing.kind === "open") return { n, approver, state: "open", mail };
  if (standing.kind === "closed") {
    return { n, approver, state: standing.because === "expired" ? "expired" : "withdrawn", mail };
  }
  const { choice, comment, door, caller } = standing.decision;
  return {
    n,
    approver,
    state: choice === "approve" ? "approved" : "rejected",
    ...(comment === undefined ? {} : { comment }),
    decidedAt: iso(standing.atMs),
    door,
    ...(caller === undefined ? {} : { caller }),
    mail,
  };
}

function reasonOf(from: { readonly reason?: string } | object): { readonly reason?: string } {
  return "reason" in from && from.reason !== undefined ? { reason: from.reason } : {};
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

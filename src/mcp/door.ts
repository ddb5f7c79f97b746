/** What the tools need of the service. The gateway makes one for each request, with the caller and their rights in it. */
import type { OutcomeAction } from "../approval/action.ts";
import type { ApprovalView, BallotView } from "../approval/view.ts";
import type { Scope } from "../auth/scopes.ts";
import type { FieldProblem } from "../lib/errors.ts";

/** Every method throws what {@link ApprovalDoor.tell} puts into words. */
export interface ApprovalDoor {
  may(scope: Scope): boolean;
  /**
   * Starts an approval of the caller's, or finds the one that the same id and content started.
   *
   * @param problems what is wrong with the body already: nothing is started then
   */
  request(body: Readonly<Record<string, unknown>>, problems: readonly FieldProblem[]): Promise<ShownApproval>;
  /** The caller's approval of that id. What others asked is not there for them. */
  read(id: string): Promise<ShownApproval>;
  /** The same as soon as it has ended, at the latest after so many seconds. */
  wait(id: string, seconds: number): Promise<ShownApproval>;
  /** Its state afterwards. */
  cancel(id: string, reason: string | undefined): Promise<ShownApproval>;
  /** The engine's time, in milliseconds since 1970. */
  nowMs(): number;
  /** What a caller may read of an error. Logs it if it is a fault of ours. */
  tell(thrown: unknown): string;
}

/** What a program sees of its approval: no link, no token, nothing about its callbacks. */
export interface ReadApproval
  extends Pick<ApprovalView, "id" | "status" | "title" | "deadline" | "createdAt" | "endedAt" | "error"> {
  /** Of an open one: what is waited for, in sentences. */
  readonly waitingFor?: string;
  readonly answers: readonly ShownAnswer[];
  /** Of one that asked about an action, once it has ended: its digest and, if it was approved, the arguments to run it with. */
  readonly action?: OutcomeAction;
  /** Why it was cancelled. */
  readonly reason?: string;
}

/** The same, or only the first few members for a program that may not read approvals. */
export type ShownApproval = Pick<ReadApproval, "id" | "status" | "createdAt"> & Partial<ReadApproval>;

type ShownAnswer = Pick<BallotView, "choice" | "comment" | "fields" | "decidedAt"> & {
  /** Address of the person. */
  readonly by: string;
  readonly effect: "approved" | "rejected" | "changes_requested";
};

export function shownApproval(view: ApprovalView): ReadApproval {
  const { id, status, title, deadline, createdAt, endedAt, error, explanation, cancellation, outcome } = view;
  return {
    id,
    status,
    title,
    ...(explanation === undefined ? {} : { waitingFor: explanation.text }),
    answers: view.ballots.flatMap(shownAnswer),
    ...(outcome?.action === undefined ? {} : { action: outcome.action }),
    ...(cancellation?.reason === undefined ? {} : { reason: cancellation.reason }),
    ...(error === undefined ? {} : { error }),
    deadline,
    createdAt,
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}

function shownAnswer({ state, approver, choice, comment, fields, decidedAt }: BallotView): ShownAnswer[] {
  if (state !== "approved" && state !== "rejected" && state !== "changes_requested") return [];
  return [
    {
      by: approver.email,
      effect: state,
      ...(choice === undefined ? {} : { choice }),
      ...(comment === undefined ? {} : { comment }),
      ...(fields === undefined ? {} : { fields }),
      ...(decidedAt === undefined ? {} : { decidedAt }),
    },
  ];
}

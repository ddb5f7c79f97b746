/**
 * What signed receipts say: of one decision, and of how an approval ended. Both follow from stored promises that no longer change,
 * so a receipt is the same whenever it is asked for, and a stranger can compute its claims from the evidence.
 */
import {
  type ApprovalRequest,
  type Choice,
  type Door,
  type Effect,
  effectOf,
  type Outcome,
  type Person,
} from "../approval/approval.ts";
import { asked, contentOf } from "../approval/content.ts";
import type { Course } from "../approval/course.ts";
import type { FieldValues } from "../approval/field-answers.ts";
import type { DoNotAsk } from "../approval/refusal/do-not-ask.ts";
import { choicesOf } from "../approval/rule.ts";
import { standingIn } from "../approval/standing.ts";
import { changeOf } from "../approval/stored.ts";
import { statusOf } from "../approval/view.ts";
import { canonicalHash } from "../lib/canonical-hash.ts";
import { type Authentication, authenticationOf } from "./authentication.ts";

/** The claims of a decision's receipt, without `iss`. Times are ISO 8601 instants by the engine's clock. */
export interface DecisionReceipt {
  readonly v: 1;
  readonly kind: "decision";
  /** Id of the approval, and when it began: an id can be used again later. */
  readonly sub: string;
  readonly began: string;
  /** The ballot's number. */
  readonly ballot: number;
  readonly round?: number;
  /** From 1, of an approval in stages. */
  readonly stage?: number;
  /** The approver. */
  readonly person: Pick<Person, "email" | "name">;
  readonly choice: Choice;
  /** What the choice is called, where the request says it. */
  readonly label?: string;
  /** What the choice does. */
  readonly effect: Effect;
  readonly comment?: string;
  readonly fields?: FieldValues;
  /** Numbers of the items that the approver struck out, of a request with several. */
  readonly except?: readonly number[];
  /** What is not to be asked again, where the approver said so. */
  readonly doNotAsk?: DoNotAsk;
  readonly at: string;
  /** Until when the approver could take it back, where they could. */
  readonly undoUntil?: string;
  readonly door: Door;
  readonly authentication: Authentication;
  readonly title: string;
  /** SHA-256 of what was shown. */
  readonly contentHash?: string;
  /** SHA-256 of the action that was asked about. */
  readonly digest?: string;
}

/** The claims of an outcome's receipt, without `iss`. */
export interface OutcomeReceipt {
  readonly v: 1;
  readonly kind: "outcome";
  readonly sub: string;
  readonly began: string;
  readonly ended: string;
  readonly outcome: Outcome["outcome"];
  /** One sentence, and the same for programs. */
  readonly reason?: string;
  readonly why?: Outcome["why"];
  readonly round?: number;
  readonly requester?: Pick<Person, "email" | "name">;
  readonly title: string;
  readonly contentHash: string;
  readonly digest?: string;
  /** The answers that count. */
  readonly decisions: readonly CountedReceipt[];
  /** SHA-256 of the evidence in the form of RFC 8785. */
  readonly evidence: string;
}

type CountedReceipt = Pick<
  DecisionReceipt,
  "ballot" | "stage" | "person" | "choice" | "effect" | "at" | "door" | "authentication"
>;

/** Undefined if there is no such ballot, or no answer on it that stands. */
export function decisionReceipt(course: Course, n: number): DecisionReceipt | undefined {
  const found = course.ballots.find(({ ballot }) => ballot.n === n);
  const standing = standingIn(course, n);
  if (found === undefined || standing.kind !== "decided") return undefined;
  const { ballot } = found;
  const { decision, atMs } = standing;
  const { choice, comment, fields, door, contentHash } = decision;
  const { stages } = course.call.request;
  const { label } = choicesOf(course.call.request).find(({ value }) => value === choice) ?? {};
  return {
    v: 1,
    kind: "decision",
    sub: course.root.id,
    began: iso(course.root.createdAt),
    ballot: n,
    ...(ballot.round === undefined ? {} : { round: ballot.round }),
    ...(stages === undefined ? {} : { stage: (ballot.stage ?? 0) + 1 }),
    person: named({ ...ballot.approver, email: decision.by }),
    choice,
    ...(label === undefined ? {} : { label }),
    effect: effectOf(decision),
    ...(comment === undefined ? {} : { comment }),
    ...(fields === undefined ? {} : { fields }),
    ...(decision.except === undefined ? {} : { except: decision.except }),
    ...(decision.doNotAsk === undefined ? {} : { doNotAsk: decision.doNotAsk }),
    at: iso(atMs),
    ...(ballot.undo === true ? { undoUntil: iso(atMs + course.rule.undoMs) } : {}),
    door,
    authentication: authenticationOf(decision),
    title: requestIn(course, ballot.round).title,
    ...(contentHash === undefined ? {} : { contentHash }),
    ...(ballot.digest === undefined ? {} : { digest: ballot.digest }),
  };
}

/** Undefined while the approval is open, and of one that broke off. */
export function outcomeReceipt(course: Course, evidence: string): OutcomeReceipt | undefined {
  const { root, request } = course;
  const { status, outcome } = statusOf(root);
  if (status === "pending" || status === "failed") return undefined;
  const decisions = (outcome?.decisions ?? []).flatMap(({ n }) => countedReceipt(decisionReceipt(course, n)));
  return {
    v: 1,
    kind: "outcome",
    sub: root.id,
    began: iso(root.createdAt),
    ended: iso(root.settledAt ?? root.timeoutAt),
    outcome: status,
    ...(outcome?.reason === undefined ? {} : { reason: outcome.reason }),
    ...(outcome?.why === undefined ? {} : { why: outcome.why }),
    ...(outcome?.round === undefined ? {} : { round: outcome.round }),
    ...(request.requester === undefined ? {} : { requester: named(request.requester) }),
    title: request.title,
    contentHash: canonicalHash(contentOf(request)),
    ...(outcome?.action === undefined ? {} : { digest: outcome.action.digest }),
    decisions,
    evidence,
  };
}

/** The request as it was asked in a round: a change of the question begins the next. */
export function requestIn({ call, ends }: Course, round = 1): ApprovalRequest {
  const changes = ends.flatMap((end) => changeOf(end) ?? []);
  return asked(call.request, changes[round - 2]?.content);
}

function countedReceipt(receipt: DecisionReceipt | undefined): CountedReceipt[] {
  if (receipt === undefined) return [];
  const { ballot, stage, person, choice, effect, at, door, authentication } = receipt;
  return [
    { ballot, ...(stage === undefined ? {} : { stage }), person, choice, effect, at, door, authentication },
  ];
}

function named({ email, name }: Person): Pick<Person, "email" | "name"> {
  return { email, ...(name === undefined ? {} : { name }) };
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

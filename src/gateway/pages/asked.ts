import { type ApprovalRequest, type Content, type Decision, effectOf } from "../../approval/approval.ts";
import { contentOf, asked as withContent } from "../../approval/content.ts";
import { contentChanges } from "../../approval/content-changes.ts";
import { evaluationOf, nextDeadlineOf } from "../../approval/course.ts";
import { programThatBegan } from "../../approval/creator.ts";
import { programOf } from "../../approval/doer.ts";
import { leftOutItems } from "../../approval/items.ts";
import { choicesOf, offeredChoices } from "../../approval/rule.ts";
import { type BallotStanding, standingIn } from "../../approval/standing.ts";
import { cancellationOf, changeOf, outcomeOf } from "../../approval/stored.ts";
import { whyEnded } from "../../approval/why-ended.ts";
import { isOwnHand } from "../../approval/wording.ts";
import { canonicalHash } from "../../lib/canonical-hash.ts";
import type { Question } from "../../service/approvals/question.ts";
import type { Answer, Asked, AskedPerson, Cancelled, Entered, Standing } from "./page.ts";

/** What every page about the question shows. */
export function askedOf(question: Question, nowMs: number): Asked {
  const { ballot, course } = question;
  const { atMs: deadlineAtMs, onDeadline } = nextDeadlineOf(course);
  const { request, contentHash } = shownTo(question);
  const { stage, groups, inPlaceOf } = ballot;
  const why = whyEnded(course);
  const leftOut = leftOutItems(request, outcomeOf(course.root)?.action?.items);
  const program = programThatBegan(course.root.tags);
  return {
    request,
    reference: ballot.approval,
    approver: ballot.approver,
    ...(leftOut === undefined ? {} : { leftOut }),
    ...(program === undefined ? {} : { program }),
    choices: offeredChoices(question.request, ballot.round ?? 1),
    ...(stage === undefined ? {} : { stage }),
    ...(groups === undefined ? {} : { groups }),
    ...(inPlaceOf === undefined ? {} : { inPlaceOf }),
    ...(isWaitedFor(question) ? { explanation: evaluationOf(course, nowMs).explanation } : {}),
    ...(contentHash === undefined ? {} : { contentHash }),
    deadlineAtMs,
    onDeadline,
    nowMs,
    people: peopleAsked(question),
    ...changedBefore(question, request),
    ...(why && { why }),
  };
}

/** Whether it is of use to know who is waited for: the person is, or has left it to others. */
function isWaitedFor({ standing, course: { root } }: Question): boolean {
  if (standing.kind === "open") return true;
  const isLeft =
    standing.kind === "closed" && (standing.because === "recused" || standing.because === "reassigned");
  return isLeft && root.state === "pending";
}

/** The request with the content that this person was shown; with its hash alone if that content is not at hand. */
function shownTo({ ballot, request, course, standing }: Question): {
  readonly request: ApprovalRequest;
  readonly contentHash?: string;
} {
  const answered = standing.kind === "decided" ? standing.decision.contentHash : undefined;
  const contentHash = answered ?? ballot.contentHash;
  if (contentHash === undefined) return { request };
  const { call, ends } = course;
  const changed = ends.flatMap((end) => changeOf(end)?.content ?? []);
  const contents = [request, call.request, ...changed.map((content) => withContent(call.request, content))];
  const shown = contents.find((each) => canonicalHash(contentOf(each)) === contentHash);
  return shown === undefined ? { request, contentHash } : { request: shown };
}

/** Of a later round: what differs from the round before. */
function changedBefore({ ballot: { round = 1 }, course }: Question, now: Content): Pick<Asked, "changed"> {
  if (round === 1) return {};
  const changes = course.ends.flatMap((end) => changeOf(end) ?? []);
  const before = changes[round - 3]?.content ?? contentOf(course.call.request);
  const note = changes[round - 2]?.note;
  return { changed: { changes: contentChanges(before, now), ...(note === undefined ? {} : { note }) } };
}

/** Whether the question was changed and asked again after this ballot. */
function isOfRoundBefore({ ballot, course }: Question): boolean {
  return (ballot.round ?? 1) < course.state.round;
}

/** The cancellation that ended the approval. */
function cancelledIn({ standing, course: { end } }: Question): Cancelled | undefined {
  if (standing.kind === "open" || standing.outcome !== "cancelled") return undefined;
  const cancellation = end && cancellationOf(end);
  if (end === undefined || cancellation === undefined) return undefined;
  const { reason, by } = cancellation;
  return {
    atMs: end.settledAt ?? end.timeoutAt,
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by }),
    ...programOf(cancellation),
  };
}

/** While it is asked, those of the same stage; of what is over, everybody of the round. */
function peopleAsked({ ballot, request, standing, course }: Question): AskedPerson[] {
  const { stage = 0, round = 1 } = ballot;
  const isAsked = standing.kind === "open";
  return course.ballots
    .filter(({ ballot: other }) => (other.round ?? 1) === round && (!isAsked || (other.stage ?? 0) === stage))
    .flatMap((other) => {
      const state = stateOf(standingIn(course, other.ballot.n), request);
      const isReader = other.ballot.n === ballot.n;
      return state === undefined ? [] : [{ person: other.ballot.approver, isReader, state }];
    });
}

/** Undefined for a ballot that another one of the same person has replaced. */
export function stateOf(
  standing: BallotStanding,
  request: ApprovalRequest,
): AskedPerson["state"] | undefined {
  if (standing.kind === "open") return { kind: "open" };
  if (standing.kind === "decided") {
    const { decision, atMs } = standing;
    const { comment } = decision;
    const answer = answerOf(decision, request);
    return {
      kind: "answered",
      answer,
      atMs,
      ...(comment === undefined ? {} : { comment }),
      ...enteredBy(decision),
    };
  }
  switch (standing.because) {
    case "reassigned":
      return standing.to === undefined ? { kind: "none" } : { kind: "reassigned", to: standing.to };
    case "recused":
      return { kind: "recused" };
    case "reissued":
    case "undone":
      return undefined;
    default:
      return { kind: "none" };
  }
}

/** How the ballot was settled, for pages; undefined while the question is open. */
export function standsOf(question: Question): Standing | undefined {
  const { standing, request } = question;
  const isChanged = isOfRoundBefore(question);
  if (standing.kind === "open") return undefined;
  if (standing.kind === "closed") {
    const { because, atMs, reason, to, by, outcome } = standing;
    return {
      kind: "closed",
      // The changes that were asked for have been made.
      because: isChanged && because === "changes-requested" ? "round-over" : because,
      ...(atMs === undefined ? {} : { atMs }),
      ...(reason === undefined ? {} : { reason }),
      ...(to === undefined ? {} : { to }),
      ...(by === undefined ? {} : { by }),
      ...programOf(standing),
      ...(outcome === undefined ? {} : { outcome }),
    };
  }
  const { decision, atMs, undoUntilMs, outcome } = standing;
  const { by, comment, fields, except, doNotAsk, door, signedInBy } = decision;
  const cancelled = cancelledIn(question);
  return {
    kind: "decided",
    answer: answerOf(decision, request),
    by,
    door,
    ...(signedInBy === undefined ? {} : { signedInBy }),
    atMs,
    ...(comment === undefined ? {} : { comment }),
    ...(fields === undefined ? {} : { fields }),
    ...(except === undefined ? {} : { except }),
    ...(doNotAsk === undefined ? {} : { doNotAsk }),
    ...programOf(decision),
    ...(undoUntilMs === undefined ? {} : { undoUntilMs }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(cancelled === undefined ? {} : { cancelled }),
    ...(isChanged ? { isChanged } : {}),
  };
}

export function answerOf(decision: Decision, request: ApprovalRequest): Answer {
  const { choice: value } = decision;
  const label = choicesOf(request).find((choice) => choice.value === value)?.label;
  return { value, effect: effectOf(decision), ...(label === undefined ? {} : { label }) };
}

/** Nothing for an answer of the person's own hand. */
export function enteredBy({ door, ...program }: Decision): { readonly entered?: Entered } {
  return isOwnHand(door) ? {} : { entered: { door, ...programOf(program) } };
}

export function isExpired(standing: Standing): boolean {
  return standing.kind === "closed" && standing.because === "expired";
}

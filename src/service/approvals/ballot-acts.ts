/** Acts on one ballot: hand it to somebody else, take no part, send new links, take an answer back. */
import type { Person, Reassignment, Recusal, Reissue, Undo } from "../../approval/approval.ts";
import type { Course, CourseBallot } from "../../approval/course.ts";
import { programOf } from "../../approval/doer.ts";
import { addressKey } from "../../approval/person.ts";
import { ruleOf } from "../../approval/rule.ts";
import { NO_KNOWN_PEOPLE } from "../../approval/same-person.ts";
import { standingIn } from "../../approval/standing.ts";
import {
  changeOf,
  decisionOf,
  reassignmentOf,
  recusalOf,
  reissueOf,
  type StoredRecord,
  undoOf,
} from "../../approval/stored.ts";
import { currentTime } from "../../durable/engine-time.ts";
import { isSameJson } from "../../lib/canonical-json.ts";
import {
  type Acted,
  type ActOptions,
  type Actor,
  type OnBallot,
  type Refusal,
  refusalOf,
  settled,
  stands,
} from "./act.ts";
import { readCourse } from "./question.ts";
import { unreachedBallots } from "./returned.ts";

/** Which ballot. */
export interface BallotNamed {
  /** Promise id of the approval. */
  readonly approval: string;
  readonly n: number;
}

/** How often one question can be replaced by another ballot. More is no handing on, but a loop. */
const GENERATIONS_MAX = 50;

/** Hands an open ballot to somebody else: its links stop to work, and the new person gets a ballot and a mail. */
export function reassignBallot(
  options: ActOptions,
  named: BallotNamed,
  { to, reason, ...actor }: Actor & { readonly to: Person; readonly reason?: string | undefined },
): Promise<Acted<OnBallot>> {
  const value: Reassignment = { kind: "reassigned", to, ...reasonOf(reason), ...actOf(actor) };
  return settleOpen(options, named, actor, {
    value,
    stored: reassignmentOf,
    refused: (course, ballot) => reassignRefusal(options, { course, ballot }, { to, by: actor.by }),
  });
}

/**
 * Asks somebody else in place of a person who cannot be reached. The person who asked may do that, because nobody else has a
 * link by which they could.
 */
export function replaceUnreached(
  options: ActOptions,
  named: BallotNamed,
  { to, reason, ...actor }: Actor & { readonly to: Person; readonly reason?: string | undefined },
): Promise<Acted<OnBallot>> {
  const value: Reassignment = { kind: "reassigned", to, ...reasonOf(reason), ...actOf(actor) };
  return settleOpen(options, named, actor, {
    value,
    stored: reassignmentOf,
    isAllowed: async (course, { ballot: { n } }, by) => {
      const { requester } = ruleOf(course.call.request);
      if (by === undefined || requester !== addressKey(by)) return false;
      return (await unreachedBallots(options.durable, course)).has(n);
    },
    refused: (course, ballot) => reassignRefusal(options, { course, ballot }, { to, by: actor.by }),
  });
}

/** The approver takes no part: the rule counts as if they had never been named. */
export function recuseBallot(
  options: ActOptions,
  named: BallotNamed,
  { reason, ...actor }: Actor & { readonly reason?: string | undefined },
): Promise<Acted<OnBallot>> {
  const value: Recusal = { kind: "recused", ...reasonOf(reason), ...actOf(actor) };
  return settleOpen(options, named, actor, { value, stored: recusalOf });
}

/** Replaces an open ballot by one for the same person, with new links: those before stop to work. */
export function reissueBallot(
  options: ActOptions,
  named: BallotNamed,
  actor: Actor,
): Promise<Acted<OnBallot>> {
  const value: Reissue = { kind: "reissued", ...actOf(actor) };
  return settleOpen(options, named, actor, {
    value,
    stored: reissueOf,
    refused: (_, ballot) => tooOften(ballot),
  });
}

/** Takes the answer on a ballot back, while the request allows it: the same person is asked again. */
export async function undoDecision(
  options: ActOptions,
  named: BallotNamed,
  actor: Actor,
): Promise<Acted<OnBallot>> {
  const { durable } = options;
  const found = await findBallot(options, named);
  if (found === undefined) return { kind: "unknown" };
  const { course, ballot } = found;
  const { record, undo } = ballot;
  const taken = undo && undoOf(undo);
  const earlier = taken?.kind === "undone" ? taken : undefined;
  if (earlier === undefined || earlier.nonce !== actor.nonce) {
    const why = undoRefusal(found, actor, await currentTime(options));
    if (why !== undefined) return { kind: "refused", why, course };
  }
  const value: Undo = { kind: "undone", ...actOf(actor) };
  const stored = undo && undoOf(earlier === undefined ? await settled(durable, undo.id, value) : undo);
  const isMine = stored?.kind === "undone" && stored.nonce === actor.nonce;
  const result = await stands(options, named.approval, named.n, false);
  if (result.kind !== "stands") return result;
  // Stored a moment too late, it takes nothing back: the answer counts.
  const isUndone = result.standing.kind === "closed" && result.standing.because === "undone";
  return { ...result, effective: isMine && isUndone && decisionOf(record) !== undefined };
}

function undoRefusal({ course, ballot }: FoundBallot, { by }: Actor, nowMs: number): Refusal | undefined {
  const refusal = refusalOf(course);
  if (refusal !== undefined) return refusal;
  if (!isTheirs(ballot, by)) return "not-theirs";
  if (ballot.undo === undefined) return "no-undo";
  const standing = standingIn(course, ballot.ballot.n);
  const until = standing.kind === "decided" ? standing.undoUntilMs : undefined;
  return until === undefined || until < nowMs ? "undo-over" : undefined;
}

export interface FoundBallot {
  readonly course: Course;
  readonly ballot: CourseBallot;
}

/** Undefined if there is no such ballot. */
export async function findBallot(
  { durable }: Pick<ActOptions, "durable">,
  { approval, n }: BallotNamed,
): Promise<FoundBallot | undefined> {
  const course = await readCourse(durable, approval);
  const ballot = course?.ballots.find((each) => each.ballot.n === n);
  return course === undefined || ballot === undefined ? undefined : { course, ballot };
}

interface Settlement<Value> {
  readonly value: Value;
  /** The value of this kind that a record holds. */
  readonly stored: (record: StoredRecord) => Value | undefined;
  /** Whether the person may. Default: if it is their ballot. */
  readonly isAllowed?: (course: Course, ballot: CourseBallot, by: string | undefined) => Promise<boolean>;
  readonly refused?: (course: Course, ballot: CourseBallot) => Refusal | undefined;
}

/** Settles an open ballot with something that is no answer. */
async function settleOpen<Value extends Reassignment | Recusal | Reissue>(
  options: ActOptions,
  named: BallotNamed,
  { nonce, by }: Actor,
  { value, stored, refused, isAllowed = async (_, each) => isTheirs(each, by) }: Settlement<Value>,
): Promise<Acted<OnBallot>> {
  const found = await findBallot(options, named);
  if (found === undefined) return { kind: "unknown" };
  const { course, ballot } = found;
  const earlier = stored(ballot.record);
  if (earlier?.nonce === nonce) {
    const { client: _, ...asked } = value;
    // The key's name is no part of what is asked for, and an earlier version recorded none.
    return isSameJson(earlier, { ...asked, ...programOf(earlier) })
      ? await stands(options, named.approval, named.n, true)
      : { kind: "other-content" };
  }
  if (!(await isAllowed(course, ballot, by))) return { kind: "refused", why: "not-theirs", course };
  const over = refusalOf(course);
  if (over === "version") return { kind: "refused", why: over, course };
  // Told as what it is: by whom, when, and what came of it.
  if (over !== undefined || !isOpenBallot(found))
    return await stands(options, named.approval, named.n, false);
  const why = refused?.(course, ballot);
  if (why !== undefined) return { kind: "refused", why, course };
  const record = await settled(options.durable, ballot.record.id, value);
  return await stands(options, named.approval, named.n, stored(record)?.nonce === nonce);
}

function isTheirs({ ballot }: CourseBallot, by: string | undefined): boolean {
  return by === undefined || addressKey(by) === addressKey(ballot.approver.email);
}

/** Whether it can be answered: it is not settled, and its round is not over. */
export function isOpenBallot({ course, ballot: { record } }: FoundBallot): boolean {
  return record.state === "pending" && (course.end === undefined || changeOf(course.end) === undefined);
}

function reassignRefusal(
  { known = NO_KNOWN_PEOPLE }: ActOptions,
  { course, ballot }: FoundBallot,
  { to, by }: { readonly to: Person; readonly by: string | undefined },
): Refusal | undefined {
  const { requester, reassign } = course.call.request;
  if (reassign === false && by !== undefined) return "no-reassign";
  const { stage = 0, round = 1, groups = [0], approver } = ballot.ballot;
  // Whose the addresses are was settled when the approval started; and what the operator has learned since counts as well.
  const { whoIs } = course.rule;
  const isThem = ({ email }: Person) =>
    whoIs(email) === whoIs(to.email) || known.whoIs(email) === known.whoIs(to.email);
  if (requester !== undefined && isThem(requester)) return "to-requester";
  if (isThem(approver)) return "to-same";
  const isMember = course.ballots.some(({ ballot: other, record, undo }) => {
    if ((other.stage ?? 0) !== stage || (other.round ?? 1) !== round) return false;
    if (!isThem(other.approver)) return false;
    const isTaken = undo !== undefined && undoOf(undo)?.kind === "undone";
    const isAsked = record.state === "pending" || (decisionOf(record) !== undefined && !isTaken);
    return isAsked && (other.groups ?? [0]).some((group) => groups.includes(group));
  });
  return isMember ? "to-member" : tooOften(ballot);
}

function tooOften({ ballot: { gen } }: CourseBallot): Refusal | undefined {
  return gen >= GENERATIONS_MAX ? "too-often" : undefined;
}

/** The part of a record that says who did it. */
export function actOf({ door, nonce, by, ...program }: Actor) {
  return { door, nonce, ...(by === undefined ? {} : { by }), ...programOf(program) };
}

export function reasonOf(reason: string | undefined): { readonly reason?: string } {
  return reason === undefined ? {} : { reason };
}

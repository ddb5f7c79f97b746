import type { Decision, OutcomeKind, Person, Reassignment, Withdrawal } from "./approval.ts";
import { type Course, type CourseBallot, evaluationOf, seatAnswer } from "./course.ts";
import { type Program, programOf } from "./doer.ts";
import { answerOn, isCancelled } from "./ending.ts";
import {
  cancellationOf,
  changeOf,
  closedOf,
  decisionOf,
  extensionOf,
  outcomeOf,
  reassignmentOf,
  recusalOf,
  reissueOf,
  type StoredRecord,
  undoOf,
  withdrawalOf,
} from "./stored.ts";

/** The promises that one ballot's state follows from. */
export interface BallotRecords {
  /** The ballot's number. */
  readonly n: number;
  /** This and `end` are undefined only before the workflow's first pass. */
  readonly ballot: StoredRecord | undefined;
  readonly end: StoredRecord | undefined;
  readonly root: StoredRecord;
  /** Of a cancelled approval that no worker has judged yet: what `outcomeOfCancelled` says. */
  readonly outcome?: OutcomeKind;
}

/**
 * Why a ballot can no longer be answered. `closing`: the approval is ending, and how is not recorded yet. The others say
 * that the approval goes on without this ballot, or went on.
 */
export type ClosedBecause =
  | OutcomeKind
  | "closing"
  | "reassigned"
  | "recused"
  | "reissued"
  | "undone"
  | NonNullable<Withdrawal["because"]>;

/** The state of a ballot, as its approver and everyone who asks sees it. Times in milliseconds since 1970, the engine's. */
export type BallotStanding =
  | { readonly kind: "open" }
  | {
      readonly kind: "decided";
      readonly decision: Decision;
      readonly atMs: number;
      /** Until when it can be taken back, if it can. */
      readonly undoUntilMs?: number;
      /** How the approval ended, once that is recorded. */
      readonly outcome?: OutcomeKind;
    }
  | ({
      readonly kind: "closed";
      /** `expired`: by its deadline, also where the approval counts as rejected then. */
      readonly because: ClosedBecause;
      readonly atMs?: number;
      /** Why the approval was cancelled, or the ballot handed on, in the words of the person who did it. */
      readonly reason?: string;
      /** Whom it was handed to. */
      readonly to?: Person;
      /** The address of the person who did it. */
      readonly by?: string;
      /** How the approval ended, once that is recorded. */
      readonly outcome?: OutcomeKind;
    } & Program);

type ClosedStanding = Extract<BallotStanding, { readonly kind: "closed" }>;

/** The state of a ballot that is no longer open. */
export type SettledStanding = Exclude<BallotStanding, { readonly kind: "open" }>;

/**
 * S1 The ballot's stored answer never changes.
 * S2 An answer that does not count (see `ending.ts`) is not shown: the approval was over by then.
 * S3 A ballot that nobody has answered is closed as soon as its approval has ended in any way, even if the worker has
 *    not withdrawn it yet.
 * S4 How the approval ended is shown only once it is certain: when the end promise or the workflow's result records it, or,
 *    after a cancellation, when all ballots are settled. Until then the ballot is `closing`.
 */
export function standingOf({ n, ballot, end, root, outcome: foreseen }: BallotRecords): BallotStanding {
  const outcome = recordedOutcome(end, root) ?? foreseen;
  const told = outcome === undefined ? {} : { outcome };
  const ending = endingOf(end, root, outcome);
  const answer = answerOn(n, ballot, end);
  // A root that ended while its end promise is open was ended by an operator, or by its own time.
  if (answer !== undefined && (isSettled(end) || ending?.atMs === undefined || answer.atMs <= ending.atMs)) {
    const { decision, atMs } = answer;
    return { kind: "decided", decision, atMs, ...told };
  }
  if (ending !== undefined) return { kind: "closed", ...ending, ...told };
  if (ballot === undefined || ballot.state === "pending") return { kind: "open" };
  if (ballot.state === "timedout") return { kind: "closed", because: "expired", atMs: ballot.timeoutAt };
  return { kind: "closed", because: "closing", ...settledAt(ballot) };
}

/** The same for a ballot of an approval that is known whole. */
export function standingIn(course: Course, n: number, foreseen?: OutcomeKind): BallotStanding {
  const { root, end } = course;
  const found = course.ballots.find(({ ballot }) => ballot.n === n);
  // An end that was extended ended nothing, and one that was changed ended a round.
  const isOver = end !== undefined && extensionOf(end) === undefined && changeOf(end) === undefined;
  const handed = found && handedOn(found, course.rule.undoMs);
  const outcome = recordedOutcome(isOver ? end : undefined, root) ?? foreseen;
  if (handed !== undefined) return { ...handed, ...(outcome === undefined ? {} : { outcome }) };
  const past = found && (tooLateForStage(course, found, outcome) ?? ofRoundBefore(course, found));
  if (past !== undefined) return past;
  const standing = standingOf({
    n,
    ballot: found?.record,
    end: isOver ? end : undefined,
    root,
    ...(foreseen === undefined ? {} : { outcome: foreseen }),
  });
  const because = found && withdrawalOf(found.record)?.because;
  if (standing.kind === "closed" && because !== undefined) return { ...standing, because };
  if (standing.kind !== "decided" || found === undefined) return standing;
  // Its stage's time was over, or the approval's, which no worker has seen yet. An end that names the answers has seen it.
  const isJudged = isOver && end !== undefined && closedOf(end)?.answered !== undefined;
  if (!isJudged && lateIn(course).has(n)) return { kind: "closed", because: "closing", atMs: standing.atMs };
  const undoUntilMs = standing.atMs + course.rule.undoMs;
  const canUndo =
    found.undo?.state === "pending" && !isSettled(isOver ? end : undefined) && root.state === "pending";
  return canUndo ? { ...standing, undoUntilMs } : standing;
}

/** An answer that came after the time of its stage, where the approval went on without it; undefined if it is none. */
function tooLateForStage(
  { state, ballots, counted }: Course,
  { ballot: { n, stage = 0, round = 1 }, record }: CourseBallot,
  outcome: OutcomeKind | undefined,
): BallotStanding | undefined {
  if (decisionOf(record) === undefined || counted.has(n)) return undefined;
  const reached = ballots.flatMap(({ ballot }) => ((ballot.round ?? 1) === round ? [ballot.stage ?? 0] : []));
  // A judgement is on record before the ballots of the stage that it opens.
  const last = Math.max(...reached, state.round === round ? state.stage : 0);
  if (stage >= last) return undefined;
  const told = outcome === undefined ? {} : { outcome };
  return { kind: "closed", because: "stage-done", ...settledAt(record), ...told };
}

/** Numbers of the answers of the open stage that came too late. */
function lateIn(course: Course): ReadonlySet<number> {
  const late = LATE.get(course) ?? new Set(evaluationOf(course, 0).late);
  LATE.set(course, late);
  return late;
}

/** Asked for each ballot of an approval. */
const LATE = new WeakMap<Course, ReadonlySet<number>>();

/** The answer on a ballot of a round that a change of the question has ended; undefined if it has none. */
function ofRoundBefore(
  { ends, end, root }: Course,
  { ballot: { round = 1 }, record }: CourseBallot,
): BallotStanding | undefined {
  const decision = decisionOf(record);
  const roundEnd = ends.filter((each) => changeOf(each) !== undefined)[round - 1];
  if (decision === undefined || roundEnd === undefined) return undefined;
  const outcome = recordedOutcome(end, root);
  const told = outcome === undefined ? {} : { outcome };
  const atMs = record.settledAt ?? record.timeoutAt;
  // Of what people do at one moment, an answer counts.
  const isInTime = atMs <= (roundEnd.settledAt ?? roundEnd.timeoutAt);
  return isInTime
    ? { kind: "decided", decision, atMs, ...told }
    : { kind: "closed", because: "round-over", atMs, ...told };
}

/** Whether somebody else has it, or nobody any more, because of what its approver did. */
function handedOn({ record, undo }: CourseBallot, undoMs: number): ClosedStanding | undefined {
  const closed = (because: ClosedBecause, act: Partial<Omit<Reassignment, "kind">>): ClosedStanding => ({
    kind: "closed",
    because,
    ...settledAt(record),
    ...(act.reason === undefined ? {} : { reason: act.reason }),
    ...(act.to === undefined ? {} : { to: act.to }),
    ...(act.by === undefined ? {} : { by: act.by }),
    ...programOf(act),
  });
  const reassigned = reassignmentOf(record);
  if (reassigned !== undefined) return closed("reassigned", reassigned);
  const recused = recusalOf(record);
  if (recused !== undefined) return closed("recused", recused);
  const reissued = reissueOf(record);
  if (reissued !== undefined) return closed("reissued", reissued);
  if (seatAnswer(record, undo, undoMs).kind !== "undone") return undefined;
  const undone = undo && undoOf(undo);
  return closed("undone", undone?.kind === "undone" ? undone : {});
}

/**
 * How an approval with a cancellation ends, if that is certain: at once where answers can be taken back (E2 of `evaluate.ts`),
 * else once each of its ballots is settled. Undefined until then, and if there is no cancellation.
 */
export function outcomeOfCancelled(course: Course): OutcomeKind | undefined {
  const { root, end, ballots } = course;
  if (root.state !== "pending" || end === undefined || !isCancelled(end)) return undefined;
  if (course.rule.undoMs > 0) return "cancelled";
  if (ballots.length === 0 || !ballots.every(({ record }) => isSettled(record))) return undefined;
  const { verdict } = evaluationOf(course, end.settledAt ?? end.timeoutAt);
  return verdict.kind === "done" ? verdict.outcome : undefined;
}

function isSettled(record: StoredRecord | undefined): boolean {
  return record !== undefined && record.state !== "pending";
}

function recordedOutcome(end: StoredRecord | undefined, root: StoredRecord): OutcomeKind | undefined {
  const recorded = (end && closedOf(end)?.outcome) ?? outcomeOf(root)?.outcome;
  if (recorded !== undefined) return recorded;
  if (root.state === "pending") return undefined;
  // Broken off, by an operator or by a fault: nothing will be recorded any more.
  return root.state === "timedout" ? "expired" : "cancelled";
}

/** How and when a ballot without an answer was closed by its approval; undefined while the approval is open. */
function endingOf(
  end: StoredRecord | undefined,
  root: StoredRecord,
  outcome: OutcomeKind | undefined,
): Omit<ClosedStanding, "kind"> | undefined {
  // The end promise first: it is settled before the root.
  if (end !== undefined && isSettled(end)) {
    if (closedOf(end) !== undefined) return { because: outcome ?? "closing", ...settledAt(end) };
    if (!isCancelled(end)) return { because: "expired", ...settledAt(end) };
    const { reason, by, ...program } = (outcome === "cancelled" && cancellationOf(end)) || {};
    return {
      because: outcome ?? "closing",
      ...settledAt(end),
      ...(reason === undefined ? {} : { reason }),
      ...(by === undefined ? {} : { by }),
      ...programOf(program),
    };
  }
  if (root.state === "pending") return undefined;
  return { because: outcome ?? "closing", atMs: root.settledAt ?? root.timeoutAt };
}

function settledAt(record: StoredRecord): { readonly atMs?: number } {
  return record.settledAt === undefined ? {} : { atMs: record.settledAt };
}

/** What the stored promises of an approval say, in the form that the rule is applied to (`evaluate.ts`). */
import { awayIn } from "./absence.ts";
import {
  type ApprovalRequest,
  type Ballot,
  type Closed,
  effectOf,
  type Judgement,
  type Terms,
} from "./approval.ts";
import { asked } from "./content.ts";
import { programOf } from "./doer.ts";
import { openingAsks } from "./evaluate/asks.ts";
import type { Evaluation } from "./evaluate/evaluation.ts";
import { type End, OPENING, type Seat, type SeatAnswer, type Settings, type State } from "./evaluate/look.ts";
import { evaluate } from "./evaluate.ts";
import { childId, KIND_TAG } from "./ids.ts";
import { type NextDeadline, nextDeadline } from "./next-deadline.ts";
import { type Rule, ruleOf } from "./rule.ts";
import { withAliases } from "./same-person.ts";
import { startStepIn } from "./start-step.ts";
import {
  ballotOf,
  callOf,
  cancellationOf,
  changeOf,
  closedOf,
  decisionOf,
  extensionOf,
  judgementOf,
  mailResultOf,
  reassignmentOf,
  recusalOf,
  reissueOf,
  type StoredCall,
  type StoredRecord,
  undoOf,
} from "./stored.ts";

/** The part of a record that an answer is read from. */
export type Settled = Pick<StoredRecord, "state" | "value" | "settledAt" | "timeoutAt">;

/** A ballot as the rule counts it; undefined if the record is none. `undo` is the promise that follows it. */
function seatOf(
  record: StoredRecord,
  undo: Settled | undefined,
  undoMs: number,
): (Seat & { readonly stage: number; readonly round: number }) | undefined {
  const ballot = ballotOf(record);
  if (ballot === undefined) return undefined;
  const { n, approver, stage = 0, round = 1, groups = [0], gen, added, via, inPlaceOf } = ballot;
  return {
    n,
    person: approver,
    stage,
    round,
    groups,
    gen,
    openedAtMs: record.createdAt,
    ...(added === undefined ? {} : { added }),
    ...(via === undefined ? {} : { via }),
    ...(inPlaceOf === undefined ? {} : { inPlaceOf }),
    answer: seatAnswer(record, undo, ballot.undo === true ? undoMs : 0),
  };
}

/**
 * What became of a ballot. A value that Countersign never writes counts as no answer.
 *
 * @param undo the promise that says whether the decision was taken back, as far as it was read
 * @param undoMs how long it could be; 0 if it could not
 */
export function seatAnswer(record: Settled, undo?: Settled, undoMs = 0): SeatAnswer {
  if (record.state === "pending") return { kind: "open" };
  const decision = decisionOf(record);
  if (decision !== undefined) {
    const atMs = settledAt(record);
    const isUndone = undo !== undefined && undoOf(undo)?.kind === "undone";
    if (isUndone && settledAt(undo) <= atMs + undoMs) return { kind: "undone" };
    const final = undoMs === 0 || (undo !== undefined && undo.state !== "pending");
    return { kind: "decided", choice: decision.choice, effect: effectOf(decision), atMs, final };
  }
  const reassigned = reassignmentOf(record);
  if (reassigned !== undefined) {
    const { to, reason, by } = reassigned;
    return {
      kind: "reassigned",
      to,
      ...(reason === undefined ? {} : { reason }),
      ...(by === undefined ? {} : { by }),
    };
  }
  if (recusalOf(record) !== undefined) return { kind: "recused" };
  if (reissueOf(record) !== undefined) return { kind: "reissued" };
  return { kind: "closed" };
}

/** What became of an end promise. A value that Countersign never writes ends it, too, like a cancellation. */
export function endOf(record: Settled): End | { readonly kind: "closed"; readonly closed: Closed } {
  if (record.state === "pending") return { kind: "open", atMs: record.timeoutAt };
  const atMs = settledAt(record);
  if (record.state === "timedout" || (record.state === "resolved" && record.value === undefined)) {
    return { kind: "deadline", atMs };
  }
  const closed = closedOf(record);
  if (closed !== undefined) return { kind: "closed", closed };
  const extension = extensionOf(record);
  if (extension !== undefined) return { kind: "extended", atMs, untilMs: extension.untilMs };
  if (changeOf(record) !== undefined) return { kind: "changed", atMs, deadlineAtMs: record.timeoutAt };
  const { reason, by, ...program } = cancellationOf(record) ?? {};
  return {
    kind: "cancelled",
    atMs,
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by }),
    ...programOf(program),
  };
}

/** A promise that timed out is settled at that time, even if a server has not noticed yet. */
function settledAt(record: Settled): number {
  return record.settledAt ?? record.timeoutAt;
}

/** An approval as its stored promises tell it. */
export interface Course {
  readonly root: StoredRecord;
  readonly call: StoredCall;
  /** Of the request, and of the people as they were known when it started, or when they were asked. */
  readonly rule: Rule;
  /** The request as the current round asks it. */
  readonly request: ApprovalRequest;
  /** The current end: the one before was extended, or its round is over. Undefined before the workflow's first pass. */
  readonly end: StoredRecord | undefined;
  /** All ends, in order. */
  readonly ends: readonly StoredRecord[];
  /** Milliseconds since 1970. */
  readonly deadlineAtMs: number;
  /** How far it had come at the last judgement on record. */
  readonly state: State;
  /** Numbers of the ballots whose answers counted in a judgement on record. */
  readonly counted: ReadonlySet<number>;
  /** Numbers of the ballots whose mail cannot be delivered. */
  readonly unreached: ReadonlySet<number>;
  /** All ballots, also of stages and rounds that are over, in order. */
  readonly ballots: readonly CourseBallot[];
}

export interface CourseBallot {
  readonly record: StoredRecord;
  readonly ballot: Ballot;
  readonly undo: StoredRecord | undefined;
}

/** @param children direct children of the approval, by position; undefined if `root` is no approval */
export function courseOf(root: StoredRecord, children: readonly StoredRecord[]): Course | undefined {
  const call = callOf(root);
  if (call === undefined) return undefined;
  const byId = new Map(children.map((child) => [child.id, child]));
  const ends = children.filter(({ tags }) => tags[KIND_TAG] === "end");
  const end = ends.at(-1);
  const judgements = children.flatMap((child) => judgementOf(child) ?? []);
  const changed = ends.flatMap((record) => changeOf(record)?.content ?? []).at(-1);
  const extended = end && extensionOf(end);
  const ballots = children.flatMap((record): CourseBallot[] => {
    const ballot = ballotOf(record);
    if (ballot === undefined) return [];
    return [{ record, ballot, undo: ballot.undo && byId.get(childId(root.id, ballot.n + 1)) }];
  });
  return {
    root,
    call,
    rule: ruleOf(call.request, peopleIn(call, byId.get(childId(root.id, 1)), judgements)),
    request: asked(call.request, changed),
    end,
    ends,
    // The end promise is made some milliseconds after it is known when it will be.
    deadlineAtMs:
      extended?.untilMs ?? (ends.length > 1 ? end?.timeoutAt : undefined) ?? call.terms.deadlineAtMs,
    state: judgements.at(-1)?.state ?? OPENING,
    counted: new Set(judgements.flatMap(({ decisions }) => decisions.map(({ n }) => n))),
    unreached: unreachedIn(children),
    ballots,
  };
}

/**
 * Where a schedule has started it, a step beside its ballots settles whose the addresses are. Judgements settle it for those whom
 * they ask and nobody has named.
 */
function peopleIn(
  { terms, isScheduled }: StoredCall,
  first: StoredRecord | undefined,
  judgements: readonly Judgement[],
): Terms["people"] {
  const people = isScheduled ? startStepIn(first?.value)?.people : terms.people;
  return people && judgements.reduce((known, { aliases }) => withAliases(known, aliases), people);
}

/** By the last try of each mail. One that found its ballot closed says nothing. */
function unreachedIn(children: readonly StoredRecord[]): Set<number> {
  const unreached = new Set<number>();
  for (const child of children) {
    const { n, delivery } = mailResultOf(child) ?? {};
    if (n === undefined || delivery === undefined || delivery.status === "skipped") continue;
    if (delivery.status === "undeliverable") unreached.add(n);
    else unreached.delete(n);
  }
  return unreached;
}

/** Whether a ballot belongs to the stage and round that are open. */
function isCurrent({ stage = 0, round = 1 }: Ballot, { state }: Pick<Course, "state">): boolean {
  return stage === state.stage && round === state.round;
}

/** Since when the open stage's time runs; undefined before its first ballot. */
export function stageSinceMs(course: Pick<Course, "state" | "ballots">): number | undefined {
  const opened = course.ballots.flatMap(({ ballot, record }) =>
    isCurrent(ballot, course) ? [record.createdAt] : [],
  );
  return course.state.sinceMs ?? (opened.length === 0 ? undefined : Math.min(...opened));
}

/** Until when those who are asked can answer, and what follows then. */
export function nextDeadlineOf(course: Course): NextDeadline {
  const { rule, state, deadlineAtMs } = course;
  return nextDeadline(rule, state, stageSinceMs(course), deadlineAtMs);
}

/**
 * The rule applied to what is stored at `nowMs`: what it would come to if it was judged now.
 *
 * @param settings default: silence approves nothing
 */
export function evaluationOf(
  course: Course,
  nowMs: number,
  settings: Settings = SILENCE_IS_NONE,
): Evaluation {
  const { call, rule, state, ballots, end, deadlineAtMs } = course;
  const current = ballots.filter(({ ballot }) => isCurrent(ballot, course));
  const seats =
    current.length === 0 && ballots.length === 0
      ? openingAsks(rule, state, awayIn(call.terms.away)).map((ask, i) => ({
          ...ask,
          n: i + 1,
          openedAtMs: nowMs,
          answer: OPEN,
        }))
      : current.flatMap(({ record, undo }) => {
          const seat = seatOf(record, undo, rule.undoMs);
          return seat === undefined ? [] : [{ ...seat, isUnreached: course.unreached.has(seat.n) }];
        });
  const seen = end && endOf(end);
  return evaluate(
    rule,
    {
      state,
      seats,
      end: seen === undefined || seen.kind === "closed" ? { kind: "open", atMs: deadlineAtMs } : seen,
      nowMs,
    },
    settings,
  );
}

const SILENCE_IS_NONE: Settings = { mayApproveByDeadline: false, everybodyMailed: false };

const OPEN: SeatAnswer = { kind: "open" };

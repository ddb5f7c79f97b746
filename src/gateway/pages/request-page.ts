/** What the page of the person who asked shows, from the stored promises of the approval. */

import { effectOf, type OutcomeKind, type Person } from "../../approval/approval.ts";
import { type Course, type CourseBallot, evaluationOf, nextDeadlineOf } from "../../approval/course.ts";
import { doerOf, type Program } from "../../approval/doer.ts";
import { isCancelled } from "../../approval/ending.ts";
import type { Explanation } from "../../approval/evaluate/evaluation.ts";
import { leftOutItems } from "../../approval/items.ts";
import { grantedStanding } from "../../approval/limits/granted.ts";
import { standingRefusal } from "../../approval/refusal/standing-refusal.ts";
import { ruleOf } from "../../approval/rule.ts";
import { standingIn } from "../../approval/standing.ts";
import {
  cancellationOf,
  changeOf,
  decisionOf,
  extensionOf,
  reassignmentOf,
  recusalOf,
  type StoredRecord,
  undoOf,
} from "../../approval/stored.ts";
import { certainOutcome, statusOf } from "../../approval/view.ts";
import { whyEnded } from "../../approval/why-ended.ts";
import { answerOf, enteredBy, stateOf } from "./asked.ts";
import type { AskedPerson, ChangesAsked, RequestActs, RequestPage, TimelineEntry } from "./page.ts";

interface RequestPageOptions {
  readonly requester: Person;
  /** Of the page: where its acts are. */
  readonly path: string;
  /** Names the form that reminds. */
  readonly press: string;
  /** Numbers of the open ballots whose people cannot be reached. */
  readonly unreached: ReadonlySet<number>;
  /** The present, in milliseconds since 1970. */
  readonly nowMs: number;
}

/** An approval as its requester's page shows it. */
export function requestPageOf(
  course: Course,
  { requester, path, press, unreached, nowMs }: RequestPageOptions,
): RequestPage {
  const { root, request, end, state } = course;
  const { atMs: deadlineAtMs, onDeadline } = nextDeadlineOf(course);
  const { status, outcome } = statusOf(root);
  const leftOut = leftOutItems(request, outcome?.action?.items);
  const isOpen = isOpenRequest(course);
  // A cancellation that came after the answers that decided has no effect.
  const cancelled = end && certainOutcome(course) === "cancelled" ? cancellationOf(end)?.reason : undefined;
  const changes = changesAskedIn(course);
  const acts = requestActsOf(course, path);
  const why = whyEnded(course);
  return {
    request,
    ...(leftOut === undefined ? {} : { leftOut }),
    requester,
    reference: root.id,
    status,
    ...(isOpen ? { explanation: explanationOf(course, unreached, nowMs) } : {}),
    ...(why && { why }),
    deadlineAtMs,
    onDeadline,
    stage: state.stage,
    nowMs,
    people: peopleOf(course, path, unreached),
    timeline: timelineOf(course),
    ...(cancelled === undefined ? {} : { reason: cancelled }),
    ...(changes === undefined ? {} : { changes }),
    ...(acts === undefined ? {} : { acts }),
    ...(grantedStanding(root) === undefined ? {} : { standingApproval: `${path}/standing` }),
    ...(standingRefusal(root) === undefined ? {} : { standingRefusal: `${path}/refusal` }),
    ...(status === "pending" || status === "failed" ? {} : { signed: `${path}/signed` }),
    press,
  };
}

function explanationOf(course: Course, unreached: ReadonlySet<number>, nowMs: number): Explanation {
  const all = new Set([...course.unreached, ...unreached]);
  return evaluationOf({ ...course, unreached: all }, nowMs).explanation;
}

/**
 * What its requester can do about an approval; undefined once nothing.
 *
 * @param path of their page
 */
export function requestActsOf(course: Course, path: string): RequestActs | undefined {
  if (!isOpenRequest(course)) return undefined;
  const cancel = `${path}/cancel`;
  // Approvals of an earlier version of the workflow can only be cancelled.
  if (course.call.version === 1) return { cancel };
  const { rounds } = ruleOf(course.call.request);
  const isWaiting = course.ballots.some(({ record }) => record.state === "pending");
  return {
    cancel,
    ...(course.state.round >= rounds ? {} : { change: `${path}/change` }),
    extend: `${path}/extend`,
    ...(isWaiting ? { remind: `${path}/remind` } : {}),
  };
}

function isOpenRequest({ root, end }: Course): boolean {
  return statusOf(root).status === "pending" && !isOver(end);
}

/** Whether the end is settled by something that ends the approval: an extension or a change makes way for the next end. */
function isOver(end: StoredRecord | undefined): boolean {
  if (end === undefined || end.state === "pending") return false;
  return extensionOf(end) === undefined && changeOf(end) === undefined;
}

/** Everybody of the round that is open, or was last. */
function peopleOf(course: Course, path: string, unreached: ReadonlySet<number>): AskedPerson[] {
  return course.ballots
    .filter(({ ballot }) => (ballot.round ?? 1) === course.state.round)
    .flatMap(({ ballot }) => {
      const state = stateOf(standingIn(course, ballot.n), course.request);
      if (state === undefined) return [];
      const isUnreached = state.kind === "open" && unreached.has(ballot.n) && isOpenRequest(course);
      const shown = isUnreached
        ? ({ kind: "unreached", ...replaceOf(course, path, ballot.n) } as const)
        : state;
      return [{ person: ballot.approver, isReader: false, state: shown }];
    });
}

function replaceOf({ call }: Course, path: string, n: number): { readonly replace?: string } {
  return call.version === 1 || call.request.reassign === false ? {} : { replace: `${path}/replace/${n}` };
}

/** Who has asked for changes, and what they said, while the approval waits for its requester. */
export function changesAskedIn(course: Course): ChangesAsked | undefined {
  const { ballots, state, counted } = course;
  if (!isOpenRequest(course) || state.phase !== "revising") return undefined;
  for (const { ballot, record } of ballots) {
    const isOfRound = (ballot.round ?? 1) === state.round && counted.has(ballot.n);
    const decision = isOfRound ? decisionOf(record) : undefined;
    if (decision === undefined || effectOf(decision) !== "changes") continue;
    const { comment } = decision;
    return {
      by: ballot.approver,
      ...(comment === undefined ? {} : { comment }),
      ...enteredBy(decision),
    };
  }
  return undefined;
}

/** What happened, in order. */
function timelineOf(course: Course): TimelineEntry[] {
  const { root, ends, ballots } = course;
  const entries: TimelineEntry[] = [
    { kind: "requested", atMs: root.createdAt },
    ...askedIn(ballots),
    ...ballots.flatMap((ballot) => happenedTo(ballot, course)),
    ...ends.flatMap((end) => happenedAt(end, course)),
  ];
  const { outcome } = statusOf(root);
  if (root.state !== "pending") {
    entries.push({
      kind: "ended",
      atMs: root.settledAt ?? root.timeoutAt,
      outcome: endOf(root, outcome?.outcome),
    });
  }
  // Sorting is stable: what happened at one moment stays in the order of the promises.
  return entries.toSorted((a, b) => a.atMs - b.atMs);
}

function endOf(root: StoredRecord, outcome: OutcomeKind | undefined): OutcomeKind | "failed" {
  const { status } = statusOf(root);
  return outcome ?? (status === "pending" ? "failed" : status);
}

/** People who were asked at once are one entry. */
function askedIn(ballots: readonly CourseBallot[]): TimelineEntry[] {
  const together = new Map<string, { readonly atMs: number; readonly people: Person[] }>();
  for (const { ballot, record } of ballots) {
    if (ballot.via?.kind === "reissued") continue;
    const { stage = 0, round = 1, via } = ballot;
    const key = `${round} ${stage} ${via?.kind ?? ""} ${via?.from ?? ""}`;
    const known = together.get(key) ?? { atMs: record.createdAt, people: [] };
    known.people.push(ballot.approver);
    together.set(key, known);
  }
  return [...together.values()].map(({ atMs, people }) => ({ kind: "asked", atMs, people }));
}

function happenedTo({ ballot, record, undo }: CourseBallot, { request }: Course): TimelineEntry[] {
  const { approver: who } = ballot;
  if (record.state === "pending") return [];
  const atMs = record.settledAt ?? record.timeoutAt;
  const decision = decisionOf(record);
  if (decision !== undefined) {
    const { comment } = decision;
    const answered: TimelineEntry = {
      kind: "answered",
      atMs,
      who,
      answer: answerOf(decision, request),
      ...(comment === undefined ? {} : { comment }),
      ...enteredBy(decision),
    };
    const undone = undo && undoOf(undo);
    if (undone?.kind !== "undone") return [answered];
    return [answered, { kind: "undone", atMs: undo?.settledAt ?? atMs, who, ...doneBy(undone) }];
  }
  const reassigned = reassignmentOf(record);
  if (reassigned !== undefined) {
    const { to, reason } = reassigned;
    return [{ kind: "reassigned", atMs, who, to, ...doneBy(reassigned), ...commentOf(reason) }];
  }
  const recused = recusalOf(record);
  if (recused === undefined) return [];
  return [{ kind: "recused", atMs, who, ...doneBy(recused), ...commentOf(recused.reason) }];
}

function happenedAt(end: StoredRecord, course: Course): TimelineEntry[] {
  if (end.state === "pending") return [];
  const atMs = end.settledAt ?? end.timeoutAt;
  const extended = extensionOf(end);
  if (extended !== undefined) {
    const { untilMs, reason } = extended;
    return [{ kind: "extended", atMs, untilMs, ...doneBy(extended), ...commentOf(reason) }];
  }
  const changed = changeOf(end);
  if (changed !== undefined) {
    const { note } = changed;
    return [{ kind: "changed", atMs, ...doneBy(changed), ...commentOf(note) }];
  }
  if (!isCancelled(end) || certainOutcome(course) !== "cancelled") return [];
  const { reason, ...program } = cancellationOf(end) ?? {};
  return [{ kind: "cancelled", atMs, ...doneBy(program), ...commentOf(reason) }];
}

/** Who did it in place of the people of the approval: an operator, or a program. */
function doneBy(program: Program): Pick<TimelineEntry, "doer"> {
  const doer = doerOf(program);
  return doer === undefined ? {} : { doer };
}

function commentOf(comment: string | undefined): { readonly comment?: string } {
  return comment === undefined ? {} : { comment };
}

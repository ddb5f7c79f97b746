/** Whom a judgement tells of what: mails that are no question. Follows from what was judged, and reads nothing. */
import {
  type CountedDecision,
  type Effect,
  effectOf,
  type OutcomeKind,
} from "../../src/approval/approval.ts";
import { type Program, programOf } from "../../src/approval/doer.ts";
import type { Evaluation } from "../../src/approval/evaluate/evaluation.ts";
import { nextDeadline } from "../../src/approval/next-deadline.ts";
import type { Says } from "../../src/approval/notice.ts";
import { addressKey } from "../../src/approval/person.ts";
import { saidIn } from "../../src/approval/refusal/standing-refusal.ts";
import type { Rule } from "../../src/approval/rule.ts";
import { cancellationOf, decisionOf, reassignmentOf, withdrawalOf } from "../../src/approval/stored.ts";
import type { StoredPromise } from "../../src/durable/durable.ts";
import type { JudgeInput } from "./judge-input.ts";

/** A judgement that was made, and the records that it was made of. */
export interface Judged {
  readonly seen: JudgeInput;
  readonly evaluation: Evaluation;
  readonly rule: Rule;
  /** By number of the ballot, as last read. Absent: open when the pass looked. */
  readonly ballots: ReadonlyMap<number, StoredPromise>;
  /** Absent: it was open when the pass looked. */
  readonly end: StoredPromise | undefined;
  readonly nowMs: number;
  readonly stageOpenedAtMs: number;
  /** The deadline that people know from now on, where this judgement moves the approval's. */
  readonly namedEndAtMs: number | undefined;
}

/** @param decisions all that count */
export function noticesOf(judged: Judged, decisions: readonly CountedDecision[]): Says[] {
  const { verdict, state } = judged.evaluation;
  const { seats, past, request, state: before } = judged.seen;
  const { requester } = request;
  const isDone = verdict.kind === "done";
  const isOver =
    isDone || state.stage !== before.stage || state.round !== before.round || state.phase !== before.phase;
  const isEscalated = state.escalations !== before.escalations;
  // Of those who have answered in several stages, each is told of the end once.
  const answers = new Map(decisions.map(({ email, n }) => [addressKey(email), n]));
  const notices = [
    ...reminders(judged),
    ...handedOn(judged),
    ...(requester === undefined ? [] : [...changesRequested(judged), ...outOfReach(judged)]),
    ...(isOver || isEscalated ? noLongerNeeded(judged, isDone ? answers : new Map()) : []),
  ];
  if (!isDone) return notices;
  const ended = {
    outcome: verdict.outcome,
    atMs: endedAt(judged),
    decisions,
    ...(verdict.why && { why: verdict.why }),
    ...howCancelled(judged),
  };
  const isAlone = seats.length + past.length === 1;
  // Who has refused more than this action can take that back on a page, whose link is in the mail.
  const isInAdvance = saidIn(ended).length > 0;
  const told = isAlone && !isInAdvance ? decisions.filter(isUnaware(verdict.outcome)) : decisions;
  const toTell = new Map(told.map(({ email, n }) => [addressKey(email), n]));
  return [
    ...notices,
    ...[...toTell.values()].map((n): Says => ({ mail: "outcome", ...ballotOf(judged, n), ...ended })),
    ...(requester === undefined ? [] : [{ mail: "requester-outcome", ...ended } as const]),
  ];
}

/** The only person who was asked has seen on the receipt what came of it, where that followed from the answer. */
function isUnaware(outcome: OutcomeKind): (decision: CountedDecision) => boolean {
  return (decision) => OUTCOMES[effectOf(decision)] !== outcome;
}

/** What one answer makes of an approval that asks nobody else, if it makes anything of it. */
const OUTCOMES: Readonly<Record<Effect, OutcomeKind | undefined>> = {
  approve: "approved",
  reject: "rejected",
  changes: undefined,
};

/** When the end was settled; else now. */
function endedAt({ end, nowMs }: Judged): number {
  return end?.settledAt ?? nowMs;
}

function ballotOf({ seen }: Judged, n: number): { readonly n: number; readonly first: number } {
  return { n, first: seen.first[n] ?? n };
}

/** What those get who have not answered yet: reminders, and links that live as long as a deadline that was moved. */
function reminders(judged: Judged): Says[] {
  const { seen, evaluation, stageOpenedAtMs } = judged;
  const { remind, state, explanation } = evaluation;
  const { stage, escalations, sinceMs = stageOpenedAtMs } = state;
  const asks = { end: seen.end.id, deadlineAtMs: seen.endAtMs, place: { stage, escalations, sinceMs } };
  return [
    ...remind.map(
      ({ n, dueAtMs }): Says => ({ mail: "reminder", ...ballotOf(judged, n), ...asks, dueAtMs, explanation }),
    ),
    // Of the time of the extension, so that the same is ordered if this step runs again.
    ...outlivingLinks(judged).map(
      (n): Says => ({ mail: "resend", ...ballotOf(judged, n), ...asks, atMs: endedAt(judged) }),
    ),
  ];
}

/** Numbers of open ballots whose links would die before the deadline, which this judgement moves. */
function outlivingLinks({ seen, evaluation, ballots, namedEndAtMs }: Judged): readonly number[] {
  const { nextEndAtMs, close } = evaluation;
  if (nextEndAtMs === undefined || namedEndAtMs !== nextEndAtMs) return [];
  const isOpen = (n: number) => (ballots.get(n)?.state ?? "pending") === "pending";
  return seen.seats.flatMap(({ n }) => (isOpen(n) && !close.includes(n) ? [n] : []));
}

function handedOn(judged: Judged): Says[] {
  return judged.evaluation.news.flatMap((item): Says[] => {
    const record = item.kind === "reassigned" ? judged.ballots.get(item.n) : undefined;
    const handed = record && reassignmentOf(record);
    if (item.kind !== "reassigned" || handed === undefined) return [];
    const { to, reason } = handed;
    const why = reason === undefined ? {} : { reason };
    return [{ mail: "handed-on", ...ballotOf(judged, item.n), to, ...why }];
  });
}

function changesRequested({ seen, evaluation, rule, ballots }: Judged): Says[] {
  const { counted, news } = evaluation;
  if (!news.some(({ kind }) => kind === "changes-requested")) return [];
  const { state, endAtMs } = seen;
  for (const { n, ask } of seen.seats) {
    const record = ballots.get(n);
    const decision = record && decisionOf(record);
    // One that was taken back, or came too late, has changed nothing.
    if (decision === undefined || !counted.includes(n) || effectOf(decision) !== "changes") continue;
    const { comment, door } = decision;
    return [
      {
        mail: "changes-requested",
        by: ask.person,
        door,
        ...programOf(decision),
        ...(comment === undefined ? {} : { comment }),
        round: state.round,
        rounds: rule.rounds,
        deadlineAtMs: endAtMs,
      },
    ];
  }
  return [];
}

/** Too few people are left who can be asked. */
function outOfReach({ seen, evaluation, rule, stageOpenedAtMs }: Judged): Says[] {
  const { news, state, explanation } = evaluation;
  const { seats, endAtMs } = seen;
  // Of the only person, who cannot be reached by mail, the requester has got a mail that says so.
  const isKnown = seats.length === 1 && seats[0]?.isUnreached === true;
  if (isKnown || !news.some(({ kind }) => kind === "out-of-reach")) return [];
  return [
    {
      mail: "out-of-reach",
      n: Math.max(...seats.map(({ n }) => n)),
      explanation,
      deadlineAtMs: nextDeadline(rule, state, state.sinceMs ?? stageOpenedAtMs, endAtMs).atMs,
      mayChange: state.round < rule.rounds,
    },
  ];
}

/** @param told keys of the addresses that get another mail about it */
function noLongerNeeded(judged: Judged, told: ReadonlyMap<string, unknown>): Says[] {
  const { verdict, ask } = judged.evaluation;
  const { seats } = judged.seen;
  const cancelled = howCancelled(judged);
  // Who is asked again at once, by a stage, an escalation or a round that begins, is told so by that mail.
  const asked = new Set(ask.map(({ person }) => addressKey(person.email)));
  // Of several ballots of one person, the latest says whether they are waited for.
  const latest = new Map(seats.map((seat) => [addressKey(seat.ask.person.email), seat.n]));
  return seats.flatMap(({ n, ask: { person } }): Says[] => {
    const key = addressKey(person.email);
    if (told.has(key) || asked.has(key) || latest.get(key) !== n) return [];
    const record = judged.ballots.get(n);
    const withdrawn = record && withdrawalOf(record);
    const because = withdrawn?.because ?? (verdict.kind === "done" ? verdict.outcome : undefined);
    if (record === undefined || withdrawn === undefined || because === undefined) return [];
    const atMs = record.settledAt ?? judged.nowMs;
    return [{ mail: "no-longer-needed", ...ballotOf(judged, n), because, atMs, ...cancelled }];
  });
}

/** Nothing also where the cancellation came after the answers that decided. */
function howCancelled({ evaluation, end }: Judged): Program & { readonly reason?: string } {
  const { verdict } = evaluation;
  const isCancelled = verdict.kind === "done" && verdict.outcome === "cancelled";
  const { reason, ...program } = (isCancelled && end && cancellationOf(end)) || {};
  return { ...(reason === undefined ? {} : { reason }), ...programOf(program) };
}

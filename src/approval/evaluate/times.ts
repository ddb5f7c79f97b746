/** When the open stage is over, which answers were in time for it, and when to look again. */
import { nextOpening } from "../hours.ts";
import { nextReminderAt, remindersDue } from "../reminders.ts";
import type { Rule, StageRule } from "../rule.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Look, Seat, State } from "./look.ts";

/** What times are compared with. */
export interface Clock {
  readonly rule: Rule;
  readonly look: Look;
  /** The open stage. */
  readonly stage: StageRule;
  /** When its time is over; undefined if only the approval's deadline ends it. */
  readonly endsAtMs: number | undefined;
}

export function clockOf(rule: Rule, look: Look): Clock {
  const { state, seats } = look;
  const stage = rule.stages[state.stage] as StageRule;
  const sinceMs = state.sinceMs ?? Math.min(...seats.map(({ openedAtMs }) => openedAtMs));
  const endsAtMs = Number.isFinite(sinceMs) ? stageEndsAt(rule, stage, { ...state, sinceMs }) : undefined;
  return { rule, look, stage, endsAtMs };
}

/** An escalation waits for working hours: it mails people. Undefined if only the approval's deadline ends the stage. */
export function stageEndsAt(
  rule: Rule,
  { deadlineMs, onDeadline, escalateTo, endsWithApproval }: StageRule,
  { sinceMs, escalations }: Pick<State, "escalations"> & { readonly sinceMs: number },
): number | undefined {
  if (deadlineMs === undefined) return undefined;
  if (endsWithApproval === true && escalations >= escalateTo.length) return undefined;
  const atMs = sinceMs + deadlineMs;
  return onDeadline === "escalate" && rule.hours !== undefined ? nextOpening(rule.hours, atMs) : atMs;
}

/** Whether the stage's time is over, and the approval's was not over before. */
export function isStageTimeOver({ look: { nowMs, end }, endsAtMs }: Clock): boolean {
  if (endsAtMs === undefined || nowMs < endsAtMs) return false;
  return end.kind !== "open" || endsAtMs < end.atMs;
}

/** Whether the end of the stage's time asks more people, rather than ending the stage. */
function canEscalateByTime({ look, stage: { onDeadline, escalateTo } }: Clock): boolean {
  return onDeadline === "escalate" && look.state.escalations < escalateTo.length;
}

/** Whether an answer was given before everything that ends the time for it. */
export function isInTime(clock: Clock, atMs: number): boolean {
  const { end } = clock.look;
  // At the deadline itself it is too late; of what people do at one moment, an answer counts.
  if (end.kind === "deadline" && atMs >= end.atMs) return false;
  if ((end.kind === "cancelled" || end.kind === "changed") && atMs > end.atMs) return false;
  if (end.kind === "extended" && atMs >= end.untilMs) return false;
  const { endsAtMs } = clock;
  return endsAtMs === undefined || canEscalateByTime(clock) || atMs < endsAtMs;
}

/** Whether a ballot has an answer that counts: it was in time, and can no longer be taken back (E2). */
export function counts(clock: Clock, { answer }: Seat): boolean {
  if (answer.kind !== "decided" || !isInTime(clock, answer.atMs)) return false;
  return answer.final || !isProvisional(clock, answer.atMs);
}

/** When the answer on a ballot can no longer be taken back; undefined if there is none, or that time is over. */
export function undoEndOf(clock: Clock, { answer, person }: Seat): number | undefined {
  const { rule } = clock;
  // Nobody waits for an answer that never counts.
  if (rule.whoIs(person.email) === rule.requester) return undefined;
  if (answer.kind !== "decided" || answer.final || !isInTime(clock, answer.atMs)) return undefined;
  return isProvisional(clock, answer.atMs) ? answer.atMs + rule.undoMs : undefined;
}

/** Whether an answer of that time could still be taken back. */
function isProvisional(clock: Clock, atMs: number): boolean {
  const { end, nowMs } = clock.look;
  const isEnded = end.kind === "cancelled" || end.kind === "deadline" || end.kind === "changed";
  const isOver = isEnded || (isStageTimeOver(clock) && !canEscalateByTime(clock));
  return !isOver && nowMs < atMs + clock.rule.undoMs;
}

/** When to look at an approval whose ballots were all just opened; undefined if only answers and its deadline matter. */
export function firstAlarmAt(rule: Rule, state: State, nowMs: number): number | undefined {
  const stage = rule.stages[state.stage];
  const reminder = rule.reminders && nextReminderAt(rule.reminders, rule.hours, nowMs, nowMs);
  return earliest([reminder, stage && stageEndsAt(rule, stage, { ...state, sinceMs: nowMs })]);
}

/**
 * When to look again while the same stage goes on.
 *
 * @param isAsking whether others are asked now
 */
export function nextAlarmAt(
  { rule, look: { nowMs, seats }, stage, endsAtMs }: Clock,
  state: State,
  { undoEndsAtMs, isAsking }: { readonly undoEndsAtMs: number | undefined; readonly isAsking: boolean },
): number | undefined {
  const { reminders, hours } = rule;
  const { sinceMs } = state;
  const overAtMs = sinceMs === undefined ? endsAtMs : stageEndsAt(rule, stage, { ...state, sinceMs });
  const reminded = seats.map(({ answer, openedAtMs }) =>
    reminders !== undefined && answer.kind === "open"
      ? nextReminderAt(reminders, hours, openedAtMs, nowMs)
      : undefined,
  );
  const opening = isAsking ? firstAlarmAt(rule, state, nowMs) : undefined;
  return earliest(
    [overAtMs, undoEndsAtMs, opening, ...reminded].filter((at) => at === undefined || at > nowMs),
  );
}

/** Reminders that are due: of several for one ballot, the latest. */
export function remindersOf({ rule, look: { seats, state, nowMs } }: Clock): Evaluation["remind"] {
  const { reminders, hours } = rule;
  if (reminders === undefined) return [];
  return seats.flatMap(({ n, answer, openedAtMs }) => {
    if (answer.kind !== "open") return [];
    const due = remindersDue(reminders, hours, openedAtMs, state.lookedAtMs ?? openedAtMs, nowMs);
    const dueAtMs = due.at(-1);
    return dueAtMs === undefined ? [] : [{ n, dueAtMs }];
  });
}

export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** What follows from a stage in the two ways that there are: the approval goes on, or it is done. */
import type { OutcomeKind } from "../approval.ts";
import { reasonOf, type Why } from "../why.ts";
import type { Count } from "./count.ts";
import type { Evaluation } from "./evaluation.ts";
import { explain } from "./explanation.ts";
import type { Seat, State } from "./look.ts";
import { counts, firstAlarmAt, isInTime, nextAlarmAt, remindersOf } from "./times.ts";

type Moves = Partial<Pick<Evaluation, "close" | "ask" | "counted" | "news" | "nextEndAtMs">>;

export function goOn(count: Count, state: State, moves: Moves): Evaluation {
  const { rule, look, undoEndsAtMs } = count;
  const { nowMs, end } = look;
  const isSameStage = state.stage === look.state.stage && state.round === look.state.round;
  const isAsking = state.phase === "asking" && isSameStage;
  const alarmAtMs = isAsking
    ? nextAlarmAt(count, state, { undoEndsAtMs, isAsking: (moves.ask ?? []).length > 0 })
    : firstAlarmAt(rule, state, nowMs);
  return {
    verdict: { kind: "wait" },
    state: { ...state, lookedAtMs: nowMs },
    close: [],
    ask: [],
    counted: numbersOf(count, (seat) => counts(count, seat)),
    late: numbersOf(count, ({ answer }) => answer.kind === "decided" && !isInTime(count, answer.atMs)),
    remind: isAsking ? remindersOf(count) : [],
    news: [],
    ...(end.kind === "extended" ? { nextEndAtMs: end.untilMs } : {}),
    ...moves,
    ...(alarmAtMs === undefined || state.phase === "revising" ? {} : { alarmAtMs }),
    explanation: explain(count, state, isSameStage),
  };
}

export function done(count: Count, outcome: OutcomeKind, why: Why): Evaluation {
  const moves = { close: openSeats(count), counted: countedAtEnd(count) };
  const { nextEndAtMs: _, ...rest } = goOn(count, count.look.state, moves);
  return { ...rest, verdict: { kind: "done", outcome, reason: reasonOf(why), why }, remind: [] };
}

/** Numbers of the ballots that can still be answered. */
export function openSeats(count: Count): number[] {
  return numbersOf(count, ({ answer }) => answer.kind === "open");
}

/**
 * The answers that count where the stage ends: those too that could still be taken back (E2). A request for changes would
 * come to something else, so it does not.
 */
export function countedAtEnd(count: Count): number[] {
  return numbersOf(count, (seat) => {
    const { answer } = seat;
    if (answer.kind !== "decided" || !isInTime(count, answer.atMs)) return false;
    return answer.effect !== "changes" || counts(count, seat);
  });
}

function numbersOf({ look }: Count, isMeant: (seat: Seat) => boolean): number[] {
  return look.seats.flatMap((seat) => (isMeant(seat) ? [seat.n] : []));
}

/** What the answers come to, whatever else happened (E3, E5). */
import { openingAsks } from "./asks.ts";
import { byEnd } from "./by-end.ts";
import { type Count, groupsNeeded, isStageLost, progressOf } from "./count.ts";
import type { Evaluation } from "./evaluation.ts";
import type { State } from "./look.ts";
import { countedAtEnd, done, goOn, openSeats } from "./moves.ts";
import { undoEndOf } from "./times.ts";

/** Undefined while they decide nothing. */
export function byAnswers(count: Count): Evaluation | undefined {
  const { rule, people, groups } = count;
  const answers = [...people.values()].flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
  if (rule.rejection === "veto" && answers.some(({ effect }) => effect === "reject")) {
    return done(count, "rejected", { because: "veto" });
  }
  if (answers.some(({ effect }) => effect === "changes")) return changesRequested(count);
  const doneGroups = groups.filter(({ isDone }) => isDone).length;
  if (doneGroups >= groupsNeeded(count) && !mayStillSayNo(count)) return stageDone(count);
  if (isStageLost(count) && answers.some(({ effect }) => effect === "reject")) {
    return done(count, "rejected", { because: "out-of-reach", progress: progressOf(count) });
  }
  return undefined;
}

/** Whether an answer that would come first (E3) can still be taken back: it is waited for. */
function mayStillSayNo(count: Count): boolean {
  return count.look.seats.some((seat) => {
    if (seat.answer.kind !== "decided" || undoEndOf(count, seat) === undefined) return false;
    const { effect } = seat.answer;
    return effect === "changes" || (effect === "reject" && count.rule.rejection === "veto");
  });
}

/** The next stage opens, or the approval is approved. */
export function stageDone(count: Count): Evaluation {
  const { rule, look } = count;
  const { state, end } = look;
  const stage = state.stage + 1;
  if (stage >= rule.stages.length) {
    const isConsent = rule.stages.slice(0, -1).some(({ onDeadline }) => onDeadline === "approve");
    const consent = isConsent ? ({ isConsent } as const) : {};
    return done(count, "approved", { because: "approvals", progress: progressOf(count), ...consent });
  }
  // The approval ended before the next stage could open: the answers of this one alone do not approve it.
  if (end.kind === "cancelled" || end.kind === "deadline") return byEnd(count, end);
  const next: State = { round: state.round, stage, phase: "asking", escalations: 0 };
  return goOn(count, next, {
    close: openSeats(count),
    ask: openingAsks(rule, next, look.awayAt),
    counted: countedAtEnd(count),
    news: [{ kind: "stage-opened", stage }],
  });
}

function changesRequested(count: Count): Evaluation {
  const { round, stage, escalations } = count.look.state;
  const { end } = count.look;
  if (end.kind === "cancelled" || end.kind === "deadline") return byEnd(count, end, true);
  if (round >= count.rule.rounds) return done(count, "rejected", { because: "no-rounds" });
  return goOn(
    count,
    { round, stage, phase: "revising", escalations },
    { close: openSeats(count), news: [{ kind: "changes-requested" }] },
  );
}

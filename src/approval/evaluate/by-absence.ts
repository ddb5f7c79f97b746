/** What follows when too few are left in the count (E6). */
import { handedOn } from "./asks.ts";
import { type Count, isStageLost, progressOf } from "./count.ts";
import { escalate } from "./escalation.ts";
import type { Evaluation, News } from "./evaluation.ts";
import { done, goOn } from "./moves.ts";
import { outOfReach } from "./out-of-reach.ts";

/** Undefined unless people have left the count, and too few are left because of it. */
export function byAbsence(count: Count): Evaluation | undefined {
  const { rule, look, people, undoEndsAtMs } = count;
  const { replaced = [] } = look.state;
  const haveLeft = replaced.length > 0 || look.seats.some(({ answer }) => answer.kind === "recused");
  if (!haveLeft || !isStageLost(count)) return undefined;
  const escalated = escalate(count);
  if (escalated !== undefined) return escalated;
  if (![...people.values()].some(({ isOpen }) => isOpen) && undoEndsAtMs === undefined) {
    return done(count, "rejected", { because: "nobody-left" });
  }
  if (rule.rejection === "majority") {
    return done(count, "rejected", { because: "out-of-reach", progress: progressOf(count) });
  }
  return undefined;
}

/** Nothing ends the stage: it waits on, and it is news if too few are left who can be expected to answer. */
export function waiting(count: Count): Evaluation {
  const { followUps, look } = count;
  const { outOfReach: wasOutOfReach, ...state } = look.state;
  const news: News[] = handedOn(followUps);
  if (outOfReach(count).length === 0) return goOn(count, state, { ask: followUps, news });
  if (wasOutOfReach !== true) news.push({ kind: "out-of-reach", stage: state.stage });
  return goOn(count, { ...state, outOfReach: true }, { ask: followUps, news });
}

/** What follows where something other than answers ends the asking: a cancellation, a deadline, or a change of the question. */
import { programOf } from "../doer.ts";
import { type Rule, roundEndsAt } from "../rule.ts";
import { openingAsks } from "./asks.ts";
import { type Count, isLastStage, progressOf } from "./count.ts";
import type { Evaluation } from "./evaluation.ts";
import type { End, State } from "./look.ts";
import { done, goOn, openSeats } from "./moves.ts";

/** @param isRevising whether changes were requested, also if that is seen only now */
export function byEnd(
  count: Count,
  end: End & { readonly kind: "cancelled" | "deadline" },
  isRevising = false,
): Evaluation {
  if (end.kind === "cancelled") {
    const { reason, by } = end;
    return done(count, "cancelled", {
      because: "cancelled",
      ...(reason === undefined ? {} : { reason }),
      ...(by === undefined ? {} : { by }),
      ...programOf(end),
    });
  }
  return overdue(count, count.rule.onDeadline, { because: "deadline", atMs: end.atMs, isRevising });
}

/** Changes were requested: only the requester, or the end, takes it further. */
export function whileRevising(count: Count): Evaluation {
  const { state, end } = count.look;
  if (end.kind === "cancelled" || end.kind === "deadline") return byEnd(count, end, true);
  return goOn(count, state, {});
}

/** The time that a round may take begins again; a deadline that is later, because it was moved, stays. */
export function nextRound(count: Count, end: End & { readonly kind: "changed" }): Evaluation {
  const { rule, look } = count;
  const endAtMs = Math.max(end.deadlineAtMs, roundEndsAt(rule, end.atMs) ?? end.atMs);
  const next: State = { round: look.state.round + 1, stage: 0, phase: "asking", escalations: 0 };
  return goOn(count, next, {
    close: openSeats(count),
    ask: openingAsks(rule, next, look.awayAt),
    news: [{ kind: "round-opened", round: next.round }],
    nextEndAtMs: endAtMs,
  });
}

interface Overdue {
  readonly because: "deadline" | "stage-time";
  readonly atMs: number;
  /** Whether changes were requested, which the requester has not made. */
  readonly isRevising: boolean;
}

/** What the approval counts as when its time, or that of its last stage, is over. */
export function overdue(
  count: Count,
  onDeadline: Rule["onDeadline"],
  { because, atMs, isRevising }: Overdue,
): Evaluation {
  const revising = isRevising ? ({ isRevising: true } as const) : {};
  const why = { because, progress: progressOf(count), atMs, ...revising } as const;
  if (onDeadline === "reject") return done(count, "rejected", why);
  // Who asked for changes was not silent.
  if (onDeadline === "approve" && !isRevising && isLastStage(count) && maySilenceApprove(count)) {
    return done(count, "approved", { ...why, isConsent: true });
  }
  return done(count, "expired", why);
}

export function maySilenceApprove({ settings }: Count): boolean {
  return settings.mayApproveByDeadline && settings.everybodyMailed;
}

/** What people are told of the time that they have: the one deadline that comes next, and what it does. */
import type { State } from "./evaluate/look.ts";
import { stageEndsAt } from "./evaluate/times.ts";
import type { Rule, StageRule } from "./rule.ts";
import type { OnDeadline } from "./schema.ts";

export interface NextDeadline {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** What follows if nobody answers until then. `escalate` only while there is somebody left to ask. */
  readonly onDeadline: OnDeadline;
}

/** How far a stage has come, as far as its deadline depends on it. */
export type StagePlace = Pick<State, "stage" | "escalations">;

/**
 * The end of the open stage's time or of the approval's, whichever comes first; of two at one moment, the approval's, as the
 * evaluation has it.
 *
 * @param sinceMs since when the stage's time runs; undefined if it does not
 */
export function nextDeadline(
  rule: Rule,
  place: StagePlace & Partial<Pick<State, "phase">>,
  sinceMs: number | undefined,
  endAtMs: number,
): NextDeadline {
  const stage = rule.stages[place.stage];
  const isAsking = place.phase !== "revising";
  if (stage !== undefined && sinceMs !== undefined && isAsking) {
    const atMs = stageEndsAt(rule, stage, { escalations: place.escalations, sinceMs });
    if (atMs !== undefined && atMs < endAtMs) return { atMs, onDeadline: afterStage(stage, place) };
  }
  // Silence approves only what was asked in full: in the last stage, and while nobody has to make changes.
  const isLast = place.stage >= rule.stages.length - 1;
  const isNoConsent = rule.onDeadline === "approve" && !(isLast && isAsking);
  return { atMs: endAtMs, onDeadline: isNoConsent ? "expire" : rule.onDeadline };
}

function afterStage({ onDeadline, escalateTo }: StageRule, { escalations }: StagePlace): OnDeadline {
  return onDeadline === "escalate" && escalations >= escalateTo.length ? "expire" : onDeadline;
}

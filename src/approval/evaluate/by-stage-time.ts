/** What follows when the stage's time is over before the approval's. */
import { stageDone } from "./by-answers.ts";
import { maySilenceApprove, overdue } from "./by-end.ts";
import { type Count, isLastStage } from "./count.ts";
import { escalate } from "./escalation.ts";
import type { Evaluation } from "./evaluation.ts";
import { isStageTimeOver } from "./times.ts";

/** Undefined while it is not over. */
export function byStageTime(count: Count): Evaluation | undefined {
  if (!isStageTimeOver(count)) return undefined;
  const { onDeadline } = count.stage;
  if (onDeadline === "escalate") {
    const escalated = escalate(count);
    if (escalated !== undefined) return escalated;
  }
  if (onDeadline === "approve" && maySilenceApprove(count) && !isLastStage(count)) return stageDone(count);
  const kind = onDeadline === "escalate" ? "expire" : onDeadline;
  const atMs = count.endsAtMs ?? count.look.nowMs;
  return overdue(count, kind, { because: "stage-time", atMs, isRevising: false });
}

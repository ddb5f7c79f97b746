/** Why an open approval stands as it does, as `GET /approvals/:id` tells it: by the same evaluation as pages and mails. */
import type { Person } from "./approval.ts";
import { type Course, evaluationOf, nextDeadlineOf } from "./course.ts";
import type { Explanation } from "./evaluate/evaluation.ts";
import type { NextDeadline } from "./next-deadline.ts";

/** Times are ISO 8601 instants. */
export interface ExplanationView extends Omit<Explanation, "undoUntilMs" | "stageEndsAtMs"> {
  /** The same in sentences, for people. */
  readonly text: string;
  /** Until when answers can be taken back, if that is all that is waited for. */
  readonly undoUntil?: string;
  /** When the open stage's time is over. */
  readonly stageEndsAt?: string;
  /** The end of the stage's time or of the approval's, whichever comes first, and what follows. */
  readonly nextDeadline: { readonly at: string; readonly onDeadline: NextDeadline["onDeadline"] };
}

/** Undefined of an approval that has ended, or that only a worker has to end. */
export function explained(
  course: Course,
  nowMs: number,
  textOf: (explanation: Explanation) => string,
): ExplanationView | undefined {
  if (course.root.state !== "pending") return undefined;
  const { verdict, explanation } = evaluationOf(course, nowMs);
  if (verdict.kind === "done") return undefined;
  const { undoUntilMs, stageEndsAtMs, waitingFor, next, outOfReach, ...rest } = explanation;
  const withNames = ({ people, ...group }: Explanation["waitingFor"][number]) => ({
    ...group,
    people: people.map(named),
  });
  const { atMs, onDeadline } = nextDeadlineOf(course);
  return {
    text: textOf(explanation),
    ...rest,
    waitingFor: waitingFor.map(withNames),
    ...(outOfReach === undefined ? {} : { outOfReach: outOfReach.map(withNames) }),
    ...(next === undefined ? {} : { next: { ...next, people: next.people.map(named) } }),
    ...(undoUntilMs === undefined ? {} : { undoUntil: new Date(undoUntilMs).toISOString() }),
    ...(stageEndsAtMs === undefined ? {} : { stageEndsAt: new Date(stageEndsAtMs).toISOString() }),
    nextDeadline: { at: new Date(atMs).toISOString(), onDeadline },
  };
}

/** Who it is; how they read mails is in the ballots. */
function named({ email, name }: Person): Person {
  return { email, ...(name === undefined ? {} : { name }) };
}

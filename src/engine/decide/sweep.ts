import { fireSchedules } from "./apply-schedule.ts";
import { Draft } from "./draft.ts";
import { isSuspect, putOff, setBackByLoss } from "./setback.ts";
import { makePending, RETRY_MS, touchAll } from "./settle.ts";
import type { Transition, View } from "./state.ts";

/** What is stored, and the ids of what is due, the oldest first. */
interface DueSource {
  readonly view: View;
  readonly agenda: {
    duePromises(now: number, limit: number): readonly string[];
    dueTasks(now: number, limit: number): readonly string[];
    dueSchedules(now: number, limit: number): readonly string[];
  };
}

/** What the clock brings about, at most `max` of each kind. Each part is to be written before the next is asked for. */
export function* sweep(
  { view, agenda }: DueSource,
  now: number,
  max: number,
  isReachable: (address: string) => boolean,
): Generator<Transition, void> {
  yield expirePromises(view, agenda.duePromises(now, max), now);
  yield expireTasks(view, agenda.dueTasks(now, max), now, isReachable);
  yield fireSchedules(view, agenda.dueSchedules(now, max), now, max);
}

/** Times out promises whose deadline has come, all as one instant. */
export function expirePromises(view: View, ids: readonly string[], now: number): Transition {
  const draft = new Draft(view);
  touchAll(draft, ids, now);
  return draft.finish();
}

/**
 * Hands out again what is due: acquired tasks whose lease ended, pending ones that nobody took up.
 * Where `isReachable` says that nobody serves the target, the task waits longer between turns: a worker that connects
 * is given all that waits for it anyhow.
 */
export function expireTasks(
  view: View,
  ids: readonly string[],
  now: number,
  isReachable: (address: string) => boolean,
): Transition {
  const draft = new Draft(view);
  // A task whose promise is past its deadline has ended and is nobody's to run.
  touchAll(draft, ids, now);
  let lost = 0;
  for (const id of ids) {
    const task = draft.task(id);
    if (task === undefined || task.dueAt === null || task.dueAt > now) continue;
    if (task.state === "acquired") setBackByLoss(draft, task, now, lost++);
    else if (isReachable(task.target)) makePending(draft, task, now);
    else if (isSuspect(task)) putOff(draft, task, now, lost++);
    else draft.updateTask({ ...task, dueAt: now + UNREACHABLE_RETRY_MS, notBefore: null });
  }
  return draft.finish();
}

/** Sparse, so that many tasks without a worker cost next to nothing; it only guards against a missed connection. */
const UNREACHABLE_RETRY_MS = 10 * RETRY_MS;

/** Takes back tasks from holders that are known to be gone. */
export function releaseDead(view: View, ids: readonly string[], now: number): Transition {
  const draft = new Draft(view);
  touchAll(draft, ids, now);
  let lost = 0;
  for (const id of ids) {
    const task = draft.task(id);
    if (task?.state === "acquired") setBackByLoss(draft, task, now, lost++);
  }
  return draft.finish();
}

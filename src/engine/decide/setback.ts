import type { Draft } from "./draft.ts";
import { IDLE, makePending, RETRY_MS } from "./settle.ts";
import type { TaskRow } from "./state.ts";

/**
 * A setback is a turn that ended badly: a worker released its task, or died or froze while it held it. Without a
 * change, the next turn will end the same way. So the task waits longer after each setback, and is halted in the end,
 * for a person to look at.
 *
 * 1. Only setbacks in a row count. If the task suspends, or creates or settles something new, it makes progress, and
 *    the count starts again.
 * 2. After one lost worker, its tasks continue at once. After a second loss without progress, tasks that were lost
 *    together are handed out at different times, so that a task that kills its worker takes fewer and fewer others with
 *    it.
 */

/** The weight of a setback: a death costs all work of the worker, a release only a few requests. */
const RELEASE_WEIGHT = 1;
const LOSS_WEIGHT = 4;

/** Fifty releases or thirteen deaths: some twenty minutes, longer than it takes to roll out a version that works. */
export const SETBACKS_MAX = 50;
/** Five releases in a row, or two deaths, are worth a look. */
export const SETBACKS_OF_NOTE = 5;

const RELEASE_DELAY_MS = 100;
const LOSS_DELAY_MS = 1000;
const LOSS_DELAY_MAX_MS = 300_000;
/** Number of different times at which tasks that were lost together are handed out. */
const SLOTS = 8;

/** A worker released the task. It is handed out again after 0.1 s, 0.2 s, 0.4 s … 30 s. */
export function setBackByRelease(draft: Draft, task: TaskRow, now: number): void {
  setBack(draft, task, RELEASE_WEIGHT, now, Math.min(RETRY_MS, RELEASE_DELAY_MS * 2 ** task.setbacks));
}

/**
 * The task's worker is lost; `place` is the task's position among those lost with it. It is handed out at once, the
 * next time after 1 s to 8 s, after 2 s to 16 s … 40 min.
 */
export function setBackByLoss(draft: Draft, task: TaskRow, now: number, place: number): void {
  setBack(draft, task, LOSS_WEIGHT, now, isSuspect(task) ? lossDelay(task, place) : 0);
}

/** Delays a task that lost workers and finds none now, so that the next worker does not get all such tasks at once. */
export function putOff(draft: Draft, task: TaskRow, now: number, place: number): void {
  makePending(draft, task, now, lossDelay(task, place));
}

/** Whether it may have killed a worker before. */
export function isSuspect({ setbacks }: TaskRow): boolean {
  return setbacks >= LOSS_WEIGHT;
}

function lossDelay({ setbacks }: TaskRow, place: number): number {
  const losses = Math.floor(setbacks / LOSS_WEIGHT);
  return Math.min(LOSS_DELAY_MAX_MS, LOSS_DELAY_MS * 2 ** (losses - 1)) * (1 + (place % SLOTS));
}

function setBack(draft: Draft, task: TaskRow, weight: number, now: number, delayMs: number): void {
  const setbacks = Math.min(SETBACKS_MAX, task.setbacks + weight);
  if (setbacks === SETBACKS_MAX)
    draft.updateTask({ ...task, ...IDLE, state: "halted", setbacks, resumes: 0 });
  else makePending(draft, { ...task, setbacks }, now, delayMs);
}

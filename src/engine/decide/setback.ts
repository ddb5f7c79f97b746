import type { Draft } from "./draft.ts";
import { IDLE, makePending, RETRY_MS } from "./settle.ts";
import type { TaskRow } from "./state.ts";

/**
 * Turns that ended badly: a worker gave its task back, or died or froze while it held it. Where nothing has changed the
 * next turn ends like this one, so a task waits longer after each, and in the end it is halted: a person must look.
 *
 * 1. A task's setbacks are counted in a row: whoever suspends it, or makes or settles something new in its name, shows
 *    that it gets somewhere, and the count begins anew.
 * 2. One death is nobody's fault, and its work goes on at once. After another without progress in between, tasks that
 *    were lost together are handed out apart, so that the one which kills its worker takes ever fewer down with it.
 */

/** What a turn counts: a death costs all that the worker was doing, a release costs some requests. */
const RELEASE_WEIGHT = 1;
const LOSS_WEIGHT = 4;

/** Fifty releases or thirteen deaths: some twenty minutes, longer than it takes to roll out a version that works. */
export const SETBACKS_MAX = 50;
/** Five releases in a row, or two deaths, are worth a look. */
export const SETBACKS_OF_NOTE = 5;

const RELEASE_DELAY_MS = 100;
const LOSS_DELAY_MS = 1000;
const LOSS_DELAY_MAX_MS = 300_000;
/** So many times at which tasks that were lost together are handed out. */
const SLOTS = 8;

/** A worker could not go on. The task is handed out again after 0.1 s, 0.2 s, 0.4 s … 30 s. */
export function setBackByRelease(draft: Draft, task: TaskRow, now: number): void {
  setBack(draft, task, RELEASE_WEIGHT, now, Math.min(RETRY_MS, RELEASE_DELAY_MS * 2 ** task.setbacks));
}

/**
 * A worker is gone that held the task, the one at `place` of those lost with it. It is handed out at once, the next
 * time after 1 s to 8 s, after 2 s to 16 s … 40 min.
 */
export function setBackByLoss(draft: Draft, task: TaskRow, now: number, place: number): void {
  setBack(draft, task, LOSS_WEIGHT, now, isSuspect(task) ? lossDelay(task, place) : 0);
}

/** Puts off a task that lost workers and finds none now, lest the next one is given all such at once. */
export function putOff(draft: Draft, task: TaskRow, now: number, place: number): void {
  makePending(draft, task, now, lossDelay(task, place));
}

/** Whether a worker died of it before, perhaps. */
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

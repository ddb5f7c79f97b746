import type { PromiseRecord } from "../../protocol/records.ts";
import type {
  IdData,
  Lease,
  TaskAcquireData,
  TaskCreateData,
  TaskFenceData,
  TaskFulfillData,
  TaskHeartbeatData,
  TaskRef,
  TaskSuspendData,
} from "../../protocol/requests.ts";
import { isExternal, TAG } from "../../protocol/tags.ts";
import { createPromise, notAwaitable, promiseCreate, promiseSettle } from "./apply-promise.ts";
import type { Draft } from "./draft.ts";
import { type EngineResponse, ok, refuse } from "./response.ts";
import { setBackByRelease } from "./setback.ts";
import { IDLE, makePending, RETRY_MS, settle, touch, touchAll } from "./settle.ts";
import { type PromiseRow, promiseRecord, REPLY_CHARS_MAX, type TaskRow, taskRecord } from "./state.ts";

/** Siblings sent along with an acquired task, so that a replay need not ask for each. A workflow with more, or with large ones, asks. */
const PRELOAD_MAX = 1000;

export function taskGet(draft: Draft, { id }: IdData, now: number): EngineResponse {
  touch(draft, id, now);
  const task = draft.task(id);
  return task === undefined ? NO_TASK : ok({ task: taskRecord(task) });
}

/** Creates a promise whose task the caller runs itself, or takes up the task if it waits for a worker. */
export function taskCreate(
  draft: Draft,
  { promise: data, ...lease }: TaskCreateData,
  now: number,
  local: boolean,
): EngineResponse {
  touch(draft, data.id, now);
  const promise = draft.promise(data.id);
  if (promise === undefined) {
    const created = createPromise(draft, data, now, leaseOf(lease, now, local));
    const isLate = created.promise.state !== "pending";
    return held(draft, created.task, created.promise, isLate ? [] : undefined);
  }
  const task = draft.task(data.id);
  if (task === undefined)
    return refuse(422, `Promise ${data.id} has no ${TAG.target} tag, so it has no task`);
  if (task.state === "fulfilled") return held(draft, task, promise);
  if (task.state !== "pending") return refuse(409, `Task ${data.id} is ${task.state}`);
  return held(draft, acquire(draft, task, leaseOf(lease, now, local)), promise);
}

export function taskAcquire(
  draft: Draft,
  { id, version, ...lease }: TaskAcquireData,
  now: number,
  local: boolean,
): EngineResponse {
  touch(draft, id, now);
  const task = draft.task(id);
  const promise = draft.promise(id);
  if (task === undefined || promise === undefined) return NO_TASK;
  if (task.state !== "pending") return refuse(409, `Task ${id} is ${task.state}, not pending`);
  if (task.version !== version) return wrongVersion(task, version);
  return held(draft, acquire(draft, task, leaseOf(lease, now, local)), promise);
}

/** A worker could not go on. */
export function taskRelease(draft: Draft, ref: TaskRef, now: number): EngineResponse {
  return withHeldTask(draft, ref, now, (task) => {
    setBackByRelease(draft, task, now);
    return ok({});
  });
}

export function taskFulfill(
  draft: Draft,
  { settle: outcome, ...ref }: TaskFulfillData,
  now: number,
): EngineResponse {
  return withHeldTask(draft, ref, now, (_task, promise) =>
    ok({ promise: promiseRecord(settle(draft, promise, outcome, now)) }),
  );
}

/** Suspends the task until one of the awaited promises settles, or answers 300 if one already has. */
export function taskSuspend(draft: Draft, { awaited, ...ref }: TaskSuspendData, now: number): EngineResponse {
  touchAll(draft, [ref.id, ...awaited], now);
  return withHeldTask(draft, ref, now, (task, promise) => {
    let isAnySettled = false;
    for (const id of awaited) {
      const row = draft.promise(id);
      if (row === undefined) return refuse(422, `Promise ${id} not found`);
      if (!isExternal(row.tags)) return refuse(422, notAwaitable(id));
      if (row.state !== "pending") isAnySettled = true;
    }
    if (isAnySettled) {
      // Nothing is written when nothing changes: such a reply costs no commit.
      if (task.resumes > 0) draft.updateTask({ ...task, resumes: 0 });
      return { status: 300, data: { preload: preload(draft, promise) } };
    }
    for (const id of awaited) draft.addCallback(id, ref.id);
    draft.updateTask({ ...task, ...IDLE, state: "suspended", resumes: 0, setbacks: 0 });
    return ok({});
  });
}

/** Creates or settles another promise, provided the caller still holds the task. */
export function taskFence(draft: Draft, { action, ...ref }: TaskFenceData, now: number): FencedResponse {
  touchAll(draft, [ref.id, action.data.id], now);
  let inner: EngineResponse | undefined;
  const response = withHeldTask(draft, ref, now, () => {
    const before = draft.promise(action.data.id);
    inner =
      action.kind === "promise.create"
        ? promiseCreate(draft, action.data, now)
        : promiseSettle(draft, action.data, now);
    const task = draft.task(ref.id);
    const isNew = draft.promise(action.data.id) !== before;
    if (isNew && task !== undefined && task.setbacks > 0) draft.updateTask({ ...task, setbacks: 0 });
    return ok({});
  });
  return inner === undefined ? { response } : { response, inner };
}

export interface FencedResponse {
  readonly response: EngineResponse;
  /** The response to the fenced request, when the fence held. */
  readonly inner?: EngineResponse;
}

/** Extends the leases that the process still holds; says nothing about the others. */
export function taskHeartbeat(draft: Draft, { pid, tasks }: TaskHeartbeatData, now: number): EngineResponse {
  for (const ref of tasks) {
    const task = draft.task(ref.id);
    if (task?.state !== "acquired" || task.version !== ref.version || task.pid !== pid) continue;
    const promise = draft.promise(ref.id);
    if (promise === undefined || now >= promise.timeoutAt) continue;
    draft.updateTask({ ...task, dueAt: leaseEnd(now, task.ttl ?? RETRY_MS) });
  }
  return ok({});
}

export function taskHalt(draft: Draft, { id }: IdData, now: number): EngineResponse {
  touch(draft, id, now);
  const task = draft.task(id);
  if (task === undefined) return NO_TASK;
  if (task.state === "fulfilled") return refuse(409, `Task ${id} is fulfilled`);
  if (task.state !== "halted") draft.updateTask({ ...task, ...IDLE, state: "halted" });
  return ok({});
}

export function taskContinue(draft: Draft, { id }: IdData, now: number): EngineResponse {
  touch(draft, id, now);
  const task = draft.task(id);
  if (task === undefined) return NO_TASK;
  if (task.state !== "halted") return refuse(409, `Task ${id} is ${task.state}, not halted`);
  makePending(draft, { ...task, setbacks: 0 }, now);
  return ok({});
}

/** Runs `act` if the caller holds the task: it is acquired, at this version, and its promise has time left. */
function withHeldTask(
  draft: Draft,
  { id, version }: TaskRef,
  now: number,
  act: (task: TaskRow, promise: PromiseRow) => EngineResponse,
): EngineResponse {
  touch(draft, id, now);
  const task = draft.task(id);
  const promise = draft.promise(id);
  if (task === undefined || promise === undefined) return NO_TASK;
  if (task.state !== "acquired") return refuse(409, `Task ${id} is ${task.state}, not acquired`);
  if (task.version !== version) return wrongVersion(task, version);
  return act(task, promise);
}

function acquire(draft: Draft, task: TaskRow, lease: ReturnType<typeof leaseOf>): TaskRow {
  const acquired = {
    ...task,
    ...lease,
    state: "acquired" as const,
    version: task.version + 1,
    resumes: 0,
    notBefore: null,
  };
  draft.updateTask(acquired);
  return acquired;
}

function leaseOf({ pid, ttl }: Lease, now: number, local: boolean) {
  return { pid, ttl, local, dueAt: leaseEnd(now, ttl) };
}

/** A lease of any length ends at a time that JavaScript and SQLite keep exactly. */
function leaseEnd(now: number, ttl: number): number {
  return Math.min(now + ttl, Number.MAX_SAFE_INTEGER);
}

/** The reply to the new holder of a task. */
function held(
  draft: Draft,
  task: TaskRow | undefined,
  promise: PromiseRow,
  family = preload(draft, promise),
): EngineResponse {
  if (task === undefined) return NO_TASK;
  return ok({ task: taskRecord(task), promise: promiseRecord(promise), preload: family });
}

/** The promises of the task's workflow so far: its branch and its children. */
function preload(draft: Draft, { id, tags }: PromiseRow): PromiseRecord[] {
  const query = { taskId: id, branch: tags[TAG.branch], limit: PRELOAD_MAX, charsMax: REPLY_CHARS_MAX };
  return draft.family(query).map(promiseRecord);
}

function wrongVersion(task: TaskRow, version: number): EngineResponse {
  return refuse(409, `Task ${task.id} is at version ${task.version}, not ${version}`);
}

const NO_TASK = refuse(404, "Task not found");

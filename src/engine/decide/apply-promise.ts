import { parseAddress } from "../../protocol/addresses.ts";
import type {
  CallbackData,
  IdData,
  ListenerData,
  PromiseCreateData,
  PromiseSettleData,
} from "../../protocol/requests.ts";
import { delayOf, isExternal, isTimer, TAG } from "../../protocol/tags.ts";
import type { Draft } from "./draft.ts";
import { type EngineResponse, ok, refuse } from "./response.ts";
import { deadlineState, IDLE, RETRY_MS, settle, touch, touchAll } from "./settle.ts";
import { type PromiseRow, promiseRecord, type TaskRow } from "./state.ts";

export function promiseGet(draft: Draft, { id }: IdData, now: number): EngineResponse {
  touch(draft, id, now);
  const row = draft.promise(id);
  return row === undefined ? NO_PROMISE : found(row);
}

/** Answers what is stored under the id, however it came there. */
export function promiseCreate(draft: Draft, data: PromiseCreateData, now: number): EngineResponse {
  touch(draft, data.id, now);
  return found(draft.promise(data.id) ?? createPromise(draft, data, now).promise);
}

/** The first settlement counts. A later one gets the stored record. */
export function promiseSettle(
  draft: Draft,
  { id, state, value }: PromiseSettleData,
  now: number,
): EngineResponse {
  touch(draft, id, now);
  const row = draft.promise(id);
  if (row === undefined) return NO_PROMISE;
  return found(row.state === "pending" ? settle(draft, row, { state, value }, now) : row);
}

export function registerCallback(
  draft: Draft,
  { awaited, awaiter }: CallbackData,
  now: number,
): EngineResponse {
  touchAll(draft, [awaited, awaiter], now);
  const promise = draft.promise(awaited);
  if (promise === undefined) return refuse(404, `Promise ${awaited} not found`);
  const waiting = draft.promise(awaiter);
  if (waiting === undefined) return refuse(422, `Awaiter ${awaiter} not found`);
  if (waiting.tags[TAG.target] === undefined) {
    return refuse(422, `Awaiter ${awaiter} has no ${TAG.target} tag, so nothing could be woken`);
  }
  if (!isExternal(promise.tags)) return refuse(422, notAwaitable(awaited));
  if (promise.state === "pending" && waiting.state === "pending") draft.addCallback(awaited, awaiter);
  return found(promise);
}

export function registerListener(
  draft: Draft,
  { awaited, address }: ListenerData,
  now: number,
): EngineResponse {
  touch(draft, awaited, now);
  const promise = draft.promise(awaited);
  if (promise === undefined) return refuse(404, `Promise ${awaited} not found`);
  if (!isExternal(promise.tags)) return refuse(422, notAwaitable(awaited));
  if (promise.state === "pending") draft.addListener(awaited, address);
  return found(promise);
}

/** Inner steps cannot be awaited: the engine does not keep their deadlines, so the wait might never end. */
export function notAwaitable(id: string): string {
  return `Promise ${id} is an inner step: only one with a ${TAG.target}, ${TAG.external}=true, ${TAG.timer}=true or ${TAG.scope}=global tag can be awaited`;
}

/** Stores a promise that does not exist, and its task if it has a target, `acquired` by a worker or to be handed out. */
export function createPromise(
  draft: Draft,
  data: PromiseCreateData,
  now: number,
  acquired?: Pick<TaskRow, "pid" | "ttl" | "local" | "dueAt">,
): { promise: PromiseRow; task: TaskRow | undefined } {
  const { id, timeoutAt, param, tags } = data;
  const isLate = now >= timeoutAt;
  const promise: PromiseRow = {
    id,
    state: isLate ? deadlineState(data) : "pending",
    param,
    value: {},
    tags,
    timeoutAt,
    createdAt: isLate ? timeoutAt : now,
    settledAt: isLate ? timeoutAt : null,
  };
  draft.insertPromise(promise);
  const target = tags[TAG.target];
  if (target === undefined) return { promise, task: undefined };

  const fresh: TaskRow = {
    ...IDLE,
    id,
    state: "pending",
    version: 0,
    resumes: 0,
    setbacks: 0,
    target,
    group: parseAddress(target)?.group ?? "",
    timer: isTimer(tags),
  };
  const task = firstTask(fresh, { isLate, acquired, notBefore: delayOf(tags) ?? 0, now });
  draft.insertTask(task);
  if (task.state === "pending" && task.dueAt !== null && task.notBefore === null) draft.execute(task);
  return { promise, task };
}

function firstTask(
  fresh: TaskRow,
  birth: {
    isLate: boolean;
    acquired: Pick<TaskRow, "pid" | "ttl" | "local" | "dueAt"> | undefined;
    notBefore: number;
    now: number;
  },
): TaskRow {
  if (birth.isLate) return { ...fresh, state: "fulfilled" };
  if (birth.acquired !== undefined) return { ...fresh, ...birth.acquired, state: "acquired", version: 1 };
  if (fresh.timer) return fresh;
  if (birth.notBefore > birth.now) return { ...fresh, dueAt: birth.notBefore, notBefore: birth.notBefore };
  return { ...fresh, dueAt: birth.now + RETRY_MS };
}

function found(row: PromiseRow): EngineResponse {
  return ok({ promise: promiseRecord(row) });
}

const NO_PROMISE = refuse(404, "Promise not found");

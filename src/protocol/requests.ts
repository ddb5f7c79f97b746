import type { PromiseState, SettledByClient, Tags, Value } from "./records.ts";

/** A request whose every field has been checked. It shares no object with the input it was made from. */
export type Request =
  | { readonly kind: "promise.get"; readonly data: IdData }
  | { readonly kind: "promise.create"; readonly data: PromiseCreateData }
  | { readonly kind: "promise.settle"; readonly data: PromiseSettleData }
  | { readonly kind: "promise.register_callback"; readonly data: CallbackData }
  | { readonly kind: "promise.register_listener"; readonly data: ListenerData }
  | { readonly kind: "promise.search"; readonly data: PromiseSearchData }
  | { readonly kind: "task.get"; readonly data: IdData }
  | { readonly kind: "task.create"; readonly data: TaskCreateData }
  | { readonly kind: "task.acquire"; readonly data: TaskAcquireData }
  | { readonly kind: "task.release"; readonly data: TaskRef }
  | { readonly kind: "task.suspend"; readonly data: TaskSuspendData }
  | { readonly kind: "task.fulfill"; readonly data: TaskFulfillData }
  | { readonly kind: "task.fence"; readonly data: TaskFenceData }
  | { readonly kind: "task.heartbeat"; readonly data: TaskHeartbeatData }
  | { readonly kind: "task.halt"; readonly data: IdData }
  | { readonly kind: "task.continue"; readonly data: IdData };

export type RequestKind = Request["kind"];

export interface IdData {
  readonly id: string;
}

export interface PromiseCreateData {
  readonly id: string;
  readonly timeoutAt: number;
  readonly param: Value;
  readonly tags: Tags;
}

export interface PromiseSettleData {
  readonly id: string;
  readonly state: SettledByClient;
  readonly value: Value;
}

export interface CallbackData {
  readonly awaited: string;
  readonly awaiter: string;
}

export interface ListenerData {
  readonly awaited: string;
  readonly address: string;
}

export interface PromiseSearchData {
  readonly state?: PromiseState;
  readonly tags: Tags;
  readonly limit: number;
  /** Only ids after this one. */
  readonly cursor?: string;
}

export interface TaskRef {
  readonly id: string;
  readonly version: number;
}

export interface Lease {
  readonly pid: string;
  /** Milliseconds. */
  readonly ttl: number;
}

export interface TaskCreateData extends Lease {
  readonly promise: PromiseCreateData;
}

export interface TaskAcquireData extends TaskRef, Lease {}

export interface TaskSuspendData extends TaskRef {
  /** Ids of the awaited promises, each once. */
  readonly awaited: readonly string[];
}

export interface TaskFulfillData extends TaskRef {
  readonly settle: PromiseSettleData;
}

export interface TaskFenceData extends TaskRef {
  readonly action: (
    | { readonly kind: "promise.create"; readonly data: PromiseCreateData }
    | { readonly kind: "promise.settle"; readonly data: PromiseSettleData }
  ) & { readonly corrId: string };
}

export interface TaskHeartbeatData {
  readonly pid: string;
  readonly tasks: readonly TaskRef[];
}

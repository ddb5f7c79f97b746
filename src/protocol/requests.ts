import type { PromiseState, SettledByClient, Tags, TaskState, Value } from "./records.ts";

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
  | { readonly kind: "task.continue"; readonly data: IdData }
  | { readonly kind: "task.search"; readonly data: TaskSearchData }
  | { readonly kind: "schedule.get"; readonly data: IdData }
  | { readonly kind: "schedule.create"; readonly data: ScheduleCreateData }
  | { readonly kind: "schedule.delete"; readonly data: IdData }
  | { readonly kind: "schedule.search"; readonly data: ScheduleSearchData }
  | ProjectionRequest
  | TrailRequest
  | DebugRequest;

/** A question about rows that follow from the promises. It is no part of Resonate's protocol: other servers refuse it. */
interface ProjectionRequest {
  readonly kind: "projection.read";
  readonly data: { readonly query: Readonly<Record<string, unknown>> };
}

/** A question about rows that tell each change of the promises once. No part of Resonate's protocol either. */
interface TrailRequest {
  readonly kind: "trail.read";
  readonly data: { readonly query: Readonly<Record<string, unknown>> };
}

/** For tests of a server, which refuses them unless it was started for that. */
export type DebugRequest =
  | { readonly kind: "debug.start" }
  | { readonly kind: "debug.stop" }
  | { readonly kind: "debug.reset" }
  | { readonly kind: "debug.snap" }
  | { readonly kind: "debug.tick"; readonly data: { readonly time: number } };

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

interface Page {
  readonly limit: number;
  /** Only ids after this one. */
  readonly cursor?: string;
}

export interface PromiseSearchData extends Page {
  readonly state?: PromiseState;
  readonly tags: Tags;
}

export interface TaskSearchData extends Page {
  readonly state?: TaskState;
}

export interface ScheduleSearchData extends Page {
  readonly tags: Tags;
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

export interface ScheduleCreateData {
  readonly id: string;
  readonly cron: string;
  readonly promiseId: string;
  /** Milliseconds. */
  readonly promiseTimeout: number;
  readonly promiseParam: Value;
  readonly promiseTags: Tags;
}

/** What is stored and spoken of, as it goes over the wire. Times are milliseconds since 1970. */

export const PROTOCOL_VERSION = "2026-04-01";

export interface Value {
  readonly headers?: Readonly<Record<string, string>>;
  /** Opaque to a server; the SDK writes base64 of JSON. */
  readonly data?: string;
}

export type Tags = Readonly<Record<string, string>>;

export const PROMISE_STATES = [
  "pending",
  "resolved",
  "rejected",
  "rejected_canceled",
  "rejected_timedout",
] as const;
export type PromiseState = (typeof PROMISE_STATES)[number];

/** States that a client may settle a promise to; `rejected_timedout` is the clock's alone. */
export const SETTLED_BY_CLIENT = [
  "resolved",
  "rejected",
  "rejected_canceled",
] as const satisfies PromiseState[];
export type SettledByClient = (typeof SETTLED_BY_CLIENT)[number];

export interface PromiseRecord {
  readonly id: string;
  readonly state: PromiseState;
  readonly param: Value;
  readonly value: Value;
  readonly tags: Tags;
  readonly timeoutAt: number;
  readonly createdAt: number;
  /** Absent, not null, while pending: the SDK drops answers with nulls. */
  readonly settledAt?: number;
}

export const TASK_STATES = ["pending", "acquired", "suspended", "halted", "fulfilled"] as const;
export type TaskState = (typeof TASK_STATES)[number];

export interface TaskRecord {
  readonly id: string;
  readonly state: TaskState;
  /** Fencing token: raised by each acquisition, by nothing else. */
  readonly version: number;
  /** How many wake-ups arrived since the task was last taken up. */
  readonly resumes: number;
  /** Lease length in ms and its holder; only while acquired. */
  readonly ttl?: number;
  readonly pid?: string;
}

/** Creates a promise at each occurrence of `cron`. */
export interface ScheduleRecord {
  readonly id: string;
  readonly cron: string;
  /** Id of the promises, with `{{.id}}` and `{{.timestamp}}` for the schedule's id and the occurrence in ms. */
  readonly promiseId: string;
  /** From the occurrence to the promise's deadline, in ms. */
  readonly promiseTimeout: number;
  readonly promiseParam: Value;
  readonly promiseTags: Tags;
  readonly createdAt: number;
  readonly nextRunAt: number;
  readonly lastRunAt?: number;
}

interface ExecuteMessage {
  readonly kind: "execute";
  readonly head: Readonly<Record<string, never>>;
  readonly data: { readonly task: { readonly id: string; readonly version: number } };
}

interface UnblockMessage {
  readonly kind: "unblock";
  readonly head: Readonly<Record<string, never>>;
  readonly data: { readonly promise: PromiseRecord };
}

/** The SDK ends its process on a message of any other kind. */
export type Message = ExecuteMessage | UnblockMessage;

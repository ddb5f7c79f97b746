import { LocalNetwork } from "@resonatehq/sdk";
import { type Envelope, request } from "../support/engine-requests.ts";

export type Json = Record<string, unknown>;

/** The part of the SDK's in-memory server that a comparison needs; it is a private member of `LocalNetwork`. */
interface Server {
  apply(now: number, request: Envelope): { response: OracleResponse; changes: OracleChange[] };
  readonly promises: Map<string, OraclePromise>;
  readonly tasks: Map<string, OracleTask>;
  readonly tTimeouts: { readonly id: string; readonly type: number; timeout: number }[];
  readonly pTimeouts: { readonly id: string; readonly timeout: number }[];
  readonly schedules: Map<string, object>;
  readonly sTimeouts: { readonly id: string; readonly timeout: number }[];
  toScheduleRecord(schedule: object): Json & { readonly id: string };
  toPromiseRecord(promise: OraclePromise): Json;
}

/** Replaced by another object whenever anything but its callbacks and listeners changes. */
export interface OraclePromise {
  readonly id: string;
  readonly state: string;
  readonly param: OracleValue;
  readonly value: OracleValue;
  tags: Record<string, string>;
  readonly createdAt: number;
  readonly timeoutAt: number;
  readonly settledAt: number | null;
  readonly callbacks: Set<string>;
  readonly listeners: Set<string>;
}

interface OracleValue {
  readonly headers?: Record<string, string>;
  readonly data?: string;
}

interface OracleTask extends AnyTask {
  readonly resumes: Set<string>;
}

/** A task as the oracle stores it, as it answers it, and as our engine does. */
export interface AnyTask {
  readonly id: string;
  readonly state: string;
  readonly version: number;
  readonly resumes: Set<string> | readonly string[] | number;
  readonly pid?: string;
  readonly ttl?: number;
}

interface OracleResponse {
  readonly head: { readonly status: number };
  readonly data: unknown;
}

interface OracleChange {
  readonly kind: string;
  readonly address?: string;
  readonly message?: unknown;
}

export interface OracleMessage {
  readonly address: string;
  readonly message: { readonly kind: string; readonly data: Record<string, Json> };
}

export interface OracleAnswer {
  readonly status: number;
  readonly data: Json;
  readonly messages: OracleMessage[];
}

/** The SDK's server, driven step by step with the time given. It keeps what it is given, so that must not change. */
export class Oracle {
  readonly server: Server = (new LocalNetwork() as unknown as { server: Server }).server;

  step(now: number, envelope: Envelope): OracleAnswer {
    const { response, changes } = this.server.apply(now, envelope);
    return {
      status: response.head.status,
      data: response.data as Json,
      messages: changes
        .filter(({ kind }) => kind === "message.send")
        .map(({ address, message }) => ({ address, message }) as OracleMessage),
    };
  }

  /** Lets a time come; it makes up for one missed occurrence of a schedule at a time. */
  tick(now: number): OracleMessage[] {
    const { messages } = this.step(now, request("debug.tick", { time: now }));
    const isLate = this.server.sTimeouts.some(({ timeout }) => timeout <= now);
    return isLate ? [...messages, ...this.tick(now)] : messages;
  }

  get(id: string): OraclePromise | undefined {
    return this.server.promises.get(id);
  }

  /** All promises by id, as whoever asks at that time is told of them. */
  promisesAt(now: number): Json[] {
    return byId([...this.server.promises.values()]).map((promise) => {
      if (promise.state !== "pending" || promise.timeoutAt > now) return this.record(promise);
      const state = promise.tags["resonate:timer"] === "true" ? "resolved" : "rejected_timedout";
      return this.record({ ...promise, state, settledAt: promise.timeoutAt });
    });
  }

  record(promise: OraclePromise): Json {
    return this.server.toPromiseRecord(promise);
  }

  tasks(): Json[] {
    return byId([...this.server.tasks.values()]).map(taskRecord);
  }

  schedules(): Json[] {
    return byId([...this.server.schedules.values()].map((each) => this.server.toScheduleRecord(each)));
  }
}

/** A task as our engine shows it: with the number of its wake-ups. */
export function taskRecord({ id, state, version, resumes, pid, ttl }: AnyTask): Json {
  return {
    id,
    state,
    version,
    resumes: typeof resumes === "number" ? resumes : [...resumes].length,
    ...(ttl !== undefined && { ttl }),
    ...(pid !== undefined && { pid }),
  };
}

export function byId<T extends { readonly id: string }>(records: readonly T[]): T[] {
  return records.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

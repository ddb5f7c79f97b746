import type { EngineTime } from "./engine-time.ts";

/**
 * What the service asks of the engine, in its own words. Gateways and the command line know this port, never the
 * protocol behind it. Every method throws `ServiceError("ENGINE_UNAVAILABLE")` while no engine answers, and
 * `ServiceError("INVALID_FIELDS")` for a value that would not come back from storage as it was given.
 */
export interface Durable {
  /**
   * Starts a workflow, unless something with that id exists: answers what is stored, which may be older and hold
   * another call. Compare `param` with what was asked.
   */
  start(call: Call): Promise<StoredPromise>;
  /**
   * Creates a latent promise with a lineage of its own, unless something with that id exists: answers what is stored,
   * as `start` does.
   */
  create(latent: Latent): Promise<StoredPromise>;
  read(id: string): Promise<StoredPromise | undefined>;
  /** Reads several, in their order: what is answered of the first is no newer than what is answered of the rest. */
  readTogether(first: string, rest: readonly string[]): Promise<(StoredPromise | undefined)[]>;
  /**
   * Settles a pending promise; undefined if there is none of that id. The first settle wins, and everyone is answered
   * with what it stored: compare by a nonce of your own to know who won, in the value or given as `nonce`, which is
   * kept beside it.
   */
  settle(
    id: string,
    value: unknown,
    as?: "resolved" | "rejected",
    nonce?: string,
  ): Promise<StoredPromise | undefined>;
  /**
   * Waits for settlement, at most `timeoutMs` and no longer than `signal` is quiet; then answers the promise as it is.
   * Undefined if there is none of that id. Who may not see the promise, by `admit`, does not wait either: by the time
   * that an answer takes they would know that it is there.
   */
  waitFor(
    id: string,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal; readonly admit?: Admit },
  ): Promise<StoredPromise | undefined>;
  /** Direct children by position, from the `first` (default 0) up to the first gap, at most 2,000. */
  children(id: string, first?: number): Promise<StoredPromise[]>;
  /** The promise and everything below it, by id, at most 1,000; empty if there is none of that id. */
  family(rootId: string): Promise<Family>;
  /**
   * Promises with all of these tags, in no order that means anything; undefined where the server has no search.
   * Looks at everything that is stored, or at all whose ids begin with `idPrefix`: for people who ask, not for requests.
   */
  search(
    tags: Readonly<Record<string, string>>,
    limit: number,
    idPrefix?: string,
  ): Promise<Family | undefined>;
  /** What durations are to be counted from. Absent: the engine's clock is this process's own. */
  readonly engineTime?: EngineTime;
  /** Lets go of the engine; open waits are answered with what was last known. */
  stop(): Promise<void>;
}

/** Whether somebody may see a promise. */
export type Admit = (promise: StoredPromise) => Promise<boolean>;

/**
 * How long a workflow may take when it is started: by default, and in bounds. The default leaves room for the longest
 * approval in its middle; the SDK's own of 24 hours would end a workflow while somebody is on a long weekend.
 */
export const WORKFLOW_TIME = {
  defaultMs: 100 * 24 * 3_600_000,
  minMs: 1_000,
  maxMs: 400 * 24 * 3_600_000,
} as const;

/** A promise that no worker runs: somebody settles it, or its time is over. */
export interface Latent {
  readonly id: string;
  readonly param: unknown;
  /** Milliseconds since 1970. */
  readonly timeoutAt: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** A workflow to run: `func(...args)` on a worker of the group `target`. */
export interface Call {
  /** With a `:`, a workflow below the one before it, which it may wait for; else one of its own. */
  readonly id: string;
  readonly func: string;
  readonly args: readonly unknown[];
  /** Default 1. */
  readonly version?: number;
  /** A worker group. */
  readonly target?: string;
  /** Milliseconds since 1970; the workflow is over then, done or not. */
  readonly timeoutAt: number;
  /** Tags that begin with `resonate:` are the engine's and cannot be set. */
  readonly tags?: Readonly<Record<string, string>>;
}

export type PromiseState = "pending" | "resolved" | "rejected" | "canceled" | "timedout";

export interface StoredPromise {
  readonly id: string;
  readonly state: PromiseState;
  /** What it was created with, decoded. */
  readonly param: unknown;
  /** What it was settled with, decoded; an `Error` if the worker threw one. */
  readonly value: unknown;
  readonly tags: Readonly<Record<string, string>>;
  /** Times in milliseconds since 1970, by the engine's clock. */
  readonly createdAt: number;
  readonly timeoutAt: number;
  readonly settledAt?: number;
  /** What the settlement that stands gave as its nonce. */
  readonly nonce?: string;
  /** Which of `param` and `value` could not be decoded (they were written by somebody else); it is undefined then. */
  readonly unreadable?: "param" | "value";
}

export interface Family {
  readonly promises: readonly StoredPromise[];
  /** Whether there may be more than were found: the limit was reached. */
  readonly truncated: boolean;
}

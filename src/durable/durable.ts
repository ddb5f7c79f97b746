import type { EngineTime } from "./engine-time.ts";

/**
 * The service's port to the engine. Gateways and the command line know this port, never the protocol behind it. Every
 * method throws `ServiceError("ENGINE_UNAVAILABLE")` while no engine answers, and `ServiceError("INVALID_FIELDS")` for
 * a value that storage would change.
 */
export interface Durable {
  /**
   * Starts a workflow, unless the id exists. Returns the stored promise, which may be older and contain another call:
   * compare its `param` with your call.
   */
  start(call: Call): Promise<StoredPromise>;
  /**
   * Creates a latent promise with a lineage of its own, unless the id exists. Returns the stored promise, like `start`.
   */
  create(latent: Latent): Promise<StoredPromise>;
  read(id: string): Promise<StoredPromise | undefined>;
  /** Reads several promises in order. The state of an earlier one is never newer than that of a later one. */
  readTogether(first: string, rest: readonly string[]): Promise<(StoredPromise | undefined)[]>;
  /**
   * Settles a pending promise; undefined if there is none of that id. The first settlement counts, and every caller
   * gets the stored promise. To know whether yours counted, compare a nonce: inside the value, or as `nonce`, which is
   * stored beside it.
   */
  settle(
    id: string,
    value: unknown,
    as?: "resolved" | "rejected",
    nonce?: string,
  ): Promise<StoredPromise | undefined>;
  /**
   * Waits for settlement, at most `timeoutMs` and until `signal` aborts. Then returns the promise as it is. Undefined
   * if there is none of that id. If `admit` refuses the promise, this does not wait: the time of the answer would
   * reveal that the promise exists.
   */
  waitFor(
    id: string,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal; readonly admit?: Admit },
  ): Promise<StoredPromise | undefined>;
  /** Direct children by position, from the `first` (default 0) up to the first gap, at most 10,000. */
  children(id: string, first?: number): Promise<StoredPromise[]>;
  /** The promise and everything below it, by id, at most 1,000; empty if there is none of that id. */
  family(rootId: string): Promise<Family>;
  /**
   * Promises with all of these tags, in no particular order; undefined if the server cannot search. Scans everything
   * stored, or all ids that begin with `idPrefix`, so use it for people's commands and never for a request.
   */
  search(
    tags: Readonly<Record<string, string>>,
    limit: number,
    idPrefix?: string,
  ): Promise<Family | undefined>;
  /** The engine's clock, for deadlines. Absent: this process has the same clock. */
  readonly engineTime?: EngineTime;
  /** Disconnects from the engine. Open waits return the last known state. */
  stop(): Promise<void>;
}

/** Whether a caller may see a promise. */
export type Admit = (promise: StoredPromise) => Promise<boolean>;

/** A promise that no worker runs: another program settles it, or it times out. */
export interface Latent {
  readonly id: string;
  readonly param: unknown;
  /** Milliseconds since 1970. */
  readonly timeoutAt: number;
  readonly tags: Readonly<Record<string, string>>;
  /** As of `Call`. */
  readonly isLoose?: boolean;
}

/** A workflow to run: `func(...args)` on a worker of the group `target`. */
export interface Call {
  /** With a `:`, a workflow below the one named before it, which may wait for it. Otherwise a root workflow. */
  readonly id: string;
  readonly func: string;
  readonly args: readonly unknown[];
  /** Default 1. */
  readonly version?: number;
  /** A worker group. */
  readonly target?: string;
  /** Milliseconds since 1970. The workflow ends then, finished or not. */
  readonly timeoutAt: number;
  /** Tags that begin with `resonate:` are the engine's and cannot be set. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Belongs to the tree that its id names, but to none of its workflows: no worker gets it with one of them. */
  readonly isLoose?: boolean;
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
  /** The nonce of the settlement that counted. */
  readonly nonce?: string;
  /** Which of `param` and `value` could not be decoded, because another program wrote it. It is undefined then. */
  readonly unreadable?: "param" | "value";
}

export interface Family {
  readonly promises: readonly StoredPromise[];
  /** Whether the limit was reached, so that there may be more. */
  readonly truncated: boolean;
}

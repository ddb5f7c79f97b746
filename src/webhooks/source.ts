import type { Mapping } from "./mapping.ts";
import type { Path } from "./path.ts";
import type { Scheme } from "./verify.ts";

/** A sender of webhooks, checked and with its keys in place. */
export interface Source {
  readonly name: string;
  readonly schemeName: string;
  readonly scheme: Scheme;
  readonly mapping: Mapping;
  /** Where an event says its own id, which may have several parts; undefined: see `keyIgnores`. */
  readonly key: readonly Path[] | undefined;
  /**
   * What changes between the sender's tries: the rest identifies a repetition. Empty: the scheme itself identifies the
   * delivery.
   */
  readonly keyIgnores: readonly Path[];
  /** Whether the body is a list in which each element is an event. */
  readonly batch: boolean;
  /** The answer to the sender if the promise does not exist (yet): try again, or success. */
  readonly unknown: "retry" | "acknowledge";
}

/** By name. A Map: a name such as `__proto__` finds nothing in it. */
export type Sources = ReadonlyMap<string, Source>;

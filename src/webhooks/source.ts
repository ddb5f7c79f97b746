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
   * What changes between the sender's tries: a repetition is known by all the rest. Empty: the scheme knows the
   * delivery by itself.
   */
  readonly keyIgnores: readonly Path[];
  /** Whether the body is a list, each element an event of its own. */
  readonly batch: boolean;
  /** What the sender is told of a promise that does not exist (yet): to come again, or that all is well. */
  readonly unknown: "retry" | "acknowledge";
}

/** By name. A Map: a name such as `__proto__` finds nothing in it. */
export type Sources = ReadonlyMap<string, Source>;

/**
 * Rows that tell each change of some promises once, in order, and are never made again. The engine keeps them in its file,
 * in the transaction of SQLite that has the changes, and knows nothing of what they mean.
 */
import type { DatabaseSync } from "node:sqlite";
import type { PromiseRow } from "../decide/state.ts";
import type { PromiseSource } from "./queries.ts";

export interface Trail {
  /** Makes its tables where there are none yet. */
  readonly schema: string;
  /** Whether rows tell of this promise. It is called for each change, so it must be quick. */
  concerns(promise: Pick<PromiseRow, "id" | "tags">): boolean;
  /** Called when rows are first needed, so that what it loads costs a start nothing. */
  open(db: DatabaseSync, source: PromiseSource): TrailRows;
}

/** A change that rows tell of: a promise was created, or it was settled. */
export interface Told {
  readonly kind: "promise.insert" | "promise.settle";
  readonly row: PromiseRow;
}

/** All but `isUntidy`, `size` and `read` run within the engine's open transaction. */
export interface TrailRows {
  /** Changes, after they were written, in the order in which they were made. */
  append(told: readonly Told[]): void;
  /** Before the promise of this id is deleted. */
  remove(id: string): void;
  /** Everything is gone. */
  clear(): void;
  /** Changes were made that no row tells of: an older program wrote to the file, or the trail was off. */
  gap(): void;
  /** Whether there is work for `tidy`. */
  isUntidy(size: number): boolean;
  /** Does a few milliseconds of what can be done later, with rows up to this number. */
  tidy(size: number): void;
  /** How many rows there are. */
  size(): number;
  /** Answers a question in the trail's own terms, from its first `size` rows. Whatever is wrong with it is part of the answer. */
  read(query: unknown, size: number): object;
}

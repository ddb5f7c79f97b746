/**
 * Rows of another kind beside the promises, which follow from the promises alone. The engine keeps them in its file, and
 * knows nothing of what they mean.
 */
import type { DatabaseSync } from "node:sqlite";
import type { PromiseRow } from "../decide/state.ts";
import type { PromiseSource } from "./queries.ts";

export interface Projection {
  /** Raised when the rows that an older program made no longer fit: then all are made again. */
  readonly version: number;
  /** Its tables: SQL that creates each, by name. */
  readonly tables: Readonly<Record<string, string>>;
  /**
   * What the rows of a promise belong to, by the id of another promise or its own; undefined if it has none. It is called
   * for each change, so it must be quick.
   */
  subjectOf(promise: Pick<PromiseRow, "id" | "tags">): string | undefined;
  /** Called when rows are first needed, so that what it loads costs a start nothing. */
  open(db: DatabaseSync, source: PromiseSource): ProjectedRows;
}

/** All of these run within the engine's open transaction. */
export interface ProjectedRows {
  /** Makes the subject's rows what its promises say; there are none if it is gone. */
  refresh(subject: string): void;
  /** Before the promise of this id is deleted: deletes the rows of the subject that it is. */
  remove(id: string): void;
  /** Answers a question in the projection's own terms. Whatever is wrong with it is part of the answer. */
  read(query: unknown): object;
}

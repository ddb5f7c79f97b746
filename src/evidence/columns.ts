/** Events as SQLite has them. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Leaf } from "./leaf.ts";

export const LEAF_COLUMNS = "chain, n, type, at, prev, commitment";

export type LeafColumns = readonly [
  chain: number,
  n: number,
  type: string,
  at: number,
  prev: Uint8Array,
  commitment: Uint8Array,
];

export function leafOf([chain, n, type, atMs, prev, commitment]: LeafColumns): Leaf {
  return { chain, n, type, atMs, prev, commitment };
}

/** A statement whose rows come as arrays. */
export function query(db: DatabaseSync, sql: string): StatementSync {
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { PromiseRow, View } from "../decide/state.ts";
import { type Columns, promiseFromColumns } from "./rows.ts";

/** Statements whose rows come as arrays, and ways to ask them. */

export function query(db: DatabaseSync, sql: string): StatementSync {
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}

export function row(statement: StatementSync, ...parameters: (string | number)[]): Columns | undefined {
  return statement.get(...parameters) as Columns | undefined;
}

export function all(statement: StatementSync, ...parameters: (string | number)[]): Columns[] {
  return statement.all(...parameters) as unknown as Columns[];
}

export function texts(statement: StatementSync, ...parameters: (string | number)[]): string[] {
  return all(statement, ...parameters).map((columns) => columns[0] as string);
}

export function* promises(rows: ReturnType<StatementSync["iterate"]>): Generator<PromiseRow> {
  for (const columns of rows) yield promiseFromColumns(columns as unknown as Columns);
}

/** What is stored of a promise, for rows that are kept beside it. */
export interface PromiseSource {
  readonly promise: (id: string) => PromiseRow | undefined;
  /** The promise's number in the table `promises`, which it keeps as long as it lives, also in a copy of the file. */
  readonly numberOf: (id: string) => number | undefined;
}

export function promiseSource(db: DatabaseSync, view: Pick<View, "promise">): PromiseSource {
  const number = query(db, "SELECT n FROM promises WHERE id = ?");
  return {
    promise: (id) => view.promise(id),
    numberOf: (id) => row(number, id)?.[0] as number | undefined,
  };
}

/** Does `work` in a transaction of its own, or nothing of it. */
export function inTransaction(db: DatabaseSync, work: () => void): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    work();
    db.exec("COMMIT");
  } catch (error) {
    // A full disk makes SQLite roll back by itself.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

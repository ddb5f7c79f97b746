import type { StatementSync } from "node:sqlite";
import type { PromiseRow } from "../decide/state.ts";
import { type Columns, promiseFromColumns } from "./rows.ts";

/** Ways to ask a statement whose rows come as arrays. */

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

import type { SQLOutputValue, StatementSync } from "node:sqlite";
import type { PromiseRecord } from "../../protocol/records.ts";
import { promiseRecord } from "../decide/state.ts";
import { type Columns, PROMISE_COLUMNS, promiseFromColumns } from "../store/rows.ts";
import { DatabaseSync } from "../store/sqlite.ts";

/** The promises of an engine's file, as they were at its last checkpoint. */
export interface Walk {
  /** Every promise that is settled, in the order in which they were created. */
  settled(): Iterable<PromiseRecord>;
  read(id: string): PromiseRecord | undefined;
}

/** Rows of one query. The file is let go of between two: an engine that runs can copy its log back meanwhile. */
const PAGE = 1_000;

/** An engine's file, to be read in any way: one state of it at a time. */
export interface FileState {
  /** Rows of a query, by position. */
  rows(sql: string, ...parameters: (string | number)[]): Iterable<readonly SQLOutputValue[]>;
  read(id: string): PromiseRecord | undefined;
  /** Lets go of the state. What is read next is of a newer one, if an engine has written. */
  renew(): void;
}

/**
 * Looks at an engine's file, in the state of its last checkpoint. Meanwhile an engine that runs cannot copy its log back: what
 * takes longer than seconds calls `renew` from time to time.
 *
 * @throws Error if the file cannot be read
 */
export function look<T>(file: string, visit: (state: FileState) => T): T {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  const statements = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const made = statements.get(sql) ?? db.prepare(sql);
    made.setReturnArrays(true);
    statements.set(sql, made);
    return made;
  };
  try {
    db.exec("BEGIN");
    return visit({
      renew: () => db.exec("COMMIT; BEGIN"),
      rows: (sql, ...parameters) =>
        statement(sql).all(...parameters) as unknown as readonly (readonly SQLOutputValue[])[],
      read(id) {
        const columns = statement(`SELECT ${PROMISE_COLUMNS} FROM promises WHERE id = ?`).get(id);
        return columns === undefined
          ? undefined
          : promiseRecord(promiseFromColumns(columns as unknown as Columns));
      },
    });
  } finally {
    db.close();
  }
}

/**
 * Goes through an engine's file, whether or not an engine has it; needs no more memory for more promises. What is settled
 * never changes, so it does not matter that two pages may show two moments.
 *
 * @throws Error if the file cannot be read
 */
export function walk<T>(file: string, visit: (promises: Walk) => T): T {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    const page = db.prepare(
      `SELECT ${PROMISE_COLUMNS}, n FROM promises WHERE n > ? AND state <> 'pending' ORDER BY n LIMIT ${PAGE}`,
    );
    const one = db.prepare(`SELECT ${PROMISE_COLUMNS} FROM promises WHERE id = ?`);
    for (const statement of [page, one]) statement.setReturnArrays(true);
    return visit({
      *settled() {
        let after: SQLOutputValue | undefined = 0;
        while (after !== undefined) {
          let rows = 0;
          let last: SQLOutputValue | undefined;
          // Row by row: a page of the largest values would fill the memory.
          for (const row of page.iterate(after)) {
            const columns = row as unknown as Columns;
            yield promiseRecord(promiseFromColumns(columns));
            last = columns.at(-1);
            rows += 1;
          }
          after = rows < PAGE ? undefined : last;
        }
      },
      read(id) {
        const columns = one.get(id) as unknown as Columns | undefined;
        return columns === undefined ? undefined : promiseRecord(promiseFromColumns(columns));
      },
    });
  } finally {
    db.close();
  }
}

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ScheduleRow } from "../decide/state.ts";
import { type Columns, valueFromColumns, valueToColumns } from "./rows.ts";

const COLUMNS =
  "id, cron, promise_id, promise_timeout, param_headers, param_data, tags, created_at, next_run_at, last_run_at";

/** Schedules on disk: few, and seldom asked for. */
export class ScheduleStore {
  readonly #get: StatementSync;
  readonly #after: StatementSync;
  readonly #due: StatementSync;
  readonly #next: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync) {
    const query = (sql: string): StatementSync => {
      const statement = db.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#get = query(`SELECT ${COLUMNS} FROM schedules WHERE id = ?`);
    this.#after = query(`SELECT ${COLUMNS} FROM schedules WHERE id > ? ORDER BY id`);
    this.#due = query("SELECT id FROM schedules WHERE next_run_at <= ? ORDER BY next_run_at LIMIT ?");
    this.#next = query("SELECT next_run_at FROM schedules ORDER BY next_run_at LIMIT 1");
    this.#put = db.prepare(
      `INSERT OR REPLACE INTO schedules (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#delete = db.prepare("DELETE FROM schedules WHERE id = ?");
  }

  get(id: string): ScheduleRow | undefined {
    const columns = this.#get.get(id) as Columns | undefined;
    return columns === undefined ? undefined : fromColumns(columns);
  }

  /** By id, from `after` on. */
  *after(after: string): Generator<ScheduleRow> {
    for (const columns of this.#after.iterate(after)) yield fromColumns(columns as unknown as Columns);
  }

  /** Those that have an occurrence at or before `now`, the oldest first. */
  due(now: number, limit: number): string[] {
    return (this.#due.all(now, limit) as unknown as Columns[]).map(([id]) => id as string);
  }

  nextDueAt(): number | undefined {
    return (this.#next.get() as Columns | undefined)?.[0] as number | undefined;
  }

  put(row: ScheduleRow): void {
    this.#put.run(
      row.id,
      row.cron,
      row.promiseId,
      row.promiseTimeout,
      ...valueToColumns(row.promiseParam),
      JSON.stringify(row.promiseTags),
      row.createdAt,
      row.nextRunAt,
      row.lastRunAt,
    );
  }

  delete(id: string): void {
    this.#delete.run(id);
  }
}

function fromColumns(columns: Columns): ScheduleRow {
  const [id, cron, promiseId, promiseTimeout, headers, data, tags, createdAt, nextRunAt, lastRunAt] = columns;
  return {
    id: id as string,
    cron: cron as string,
    promiseId: promiseId as string,
    promiseTimeout: promiseTimeout as number,
    promiseParam: valueFromColumns(headers, data),
    promiseTags: JSON.parse(tags as string),
    createdAt: createdAt as number,
    nextRunAt: nextRunAt as number,
    lastRunAt: lastRunAt as number | null,
  };
}

import type { DatabaseSync } from "node:sqlite";
import {
  type Columns,
  PROMISE_COLUMNS,
  promiseFromColumns,
  TASK_COLUMNS,
  taskFromColumns,
} from "../../src/engine/rows.ts";
import { promiseRecord, type TaskRow, taskRecord } from "../../src/engine/state.ts";
import type { PromiseRecord, TaskRecord } from "../../src/protocol/records.ts";

/** Everything stored, in the order of its keys. */
export interface EngineSnapshot {
  readonly promises: PromiseRecord[];
  /** External promises that the clock will end. */
  readonly promiseTimeouts: { readonly id: string; readonly timeout: number }[];
  readonly callbacks: { readonly awaited: string; readonly awaiter: string }[];
  readonly listeners: { readonly id: string; readonly address: string }[];
  readonly tasks: TaskRecord[];
  /** 0: handed out again; 1: end of lease. */
  readonly taskTimeouts: { readonly id: string; readonly type: 0 | 1; readonly timeout: number }[];
  readonly taskRows: TaskRow[];
  readonly unblocks: { readonly id: string; readonly address: string }[];
}

export function snapshotOf(db: DatabaseSync): EngineSnapshot {
  const arrays = (sql: string): Columns[] => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    return statement.all() as unknown as Columns[];
  };
  const objects = <T>(sql: string): T[] =>
    db
      .prepare(sql)
      .all()
      .map((row) => ({ ...row })) as T[];
  const taskRows = arrays(`SELECT ${TASK_COLUMNS} FROM tasks ORDER BY id`).map(taskFromColumns);
  return {
    promises: arrays(`SELECT ${PROMISE_COLUMNS} FROM promises ORDER BY id`)
      .map(promiseFromColumns)
      .map(promiseRecord),
    promiseTimeouts: objects(
      "SELECT id, timeout_at AS timeout FROM promises WHERE state = 'pending' AND external = 1 ORDER BY id",
    ),
    callbacks: objects("SELECT awaited, awaiter FROM callbacks ORDER BY awaited, awaiter"),
    listeners: objects("SELECT promise_id AS id, address FROM listeners ORDER BY promise_id, address"),
    tasks: taskRows.map(taskRecord),
    taskTimeouts: taskRows.flatMap(({ id, state, dueAt }) =>
      dueAt === null ? [] : [{ id, type: state === "acquired" ? 1 : 0, timeout: dueAt } as const],
    ),
    taskRows,
    unblocks: objects("SELECT promise_id AS id, address FROM unblocks ORDER BY promise_id, address"),
  };
}

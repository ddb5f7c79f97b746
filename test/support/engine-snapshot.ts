import type { DatabaseSync } from "node:sqlite";
import { scheduleRecord, type TaskRow } from "../../src/engine/decide/state.ts";
import { type Columns, TASK_COLUMNS, taskFromColumns } from "../../src/engine/store/rows.ts";
import { ScheduleStore } from "../../src/engine/store/schedule-store.ts";
import { type Snapshot, snapshotOf as stored } from "../../src/engine/store/snapshot.ts";
import type { ScheduleRecord } from "../../src/protocol/records.ts";

/** Everything stored, in the order of its keys. */
export interface EngineSnapshot extends Snapshot {
  readonly taskRows: TaskRow[];
  readonly unblocks: { readonly id: string; readonly address: string }[];
  readonly schedules: ScheduleRecord[];
}

export function snapshotOf(db: DatabaseSync): EngineSnapshot {
  const statement = db.prepare(`SELECT ${TASK_COLUMNS} FROM tasks ORDER BY id`);
  statement.setReturnArrays(true);
  const unblocks = db
    .prepare("SELECT promise_id AS id, address FROM unblocks ORDER BY promise_id, address")
    .all();
  return {
    ...stored(db),
    taskRows: (statement.all() as unknown as Columns[]).map(taskFromColumns),
    unblocks: unblocks.map((row) => ({ ...row })) as EngineSnapshot["unblocks"],
    schedules: [...new ScheduleStore(db).after("")].map(scheduleRecord),
  };
}

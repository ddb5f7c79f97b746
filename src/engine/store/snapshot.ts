import type { DatabaseSync } from "node:sqlite";
import type { PromiseRecord, TaskRecord } from "../../protocol/records.ts";
import { type Outgoing, promiseRecord, taskRecord } from "../decide/state.ts";
import { type Columns, PROMISE_COLUMNS, promiseFromColumns, TASK_COLUMNS, taskFromColumns } from "./rows.ts";

/** Everything stored, each part in the order of its keys, as `debug.snap` returns it. */
export interface Snapshot {
  readonly promises: PromiseRecord[];
  /** External promises that have a deadline. */
  readonly promiseTimeouts: { readonly id: string; readonly timeout: number }[];
  readonly callbacks: { readonly awaited: string; readonly awaiter: string }[];
  readonly listeners: { readonly id: string; readonly address: string }[];
  readonly tasks: TaskRecord[];
  /** 0: handed out again; 1: end of lease. */
  readonly taskTimeouts: { readonly id: string; readonly type: 0 | 1; readonly timeout: number }[];
  /** What is to be handed out, or owed. */
  readonly messages: Outgoing[];
}

/** Reads all of it into memory: for small databases, in tests. */
export function snapshotOf(db: DatabaseSync): Snapshot {
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
  const promises = arrays(`SELECT ${PROMISE_COLUMNS} FROM promises ORDER BY id`)
    .map(promiseFromColumns)
    .map(promiseRecord);
  const tasks = arrays(`SELECT ${TASK_COLUMNS} FROM tasks ORDER BY id`).map(taskFromColumns);
  const owed = objects<{ id: string; address: string }>(
    "SELECT promise_id AS id, address FROM unblocks ORDER BY promise_id, address",
  );
  return {
    promises,
    promiseTimeouts: objects(
      "SELECT id, timeout_at AS timeout FROM promises WHERE state = 'pending' AND external = 1 ORDER BY id",
    ),
    callbacks: objects("SELECT awaited, awaiter FROM waits ORDER BY awaited, awaiter"),
    listeners: objects("SELECT promise_id AS id, address FROM listeners ORDER BY promise_id, address"),
    tasks: tasks.map(taskRecord),
    taskTimeouts: tasks.flatMap(({ id, state, dueAt }) =>
      dueAt === null ? [] : [{ id, type: state === "acquired" ? 1 : 0, timeout: dueAt } as const],
    ),
    messages: [
      ...tasks
        .filter(({ state, timer, notBefore }) => state === "pending" && !timer && notBefore === null)
        .map(({ id, version, target }) => ({
          address: target,
          message: { kind: "execute", head: {}, data: { task: { id, version } } } as const,
        })),
      ...owed.flatMap(({ id, address }) => {
        const promise = promises.find((each) => each.id === id);
        return promise === undefined
          ? []
          : [{ address, message: { kind: "unblock", head: {}, data: { promise } } as const }];
      }),
    ],
  };
}

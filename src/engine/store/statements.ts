import type { DatabaseSync, StatementSync } from "node:sqlite";
import { PROMISE_COLUMNS, TASK_COLUMNS } from "./rows.ts";

/** The clock ends external promises; an inner step that passed its deadline has ended by itself. */
const IS_LIVE = "((settled_at IS NULL AND external = 1) OR coalesce(settled_at, timeout_at) >= ?)";

export type Statements = ReturnType<typeof prepareStatements>;

/** Every statement of the store, but for those of schedules. Each finds its rows by an index. */
export function prepareStatements(db: DatabaseSync) {
  /** A query whose rows come as arrays. */
  const query = (sql: string): StatementSync => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  // Without statistics SQLite may choose the wrong index and scan everything that is pending. Where that would be slow,
  // the query names its index, and fails if it cannot use it.
  const promisesWhere = (condition: string) => `SELECT ${PROMISE_COLUMNS} FROM promises WHERE ${condition}`;
  const tasksWhere = (condition: string) => `SELECT ${TASK_COLUMNS} FROM tasks ${condition}`;
  const NUMBER = "(SELECT n FROM promises WHERE id = ?)";
  return {
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    truncateLog: query("PRAGMA wal_checkpoint(TRUNCATE)"),
    journalNumber: query("SELECT number FROM journal"),
    setJournalNumber: db.prepare("UPDATE journal SET number = ?"),

    promise: query(promisesWhere("id = ?")),
    task: query(tasksWhere(`WHERE n = ${NUMBER}`)),
    awaiters: query(`SELECT id FROM callbacks JOIN promises ON n = awaiter WHERE awaited = ${NUMBER}`),
    listeners: query("SELECT address FROM listeners WHERE promise_id = ?"),
    family: query("SELECT id FROM promises WHERE family = ? ORDER BY n LIMIT ?"),
    searchAll: query(promisesWhere("id > ? ORDER BY id LIMIT ?")),
    searchOrigin: query(promisesWhere("id > ? AND id < ? ORDER BY id LIMIT ?")),
    searchListed: query(
      `SELECT ${PROMISE_COLUMNS} FROM promises INDEXED BY promises_listed WHERE instr(tags, '"countersign:kind":"callback"') > 0 AND n < coalesce(${NUMBER}, ?) ORDER BY n DESC LIMIT ?`,
    ),
    searchTasks: query(
      `SELECT promises.id, promises.timeout_at, ${TASK_COLUMNS.replaceAll(/\w+/g, "tasks.$&")} FROM promises LEFT JOIN tasks ON tasks.n = promises.n WHERE promises.id > ? ORDER BY promises.id LIMIT ?`,
    ),
    searchHalted: query(
      `SELECT id, (SELECT timeout_at FROM promises WHERE promises.n = tasks.n), ${TASK_COLUMNS} FROM tasks INDEXED BY tasks_halted WHERE state = 'halted' AND id > ? ORDER BY id LIMIT ?`,
    ),
    duePromises: query(
      "SELECT id FROM promises INDEXED BY promises_by_deadline WHERE state = 'pending' AND external = 1 AND timeout_at <= ? ORDER BY timeout_at LIMIT ?",
    ),
    dueTasks: query(
      "SELECT id FROM tasks INDEXED BY tasks_by_due WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?",
    ),
    nextPromise: query(
      "SELECT timeout_at FROM promises INDEXED BY promises_by_deadline WHERE state = 'pending' AND external = 1 ORDER BY timeout_at LIMIT 1",
    ),
    nextTask: query(
      "SELECT due_at FROM tasks INDEXED BY tasks_by_due WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1",
    ),
    pendingTasks: query(
      tasksWhere(
        `INDEXED BY tasks_by_group WHERE target_group = ? AND state = 'pending' AND due_at IS NOT NULL AND n > coalesce(${NUMBER}, 0) ORDER BY n LIMIT ?`,
      ),
    ),
    localLeases: query(
      "SELECT id FROM tasks INDEXED BY tasks_by_due WHERE due_at IS NOT NULL AND state = 'acquired' AND local = 1",
    ),
    owed: query(
      `SELECT ${PROMISE_COLUMNS} FROM unblocks JOIN promises ON id = promise_id WHERE address = ? AND promise_id > ? ORDER BY promise_id LIMIT ?`,
    ),

    oldHeads: query(
      "SELECT id, settled_at, n FROM promises INDEXED BY promises_by_end WHERE head = 1 AND settled_at IS NOT NULL AND (settled_at, n) > (?, ?) AND settled_at < ? ORDER BY settled_at, n LIMIT ?",
    ),
    liveRoot: query(`SELECT 1 FROM promises WHERE id = ? AND ${IS_LIVE}`),
    liveChild: query(`SELECT 1 FROM promises WHERE id > ? AND id < ? AND ${IS_LIVE} LIMIT 1`),
    below: query("SELECT id FROM promises WHERE id > ? AND id < ? LIMIT ?"),
    deletePromise: db.prepare("DELETE FROM promises WHERE id = ?"),

    insertPromise: db.prepare(
      "INSERT INTO promises (id, state, timeout_at, created_at, settled_at, external, family, head, tags, param_headers, param_data, value_headers, value_data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    settlePromise: db.prepare(
      "UPDATE promises SET state = ?, settled_at = ?, value_headers = ?, value_data = ? WHERE id = ?",
    ),
    // The id comes twice: a numbered `?1` is one that Node before 22.19 and 24.7 cannot bind.
    insertTask: db.prepare(
      `INSERT INTO tasks (n, ${TASK_COLUMNS}) VALUES (${NUMBER}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    updateTask: db.prepare(
      `UPDATE tasks SET state = ?, version = ?, resumes = ?, pid = ?, ttl = ?, local = ?, due_at = ?, not_before = ?, setbacks = ? WHERE n = ${NUMBER}`,
    ),
    addCallback: db.prepare(
      `INSERT OR IGNORE INTO callbacks (awaited, awaiter) VALUES (${NUMBER}, ${NUMBER})`,
    ),
    clearCallbacks: db.prepare(`DELETE FROM callbacks WHERE awaited = ${NUMBER}`),
    withdrawCallbacks: db.prepare(`DELETE FROM callbacks WHERE awaiter = ${NUMBER}`),
    addListener: db.prepare("INSERT OR IGNORE INTO listeners (promise_id, address) VALUES (?, ?)"),
    oweListeners: db.prepare(
      "INSERT OR REPLACE INTO unblocks (address, promise_id, owed_since) SELECT address, promise_id, ? FROM listeners WHERE promise_id = ?",
    ),
    clearListeners: db.prepare("DELETE FROM listeners WHERE promise_id = ?"),
    forgive: db.prepare("DELETE FROM unblocks WHERE address = ? AND promise_id = ?"),
    dropDebts: db.prepare("DELETE FROM unblocks WHERE owed_since < ?"),
  };
}

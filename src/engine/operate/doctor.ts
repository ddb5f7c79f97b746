import { existsSync, statSync } from "node:fs";
import { SETBACKS_OF_NOTE } from "../decide/setback.ts";
import { isTaken, lockFolder } from "../store/database.ts";
import { journalFileOf, lookAtJournal, recordsAfter } from "../store/journal.ts";
import { APPLICATION_ID, MIGRATIONS } from "../store/schema.ts";
import { DatabaseSync } from "../store/sqlite.ts";
import { INVARIANTS } from "./invariants.ts";

interface Finding {
  /** `broken`: must never be, and a reason to restore a backup. `attention`: a person should look. */
  readonly level: "broken" | "attention";
  readonly what: string;
  /** The first of those that it concerns. */
  readonly ids: readonly string[];
}

export interface Examination {
  readonly file: string;
  readonly isRunning: boolean;
  readonly schema: number;
  /** Whether it is the schema of this version of the program; if not, nothing is said of what is in the file. */
  readonly isCurrent: boolean;
  readonly bytes: { readonly file: number; readonly free: number; readonly log: number };
  /** Transactions of the journal that are not in the file yet: what is found here does not know of them. */
  readonly inJournal: number;
  readonly promises: Readonly<Record<string, number>>;
  readonly tasks: Readonly<Record<string, number>>;
  readonly schedules: number;
  /** Queries asked, so that no finding means something. */
  readonly checks: number;
  readonly findings: readonly Finding[];
}

/** Ids named in a finding. */
const IDS_MAX = 10;
/** A running engine is never this late. */
const LATE_MS = 60_000;
/** The log is copied back at 16 MB; far beyond it, something keeps that from happening. */
const LOG_BYTES_MAX = 256 * 1024 * 1024;

/** What a person should look at, as queries for ids. `$now` in ms. */
const ATTENTION: Readonly<Record<string, string>> = {
  "workflows are halted: no worker could go on with them, or somebody halted them":
    "SELECT id FROM tasks INDEXED BY tasks_halted WHERE state = 'halted'",
  "workflows are tried again and again: their workers give them back, or die of them": `SELECT id FROM tasks WHERE state IN ('pending', 'acquired') AND setbacks >= ${SETBACKS_OF_NOTE}`,
};

const ONE_BIT =
  "transactions in the journal have a wrong bit, which is corrected when they are read: the disk or the memory of this machine is failing";

/** The same, where it says something only while an engine runs. */
const LATE: Readonly<Record<string, string>> = {
  "promises are past their deadline, and nobody ended them":
    "SELECT id FROM promises WHERE state = 'pending' AND external = 1 AND timeout_at < $late",
  "tasks are stuck: their lease or their waiting time is over, and nobody handed them out":
    "SELECT id FROM tasks WHERE due_at < $late",
  "schedules are late": "SELECT id FROM schedules WHERE next_run_at < $late",
};

/**
 * Examines an engine's file, whether or not an engine has it. Reads one state of everything, that of its last checkpoint;
 * takes seconds for a million promises, and holds nobody up.
 * @throws Error if there is no such file, or it is no database, or another version of the program wrote its journal
 */
export function examine(file: string, now: number): Examination {
  if (!existsSync(file)) throw new Error(`Cannot open the engine: there is no file ${file}`);
  const isRunning = isLocked(file);
  // First: what the engine takes over meanwhile is then in the file.
  const { records, repaired, later } = lookAtJournal(journalFileOf(file));
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    db.exec("BEGIN");
    const number = (sql: string) => Number(Object.values(db.prepare(sql).get() ?? {})[0]);
    const log = existsSync(`${file}-wal`) ? statSync(`${file}-wal`).size : 0;
    const pageSize = number("PRAGMA page_size");
    const schema = number("PRAGMA user_version");
    const isCurrent = schema === MIGRATIONS.length && number("PRAGMA application_id") === APPLICATION_ID;
    const known = { file, isRunning, schema, isCurrent };
    const bytes = {
      file: number("PRAGMA page_count") * pageSize,
      free: number("PRAGMA freelist_count") * pageSize,
      log,
    };
    const findings = [...storageFindings(db, { logBytes: log, isRunning })];
    if (!isCurrent) {
      const what = `the schema is ${schema}, this version of the program knows ${MIGRATIONS.length}: start the engine of this version first`;
      findings.push({ level: "attention", what, ids: [] });
      return {
        ...known,
        bytes,
        inJournal: records.length,
        promises: {},
        tasks: {},
        schedules: 0,
        checks: 3,
        findings,
      };
    }
    let inJournal = 0;
    try {
      inJournal = recordsAfter(number("SELECT number FROM journal"), records, later).length;
    } catch (error) {
      findings.push({ level: "broken", what: (error as Error).message, ids: [] });
    }
    if (repaired.length > 0) findings.push({ level: "attention", what: ONE_BIT, ids: repaired.map(String) });
    const attention = isRunning ? { ...ATTENTION, ...LATE } : ATTENTION;
    for (const [what, sql] of Object.entries(INVARIANTS))
      findings.push(...ask(db, "broken", `not so: ${what}`, sql));
    for (const [what, sql] of Object.entries(attention)) {
      findings.push(...ask(db, "attention", what, sql.replaceAll("$late", String(now - LATE_MS))));
    }
    return {
      ...known,
      bytes,
      inJournal,
      promises: counts(db, "promises"),
      tasks: counts(db, "tasks"),
      schedules: number("SELECT count(*) FROM schedules"),
      checks: 5 + Object.keys(INVARIANTS).length + Object.keys(attention).length,
      findings,
    };
  } finally {
    db.close();
  }
}

function* storageFindings(
  db: DatabaseSync,
  { logBytes, isRunning }: { readonly logBytes: number; readonly isRunning: boolean },
): Generator<Finding> {
  const said = db
    .prepare("PRAGMA integrity_check(10)")
    .all()
    .map((row) => String(row["integrity_check"]));
  if (said.join() !== "ok")
    yield { level: "broken", what: `the file is damaged: ${said.join("; ")}`, ids: [] };
  const orphans = db.prepare("PRAGMA foreign_key_check").all();
  if (orphans.length > 0)
    yield { level: "broken", what: `${orphans.length} rows belong to nothing`, ids: [] };
  const mode = String(Object.values(db.prepare("PRAGMA journal_mode").get() ?? {})[0]);
  // A backup is in another mode until an engine first opens it, which sets this one.
  if (isRunning && mode !== "wal")
    yield { level: "attention", what: `the journal mode is ${mode}, not wal`, ids: [] };
  if (logBytes > LOG_BYTES_MAX) {
    yield {
      level: "attention",
      what: `the log has ${logBytes} bytes: a reader keeps it from being copied back`,
      ids: [],
    };
  }
}

function ask(db: DatabaseSync, level: Finding["level"], what: string, sql: string): Finding[] {
  const rows = db.prepare(`SELECT id FROM (${sql}) LIMIT ${IDS_MAX}`).all();
  return rows.length === 0 ? [] : [{ level, what, ids: rows.map((row) => String(row["id"])) }];
}

function counts(db: DatabaseSync, table: "promises" | "tasks"): Record<string, number> {
  const rows = db.prepare(`SELECT state, count(*) AS number FROM ${table} GROUP BY state`).all();
  return Object.fromEntries(rows.map((row) => [String(row["state"]), Number(row["number"])]));
}

/** Whether an engine has the folder. */
function isLocked(file: string): boolean {
  const lock = `${file}.lock`;
  if (!existsSync(lock)) return false;
  try {
    lockFolder(lock).close();
    return false;
  } catch (error) {
    return error instanceof Error && isTaken(error.cause);
  }
}

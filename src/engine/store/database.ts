import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "../../lib/folder.ts";
import { inTransaction } from "./queries.ts";
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts";
import { DatabaseSync } from "./sqlite.ts";

/** Name of a database in memory, for tests. */
export const MEMORY = ":memory:";

/** Only another reader (a backup, a manual query) can make a write wait. */
export const BUSY_MS = 5_000;

/** Opens the engine's file, creates it if needed, and migrates it to the current schema. */
export function openDatabase(file: string): DatabaseSync {
  if (file !== MEMORY) makeFile(file);
  const db = new DatabaseSync(file);
  try {
    if (file === MEMORY && empty !== undefined) db.deserialize(empty);
    db.exec("PRAGMA journal_mode = WAL");
    // A checkpoint must survive a power cut, not only a crash of the process, because the journal is overwritten after
    // it.
    db.exec("PRAGMA synchronous = FULL");
    db.exec("PRAGMA foreign_keys = ON");
    db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    // 16 MB of pages: the upper levels of every index with a million promises, and recently used pages.
    db.exec("PRAGMA cache_size = -16384");
    // SQLite copies its log back at 16 MB, so a page that changes often is copied once.
    db.exec("PRAGMA wal_autocheckpoint = 4000");
    db.exec("PRAGMA temp_store = MEMORY");
    migrate(db, file);
    // Node 22 and 24 have no such method.
    if (file === MEMORY && typeof db.serialize === "function") empty ??= db.serialize();
    return db;
  } catch (error) {
    db.close();
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_NOTADB) {
      throw new Error(
        `Cannot open the engine: ${file} is not a database. DATA_DIR must be a folder that only this service uses`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** A database in memory without rows. Tests open thousands, and the schema takes half of the time that an engine takes to open. */
let empty: Uint8Array | undefined;

const SQLITE_NOTADB = 26;

/**
 * Locks the data folder for this process; throws at once if another process has it. The lock is a transaction on a
 * separate file, so the operating system frees it when the process dies.
 */
export function lockFolder(file: string): DatabaseSync {
  makeFile(file);
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode = DELETE; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    const what = isTaken(error)
      ? `another process uses the data folder ${dirname(file)}. Stop it, or connect to it over HTTP`
      : `${file} cannot be locked: ${messageOf(error)}`;
    throw new Error(`Cannot open the engine: ${what}`, { cause: error });
  }
}

/** Whether the lock failed because another process has it. */
export function isTaken(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}

const SQLITE_BUSY = 5;

/** Whether SQLite found that a file is not as it must be. */
export function isCorrupt(error: unknown): boolean {
  if (!(error instanceof Error && "errcode" in error && typeof error.errcode === "number")) return false;
  // The lowest byte of an extended code is the plain one.
  return [SQLITE_CORRUPT, SQLITE_NOTADB].includes(error.errcode & 0xff);
}

const SQLITE_CORRUPT = 11;

/** Only the owner may read the file, because approvals are confidential. SQLite gives its side files the same mode. */
function makeFile(file: string): void {
  try {
    makeFolder(dirname(file));
    closeSync(openSync(file, "a", 0o600));
  } catch (cause) {
    throw new Error(`Cannot open the engine: ${dirname(file)} cannot be written: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function migrate(db: DatabaseSync, file: string): void {
  const version = pragma(db, "user_version");
  const owner = pragma(db, "application_id");
  if (version > 0 && owner !== APPLICATION_ID) {
    throw new Error(`Cannot open the engine: ${file} is a database of another program`);
  }
  if (version > MIGRATIONS.length) {
    throw new Error(
      `Cannot open the engine: ${file} has schema ${version}, this version of the program supports ${MIGRATIONS.length}. Use the newer program`,
    );
  }
  for (const [at, step] of MIGRATIONS.entries()) {
    if (at < version) continue;
    inTransaction(db, () => {
      db.exec(step);
      db.exec(`PRAGMA user_version = ${at + 1}`);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    });
  }
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

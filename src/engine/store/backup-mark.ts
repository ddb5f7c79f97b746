/**
 * A backup says in its file when it was made. So a program that opens it knows that it is a copy, and that later
 * changes are missing. The table is in backups and in what was restored from them; programs that do not know it ignore it.
 */
import type { DatabaseSync } from "node:sqlite";

/** @param atMs milliseconds since 1970; everything acknowledged before is in the copy */
export function markBackup(db: DatabaseSync, atMs: number): void {
  db.exec(`
    DROP TABLE IF EXISTS backup;
    CREATE TABLE backup (made_at INTEGER NOT NULL) STRICT;
    INSERT INTO backup VALUES (${atMs});
  `);
}

/** When the backup was made that this file was restored from; undefined for every other file. */
export function backupTime(db: DatabaseSync): number | undefined {
  const isBackup = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'backup'").get() !== undefined;
  const at = isBackup ? db.prepare("SELECT made_at FROM backup").get()?.["made_at"] : undefined;
  return typeof at === "number" ? at : undefined;
}

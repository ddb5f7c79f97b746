import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { syncFolder } from "../../lib/sync-folder.ts";
import { SILENT } from "../log.ts";
import { markBackup } from "../store/backup-mark.ts";
import { type Journal, journalFileOf, keepJournal, lookAtJournal } from "../store/journal.ts";
import { DatabaseSync } from "../store/sqlite.ts";
import { type Beside, Store } from "../store/store.ts";

/**
 * Writes one consistent state of an engine's file to `target`, whether or not an engine runs. It contains everything
 * acknowledged before. The copy is complete or absent, checked, and readable by its owner only.
 *
 * @param atMs the time that the copy has as its own, in milliseconds since 1970. Default: now
 * @throws Error if `target` exists, the engine's file does not, or the disk is full
 */
export function backUp(
  file: string,
  target: string,
  beside: Omit<Beside, "log"> = {},
  atMs = Date.now(),
): { readonly file: string; readonly bytes: number } {
  const path = resolve(target);
  if (!existsSync(file)) throw new Error(`Cannot open the engine: there is no file ${file}`);
  if (existsSync(path))
    throw new Error(`Cannot use ${path}: it exists, and a backup never overwrites a file`);
  const partial = `${path}.partial`;
  rmSync(partial, { force: true });
  // SQLite fills an existing empty file and keeps its mode.
  closeSync(openSync(partial, "wx", 0o600));
  try {
    // Read before the copy: records that the engine saves in between are then in both.
    const { records, later } = lookAtJournal(journalFileOf(file));
    const source = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    try {
      source.prepare("VACUUM INTO ?").run(partial);
    } finally {
      source.close();
    }
    if (records.length > 0 || later !== undefined) takeUp(partial, keepJournal(records, later), beside);
    mark(partial, atMs);
    check(partial);
    flush(partial);
    renameSync(partial, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  return { file: path, bytes: statSync(path).size };
}

/** Adds acknowledged changes that were not in the engine's file yet, with the rows that follow from them. */
function takeUp(path: string, journal: Journal, beside: Omit<Beside, "log">): void {
  const store = new Store(new DatabaseSync(path), journal, { ...beside, log: SILENT });
  store.checkpoint();
  store.close();
}

/** Says in the copy when it was made: see `noteRestore`. */
function mark(path: string, atMs: number): void {
  const copy = new DatabaseSync(path);
  try {
    markBackup(copy, atMs);
  } finally {
    copy.close();
  }
}

function check(path: string): void {
  const copy = new DatabaseSync(path, { readOnly: true });
  try {
    const said = copy.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
    if (said !== "ok") throw new Error(`The copy is damaged: ${String(said)}`);
  } finally {
    copy.close();
  }
}

function flush(path: string): void {
  const descriptor = openSync(path, "r+");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

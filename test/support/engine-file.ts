import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { examine } from "../../src/engine/operate/doctor.ts";
import { openDatabase } from "../../src/engine/store/database.ts";
import { journalFileOf, keepJournal, lookAtJournal } from "../../src/engine/store/journal.ts";
import { Store } from "../../src/engine/store/store.ts";

/**
 * What an engine that was killed has acknowledged, in its database and in its journal, to be looked at: nothing of it is
 * changed, so the next engine finds it as it was left.
 */
export function openLeftBehind(dataDir: string): DatabaseSync {
  const file = join(dataDir, "engine.db");
  const db = openDatabase(file);
  // Takes up the journal in a transaction, which ends with the connection.
  void new Store(db, keepJournal(lookAtJournal(journalFileOf(file)).records));
  return db;
}

/**
 * What is broken in the data folder's engine, in words: asks all that `countersign doctor` asks, of a file that a
 * process has open, or has left behind when it was killed. Without such a file there is nothing to say.
 */
export function brokenIn(dataDir: string): string[] {
  const file = join(dataDir, "engine.db");
  if (!existsSync(file)) return [];
  return examine(file, Date.now())
    .findings.filter(({ level }) => level === "broken")
    .map(({ what, ids }) => `The engine's file is broken: ${what} (${ids.join(", ")})`);
}

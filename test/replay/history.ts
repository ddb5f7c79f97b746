/** What an earlier release left of one approval: the rows of its engine, as they are in the file. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Change, PromiseRow, TaskRow } from "../../src/engine/decide/state.ts";
import { openDatabase } from "../../src/engine/store/database.ts";
import { journalFileOf, openJournal } from "../../src/engine/store/journal.ts";
import { Store } from "../../src/engine/store/store.ts";

export interface History {
  readonly name: string;
  /** The commit of the release. */
  readonly release: string;
  /** The approval. */
  readonly id: string;
  /** When its processes were stopped, in milliseconds since 1970. */
  readonly stoppedAtMs: number;
  /** The origin of its links. */
  readonly publicUrl: string;
  /** Of the mails that it sent, by address: the Message-IDs, and the links of the last one. */
  readonly mails: Readonly<
    Record<
      string,
      {
        readonly messageIds: readonly string[];
        readonly links: { readonly approve: string; readonly reject: string };
      }
    >
  >;
  readonly promises: readonly PromiseRow[];
  readonly tasks: readonly TaskRow[];
  readonly callbacks: readonly { readonly awaited: string; readonly awaiter: string }[];
}

/** Links and mails of histories are signed with it, so that they work where they are played. */
export const KEY = { kid: "test", secret: Buffer.alloc(32, 7) };

const FOLDER = join(import.meta.dirname, "histories");

export function fileOf({ release, name }: Pick<History, "release" | "name">): string {
  return join(FOLDER, release, `${name}.json`);
}

/** Of all releases, by their folders. */
export function histories(): History[] {
  return readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as History);
}

/** Makes the file of an engine that has just this. */
export function restore({ promises, tasks, callbacks }: History, dataDir: string): void {
  const file = join(dataDir, "engine.db");
  const db = openDatabase(file);
  const journal = openJournal(journalFileOf(file));
  const store = new Store(db, journal);
  const changes: Change[] = [
    ...promises.map((row): Change => ({ kind: "promise.insert", row })),
    ...tasks.map((row): Change => ({ kind: "task.insert", row })),
    ...callbacks.map((edge): Change => ({ kind: "callback.add", ...edge })),
  ];
  store.begin();
  store.write(changes);
  store.commit();
  store.checkpoint();
  store.close();
}

/** The engine alone, asked in its own process and over HTTP, and the bare SQLite under it. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openEngine } from "../../../src/engine/engine.ts";
import { serveEngine } from "../../../src/engine/serve/http.ts";
import { runChild } from "../lib/child.ts";
import { createRequest, getRequest, settleRequest } from "../load/engine-requests.ts";

export interface EngineReady {
  readonly url: string;
  readonly token: string;
  /** One that can be read. */
  readonly promiseId: string;
}

export interface Window {
  /** Callers at once; for SQLite, rows that share a commit. */
  readonly callers: number;
  readonly ms: number;
}

/** Operations done in a window, and how long it took to the end of the last. */
export interface Done {
  readonly operations: number;
  readonly ms: number;
}

await runChild(async ({ dir }: { readonly dir: string }) => {
  const engine = openEngine({ dataDir: join(dir, "engine") });
  const token = randomUUID();
  const server = await serveEngine(engine, { port: 0, token });
  const db = bareDatabase(join(dir, "bare.db"));
  const insert = db.prepare("INSERT INTO bare (id, data) VALUES (?, ?)");
  const data = "x".repeat(400);
  const readable = randomUUID();
  await engine.send(createRequest(readable));

  /** Each caller does `once` again and again, which answers how many operations that was. */
  const loop = async ({ callers, ms }: Window, once: () => Promise<number>): Promise<Done> => {
    let operations = 0;
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (performance.now() - startedAt < ms) {
          // Not in one expression: that would add to what was there before the wait.
          const done = await once();
          operations += done;
        }
      }),
    );
    return { operations, ms: performance.now() - startedAt };
  };

  const ready: EngineReady = { url: server.url, token, promiseId: readable };
  return {
    ready: { ...ready },
    commands: {
      write: (window: Window) =>
        loop(window, async () => {
          const id = randomUUID();
          await engine.send(createRequest(id));
          await engine.send(settleRequest(id));
          return 2;
        }),
      read: (window: Window) =>
        loop(window, async () => {
          await engine.send(getRequest(readable));
          return 1;
        }),
      sqlite: ({ callers, ms }: Window): Done => {
        let operations = 0;
        const startedAt = performance.now();
        while (performance.now() - startedAt < ms) {
          db.exec("BEGIN IMMEDIATE");
          for (let n = 0; n < callers; n++) insert.run(randomUUID(), data);
          db.exec("COMMIT");
          operations += callers;
        }
        return { operations, ms: performance.now() - startedAt };
      },
    },
    stop: async () => {
      await server.close();
      await engine.close();
      db.close();
    },
  };
});

/** Set as the engine sets its own, with one table and the index that its id needs. */
function bareDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  db.exec("CREATE TABLE bare (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, data TEXT NOT NULL) STRICT");
  return db;
}

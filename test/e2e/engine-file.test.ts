/** The counter-test of what every other test here ends with: an engine's file that is broken is found, and named. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { brokenIn } from "../support/engine-file.ts";
import { createRaw } from "../support/protocol.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { brokenInOpenSites, openSite, type Site } from "../support/site.ts";

test.for<[string, string, string]>([
  [
    "a task whose promise has ended",
    "a task is fulfilled exactly when its promise is settled",
    "UPDATE promises SET state = 'resolved', settled_at = created_at WHERE id = 'w'",
  ],
  [
    "a task that nobody will ever be given",
    "a pending task is to be handed out, but for that of a timer",
    "UPDATE tasks SET due_at = NULL WHERE id = 'w'",
  ],
])("a site finds %s, and fails its test", async ([, what, sql], ctx) => {
  needsEmbeddedEngine(ctx, "its file is what is broken");
  const site = await openSite();
  const engine = await site.start("engine");
  expect((await createRaw(site, "w", "")).status).toBe(200);
  expect(brokenInOpenSites()).toEqual([]);
  await engine.killHard();
  // Left behind with all that was written in the log.
  expect(brokenIn(site.dataDir)).toEqual([]);
  await site.start("engine");
  change(site, sql);
  expect(brokenInOpenSites()).toEqual([`The engine's file is broken: not so: ${what} (w)`]);
  await expect(site[Symbol.asyncDispose]()).rejects.toThrow(`not so: ${what} (w)`);
  expect(brokenInOpenSites()).toEqual([]);
});

function change({ dataDir }: Site, sql: string): void {
  const db = new DatabaseSync(join(dataDir, "engine.db"));
  db.exec(sql);
  db.close();
}

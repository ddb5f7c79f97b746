import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createDurable } from "../../../src/durable/resonate.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import { serveEngine } from "../../../src/engine/serve/http.ts";
import { startWorkerThread } from "../../../src/processes/start-worker.ts";
import { eventually } from "../../support/eventually.ts";
import { projectFolder } from "../../support/project.ts";

/** A server, and the settings of a worker whose only workflow computes for ever. */
async function openServer() {
  const engine = openEngine({ file: ":memory:" });
  const server = await serveEngine(engine, { port: 0, token: "t" });
  const client = engine.network({ group: "client" });
  client.start();
  const durable = createDurable(client);
  onTestFinished(async () => {
    await durable.stop();
    await server.close();
    await engine.close();
  });
  const folder = projectFolder();
  const computes = join(folder, "computes");
  mkdirSync(join(folder, "workflows"));
  writeFileSync(
    join(folder, "workflows/endless.js"),
    `import { writeFileSync } from "node:fs";
     import { defineWorkflow } from "countersign";
     export const endless = defineWorkflow({
       name: "endless",
       *run() {
         writeFileSync(${JSON.stringify(computes)}, "");
         for (;;);
       },
     });`,
  );
  const settings = {
    DATA_DIR: join(folder, "data"),
    PUBLIC_URL: "http://127.0.0.1:5001",
    RESONATE_URL: server.url,
    RESONATE_TOKEN: "t",
    WORKFLOWS: join(folder, "workflows"),
  };
  return { durable, settings, computes };
}

const START = { role: "worker", part: "worker", pid: "p1", heard: { write: () => undefined } } as const;

test("a worker whose workflow computes is ended after its grace", async () => {
  const { durable, settings, computes } = await openServer();
  const worker = await startWorkerThread({ ...START, settings, graceMs: 100 });
  await durable.start({ id: "e", func: "endless", args: [], timeoutAt: Date.now() + 3_600_000 });
  await eventually("it computes", () => existsSync(computes));
  await worker.stop();
  expect((await durable.read("e"))?.state, "the next worker continues it").toBe("pending");
});

test("a worker with nothing to do ends by itself", async () => {
  const { settings } = await openServer();
  const worker = await startWorkerThread({ ...START, settings, graceMs: 3_600_000 });
  await worker.stop();
});

test("a worker that cannot start says why, in its own words, and its thread is gone", async () => {
  const { settings } = await openServer();
  const start = startWorkerThread({ ...START, settings: { ...settings, WORKFLOWS: "/nowhere" } });
  await expect(start).rejects.toMatchObject({
    stack: "Cannot start:\n  - WORKFLOWS must be a folder that is there, not /nowhere",
  });
});

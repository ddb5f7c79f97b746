/**
 * What the `npm` scripts load before everything else (`node --import ./src/lib/preload.js …`): a look at the version of
 * Node, compiled modules kept from one start to the next, which saves a quarter to a third of the time from the command to
 * "ready", and the settings in `.env`, if there is one. JavaScript, since it comes before what is kept.
 */
import "./node-version.js";
// Not by names, which an old Node does not have: it would end before it could say that it is old.
import module from "node:module";
import { dirname, join } from "node:path";

// Beside what was installed, and so as hard to tamper with; Node's own choice is a folder that all users share. Where
// nothing can be written, nothing is kept.
const root = dirname(module.findPackageJSON(import.meta.url));
module.enableCompileCache(join(root, "node_modules/.cache/countersign"));

try {
  const { loadEnvFile } = await import("./env-file.ts");
  loadEnvFile();
} catch (error) {
  if (error.name !== "TextFileError") throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

/** By then a start is over. Node writes at the end of a process, which one that is killed does not have. */
const STARTED_MS = 5_000;
setTimeout(() => module.flushCompileCache(), STARTED_MS).unref();

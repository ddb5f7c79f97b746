/**
 * What the `npm` scripts load before everything else (`node --import ./src/lib/preload.js …`): a look at the version of
 * Node, the compile cache, and the settings in `.env`, if there is one. JavaScript, since it comes before what is kept.
 * Node loads it in each thread, too; a thread gets the settings with its environment.
 */
import "./node-version.js";
import "./compile-cache.js";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  try {
    const { loadEnvFile } = await import("./env-file.ts");
    loadEnvFile();
  } catch (error) {
    if (error.name !== "TextFileError") throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/**
 * The embedded engine as a process of its own whose clock can be moved: ahead of the machine's by as many milliseconds as the file
 * named on the command line says. Writes that number whenever it has read it. `record.ts` kills it and starts it again.
 */
import { readFileSync, watch } from "node:fs";
import { loadConfig } from "../../src/config/config.ts";
import { loadEngineToken } from "../../src/config/keys.ts";
import { SYSTEM_CLOCK } from "../../src/engine/clock.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { serveEngine } from "../../src/engine/serve/http.ts";

const [file = ""] = process.argv.slice(2);
const config = loadConfig(process.env, "engine");
if (config.engine.kind !== "embedded") throw new Error("RESONATE_URL names another engine");

let aheadMs = 0;
const read = () => {
  // While it is written it is empty.
  aheadMs = Math.max(aheadMs, Number(readFileSync(file, "utf8")));
};
read();

const clock = { ...SYSTEM_CLOCK, now: () => Date.now() + aheadMs, looksEveryMs: 25 };
const engine = openEngine({ dataDir: config.dataDir, clock });
await serveEngine(engine, { port: config.engine.port, token: loadEngineToken(config) });
const tell = () => process.stdout.write(`${aheadMs}\n`);
watch(file, () => {
  read();
  tell();
});
tell();

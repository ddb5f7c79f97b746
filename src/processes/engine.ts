/** The engine as a process of its own: `npm run engine`. */
import { loadConfig } from "../config/config.ts";
import { loadEngineToken } from "../config/keys.ts";
import { openEngine } from "../engine/engine.ts";
import { serveEngine } from "../engine/serve/http.ts";
import { createLogger } from "../lib/log.ts";
import { runService } from "../lib/service.ts";

await runService(async () => {
  const config = loadConfig(undefined, "engine");
  const log = createLogger({ level: config.logLevel, part: "engine" });
  if (config.engine.kind !== "embedded") throw new Error("Cannot start: RESONATE_URL names another engine");
  const { dataDir } = config;
  await using starting = new AsyncDisposableStack();
  const debug = process.argv.includes("--debug");
  if (debug && config.production)
    throw new Error("Cannot start: --debug is for tests, not for NODE_ENV=production");
  if (debug) log.warn("serving debug requests: whoever has the token can delete everything");
  const engine = openEngine({ dataDir, log, debug, keepMs: config.engine.keepMs });
  starting.defer(() => engine.close());
  const server = await serveEngine(engine, { port: config.engine.port, token: loadEngineToken(config) });
  starting.defer(() => server.close());

  const started = starting.move();
  return { log, ready: { engine: server.url, dataDir }, stop: () => started.disposeAsync() };
});

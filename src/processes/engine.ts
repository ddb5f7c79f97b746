/** The engine as a process of its own: `npm run engine`. */
import { loadConfig } from "../config/config.ts";
import { loadEngineToken } from "../config/keys.ts";
import { openEngine } from "../engine/engine.ts";
import { serveEngine } from "../engine/serve/http.ts";
import { evidenceTrail } from "../evidence/trail.ts";
import { ledgerProjection } from "../ledger/projection.ts";
import { createLogger } from "../lib/log.ts";
import { startOwned } from "../lib/owner.ts";
import { runService } from "../lib/service.ts";
import { measureEngine } from "./measure-engine.ts";
import { openMetrics } from "./metrics.ts";
import { watchStorage } from "./watch-storage.ts";

await runService(async () => {
  const config = loadConfig(undefined, "engine");
  const log = createLogger({ level: config.logLevel, part: "engine" });
  if (config.engine.kind !== "embedded")
    throw new Error("Cannot start: RESONATE_URL names another engine, so this one has no use");
  const { dataDir } = config;
  const { port, keepMs, isIndexed, isLogged } = config.engine;
  const debug = process.argv.includes("--debug");
  if (debug && config.production)
    throw new Error("Cannot start: --debug is for tests, not for NODE_ENV=production");
  if (debug) log.warn("serving debug requests: any program with the token can delete everything");
  const { value: server, release } = await startOwned(async (owner) => {
    const projection = isIndexed ? ledgerProjection() : undefined;
    const trail = isLogged ? evidenceTrail() : undefined;
    const engine = openEngine({ dataDir, log, debug, keepMs, projection, trail });
    owner.defer(() => engine.close());
    const storage = watchStorage(dataDir, log);
    owner.defer(() => storage.stop());
    const served = await serveEngine(engine, { port, token: loadEngineToken(config) });
    owner.defer(() => served.close());
    const metrics = await openMetrics(config, log);
    const measuring = metrics && measureEngine(engine, metrics);
    owner.defer(async () => {
      clearInterval(measuring);
      await metrics?.close();
    });
    return served;
  });
  return { log, ready: { engine: server.url, dataDir }, stop: release };
});

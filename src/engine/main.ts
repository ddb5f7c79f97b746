import pino from "pino";
import { loadConfig } from "../config/config.ts";
import { loadEngineToken } from "../config/keys.ts";
import { openEngine } from "./engine.ts";
import { serveEngine } from "./http.ts";

/** The engine as a process of its own: `npm run engine`. */
async function main(): Promise<void> {
  const config = loadConfig(undefined, "engine");
  const log = pino({ name: "engine", level: config.logLevel });
  if (config.engine.kind !== "embedded") throw new Error("Cannot start: RESONATE_URL names another engine");
  const engine = openEngine({ dataDir: config.dataDir, log });
  const server = await serveEngine(engine, {
    port: config.engine.port,
    token: loadEngineToken(config),
  }).catch(async (error: unknown) => {
    await engine.close();
    throw error;
  });
  log.info({ url: server.url, dataDir: config.dataDir }, "Engine ready");

  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, "Engine stopping");
    await server.close();
    await engine.close();
  };
  process.once("SIGTERM", (signal) => void stop(signal));
  process.once("SIGINT", (signal) => void stop(signal));
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

/** Everything in one process on one folder: `npm start`. With `RESONATE_URL`, gateway and worker on that server. */
import { type Config, loadConfig } from "../config/config.ts";
import { loadEngineToken } from "../config/keys.ts";
import { type EngineThread, startEngineThread } from "../engine/serve/thread.ts";
import { createLogger, type Logger } from "../lib/log.ts";
import { type Owner, startOwned } from "../lib/owner.ts";
import { runService } from "../lib/service.ts";
import { welcome } from "./welcome.ts";

await runService(async () => {
  const config = loadConfig(undefined, "all");
  const log = createLogger({ level: config.logLevel, part: "countersign" });
  for (const warning of config.warnings) log.warn(warning);

  const { value, release } = await startOwned(async (owner) => {
    // The engine's thread starts while this one reads the modules of all the rest: either takes as long as the other.
    const [engine, { composeAll }] = await Promise.all([
      openEngine(config, log, owner),
      import("./compose-all.ts"),
    ]);
    return composeAll({ config, log, engine }, owner);
  });
  const { gateway, ready } = value;

  if (process.stdout.isTTY && !config.production)
    process.stdout.write(welcome(gateway.publicUrl, config.mail.kind === "mailbox"));
  const stop = async () => {
    // First of all it is told outside, while the worker still finishes what it has begun.
    gateway.drain();
    await release();
  };
  return { log, ready, stop };
});

/** Undefined: it is on a server. */
async function openEngine(config: Config, log: Logger, owner: Owner): Promise<EngineThread | undefined> {
  if (config.engine.kind === "server") return undefined;
  const { port, keepMs } = config.engine;
  const serve = port === 0 ? undefined : { port, token: loadEngineToken(config) };
  const thread = await startEngineThread({ dataDir: config.dataDir, keepMs, serve, log });
  owner.defer(() => thread.close());
  return thread;
}

/** Everything in one process on one folder: `npm start`. With `RESONATE_URL`, gateway and worker on that server. */
import { loadConfig } from "../config/config.ts";
import { processEnv } from "../config/env.ts";
import { createLogger } from "../lib/log.ts";
import { startOwned } from "../lib/owner.ts";
import { runService } from "../lib/service.ts";
import { openEmbeddedEngine } from "./embedded-engine.ts";
import { welcome } from "./welcome.ts";

await runService(async () => {
  const settings = processEnv();
  const config = loadConfig(settings, "all");
  const log = createLogger({ level: config.logLevel, part: "countersign" });
  for (const warning of config.warnings) log.warn(warning);

  const { value, release } = await startOwned(async (owner) => {
    // The engine's thread starts while this one reads the modules of all the rest: either takes as long as the other.
    const [engine, { composeAll }] = await Promise.all([
      openEmbeddedEngine(config, log, owner),
      import("./compose-all.ts"),
    ]);
    return composeAll({ config, settings, log, engine }, owner);
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

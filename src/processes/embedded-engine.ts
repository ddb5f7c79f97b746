import { extname } from "node:path";
import type { Config } from "../config/config.ts";
import { loadEngineToken } from "../config/keys.ts";
import { type EngineThread, startEngineThread } from "../engine/serve/thread.ts";
import type { Logger } from "../lib/log.ts";
import type { Owner } from "../lib/owner.ts";
import { watchStorage } from "./watch-storage.ts";

const ENTRY = new URL(`./engine-thread${extname(import.meta.url)}`, import.meta.url);

/** The engine in a thread of this process. Undefined: the settings name a server. */
export async function openEmbeddedEngine(
  config: Config,
  log: Logger,
  owner: Owner,
): Promise<EngineThread | undefined> {
  if (config.engine.kind === "server") return undefined;
  const { port, keepMs, isIndexed, isLogged } = config.engine;
  const serve = port === 0 ? undefined : { port, token: loadEngineToken(config) };
  const { dataDir } = config;
  const thread = await startEngineThread({
    dataDir,
    keepMs,
    isProjected: isIndexed,
    isTrailed: isLogged,
    serve,
    log,
    entry: ENTRY,
  });
  owner.defer(() => thread.close());
  const storage = watchStorage(dataDir, log);
  owner.defer(() => storage.stop());
  return thread;
}

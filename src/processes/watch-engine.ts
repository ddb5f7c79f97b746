import type { Config } from "../config/config.ts";
import { engineEndpoint } from "../config/keys.ts";
import type { EngineWatch } from "../durable/engine-watch.ts";
import type { Looking } from "../durable/probe.ts";
import type { Logger } from "../lib/log.ts";
import { isLoopback } from "../lib/loopback.ts";
import type { Measures } from "../lib/measures.ts";

/**
 * Watches the engine of a process that is apart from it.
 *
 * @param isListening whether the engine can hand out work, where this process is a worker
 * @throws ConfigError if the engine answers so that nothing can work
 */
export async function openEngineWatch(
  config: Config,
  log: Logger,
  measures: Measures | undefined,
  isListening?: () => boolean,
): Promise<EngineWatch> {
  const { watchEngine } = await import("../durable/engine-watch.ts");
  const isServer = config.engine.kind === "server";
  return watchEngine({ ...engineEndpoint(config), isServer, log, measures, isListening });
}

/** Whether the engine answers so that nothing can work. One that is away, or not listened to, may be back in a moment. */
export function isRefused(watch: EngineWatch | undefined): boolean {
  const obstacle = watch?.obstacle();
  return obstacle !== undefined && obstacle !== "away" && obstacle !== "stream";
}

/**
 * Examines a server that is not ours in the background; undefined if it is ours. One on this machine alone may be open
 * while things are tried out, as the API may be without keys.
 */
export async function examineServer(config: Config, log: Logger): Promise<Looking | undefined> {
  const { engine, production } = config;
  if (engine.kind !== "server") return undefined;
  const { probeInBackground } = await import("../durable/probe.ts");
  const mayBeOpen = !production && isLoopback(new URL(engine.url).hostname);
  return probeInBackground(engineEndpoint(config), log, { mayBeOpen });
}

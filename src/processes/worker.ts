/** The worker process: runs workflows and sends mail, beside any number of others like it. */
import { loadConfig } from "../config/config.ts";
import { processEnv } from "../config/env.ts";
import { engineEndpoint } from "../config/keys.ts";
import { createLogger, linesOf } from "../lib/log.ts";
import { startOwned } from "../lib/owner.ts";
import { processId } from "../lib/process-id.ts";
import type { RelayState } from "../lib/relay-state.ts";
import { runService } from "../lib/service.ts";
import { openMetrics } from "./metrics.ts";
import { startWorkerThread } from "./start-worker.ts";
import { openTraces } from "./traces.ts";
import { examineServer, isRefused, openEngineWatch } from "./watch-engine.ts";
import { startWorkerHealth } from "./worker-health.ts";

await runService(async () => {
  const settings = processEnv();
  const config = loadConfig(settings, "worker");
  const log = createLogger({ level: config.logLevel, part: "worker" });
  for (const warning of config.warnings) log.warn(warning);
  const { group, health } = config.worker;
  const pid = processId();
  const { url: engine } = engineEndpoint(config);
  let relay: RelayState | undefined;
  let isStopping = false;
  /** Undefined: the thread is not there yet. */
  let isListening: boolean | undefined;

  const { value, release } = await startOwned(async (owner) => {
    const metrics = await openMetrics(config, log, () => relay);
    owner.defer(() => metrics?.close());
    const traces = await openTraces(log);
    owner.defer(() => traces?.close());
    const watch = await openEngineWatch(config, log, metrics, () => isListening !== false);
    owner.defer(() => watch.stop());
    const looking = await examineServer(config, log);
    owner.defer(() => looking?.stop());
    const worker = await startWorkerThread({
      settings,
      role: "worker",
      part: "worker",
      pid,
      onListening: (is) => {
        isListening = is;
      },
      heard: {
        write: linesOf(log),
        metrics,
        traces,
        relay: (state) => {
          relay = state;
        },
      },
    });
    owner.defer(() => worker.stop());
    isListening ??= false;
    if (health === undefined) return undefined;
    const served = await startWorkerHealth({
      ...health,
      trouble: () => {
        if (isStopping) return "stopping";
        if (isRefused(watch) || looking?.isOpen() === true) return "misconfigured";
        return watch.obstacle() === undefined ? undefined : "engine unavailable";
      },
      warnings: () => (watch.isClockOff() ? ["clock"] : []),
    });
    return served;
  });

  return {
    log,
    ready: { engine, group, pid, ...(value && { health: value.url }) },
    stop: async () => {
      isStopping = true;
      await release();
      await value?.close();
    },
  };
});

/** The worker process: runs workflows and sends mail, beside any number of others like it. */
import { loadConfig } from "../config/config.ts";
import { processEnv } from "../config/env.ts";
import { engineEndpoint } from "../config/keys.ts";
import { probeInBackground } from "../durable/probe.ts";
import { createLogger, linesOf } from "../lib/log.ts";
import { processId } from "../lib/process-id.ts";
import type { RelayState } from "../lib/relay-state.ts";
import { runService } from "../lib/service.ts";
import { openMetrics } from "./metrics.ts";
import { startWorkerThread } from "./start-worker.ts";

await runService(async () => {
  const settings = processEnv();
  const config = loadConfig(settings, "worker");
  const log = createLogger({ level: config.logLevel, part: "worker" });
  for (const warning of config.warnings) log.warn(warning);
  const { group } = config.worker;
  const pid = processId();
  const endpoint = engineEndpoint(config);
  let relay: RelayState | undefined;
  const metrics = await openMetrics(config, log, () => relay);
  const worker = await startWorkerThread({
    settings,
    role: "worker",
    part: "worker",
    pid,
    heard: {
      write: linesOf(log),
      metrics,
      relay: (state) => {
        relay = state;
      },
    },
  });
  const looking = config.engine.kind === "server" ? probeInBackground(endpoint, log) : undefined;
  return {
    log,
    ready: { engine: endpoint.url, group, pid },
    stop: async () => {
      looking?.stop();
      await worker.stop();
      await metrics?.close();
    },
  };
});

/** The worker process: runs workflows and sends mail, beside any number of others like it. */
import { loadConfig } from "../config/config.ts";
import { engineEndpoint } from "../config/keys.ts";
import { createHttpNetwork } from "../durable/http-network.ts";
import { probeInBackground } from "../durable/probe.ts";
import { createLogger } from "../lib/log.ts";
import { processId } from "../lib/process-id.ts";
import { runService } from "../lib/service.ts";
import { loadWorkflows } from "../workflows/folder.ts";
import { composeWorker, STOP_GRACE_MS } from "./compose-worker.ts";

await runService(async () => {
  const config = loadConfig(undefined, "worker");
  const log = createLogger({ level: config.logLevel, part: "worker" });
  for (const warning of config.warnings) log.warn(warning);
  const workflows = await loadWorkflows(config.workflows.folder);
  const { group, builtInGroup } = config.worker;
  const pid = processId();
  const endpoint = engineEndpoint(config);
  const network = createHttpNetwork({ ...endpoint, group, moreGroups: [builtInGroup], pid });
  const worker = composeWorker({ config, network, pid, group, log, workflows });
  const looking = config.engine.kind === "server" ? probeInBackground(endpoint, log) : undefined;
  return {
    log,
    ready: { engine: endpoint.url, group, pid },
    stop: async () => {
      looking?.stop();
      await worker.stop(STOP_GRACE_MS);
    },
  };
});

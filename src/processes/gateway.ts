/** The gateway process: HTTP for programs and people, beside any number of others like it. */
import { join } from "node:path";
import type { Router } from "express";
import { loadConfig } from "../config/config.ts";
import { engineEndpoint } from "../config/keys.ts";
import { createHttpNetwork } from "../durable/http-network.ts";
import { createDurable } from "../durable/resonate.ts";
import { createLogger, type Logger } from "../lib/log.ts";
import { startOwned } from "../lib/owner.ts";
import { processId } from "../lib/process-id.ts";
import { runService } from "../lib/service.ts";
import { startMailbox } from "../mailbox/mailbox.ts";
import { readMailsOf } from "../mailbox/reader.ts";
import { mailboxRoutes } from "../mailbox/routes.ts";
import { loadWorkflows } from "../workflows/folder.ts";
import { composeGateway } from "./compose-gateway.ts";
import { openMetrics } from "./metrics.ts";
import { openIndexOf } from "./open-index.ts";
import { openTraces } from "./traces.ts";
import { openEngineWatch } from "./watch-engine.ts";

await runService(async () => {
  const config = loadConfig(undefined, "gateway");
  const log = createLogger({ level: config.logLevel, part: "gateway" });
  for (const warning of config.warnings) log.warn(warning);

  const workflows = await loadWorkflows(config.workflows.folder);
  const endpoint = engineEndpoint(config);
  const { value: ready, release } = await startOwned(async (owner) => {
    const metrics = await openMetrics(config, log);
    owner.defer(() => metrics?.close());
    const traces = await openTraces(log);
    owner.defer(() => traces?.close());
    const watch = await openEngineWatch(config, log, metrics);
    owner.defer(() => watch.stop());
    const index = await openIndexOf(config, log);
    owner.defer(() => index?.stop());
    const ownNetwork = createHttpNetwork({ ...endpoint, group: "gateway", pid: processId() });
    const network = index?.watch(ownNetwork) ?? ownNetwork;
    const durable = createDurable(network, config.worker);
    owner.defer(() => durable.stop());
    const mailbox =
      config.mail.kind === "mailbox"
        ? await openMailbox({
            dir: join(config.dataDir, "mailbox"),
            port: config.mail.port,
            trustProxyHops: config.trustProxyHops,
            log,
          })
        : undefined;
    owner.defer(() => mailbox?.close());
    const gateway = await composeGateway({
      config,
      durable,
      network,
      index,
      watch,
      log,
      metrics,
      traces,
      workflows,
      mailbox: mailbox?.routes,
    });
    owner.defer(() => gateway.close());
    return { url: gateway.url, publicUrl: gateway.publicUrl, engine: endpoint.url, ...mailbox?.ready };
  });

  return { log, ready, stop: release };
});

interface OpenMailbox {
  readonly routes: Router;
  readonly ready: object;
  close(): Promise<void>;
}

/** The development mailbox; where another gateway on this machine receives the mails, only the page of its folder. */
async function openMailbox(options: {
  dir: string;
  port: number;
  trustProxyHops: number;
  log: Logger;
}): Promise<OpenMailbox> {
  const { dir, port, trustProxyHops, log } = options;
  try {
    const mailbox = await startMailbox({ dir, port, production: false });
    return {
      routes: mailboxRoutes({ ...mailbox, trustProxyHops }),
      ready: { smtp: mailbox.url },
      close: () => mailbox.close(),
    };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    log.warn({ port, dir }, "the mailbox's port is in use: showing the mails that the other process stores");
    return {
      routes: mailboxRoutes({ mails: readMailsOf(dir), trustProxyHops }),
      ready: {},
      close: async () => {},
    };
  }
}

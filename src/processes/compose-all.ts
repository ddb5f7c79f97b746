/** Gateway and worker in one process, on an engine in this process or on a server. */
import { join } from "node:path";
import { ResonateTimeoutException } from "@resonatehq/sdk";
import type { Config } from "../config/config.ts";
import { engineEndpoint } from "../config/keys.ts";
import { createHttpNetwork } from "../durable/http-network.ts";
import { createDurable } from "../durable/resonate.ts";
import type { EngineThread } from "../engine/serve/thread.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Logger } from "../lib/log.ts";
import type { Owner } from "../lib/owner.ts";
import { processId } from "../lib/process-id.ts";
import { loadWorkflows } from "../workflows/folder.ts";
import { composeGateway } from "./compose-gateway.ts";
import { composeWorker, type Onlooker, STOP_GRACE_MS } from "./compose-worker.ts";

export interface AllParts {
  readonly config: Config;
  readonly log: Logger;
  /** Undefined: the settings name a server. */
  readonly engine: EngineThread | undefined;
  readonly onlooker?: Onlooker | undefined;
}

interface All {
  readonly gateway: Gateway;
  /** What the line that says "ready" tells. */
  readonly ready: Readonly<Record<string, unknown>>;
}

/** What it starts, `owner` stops. */
export async function composeAll({ config, log, engine, onlooker }: AllParts, owner: Owner): Promise<All> {
  const workflows = await loadWorkflows(config.workflows.folder);
  const networks = engine === undefined ? serverNetworks(config) : threadNetworks(engine, config);
  const durable = createDurable(networks.gateway, {
    group: config.worker.group,
    isOrdered: engine !== undefined,
  });
  owner.defer(() => durable.stop());
  const mailbox = await openMailbox(config, owner);
  const gateway = await composeGateway({ config, durable, log, workflows, mailbox: mailbox?.routes });
  owner.defer(() => gateway.close());
  const worker = composeWorker({
    config,
    network: networks.worker,
    pid: networks.pid,
    publicUrl: gateway.publicUrl,
    ...(mailbox === undefined ? {} : { mailboxPort: mailbox.port }),
    log,
    workflows,
    onlooker,
  });
  owner.defer(() => worker.stop(STOP_GRACE_MS));
  networks.start();
  const { url, publicUrl } = gateway;
  return { gateway, ready: { url, publicUrl, engine: networks.url, smtp: mailbox?.url } };
}

/** The way to the engine in this process, for the gateway and for the worker. */
function threadNetworks(engine: EngineThread, { worker: { group } }: Config) {
  const unavailable = (cause: string) => new ResonateTimeoutException(cause);
  const gateway = engine.network({ group: "gateway", unavailable });
  const worker = engine.network({ group, unavailable });
  return {
    url: engine.url,
    pid: worker.pid,
    gateway,
    worker,
    start: () => {
      gateway.start();
      worker.start();
    },
  };
}

function serverNetworks(config: Config) {
  const { group } = config.worker;
  const endpoint = engineEndpoint(config);
  const pid = processId();
  return {
    url: endpoint.url,
    pid,
    gateway: createHttpNetwork({ ...endpoint, group: "gateway", pid }),
    worker: createHttpNetwork({ ...endpoint, group, pid }),
    start: () => {},
  };
}

/** Where mail goes, and is looked at, as long as there is no relay. */
async function openMailbox({ mail, dataDir, production, trustProxyHops }: Config, owner: Owner) {
  if (mail.kind === "smtp") return undefined;
  const [{ startMailbox }, { mailboxRoutes }] = await Promise.all([
    import("../mailbox/mailbox.ts"),
    import("../mailbox/routes.ts"),
  ]);
  const mailbox = await startMailbox({ dir: join(dataDir, "mailbox"), port: mail.port, production });
  owner.defer(() => mailbox.close());
  return { url: mailbox.url, port: mailbox.port, routes: mailboxRoutes({ ...mailbox, trustProxyHops }) };
}

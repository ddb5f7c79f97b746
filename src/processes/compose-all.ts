/** Gateway and worker in one process, on an engine in this process or on a server. */
import { join } from "node:path";
import type { Network } from "@resonatehq/sdk";
import type { Config } from "../config/config.ts";
import type { Env } from "../config/env.ts";
import { engineEndpoint } from "../config/keys.ts";
import { createDurable } from "../durable/resonate.ts";
import type { EngineThread } from "../engine/serve/thread.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { type Logger, linesOf } from "../lib/log.ts";
import type { Owner } from "../lib/owner.ts";
import { processId } from "../lib/process-id.ts";
import type { RelayState } from "../lib/relay-state.ts";
import { loadWorkflows } from "../workflows/folder.ts";
import { readCallbackSettings } from "./callback-settings.ts";
import { composeGateway } from "./compose-gateway.ts";
import type { Onlooker } from "./compose-worker.ts";
import { openMetrics } from "./metrics.ts";
import { openIndexOf } from "./open-index.ts";
import { startBuiltInsLater } from "./start-built-ins.ts";
import { startWorkflows } from "./start-workflows.ts";
import { openTraces } from "./traces.ts";
import { openEngineWatch } from "./watch-engine.ts";
import type { Hearers } from "./worker-news.ts";

export interface AllParts {
  readonly config: Config;
  /** What `config` was made of: threads make their own. */
  readonly settings: Env;
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
export async function composeAll(parts: AllParts, owner: Owner): Promise<All> {
  const { config, log, engine } = parts;
  let relay: RelayState | undefined;
  const metrics = await openMetrics(config, log, () => relay);
  owner.defer(() => metrics?.close());
  const traces = await openTraces(log);
  owner.defer(() => traces?.close());
  /** Whether the server can hand out work to the worker here. Undefined: its thread is not there yet. */
  let isListening: boolean | undefined;
  const watch =
    engine === undefined
      ? await openEngineWatch(config, log, metrics, () => isListening !== false)
      : undefined;
  owner.defer(() => watch?.stop());
  const workflows = await loadWorkflows(config.workflows.folder);
  const index = await openIndexOf(config, log);
  if (index !== undefined) owner.defer(() => index.stop());
  const { network: ownNetwork, pid, url: engineUrl } = await gatewayNetwork(parts);
  const network = index?.watch<Network>(ownNetwork) ?? ownNetwork;
  const { group, builtInGroup } = config.worker;
  const durable = createDurable(network, { group, builtInGroup, isOrdered: engine !== undefined });
  owner.defer(() => durable.stop());
  const mailbox = await openMailbox(config, owner);
  const gateway = await composeGateway({
    config,
    durable,
    network,
    index,
    watch,
    log,
    metrics,
    traces,
    relay: () => relay,
    workflows,
    mailbox: mailbox?.routes,
  });
  owner.defer(() => gateway.close());
  const { url, publicUrl } = gateway;
  const heard: Hearers = {
    write: linesOf(log),
    metrics,
    traces,
    relay: (state) => {
      relay = state;
    },
  };
  const place = { publicUrl, mailboxPort: mailbox?.port };
  if (engine === undefined) {
    const { startWorkerThread } = await import("./start-worker.ts");
    const worker = await startWorkerThread({
      settings: parts.settings,
      role: "all",
      part: "countersign",
      pid,
      ...place,
      onListening: (is) => {
        isListening = is;
      },
      heard: { ...heard, onlooker: parts.onlooker },
    });
    owner.defer(() => worker.stop());
    isListening ??= false;
  } else {
    const hasOthers = workflows.length > 0 || config.workflows.examples;
    // What the worker will read when its first task comes is wrong now or never: then the start fails.
    readCallbackSettings(config);
    const { settings, onlooker } = parts;
    const common = { settings, ...place, engine, group };
    const workers = [
      startBuiltInsLater({
        ...common,
        builtInGroup,
        isAlone: !hasOthers,
        heard: { ...heard, onlooker },
      }),
    ];
    // The examples alone are rarely begun.
    if (hasOthers) workers.push(startWorkflows({ ...common, isEager: workflows.length > 0, heard }));
    // They stop side by side: one after the other could take twice the time that a process has for its end.
    owner.defer(() => Promise.all(workers.map((worker) => worker.stop())));
  }
  return { gateway, ready: { url, publicUrl, engine: engineUrl, smtp: mailbox?.url } };
}

/** The gateway's way to the engine: in this process, or to a server. */
async function gatewayNetwork({ config, engine }: AllParts) {
  if (engine === undefined) {
    const { createHttpNetwork } = await import("../durable/http-network.ts");
    const endpoint = engineEndpoint(config);
    const pid = processId();
    return {
      network: createHttpNetwork({ ...endpoint, group: "gateway", pid }),
      pid,
      url: endpoint.url,
    };
  }
  const network = engine.network({ group: "gateway" });
  network.start();
  return { network, pid: network.pid, url: engine.url };
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

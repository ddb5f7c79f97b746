/** Everything in one process on one folder: `npm start`. With `RESONATE_URL`, gateway and worker on that server. */
import { join } from "node:path";
import { ResonateTimeoutException } from "@resonatehq/sdk";
import { composeWorker, STOP_GRACE_MS } from "../worker/compose.ts";
import { composeGateway } from "./compose-gateway.ts";
import { type Config, loadConfig } from "./config/config.ts";
import { engineEndpoint, loadEngineToken } from "./config/keys.ts";
import { createHttpNetwork } from "./durable/http-network.ts";
import { createDurable } from "./durable/resonate.ts";
import { startEngineThread } from "./engine/thread.ts";
import { createLogger, type Logger } from "./lib/log.ts";
import { processId } from "./lib/process-id.ts";
import { runService } from "./lib/service.ts";
import { startMailbox } from "./mailbox/mailbox.ts";
import { mailboxRoutes } from "./mailbox/routes.ts";
import { welcome } from "./welcome.ts";

await runService(async () => {
  const config = loadConfig(undefined, "all");
  const log = createLogger({ level: config.logLevel, part: "countersign" });
  for (const warning of config.warnings) log.warn(warning);

  // Let go of in reverse order; also when a later part cannot start.
  await using starting = new AsyncDisposableStack();
  const networks = await openNetworks(config, log, starting);
  const durable = createDurable(networks.gateway, { group: config.worker.group });
  starting.defer(() => durable.stop());
  const mailbox = await openMailbox(config, starting);
  const gateway = await composeGateway({ config, durable, log, mailbox: mailbox?.routes });
  starting.defer(() => gateway.close());
  const worker = composeWorker({
    config,
    network: networks.worker,
    pid: networks.pid,
    publicUrl: gateway.publicUrl,
    ...(mailbox === undefined ? {} : { mailboxPort: mailbox.port }),
    log,
  });
  starting.defer(() => worker.stop(STOP_GRACE_MS));
  networks.start();

  const started = starting.move();
  const ready = { url: gateway.url, publicUrl: gateway.publicUrl, engine: networks.url, smtp: mailbox?.url };
  if (process.stdout.isTTY && !config.production)
    process.stdout.write(welcome(gateway.publicUrl, mailbox !== undefined));
  const stop = async () => {
    // First of all it is told outside, while the worker still finishes what it has begun.
    gateway.drain();
    await started.disposeAsync();
  };
  return { log, ready, stop };
});

/** The way to the engine, for the gateway and for the worker: in this process, or on a server. */
async function openNetworks(config: Config, log: Logger, owner: AsyncDisposableStack) {
  const { group } = config.worker;
  if (config.engine.kind === "server") {
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
  const { port, keepMs } = config.engine;
  const serve = port === 0 ? undefined : { port, token: loadEngineToken(config) };
  const engine = await startEngineThread({ dataDir: config.dataDir, keepMs, serve, log });
  owner.defer(() => engine.close());
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

/** Where mail goes, and is looked at, as long as there is no relay. */
async function openMailbox({ mail, dataDir, production }: Config, owner: AsyncDisposableStack) {
  if (mail.kind === "smtp") return undefined;
  const mailbox = await startMailbox({ dir: join(dataDir, "mailbox"), port: mail.port, production });
  owner.defer(() => mailbox.close());
  return { url: mailbox.url, port: mailbox.port, routes: mailboxRoutes(mailbox) };
}

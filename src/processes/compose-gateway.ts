/** A gateway made of settings: keys, webhook sources, the audit record, and a look at a server that is not ours. */
import type { Network } from "@resonatehq/sdk";
import type { Router } from "express";
import { EXAMPLES } from "../../worker/examples/index.ts";
import { openAuth } from "../auth/open.ts";
import { openProvider } from "../auth/open-provider.ts";
import { createAddressPolicy } from "../callback/address-policy.ts";
import { loadAliases } from "../config/aliases.ts";
import { publicCallbackKeys } from "../config/callback-secrets.ts";
import type { Config } from "../config/config.ts";
import { environment } from "../config/env.ts";
import { loadTokenKeys } from "../config/keys.ts";
import { gatewaySigningKeys } from "../config/signing-keys.ts";
import { createAdministration } from "../durable/administration.ts";
import type { Durable } from "../durable/durable.ts";
import { knownTime } from "../durable/engine-time.ts";
import type { EngineWatch } from "../durable/engine-watch.ts";
import { embeddedEventLog } from "../evidence/event-log.ts";
import { signedHead } from "../evidence/signed-head.ts";
import type { DailyWitnesses } from "../evidence/witness/daily.ts";
import type { AdminOptions } from "../gateway/app.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { embeddedLedger, NO_LEDGER } from "../ledger/embedded.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { NO_AUDIT, openAudit } from "../lib/audit.ts";
import type { Logger } from "../lib/log.ts";
import { isLoopback } from "../lib/loopback.ts";
import { loadMessages } from "../lib/message-folder.ts";
import type { RelayState } from "../lib/relay-state.ts";
import { hasRoom } from "../lib/storage.ts";
import type { Traces } from "../lib/traces.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Sources } from "../webhooks/source.ts";
import { type Catalogue, createCatalogue } from "../workflows/catalogue.ts";
import type { Workflow } from "../workflows/workflow.ts";
import { mailLogHeads } from "./mail-log-heads.ts";
import { watchApprovals, watchWitnesses } from "./metrics.ts";
import { examineServer, isRefused } from "./watch-engine.ts";

export interface GatewayParts {
  readonly config: Config;
  readonly durable: Durable;
  /** The gateway's way to the engine, which keeps the read model if it is embedded. */
  readonly network: Network;
  /** The read model in PostgreSQL. */
  readonly index: { readonly ledger: Ledger } | undefined;
  /** Of an engine in another process. */
  readonly watch: EngineWatch | undefined;
  readonly log: Logger;
  readonly metrics?: Metrics | undefined;
  readonly traces?: Traces | undefined;
  /** What is known of the relay, where a worker is in the same process. */
  readonly relay?: (() => RelayState | undefined) | undefined;
  /** The workflows of the folder in the settings. */
  readonly workflows: readonly Workflow[];
  /** The development mailbox, where there is one. */
  readonly mailbox: Router | undefined;
}

/** Throws when the address is taken, a template is broken, or a file of the settings cannot be used. */
export async function composeGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, durable, network, index, log, mailbox, workflows, watch } = parts;
  const { auditDir, dataDir, engine } = config;
  const sources = await readSources(config);
  const ledger = index?.ledger ?? (engine.kind === "embedded" ? embeddedLedger(network) : NO_LEDGER);
  const looking = await examineServer(config, log);
  const eventLog = engine.kind === "embedded" ? embeddedEventLog(network) : undefined;
  const signingKeys = gatewaySigningKeys(config);
  let witnesses: DailyWitnesses | undefined;
  try {
    const gateway = await startGateway({
      durable,
      ledger,
      log,
      measures: parts.metrics,
      traces: parts.traces,
      relay: parts.relay,
      audit:
        auditDir === undefined
          ? NO_AUDIT
          : openAudit({
              folder: auditDir,
              clock: Date.now,
              onFault: (err) => log.error({ err }, "cannot write the audit record"),
            }),
      messagesFor: loadMessages(config.messagesDir),
      host: config.host,
      port: config.port,
      publicUrl: config.publicUrl,
      formerPublicUrls: config.formerPublicUrls,
      keys: loadTokenKeys(config),
      signingKeys,
      callbackKeys: publicCallbackKeys(config),
      eventLog,
      witnessed: () => witnesses,
      mailbox,
      inbox: config.inbox,
      mcp: config.mcp,
      admin: config.admin && { ...adminOf(config.admin), halted: haltedIn(network, engine) },
      callbackUrlProblem: createAddressPolicy(config.callbacks).problem,
      mayApproveByDeadline: config.mayApproveByDeadline,
      known: loadAliases(config),
      sources,
      catalogue: catalogueOf(config, workflows),
      authenticate: openAuth({
        ...config.apiKeys,
        isExposed: !isLoopback(config.host),
        oidc: config.oidc,
        log,
      }),
      trustProxyHops: config.trustProxyHops,
      corsOrigins: config.corsOrigins,
      drainDelayMs: config.drainDelayMs,
      ...(engine.kind === "embedded" && { canStore: () => hasRoom(dataDir) }),
      isMisconfigured: () => looking?.isOpen() === true || isRefused(watch),
      warnings: () => (watch?.isClockOff() === true ? ["clock"] : []),
    });
    const isIndexed = index !== undefined || (engine.kind === "embedded" && engine.isIndexed);
    if (parts.metrics !== undefined && isIndexed) {
      watchApprovals(parts.metrics, ledger, () => knownTime({ durable, clock: Date.now }));
    }
    const bounces = await openBounces(parts, gateway).catch(async (error: unknown) => {
      await gateway.close();
      throw error;
    });
    const { publicUrl } = gateway;
    const signHead = eventLog && (() => signedHead({ eventLog, logKeys: signingKeys.log, publicUrl }));
    if (
      eventLog !== undefined &&
      signHead !== undefined &&
      engine.kind === "embedded" &&
      engine.logWitnesses.length > 0
    ) {
      const { DailyWitnesses } = await import("../evidence/witness/daily.ts");
      const measures = parts.metrics;
      witnesses = new DailyWitnesses({
        witnesses: engine.logWitnesses,
        durable,
        eventLog,
        signHead,
        log,
        measures,
      });
      watchWitnesses(measures, witnesses);
    }
    const heads =
      signHead &&
      mailLogHeads({
        addresses: engine.kind === "embedded" ? engine.logHeadMail : [],
        witnesses,
        durable,
        signHead,
        clock: Date.now,
        log,
      });
    return {
      ...gateway,
      close: async () => {
        heads?.stop();
        looking?.stop();
        await bounces?.close();
        await gateway.close();
      },
    };
  } catch (error) {
    looking?.stop();
    throw error;
  }
}

/** Where reports about mails are taken by SMTP, if the settings say so. */
async function openBounces({ config, durable, log, metrics }: GatewayParts, { publicUrl }: Gateway) {
  const listener = config.bounces?.listener;
  if (listener === undefined) return undefined;
  const { openBounceListener } = await import("./bounce-listener.ts");
  const { hostname: name } = new URL(publicUrl);
  const opened = await openBounceListener({
    ...listener,
    name,
    durable,
    keys: loadTokenKeys(config),
    log,
    measures: metrics,
  });
  log.info({ host: listener.host, port: opened.port }, "Reports about mails are taken by SMTP");
  return opened;
}

/** As many as people look at. */
const HALTED_MAX = 100;

function haltedIn(network: Network, { kind }: Config["engine"]): AdminOptions["halted"] {
  const administration = createAdministration(network, { isEmbedded: kind === "embedded" });
  return () => administration.tasks("halted", HALTED_MAX);
}

function adminOf({ byKey, provider }: NonNullable<Config["admin"]>): AdminOptions {
  if (provider === undefined) return { byKey };
  const clientSecret = provider.clientSecret?.reveal();
  return { byKey, provider: (redirectUri) => openProvider({ ...provider, clientSecret, redirectUri }) };
}

/** Schemes and settings of webhooks are read only where there are any. */
async function readSources({ webhooksFile }: Config): Promise<Sources> {
  if (webhooksFile === undefined) return new Map();
  const { readSourcesFile } = await import("../webhooks/file.ts");
  return readSourcesFile(webhooksFile, environment);
}

function catalogueOf(config: Config, workflows: readonly Workflow[]): Catalogue {
  const { group } = config.worker;
  // A workflow of yours replaces the example with its name, in every version.
  const examples = EXAMPLES.filter(({ name }) => workflows.every((own) => own.name !== name));
  if (config.workflows.examples) return createCatalogue([...examples, ...workflows], { group });
  // A gateway that runs alone and was given no folder cannot tell an example from a workflow of yours with its name.
  const knowsAll = config.role === "all" || workflows.length > 0;
  return createCatalogue(workflows, {
    group,
    examplesOff: knowsAll ? examples.map(({ name }) => name) : [],
  });
}

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { builtInGroupOf } from "../approval/own-ways.ts";
import { ConfigError } from "../lib/config-error.ts";
import { isLoopback } from "../lib/loopback.ts";
import { WORKER_LIMITS } from "../lib/worker-limits.ts";
import { type AdminConfig, adminConfig } from "./admin.ts";
import { type BounceConfig, bounceConfig } from "./bounces.ts";
import { type CallbackConfig, callbackConfig } from "./callbacks.ts";
import { type EngineConfig, engineConfig } from "./engine.ts";
import { type Env, processEnv } from "./env.ts";
import { exposureProblems, keylessProblems } from "./exposure.ts";
import { inboxSetting } from "./inbox.ts";
import { indexUrl } from "./index-url.ts";
import { type MailConfig, mailConfig } from "./mail.ts";
import { type OidcConfig, oidcConfig } from "./oidc.ts";
import { corsOrigins, defaultOrigin, formerPublicUrls, isPlainAndRemote } from "./origins.ts";
import * as read from "./read.ts";
import type { Secret } from "./secret.ts";

/**
 * What this process is. The command line and a stand-alone engine send no mail and serve no pages, so settings that
 * concern only those are not held against them.
 */
export type Role = "all" | "gateway" | "worker" | "engine" | "cli";

export interface Config {
  readonly role: Role;
  readonly production: boolean;
  readonly logLevel: LogLevel;
  /** Whether figures are kept for OpenTelemetry. */
  readonly metrics: boolean;
  /** Where the gateway listens. `port` 0: any free one. */
  readonly host: string;
  readonly port: number;
  /** Origin of every link, without a slash at the end. Undefined only when it hangs on the port and that is 0. */
  readonly publicUrl: string | undefined;
  /** Origins that were `PUBLIC_URL` before: links and callback URLs with them still work. */
  readonly formerPublicUrls: readonly string[];
  /** Reverse proxies in front whose word about the caller's address is believed. */
  readonly trustProxyHops: number;
  /** How long a gateway told to stop still takes connections, so that those who send them can look elsewhere. */
  readonly drainDelayMs: number;
  /** Other sites whose pages may use the API. */
  readonly corsOrigins: readonly string[];
  /** Absolute path. */
  readonly dataDir: string;
  /** Absolute path of the folder of the audit record; undefined: there is none. */
  readonly auditDir: string | undefined;
  readonly apiKeys: {
    /** Absolute path of the file of hashed keys. Without the file the API is open, and on the loopback only. */
    readonly file: string;
    /** Absolute path of the folder whose files tell when keys were used. */
    readonly usedFolder: string;
  };
  /** Absolute path of the file of webhook sources; undefined: there are none. */
  readonly webhooksFile: string | undefined;
  /** Whose tokens people's tools may show in place of a key. */
  readonly oidc: OidcConfig | undefined;
  readonly engine: EngineConfig;
  /** Where the index of approvals is, on a Resonate Server: `postgres://…` with a password. Undefined: there is none. */
  readonly indexUrl: Secret | undefined;
  readonly mail: MailConfig;
  /** How mails come back that cannot be delivered; undefined: to the sender's address, where a person looks. */
  readonly bounces: BounceConfig | undefined;
  /** Absolute path of the folder of texts of the operator's own; undefined: there are none. */
  readonly messagesDir: string | undefined;
  /** Whether people can sign in to an inbox. */
  readonly inbox: boolean;
  /** Whether agents may use the tools of `/mcp`. */
  readonly mcp: boolean;
  /** How operators sign in to the administration; undefined: there is none. */
  readonly admin: AdminConfig | undefined;
  /** Keys for links as `kid:base64url[,…]`; undefined: made once in the data folder. See `loadTokenKeys`. */
  readonly tokenKeys: Secret | undefined;
  /** Keys for grants and signed receipts; neither is set: made once in the data folder. See `loadSigningKeys`. */
  readonly signingKeys: {
    /** `sign:base64url[,…,log:base64url]`. */
    readonly list: Secret | undefined;
    /** Absolute path of a file with such a list. */
    readonly file: string | undefined;
  };
  readonly callbacks: CallbackConfig;
  readonly worker: {
    /** Group that workflows are addressed to. */
    readonly group: string;
    /** Group that the built-in ones are addressed to: approvals and callbacks. */
    readonly builtInGroup: string;
    /** How long a crashed worker's workflow stays its own before another may take it. */
    readonly leaseMs: number;
    /** Workflows that one worker runs at once; the others wait in the engine. */
    readonly concurrency: number;
    /** How long a worker hands back a call that it cannot run, for another that can, before it rejects it. */
    readonly handBackMs: number;
    /** Where a worker process says whether it can work; undefined: nowhere. Port 0: any free one. */
    readonly health: { readonly host: string; readonly port: number } | undefined;
  };
  /** Whether requests may say that silence counts as approval. */
  readonly mayApproveByDeadline: boolean;
  /** Absolute path of the file of people's addresses; undefined: there is none. See `loadAliases`. */
  readonly aliasesFile: string | undefined;
  readonly workflows: {
    /** Absolute path of the folder of your own workflows; undefined: there are none. */
    readonly folder: string | undefined;
    /** Whether those to try Countersign with can be started. */
    readonly examples: boolean;
  };
  /** Things that work but deserve a look; to be logged at start. */
  readonly warnings: readonly string[];
}

type LogLevel = (typeof LOG_LEVELS)[number];
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Settings of a process, checked: a frozen tree, or a `ConfigError` with every problem found. */
export function loadConfig(env: Env = processEnv(), role: Role = "all"): Config {
  const problems: string[] = [];
  const warnings: string[] = [];
  const source: read.Source = { env, problems };

  const production = read.text(source, "NODE_ENV") === "production";
  const serves = role === "all" || role === "gateway" || role === "worker";
  const host = read.host(source, "HOST", "127.0.0.1");
  const port = read.port(source, "PORT", 5001);
  const publicUrl = read.origin(source, "PUBLIC_URL") ?? defaultOrigin(host, port);
  const engine = engineConfig(source, role);
  const index = indexUrl(source, engine);
  const dataDir = read.folder(source, "DATA_DIR", "data");
  const webhooksFile = read.text(source, "WEBHOOKS_FILE");
  const messagesDir = read.text(source, "MESSAGES_DIR");
  const aliasesFile = read.text(source, "ALIASES_FILE");
  const workflowsFolder = read.text(source, "WORKFLOWS");
  const group = read.group(source, "WORKER_GROUP", "worker");
  const config: Config = {
    role,
    production,
    logLevel: read.oneOf(source, "LOG_LEVEL", LOG_LEVELS, "info"),
    metrics: read.oneOf(source, "METRICS", ["on", "off"], "off") === "on",
    host,
    port,
    publicUrl,
    formerPublicUrls: formerPublicUrls(source),
    trustProxyHops: read.integer(source, "TRUST_PROXY_HOPS", 0, { min: 0, max: 10 }),
    // Load balancers ask every few seconds whether we are ready; on the loopback there is usually none.
    drainDelayMs: read.integer(source, "DRAIN_DELAY_MS", isLoopback(host) ? 0 : 5_000, {
      min: 0,
      max: 15_000,
    }),
    corsOrigins: corsOrigins(source),
    dataDir,
    auditDir: auditDir(source, dataDir),
    apiKeys: {
      file: resolve(read.text(source, "API_KEYS_FILE") ?? join(dataDir, "api-keys.json")),
      usedFolder: join(dataDir, "api-keys-used"),
    },
    oidc: oidcConfig(source),
    webhooksFile: webhooksFile === undefined ? undefined : resolve(webhooksFile),
    engine,
    indexUrl: index,
    mail: mailConfig(source),
    bounces: bounceConfig(source),
    messagesDir: messagesDir === undefined ? undefined : resolve(messagesDir),
    inbox: inboxSetting(source, { engine, isListed: index !== undefined, publicUrl }),
    mcp: read.oneOf(source, "MCP", ["on", "off"], "on") === "on",
    admin: adminConfig(source, { host, publicUrl, isGateway: role === "all" || role === "gateway" }),
    tokenKeys: read.secret(source, "TOKEN_KEYS"),
    signingKeys: signingKeysSetting(source),
    callbacks: callbackConfig(source),
    worker: {
      group,
      builtInGroup: builtInGroupOf(group),
      leaseMs: read.integer(
        source,
        "WORKER_LEASE_MS",
        WORKER_LIMITS.leaseMs.default[engine.kind === "embedded" ? "here" : "elsewhere"],
        WORKER_LIMITS.leaseMs,
      ),
      concurrency: read.integer(
        source,
        "WORKER_CONCURRENCY",
        WORKER_LIMITS.concurrency.default,
        WORKER_LIMITS.concurrency,
      ),
      // The engine halts what is handed back for twenty minutes: a rejection that says why must come before.
      handBackMs: read.integer(source, "WORKER_HANDBACK_MS", 300_000, { min: 0, max: 900_000 }),
      health: healthSetting(source),
    },
    mayApproveByDeadline: read.oneOf(source, "ALLOW_APPROVE_BY_DEADLINE", ["on", "off"], "off") === "on",
    aliasesFile: aliasesFile === undefined ? undefined : resolve(aliasesFile),
    workflows: {
      folder: workflowsFolder === undefined ? undefined : resolve(workflowsFolder),
      examples: read.oneOf(source, "EXAMPLE_WORKFLOWS", ["on", "off"], production ? "off" : "on") === "on",
    },
    warnings,
  };

  if (serves) problems.push(...exposureProblems(config, read.text(source, "SMTP_URL") === undefined));
  if (role === "all" || role === "gateway") {
    const { file } = config.apiKeys;
    if (!existsSync(file)) {
      problems.push(...keylessProblems(config, read.text(source, "API_KEYS_FILE") !== undefined));
      if (config.oidc === undefined) {
        warnings.push(
          "There are no API keys: the API is open to every program on this machine, and to no other machine",
        );
      }
    }
  }
  if (webhooksFile !== undefined && engine.kind === "embedded" && (engine.keepMs ?? Infinity) < REPLAYS_MS) {
    problems.push(
      "RETENTION must be at least P7D with WEBHOOKS_FILE: senders repeat a delivery for days, and one that is forgotten has its effect again",
    );
  }
  if (publicUrl !== undefined && isPlainAndRemote(publicUrl)) {
    warnings.push(`PUBLIC_URL is ${publicUrl}: links carry the right to decide, so serve them over https`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(config);
}

/** Longer than any known sender repeats what was not acknowledged. */
const REPLAYS_MS = 7 * 24 * 3_600_000;

function auditDir(source: read.Source, dataDir: string): string | undefined {
  const given = read.text(source, "AUDIT_DIR");
  if (given === "off") return undefined;
  return given === undefined ? join(dataDir, "audit") : read.folder(source, "AUDIT_DIR", given);
}

function signingKeysSetting(source: read.Source): Config["signingKeys"] {
  const list = read.secret(source, "SIGNING_KEYS");
  const file = read.text(source, "SIGNING_KEYS_FILE");
  if (list !== undefined && file !== undefined)
    source.problems.push("SIGNING_KEYS and SIGNING_KEYS_FILE are both set: set one of the two");
  return { list, file: file === undefined ? undefined : resolve(file) };
}

function healthSetting(source: read.Source): Config["worker"]["health"] {
  const host = read.host(source, "WORKER_HEALTH_HOST", "127.0.0.1");
  const port = read.port(source, "WORKER_HEALTH_PORT", 0);
  if (read.text(source, "WORKER_HEALTH_PORT") !== undefined) return { host, port };
  if (read.text(source, "WORKER_HEALTH_HOST") !== undefined)
    source.problems.push("WORKER_HEALTH_HOST has no use without WORKER_HEALTH_PORT");
  return undefined;
}

function deepFreeze<T extends object>(tree: T): T {
  for (const branch of Object.values(tree)) {
    if (typeof branch === "object" && branch !== null) deepFreeze(branch);
  }
  return Object.freeze(tree);
}

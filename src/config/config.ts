import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ConfigError } from "../lib/config-error.ts";
import { isLoopback } from "../lib/loopback.ts";
import { Temporal } from "../lib/temporal.ts";
import { type CallbackConfig, callbackConfig } from "./callbacks.ts";
import { type Env, processEnv } from "./env.ts";
import * as read from "./read.ts";
import type { Secret } from "./secret.ts";

export { ConfigError };

/**
 * What this process is. The command line and a stand-alone engine send no mail and serve no pages, so settings that
 * concern only those are not held against them.
 */
export type Role = "all" | "gateway" | "worker" | "engine" | "cli";

export interface Config {
  readonly role: Role;
  readonly production: boolean;
  readonly logLevel: LogLevel;
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
  readonly oidc: { readonly issuer: string; readonly audience: string } | undefined;
  readonly engine: EngineConfig;
  readonly mail: MailConfig;
  /** Keys for links as `kid:base64url[,…]`; undefined: made once in the data folder. See `loadTokenKeys`. */
  readonly tokenKeys: Secret | undefined;
  readonly callbacks: CallbackConfig;
  readonly worker: {
    /** Group that workflows are addressed to. */
    readonly group: string;
    /** How long a crashed worker's workflow stays its own before another may take it. */
    readonly leaseMs: number;
    /** Workflows that one worker runs at once; the others wait in the engine. */
    readonly concurrency: number;
    /** How long a worker hands back a call that it cannot run, for another that can, before it rejects it. */
    readonly handBackMs: number;
  };
  readonly workflows: {
    /** Absolute path of the folder of workflows of one's own; undefined: there are none. */
    readonly folder: string | undefined;
    /** Whether those to try Countersign with can be started. */
    readonly examples: boolean;
  };
  /** Things that work but deserve a look; to be logged at start. */
  readonly warnings: readonly string[];
}

type EngineConfig =
  /** Ours, on one file in the data folder; other processes reach it on `port` of the loopback (0: nobody does). */
  | {
      readonly kind: "embedded";
      readonly port: number;
      /** How long workflows are kept after their end, in ms; undefined: for good. */
      readonly keepMs: number | undefined;
    }
  | { readonly kind: "server"; readonly url: string; readonly token: Secret | undefined };

type MailConfig =
  | { readonly kind: "smtp"; readonly url: Secret; readonly from: string }
  /** The development mailbox: its SMTP port on the loopback, and the address that mails come from. */
  | { readonly kind: "mailbox"; readonly port: number; readonly from: string };

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
  const dataDir = read.folder(source, "DATA_DIR", "data");
  const webhooksFile = read.text(source, "WEBHOOKS_FILE");
  const workflowsFolder = read.text(source, "WORKFLOWS");
  const config: Config = {
    role,
    production,
    logLevel: read.oneOf(source, "LOG_LEVEL", LOG_LEVELS, "info"),
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
    mail: mailConfig(source),
    tokenKeys: read.secret(source, "TOKEN_KEYS"),
    callbacks: callbackConfig(source),
    worker: {
      group: read.name(source, "WORKER_GROUP", "worker"),
      // Our engine serves one machine, where a lost worker comes back within seconds; over a network, and with
      // heartbeats that some servers refuse for several workflows at once, a step needs longer to be safely its own.
      leaseMs: read.integer(
        source,
        "WORKER_LEASE_MS",
        engine.kind === "embedded" ? 15_000 : 60_000,
        LEASE_RANGE,
      ),
      // Enough to keep a relay and an engine busy, few enough that each lease is renewed in time.
      concurrency: read.integer(source, "WORKER_CONCURRENCY", 50, { min: 1, max: 1000 }),
      // The engine halts what is handed back for twenty minutes: a rejection that says why must come before.
      handBackMs: read.integer(source, "WORKER_HANDBACK_MS", 300_000, { min: 0, max: 900_000 }),
    },
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

/** A lease shorter than a second would expire between two heartbeats of a busy process; above an hour nobody waits. */
const LEASE_RANGE = { min: 1000, max: 3_600_000 } as const;

function engineConfig(source: read.Source, role: Role): EngineConfig {
  const url = read.url(source, "RESONATE_URL", ["http:", "https:"]);
  const token = read.headerSecret(source, "RESONATE_TOKEN");
  const port = read.port(source, "ENGINE_PORT", 8001);
  const keepMs = retention(source);
  if (url !== undefined) {
    if (role === "engine") {
      source.problems.push(
        "RESONATE_URL names another server, so there is no engine to run here: unset one of the two",
      );
    }
    if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
      source.problems.push(
        "RESONATE_URL must end after the host, port or path, without user, query and #: a token goes into RESONATE_TOKEN",
      );
    }
    return { kind: "server", url: url.href.replace(/\/$/, ""), token };
  }
  if (token !== undefined)
    source.problems.push("RESONATE_TOKEN is set without RESONATE_URL: set both or neither");
  if (port === 0 && role !== "all") {
    source.problems.push("ENGINE_PORT is 0, so the engine does not listen: set a port, or RESONATE_URL");
  }
  return { kind: "embedded", port, keepMs };
}

function auditDir(source: read.Source, dataDir: string): string | undefined {
  const given = read.text(source, "AUDIT_DIR");
  if (given === "off") return undefined;
  return given === undefined ? join(dataDir, "audit") : read.folder(source, "AUDIT_DIR", given);
}

function formerPublicUrls(source: read.Source): readonly string[] {
  const given = read.text(source, "FORMER_PUBLIC_URLS");
  if (given === undefined) return [];
  const origins = given.split(",").map((entry) => URL.parse(entry.trim()));
  const isSound = (url: URL | null): url is URL =>
    url !== null && /^https?:$/u.test(url.protocol) && url.href === `${url.origin}/`;
  if (origins.length <= FORMER_ORIGINS_MAX && origins.every(isSound))
    return origins.map(({ origin }) => origin);
  source.problems.push(
    `FORMER_PUBLIC_URLS must be a list of at most ${FORMER_ORIGINS_MAX} origins such as https://old.example.com, without path, query or user`,
  );
  return [];
}

/** More moves than within the life of one link. */
const FORMER_ORIGINS_MAX = 10;

/** A list and nothing else: a pattern lets in what nobody thought of. */
function corsOrigins(source: read.Source): readonly string[] {
  const given = read.text(source, "CORS_ORIGINS");
  if (given === undefined) return [];
  const origins = given.split(",").map((entry) => entry.trim());
  // A page that came in the clear can be anybody's who is in between; on the loopback nobody is.
  const isSound = (text: string) => {
    const url = URL.parse(text);
    return (
      url?.origin === text &&
      (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)))
    );
  };
  if (origins.length <= CORS_ORIGINS_MAX && origins.every(isSound)) return origins;
  source.problems.push(
    `CORS_ORIGINS must be a list of at most ${CORS_ORIGINS_MAX} origins such as https://tools.example.com, without path or *`,
  );
  return [];
}

const CORS_ORIGINS_MAX = 20;

/** Ids are idempotent, and answers can be looked up, as long as what has ended is kept: not less than an hour. */
function retention(source: read.Source): number | undefined {
  const given = read.text(source, "RETENTION") ?? "P90D";
  if (given === "off") return undefined;
  const hours = durationHours(given);
  if (hours !== undefined && hours >= 1 && hours <= 24 * 3_660) return hours * 3_600_000;
  source.problems.push("RETENTION must be off, or a duration from PT1H to ten years such as P90D");
  return undefined;
}

function durationHours(text: string): number | undefined {
  try {
    const relativeTo = Temporal.PlainDateTime.from("1970-01-01T00:00");
    return Temporal.Duration.from(text).total({ unit: "hours", relativeTo });
  } catch {
    return undefined;
  }
}

function oidcConfig(source: read.Source): Config["oidc"] {
  const issuer = read.url(source, "OIDC_ISSUER", ["https:", "http:"]);
  const audience = read.text(source, "OIDC_AUDIENCE");
  const isSet = read.text(source, "OIDC_ISSUER") !== undefined;
  if (isSet !== (audience !== undefined)) {
    source.problems.push(
      `OIDC_ISSUER and OIDC_AUDIENCE belong together: ${isSet ? "OIDC_AUDIENCE" : "OIDC_ISSUER"} is not set`,
    );
  }
  if (issuer?.protocol === "http:" && !isLoopback(issuer.hostname)) {
    source.problems.push("OIDC_ISSUER must be an https address: whoever is in between could be anybody");
  }
  if (issuer !== undefined && (issuer.username !== "" || /[?#]/.test(issuer.href))) {
    source.problems.push(
      "OIDC_ISSUER must be an address without user, query and #, as it stands in the tokens' iss",
    );
  }
  // Tokens are compared with the text as it is given: some issuers end in a slash.
  const text = read.text(source, "OIDC_ISSUER");
  return issuer === undefined || text === undefined || audience === undefined
    ? undefined
    : { issuer: text, audience };
}

function mailConfig(source: read.Source): MailConfig {
  const url = read.smtpUrl(source, "SMTP_URL");
  const from = read.mailbox(source, "MAIL_FROM");
  const port = read.port(source, "MAILBOX_PORT", 1025);
  const isSet = {
    url: read.text(source, "SMTP_URL") !== undefined,
    from: read.text(source, "MAIL_FROM") !== undefined,
  };
  if (isSet.url !== isSet.from) {
    source.problems.push(
      `SMTP_URL and MAIL_FROM belong together: ${isSet.url ? "MAIL_FROM" : "SMTP_URL"} is not set`,
    );
  }
  if (url !== undefined && from !== undefined) return { kind: "smtp", url, from };
  return { kind: "mailbox", port, from: "Countersign <approvals@countersign.invalid>" };
}

/** A gateway without keys lets everyone in who reaches it: then nobody may, and nobody may believe otherwise. */
function keylessProblems(config: Config, isNamed: boolean): string[] {
  const problems: string[] = [];
  if (isNamed) {
    problems.push(
      `API_KEYS_FILE is set, but the file is not there: make the first key with countersign keys create`,
    );
  }
  if (!isLoopback(config.host) && config.oidc === undefined) {
    problems.push(
      `HOST is ${config.host}: without API keys the API is open to everyone who reaches it, so HOST must be a loopback address such as 127.0.0.1, or a key be made with countersign keys create`,
    );
  }
  return problems;
}

/** What may not be reachable from other machines, or run in production at all. */
function exposureProblems(config: Config, usesMailbox: boolean): string[] {
  const problems: string[] = [];
  if (usesMailbox && config.production) {
    problems.push(
      "SMTP_URL is not set: the mailbox is for development and does not run with NODE_ENV=production",
    );
  }
  if (usesMailbox && !isLoopback(config.host)) {
    problems.push(
      "SMTP_URL is not set: the mailbox shows every mail and does not run on an address other machines reach",
    );
  }
  return problems;
}

/** The origin that links have when nothing else is said; undefined while the port is unknown. */
function defaultOrigin(host: string, port: number): string | undefined {
  return port === 0 ? undefined : originOf(host, port);
}

/** `http://host:port`, for a process that learnt its port by listening. */
export function originOf(host: string, port: number): string {
  const reachable = isLoopback(host) ? host : "127.0.0.1";
  return new URL(`http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`).origin;
}

function isPlainAndRemote(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === "http:" && !isLoopback(hostname) && !hostname.endsWith(".localhost");
}

function deepFreeze<T extends object>(tree: T): T {
  for (const branch of Object.values(tree)) {
    if (typeof branch === "object" && branch !== null) deepFreeze(branch);
  }
  return Object.freeze(tree);
}

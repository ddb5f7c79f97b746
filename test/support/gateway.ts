/** A gateway with all that stands behind it, in this process: real HTTP, the real engine, a worker with plain functions. */

import { type Context, Resonate } from "@resonatehq/sdk";
import type { Router } from "express";
import { type Authenticate, createAuthenticate } from "../../src/auth/authenticate.ts";
import type { Durable } from "../../src/durable/durable.ts";
import { createDurable } from "../../src/durable/resonate.ts";
import { type Engine, openEngine } from "../../src/engine/engine.ts";
import { embeddedEventLog } from "../../src/evidence/event-log.ts";
import { evidenceTrail } from "../../src/evidence/trail.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../src/gateway/gateway.ts";
import type { AuditEntry } from "../../src/lib/audit.ts";
import { createLogger } from "../../src/lib/log.ts";
import type { Sources } from "../../src/webhooks/source.ts";
import type { Catalogue } from "../../src/workflows/catalogue.ts";
import { callbackUrlProblem } from "./callbacks.ts";

/** What signs links; a worker beside the gateway has the same. */
export const TEST_SIGNING_KEYS = { sign: [Buffer.alloc(32, 8)] } as const;
/** What signs the head of the log: one key, and the one before. */
const TEST_LOG_KEYS = [Buffer.alloc(32, 9), Buffer.alloc(32, 10)];
export const TEST_KEYS = [{ kid: "test", secret: Buffer.alloc(32, 7) }];

/** As a service without keys lets its own machine in. */
export const EVERYBODY_MAY = createAuthenticate({
  isOpen: () => true,
  find: () => undefined,
  live: () => undefined,
});

export type Workflow = (ctx: Context, ...args: never[]) => unknown;

export interface TestGateway extends Gateway {
  readonly engine: Engine;
  readonly durable: Durable;
  /** What the gateway has logged so far, as parsed lines. */
  readonly log: readonly Record<string, unknown>[];
  /** What it has written to the audit record so far. */
  readonly audit: readonly AuditEntry[];
  request(path: string, init?: RequestInit): Promise<Answer>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed if it is JSON, else text. */
  readonly body: unknown;
}

export async function startTestGateway(
  options: {
    /** Without any there is no worker, and every workflow stays pending. */
    readonly workflows?: Record<string, Workflow>;
    readonly durable?: Durable;
    /** Default: nobody needs a key. */
    readonly authenticate?: Authenticate;
    readonly trustProxyHops?: number;
    /** Default: where it listens. */
    readonly publicUrl?: string;
    readonly formerPublicUrls?: readonly string[];
    readonly corsOrigins?: readonly string[];
    readonly sources?: Sources;
    readonly isMisconfigured?: () => boolean;
    readonly warnings?: () => readonly string[];
    readonly catalogue?: Catalogue;
    /** Default: there is none. */
    readonly mailbox?: Router;
    /** Default: there is neither. */
    readonly inbox?: boolean;
    readonly admin?: GatewayOptions["admin"];
    /** Whether the engine keeps the log of events, and the gateway signs its head. Default: no. */
    readonly isLogged?: boolean;
    /** Default: there is room. */
    readonly canStore?: () => Promise<boolean>;
  } = {},
): Promise<TestGateway> {
  const { isLogged = false } = options;
  const engine = openEngine({ file: ":memory:", trail: isLogged ? evidenceTrail() : undefined });
  const worker = options.workflows && startTestWorker(engine, options.workflows);
  const network = engine.network({ group: "gateway" });
  network.start();
  const durable = options.durable ?? createDurable(network);
  const lines: Record<string, unknown>[] = [];
  const audit: AuditEntry[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
  const gateway = await startGateway({
    durable,
    log: createLogger({ level: "debug", part: "gateway", destination }),
    host: "127.0.0.1",
    port: 0,
    publicUrl: options.publicUrl,
    formerPublicUrls: options.formerPublicUrls ?? [],
    corsOrigins: options.corsOrigins ?? [],
    audit: { record: (entry) => void audit.push(entry) },
    ...(options.sources && { sources: options.sources }),
    ...(options.isMisconfigured && { isMisconfigured: options.isMisconfigured }),
    ...(options.warnings && { warnings: options.warnings }),
    ...(options.catalogue && { catalogue: options.catalogue }),
    keys: TEST_KEYS,
    signingKeys: isLogged ? { ...TEST_SIGNING_KEYS, log: TEST_LOG_KEYS } : TEST_SIGNING_KEYS,
    eventLog: isLogged ? embeddedEventLog(network) : undefined,
    mailbox: options.mailbox,
    ...(options.inbox === undefined ? {} : { inbox: options.inbox }),
    admin: options.admin,
    callbackUrlProblem,
    authenticate: options.authenticate ?? EVERYBODY_MAY,
    trustProxyHops: options.trustProxyHops ?? 0,
    ...(options.canStore && { canStore: options.canStore }),
  });
  return {
    ...gateway,
    engine,
    durable,
    log: lines,
    audit,
    request: (path, init) => request(`${gateway.url}${path}`, init),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await durable.stop();
      await worker?.stop();
      await engine.close();
    },
  };
}

function startTestWorker(engine: Engine, workflows: Record<string, Workflow>): { stop(): Promise<void> } {
  const network = engine.network({ group: "worker" });
  const resonate = new Resonate({ network, pid: network.pid, group: "worker", logLevel: "error" });
  for (const [name, workflow] of Object.entries(workflows)) resonate.register(name, workflow as never);
  network.start();
  return { stop: () => resonate.stop() };
}

export async function request(url: string, init?: RequestInit): Promise<Answer> {
  const headers = new Headers(init?.headers);
  // A gateway that closes waits 250 ms for those who keep their connection, and tests open hundreds of gateways.
  headers.set("connection", "close");
  const response = await fetch(url, { ...init, headers });
  const text = await response.text();
  const isJson = text !== "" && /json/.test(response.headers.get("content-type") ?? "");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

export function json(value: unknown): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

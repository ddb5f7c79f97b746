import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnvName } from "../../src/config/env.ts";
import { WORKER_LIMITS } from "../../src/lib/worker-limits.ts";
import { brokenIn } from "./engine-file.ts";
import { type EngineProxy, startEngineProxy } from "./engine-proxy.ts";
import { eventually } from "./eventually.ts";
import { mailsInFolder, type ReadMail } from "./mails.ts";
import { freePort } from "./ports.ts";
import type { Relay } from "./relay.ts";
import { INDEX_URL, RESONATE_TOKEN, RESONATE_URL } from "./resonate-server.ts";
import { type Part, ServiceProcess } from "./service-process.ts";

/** Settings, and what a library that is loaded before the process needs (`preload.ts`). */
export type SiteEnv = { readonly [name in EnvName | "LD_PRELOAD" | "SET_CLOCK"]?: string };

export interface SiteOptions {
  /** Where mail goes; without one, the development mailbox. */
  readonly relay?: Relay;
  /** Settings of every process; what is given to `start` comes on top. */
  readonly env?: SiteEnv;
}

/**
 * One installation: a data folder, addresses that stay the same over restarts, and the processes that a test starts on
 * them. At its end everything it started is killed; a process that ended by itself, wrote to standard error, or
 * survives, fails the test, and so does an engine's file of which something does not hold that must always hold.
 */
export interface Site extends AsyncDisposable {
  readonly dataDir: string;
  /** Origin of the links, where `all` or the first gateway listens. */
  readonly publicUrl: string;
  /** The engine as processes reach it: the embedded one's port, or the server of this run. */
  readonly engineUrl: string;
  readonly workerGroup: string;
  /**
   * Starts a process and waits until it is ready. The first gateway listens at `publicUrl`, further ones at ports of
   * their own (see `url`). On a Resonate Server there is no `engine` to start.
   */
  start(part: Part, env?: SiteEnv): Promise<ServiceProcess>;
  /** Starts a gateway or worker that reaches the engine through a proxy of its own. */
  startProxied(part: "gateway" | "worker", env?: SiteEnv): Promise<Proxied>;
  /** The engine if this run is on the embedded one, and so many gateways and workers, all apart. */
  startParts(parts: { readonly gateways?: number; readonly workers?: number }): Promise<Parts>;
  /** Settings that processes of this site have, for programs that a test starts itself. */
  readonly env: Readonly<Record<string, string>>;
  /** Mails in the development mailbox, oldest first. */
  mailbox(): Promise<ReadMail[]>;
  /** Waits for the mailbox's mail to this address whose subject holds `about`. */
  mailTo(address: string, about?: string): Promise<ReadMail>;
}

export interface Proxied {
  readonly service: ServiceProcess;
  readonly proxy: EngineProxy;
}

interface Parts {
  /** Undefined on a Resonate Server. */
  readonly engine: ServiceProcess | undefined;
  readonly gateways: readonly ServiceProcess[];
  readonly workers: readonly ServiceProcess[];
  readonly gateway: ServiceProcess;
  readonly worker: ServiceProcess;
}

/** An id that no earlier run has used: a Resonate Server keeps its promises from run to run. */
export function newId(name: string): string {
  return `${name}-${randomBytes(5).toString("hex")}`;
}

/** Whether these tests have the time that they need, see `vitest.config.ts`. */
const IS_TIMED = process.env["TIMED"] !== undefined;
/** What a worker of one machine has. A shorter one ends on a slow machine though its worker lives, and then a mail may be sent again. */
const USUAL_LEASE_MS = WORKER_LIMITS.leaseMs.default.here;

export async function openSite({ relay, env = {} }: SiteOptions = {}): Promise<Site> {
  const dataDir = await mkdtemp(join(tmpdir(), "countersign-"));
  openFolders.add(dataDir);
  const [port, enginePort, mailboxPort] = [await freePort(), await freePort(), await freePort()];
  const publicUrl = `http://127.0.0.1:${port}`;
  // On a server that outlives the run, no worker may be given what another test left.
  const workerGroup = RESONATE_URL === undefined ? "worker" : newId("worker");
  const started: ServiceProcess[] = [];
  const proxies = new AsyncDisposableStack();
  const common: Record<string, string> = {
    DATA_DIR: dataDir,
    PUBLIC_URL: publicUrl,
    MAILBOX_PORT: String(mailboxPort),
    WORKER_GROUP: workerGroup,
    WORKER_LEASE_MS: String(USUAL_LEASE_MS),
    ...(RESONATE_URL === undefined ? { ENGINE_PORT: String(enginePort) } : { RESONATE_URL }),
    ...(RESONATE_TOKEN === undefined ? {} : { RESONATE_TOKEN }),
    ...(RESONATE_URL === undefined || INDEX_URL === undefined ? {} : { INDEX_URL }),
    ...(relay === undefined
      ? {}
      : { SMTP_URL: relay.url, MAIL_FROM: "Approvals <approvals@countersign.example>" }),
    ...env,
  };

  if (!IS_TIMED && Number(common["WORKER_LEASE_MS"]) < USUAL_LEASE_MS) {
    throw new Error(
      "So short a lease runs out beside other tests: name this file in TIMED of vitest.config.ts",
    );
  }

  const portFor = async (part: Part): Promise<number> => {
    const isTaken = started.some((service) => service.isRunning && service.ready["url"] === publicUrl);
    return part === "gateway" && isTaken ? await freePort() : port;
  };

  const site: Site = {
    dataDir,
    publicUrl,
    engineUrl: RESONATE_URL ?? `http://127.0.0.1:${enginePort}`,
    workerGroup,
    env: common,
    async start(part, more = {}) {
      if (part === "engine" && RESONATE_URL !== undefined) {
        throw new Error("There is no engine to start: this run is on a Resonate Server");
      }
      const PORT = String(await portFor(part));
      const service = await ServiceProcess.start(part, { ...common, PORT, ...more });
      started.push(service);
      return service;
    },
    async startProxied(part, more = {}) {
      const proxy = await startEngineProxy(site.engineUrl);
      proxies.use(proxy);
      const token = RESONATE_TOKEN ?? (await tokenIn(dataDir));
      const { ENGINE_PORT: _, ...settings } = common;
      const PORT = String(await portFor(part));
      const way = { RESONATE_URL: proxy.url, ...(token === undefined ? {} : { RESONATE_TOKEN: token }) };
      const service = await ServiceProcess.start(part, { ...settings, ...way, PORT, ...more });
      started.push(service);
      return { service, proxy };
    },
    async startParts({ gateways: gatewayCount = 1, workers: workerCount = 1 }) {
      const engine = RESONATE_URL === undefined ? await site.start("engine") : undefined;
      const gateways: ServiceProcess[] = [];
      // One after the other, so that the first is the one at the public address.
      for (let i = 0; i < gatewayCount; i++) gateways.push(await site.start("gateway"));
      const workers = await Promise.all(Array.from({ length: workerCount }, () => site.start("worker")));
      return {
        engine,
        gateways,
        workers,
        get gateway() {
          return one(gateways);
        },
        get worker() {
          return one(workers);
        },
      };
    },
    mailbox: () => mailsInFolder(join(dataDir, "mailbox")),
    mailTo: (address, about = "") =>
      eventually(`a mail to ${address} about "${about}"`, async () =>
        (await site.mailbox()).find(({ to, subject }) => to === address && subject.includes(about)),
      ),
    async [Symbol.asyncDispose]() {
      const problems = started.flatMap((service) => service.problems());
      for (const service of started) if (service.isRunning) service.kill("SIGKILL");
      await eventually(
        "all processes of the site are gone",
        () => !started.some(({ isRunning }) => isRunning),
      );
      await proxies.disposeAsync();
      problems.push(...(await leftovers(dataDir)), ...brokenIn(dataDir));
      openFolders.delete(dataDir);
      await rm(dataDir, { recursive: true, force: true });
      if (problems.length > 0) throw new Error(problems.join("\n"));
    },
  };
  return site;
}

const openFolders = new Set<string>();

/** What is broken in the engines of sites that have not ended. */
export function brokenInOpenSites(): string[] {
  return [...openFolders].flatMap(brokenIn);
}

/** The embedded engine's token, which its process has made by the time it is ready. */
async function tokenIn(dataDir: string): Promise<string | undefined> {
  if (RESONATE_URL !== undefined) return undefined;
  return (await readFile(join(dataDir, "engine.token"), "utf8")).trim();
}

function one(services: readonly ServiceProcess[]): ServiceProcess {
  const [first] = services;
  if (first === undefined) throw new Error("None was started");
  return first;
}

/** Candidates of secrets that were made and not put in their place: a start was cut short and left its litter. */
async function leftovers(dataDir: string): Promise<string[]> {
  const names = await readdir(dataDir);
  return names
    .filter((name) => /^(?:engine\.token|token-keys|signing-keys|callback-key)\./u.test(name))
    .map((name) => `The data folder holds a leftover: ${name}`);
}

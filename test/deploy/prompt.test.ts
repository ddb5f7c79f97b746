/**
 * How soon work goes on after something was away: on our engine, and on a Resonate Server with SQLite and PostgreSQL, each with
 * its defaults and with the settings of the samples. Needs a server binary: RESONATE=/path/to/resonate.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Api } from "../support/api.ts";
import { temporaryFolder } from "../support/engine.ts";
import { type Asked, type EngineProxy, startEngineProxy } from "../support/engine-proxy.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { startCluster } from "../support/postgres-cluster.ts";
import { press } from "../support/press.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { type Part, ServiceProcess } from "../support/service-process.ts";
import { newId } from "../support/site.ts";
import { needs } from "./programs.ts";

const RESONATE = process.env["RESONATE"] ?? "resonate";
const ANA = "ana@example.com";
const PENDING = 30;
/** What work may be late after a gap. */
const PROMPT_MS = 2_000;
/** What a process reads to know that the engine is there, and its clock; nobody creates them. */
const LOOKED_AT = new Set(["countersign-look", "look-countersign", "countersign-time"]);
/** As in `deploy/compose/scale-out.yaml`. */
const TUNED = ["--messages-poll-interval=10", "--tasks-retry-timeout=2000", "--timeouts-poll-interval=100"];

interface Server {
  readonly url: string;
  start(): Promise<void>;
  killHard(): Promise<void>;
}

type Kind = "embedded" | "sqlite" | "sqlite, tuned" | "postgres, tuned";
const KINDS = (process.env["ENGINES"]?.split("|") ?? [
  "embedded",
  "sqlite",
  "sqlite, tuned",
  "postgres, tuned",
]) as readonly Kind[];

/** Milliseconds of each figure, by engine. */
const figures = new Map<string, Map<Kind, number>>();

function note(what: string, kind: Kind, ms: number): void {
  const of = figures.get(what) ?? new Map<Kind, number>();
  figures.set(what, of.set(kind, ms));
  const embedded = of.get("embedded");
  const ratio =
    embedded === undefined || kind === "embedded" ? "" : `, ${(ms / embedded).toFixed(1)} × embedded`;
  console.log(`${what}, ${kind}: ${Math.round(ms)} ms${ratio}`);
}

/** The same, and fails where it took longer than two seconds and twice as long as on our engine, on the machine as it is. */
function notePrompt(what: string, kind: Kind, ms: number): void {
  note(what, kind, ms);
  const embedded = figures.get(what)?.get("embedded") ?? ms;
  expect.soft(kind === "embedded" ? 0 : ms, what).toBeLessThan(Math.max(PROMPT_MS, 2 * embedded));
}

async function serverOf(kind: Kind, env: Record<string, string>): Promise<Server> {
  if (kind === "embedded") {
    let engine: ServiceProcess | undefined;
    const port = await freePort();
    const settings = { ...env, ENGINE_PORT: String(port) };
    return {
      url: `http://127.0.0.1:${port}`,
      async start() {
        engine = await startPart("engine", settings);
      },
      killHard: async () => engine?.killHard(),
    };
  }
  needs(RESONATE, "a Resonate Server 0.9.8, and say where it is: RESONATE=/path/to/resonate");
  const port = await freePort();
  const storage = kind.startsWith("postgres")
    ? ["--storage-type=postgres", `--storage-postgres-url=${await postgres()}`]
    : [`--storage-sqlite-path=${join(temporaryFolder(), "resonate.db")}`];
  const flags = [
    "serve",
    `--server-port=${port}`,
    "--server-bind=127.0.0.1",
    "--observability-metrics-port=0",
    "--level=warn",
    ...storage,
    ...(kind.endsWith("tuned") ? TUNED : []),
  ];
  let child: ChildProcess | undefined;
  const server: Server = {
    url: `http://127.0.0.1:${port}`,
    async start() {
      child = spawn(RESONATE, flags, { stdio: "ignore" });
      await eventually("the server is ready", async () => (await fetch(`${server.url}/ready`)).ok);
    },
    async killHard() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
  onTestFinished(server.killHard);
  return server;
}

async function postgres(): Promise<string> {
  const cluster = await startCluster();
  onTestFinished(cluster.remove);
  return cluster.url("postgres");
}

async function startPart(part: Part, env: Record<string, string>): Promise<ServiceProcess> {
  const service = await ServiceProcess.start(part, env);
  onTestFinished(() => service.killHard());
  return service;
}

/** A server, a gateway, and so many workers, each behind a proxy that sees its requests. */
async function open(kind: Kind, relay: Relay, { workers = 1, leaseMs = 60_000, isGatewaySeen = false } = {}) {
  const dataDir = temporaryFolder();
  const port = await freePort();
  const common: Record<string, string> = {
    DATA_DIR: dataDir,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    PORT: String(port),
    SMTP_URL: relay.url,
    MAIL_FROM: "Approvals <approvals@countersign.example>",
    WORKER_LEASE_MS: String(leaseMs),
  };
  const server = await serverOf(kind, common);
  await server.start();
  const { readFileSync } = await import("node:fs");
  const token =
    kind === "embedded" ? { RESONATE_TOKEN: readFileSync(join(dataDir, "engine.token"), "utf8").trim() } : {};
  const between = isGatewaySeen ? await startEngineProxy(server.url) : undefined;
  onTestFinished(() => between?.[Symbol.asyncDispose]());
  const gateway = await startPart("gateway", {
    ...common,
    ...token,
    RESONATE_URL: between?.url ?? server.url,
  });
  const startWorker = async (): Promise<{ service: ServiceProcess; proxy: EngineProxy }> => {
    const proxy = await startEngineProxy(server.url);
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    const { PORT: _, ...settings } = common;
    return { proxy, service: await startPart("worker", { ...settings, ...token, RESONATE_URL: proxy.url }) };
  };
  const first: { service: ServiceProcess; proxy: EngineProxy }[] = [];
  for (let n = 0; n < workers; n += 1) first.push(await startWorker());
  const api = new Api(gateway.url);
  const asked = async (count: number, more: object = {}) => {
    const ids = await Promise.all(
      Array.from({ length: count }, () => api.ask({ id: newId("po"), approvers: [ANA], ...more })),
    );
    const mails = await Promise.all(ids.map((id) => relay.mailTo(ANA, id, { withinMs: 60_000 })));
    // What a worker does when it is killed waits for its lease: not what is measured here.
    await eventually(
      "the workflows rest",
      () => ids.every((id) => first.some(({ proxy }) => hasSuspended(proxy, id))),
      {
        withinMs: 60_000,
      },
    );
    return ids.map((id, at) => ({ id, link: mails[at]?.links.approve ?? "" }));
  };
  return { server, api, between, workers: first, startWorker, asked };
}

function hasSuspended({ replies }: EngineProxy, id: string): boolean {
  return replies.some(
    ({ asked, status }) => asked.kind === "task.suspend" && asked.id === id && status === 200,
  );
}

/** All presses at once; answers how long until the first and the last outcome are known. */
async function decided(api: Api, approvals: readonly { id: string; link: string }[]): Promise<number[]> {
  const began = performance.now();
  const times = await Promise.all(
    approvals.map(async ({ id, link }) => {
      expect(await press(link)).toMatchObject({ decision: "approved", effective: true });
      await api.ended(id, { withinMs: 90_000 });
      return performance.now() - began;
    }),
  );
  return times.toSorted((a, b) => a - b);
}

describe.each(KINDS)("on %s", { timeout: 300_000 }, (kind) => {
  test("the first press after a kill -9 of the engine, with approvals pending", async () => {
    await using relay = await startRelay();
    const { server, api, asked } = await open(kind, relay);
    const approvals = await asked(PENDING);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await server.killHard();
    await server.start();
    const times = await decided(api, approvals.slice(0, 5));
    notePrompt("press after kill -9 of the engine, last of 5", kind, times.at(-1) ?? Number.NaN);
  });

  test("presses while the engine is away", async () => {
    await using relay = await startRelay();
    const { server, api, asked } = await open(kind, relay);
    const approvals = await asked(10);
    await server.killHard();
    const presses = decided(api, approvals);
    await server.start();
    const times = await presses;
    notePrompt("press during a restart of the engine, last of 10", kind, times.at(-1) ?? Number.NaN);
  });

  test("decisions made while no worker ran", async () => {
    await using relay = await startRelay();
    const { api, asked, workers, startWorker } = await open(kind, relay);
    const approvals = await asked(10);
    await workers[0]?.service.killHard();
    for (const { link } of approvals) await press(link);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await startWorker();
    const began = performance.now();
    await Promise.all(approvals.map(({ id }) => api.ended(id, { withinMs: 90_000 })));
    const took = performance.now() - began;
    notePrompt("decisions made while no worker ran, last of 10 after its start", kind, took);
  });

  test("deadlines while no worker ran", async () => {
    await using relay = await startRelay();
    const { api, asked, workers, startWorker } = await open(kind, relay);
    const approvals = await asked(10, { deadline: "PT1M" });
    await workers[0]?.service.killHard();
    await new Promise((resolve) => setTimeout(resolve, 63_000));
    await startWorker();
    const began = performance.now();
    await Promise.all(approvals.map(({ id }) => api.ended(id, { withinMs: 90_000 })));
    const took = performance.now() - began;
    notePrompt("deadlines while no worker ran, last of 10 after its start", kind, took);
  });

  test("what 50 pending approvals ask of the engine in a minute", async () => {
    await using relay = await startRelay();
    const { asked, workers, between } = await open(kind, relay, { leaseMs: 10_000, isGatewaySeen: true });
    const approvals = await asked(50);
    const proxies = { worker: workers[0]?.proxy, gateway: between };
    // A server offers the task of each end timer once, late if its first offer was lost; our engine offers none.
    const isAtRest = ({ id }: { id: string }) => workers.some(({ proxy }) => hasSuspended(proxy, `${id}:0`));
    if (kind !== "embedded") {
      await eventually("the timers rest", () => approvals.every(isAtRest), { withinMs: 90_000 });
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const before = Object.values(proxies).map((proxy) => proxy?.asked.length ?? 0);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    for (const [at, [name, proxy]] of Object.entries(proxies).entries()) {
      const all = proxy?.asked.slice(before[at]) ?? [];
      // Each process looks at the engine's clock, whatever waits.
      const isLook = ({ kind: asking, id }: Asked) => asking === "promise.get" && LOOKED_AT.has(id);
      const of = all.filter((each) => !isLook(each));
      console.log(
        `50 that wait, on ${kind}: a ${name} sent ${of.length} requests and ${all.length - of.length} looks in 60 s`,
      );
      expect.soft(of.map(({ kind: asking, id }) => `${asking} ${id}`)).toEqual([]);
    }
  });

  test("mails beside a frozen worker", async () => {
    await using relay = await startRelay();
    const { api, workers } = await open(kind, relay, { workers: 2 });
    workers[0]?.service.kill("SIGSTOP");
    const times: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      const id = newId("po");
      const began = performance.now();
      await api.ask({ id, approvers: [ANA] });
      await relay.mailTo(ANA, id, { withinMs: 90_000 });
      times.push(performance.now() - began);
    }
    workers[0]?.service.kill("SIGCONT");
    const sorted = times.toSorted((a, b) => a - b);
    note("mail beside a frozen worker, median", kind, sorted[6] ?? Number.NaN);
    note("mail beside a frozen worker, longest of 12", kind, sorted.at(-1) ?? Number.NaN);
    // A server offers a frozen worker half of them, and each again after its retry.
    if (kind !== "sqlite") expect.soft(sorted[6]).toBeLessThan(2 * PROMPT_MS);
  });

  test("250 creations of one id at once", async () => {
    await using relay = await startRelay();
    const { api } = await open(kind, relay);
    const request = { id: newId("po"), approvers: [ANA] };
    const began = performance.now();
    const answers = await Promise.all(Array.from({ length: 250 }, () => api.askRaw(request)));
    note("250 creations of one id at once", kind, performance.now() - began);
    expect(answers.map(({ status }) => status).filter((status) => status !== 202 && status !== 200)).toEqual(
      [],
    );
  });

  test("decision to outcome", async () => {
    await using relay = await startRelay();
    const { api, asked } = await open(kind, relay);
    const approvals = await asked(20);
    const times: number[] = [];
    for (const each of approvals) times.push(...(await decided(api, [each])));
    note("decision to outcome, median of 20", kind, times.toSorted((a, b) => a - b)[10] ?? Number.NaN);
  });
});

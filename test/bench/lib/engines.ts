/** What the service in parts works with: its own engine as a process, or a Resonate Server on SQLite or PostgreSQL. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startCluster } from "../../support/postgres-cluster.ts";
import type { Checkout } from "./checkout.ts";
import { freePort, type Program, programOf, startPart } from "./service.ts";

export const ENGINE_KINDS = ["own engine", "Resonate Server, SQLite", "Resonate Server, PostgreSQL"] as const;
export type EngineKind = (typeof ENGINE_KINDS)[number];

export interface EngineProgram extends AsyncDisposable {
  /** What gateways and workers need to find it. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts it, again after a kill, on the same data; answers when it takes requests. */
  start(): Promise<void>;
  kill(): Promise<void>;
  /** All processes of it that run now. */
  pids(): number[];
}

export interface EngineOptions {
  readonly checkout: Checkout;
  readonly dataDir: string;
  /** Where PostgreSQL makes a folder, which its own user must be able to reach. */
  readonly postgresParent: string;
  /** The program of the Resonate Server. */
  readonly resonate: string | undefined;
}

/** As in `deploy/compose/scale-out.yaml`. */
const TUNED = ["--messages-poll-interval=10", "--tasks-retry-timeout=2000", "--timeouts-poll-interval=100"];
/** PostgreSQL's defaults, `fsync` among them, but for the memory that it asks of the machine at once. */
const POSTGRES = ["shared_buffers=128MB"];

export function engineOf(kind: EngineKind, options: EngineOptions): Promise<EngineProgram> {
  return kind === "own engine" ? ownEngine(options) : resonateServer(kind, options);
}

async function ownEngine({ checkout, dataDir }: EngineOptions): Promise<EngineProgram> {
  const env = { DATA_DIR: dataDir, ENGINE_PORT: String(await freePort()) };
  return restartable(env, async () => {
    const program = startPart(checkout, "engine", env);
    await program.readyMs;
    return program;
  });
}

async function resonateServer(
  kind: EngineKind,
  { dataDir, postgresParent, resonate }: EngineOptions,
): Promise<EngineProgram> {
  if (resonate === undefined) throw new Error(`${kind} needs --resonate FILE`);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const cluster = kind.endsWith("PostgreSQL") ? await startCluster(POSTGRES, postgresParent) : undefined;
  const database = cluster?.url("postgres");
  const storage =
    database === undefined
      ? [`--storage-sqlite-path=${join(dataDir, "resonate.db")}`]
      : ["--storage-type=postgres", `--storage-postgres-url=${database}`];
  const flags = [`--server-port=${port}`, "--server-bind=127.0.0.1", "--observability-metrics-port=0"];
  const env = {
    DATA_DIR: dataDir,
    RESONATE_URL: url,
    ...(database !== undefined && { INDEX_URL: database }),
  };
  const server = restartable(env, async () => {
    const startedAt = performance.now();
    const child = spawn(resonate, ["serve", "--level=warn", ...flags, ...storage, ...TUNED], {
      stdio: "ignore",
    });
    const program = programOf(
      child,
      answers(`${url}/ready`).then(() => performance.now() - startedAt),
    );
    await program.readyMs;
    return program;
  });
  return {
    ...server,
    pids: () => [...server.pids(), ...(cluster === undefined ? [] : withChildren(cluster.pid()))],
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await cluster?.remove();
    },
  };
}

function restartable(env: Readonly<Record<string, string>>, run: () => Promise<Program>): EngineProgram {
  let program: Program | undefined;
  return {
    env,
    async start() {
      program = await run();
    },
    kill: async () => program?.kill(),
    pids: () => (program === undefined ? [] : [program.pid]),
    [Symbol.asyncDispose]: async () => program?.kill(),
  };
}

async function answers(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return;
    await pause(5);
  }
}

/** Linux only: the process alone elsewhere. */
function withChildren(pid: number): number[] {
  try {
    const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return [pid, ...all.filter((each) => parentOf(each) === pid).map(Number)];
  } catch {
    return [pid];
  }
}

/** The second field after the command, which ends with the last bracket. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

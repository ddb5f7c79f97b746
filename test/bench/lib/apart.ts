/** The service in parts: an engine or server, one gateway, and so many workers, each an unchanged process. */
import type { ProductReady } from "../servers/product.ts";
import type { Bench } from "./bench.ts";
import { type Checkout, THIS_CHECKOUT } from "./checkout.ts";
import { type EngineKind, type EngineProgram, engineOf } from "./engines.ts";
import { cpuMsOf, memoryOf } from "./machine.ts";
import type { BenchProcess } from "./process.ts";
import { freePort, type Program, startPart } from "./service.ts";

export interface Apart extends BenchProcess<ProductReady> {
  readonly engine: EngineProgram;
  readonly workers: readonly Program[];
}

export interface ApartOptions {
  readonly checkout?: Checkout;
  readonly kind?: EngineKind;
  readonly workers?: number;
  /** Default: the product's. */
  readonly leaseMs?: number;
}

/** Mails go to the sink. What it asks of the engine is not counted. */
export async function startApart(bench: Bench, options: ApartOptions): Promise<Apart> {
  const { checkout = THIS_CHECKOUT, kind = "own engine", workers: count = 1, leaseMs } = options;
  const startedAt = performance.now();
  await using starting = new AsyncDisposableStack();
  const { resonate, dir: postgresParent } = bench.options;
  const engine = starting.use(
    await engineOf(kind, { checkout, dataDir: bench.folder(), postgresParent, resonate }),
  );
  await engine.start();
  const settings = {
    ...engine.env,
    SMTP_URL: await bench.smtpUrl(),
    MAIL_FROM: "Approvals <approvals@example.com>",
    ...(bench.options.logLevel !== undefined && { LOG_LEVEL: bench.options.logLevel }),
    ...(leaseMs !== undefined && { WORKER_LEASE_MS: String(leaseMs) }),
  };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const common = { ...settings, PUBLIC_URL: url };
  // One after the other: the first makes the keys in the folder.
  const gateway = starting.use(startPart(checkout, "gateway", { ...common, PORT: String(port) }));
  await gateway.readyMs;
  const workers = Array.from({ length: count }, () => starting.use(startPart(checkout, "worker", common)));
  await Promise.all(workers.map(({ readyMs }) => readyMs));
  const bootMs = performance.now() - startedAt;
  const started = starting.move();
  const pids = () => [...engine.pids(), gateway.pid, ...workers.map(({ pid }) => pid)];
  const sum = (of: (pid: number) => number) => pids().reduce((all, pid) => all + (of(pid) || 0), 0);
  const stop = () => started.disposeAsync();
  return {
    pid: gateway.pid,
    ready: { url },
    bootMs,
    engine,
    workers,
    // What is asked for is `stats`, and nobody counts.
    call: <Answer>() => Promise.resolve({ requests: Number.NaN } as Answer),
    usage: async () => ({
      cpuMs: sum(cpuMsOf),
      rssBytes: sum((pid) => memoryOf(pid).rssBytes),
      rssMaxBytes: sum((pid) => memoryOf(pid).rssMaxBytes),
    }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** What every part of the bench works with: processes to measure, a load for them, and a place for figures. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Load, LoadResult } from "../load/main.ts";
import type { Asked, AskMany, Decisions } from "../load/many.ts";
import type { FloorOptions } from "../servers/floor.ts";
import type { ProductReady, ProductStats } from "../servers/product.ts";
import { type Checkout, THIS_CHECKOUT } from "./checkout.ts";
import { percentile } from "./figures.ts";
import { machineBusyMs } from "./machine.ts";
import type { Options } from "./options.ts";
import { type BenchProcess, startProcess } from "./process.ts";
import { Report } from "./report.ts";
import { freePort } from "./service.ts";

/** One run of one case. */
export interface Sample {
  readonly cycles: number;
  readonly perSecond: number;
  /** Processor time of the measured process for one cycle, in milliseconds. */
  readonly cpuMs: number;
  /** Of the part of a cycle that is waited for, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Shares of one core that the processes took. */
  readonly serverCpu: number;
  readonly generatorCpu: number;
  /** What the rest of the machine took meanwhile: the noise. */
  readonly othersCpu: number;
}

export interface UrlReady {
  readonly url: string;
}

/** A run takes no longer than this; a case that is slower has fewer cycles, which its line then says by its figures. */
const RUN_LIMIT_MS = 20_000;
const QUIET_LOOK_MS = 500;
/** Share of one core that others may take in a quiet machine. */
const QUIET_CPU = 0.1;

/** What stands in for a few modules of the service. */
export const SEAMS = import.meta.resolve("../servers/seams/hooks.ts");

export class Bench implements AsyncDisposable {
  readonly options: Options;
  readonly report = new Report();
  readonly #root: string;
  readonly #generator: BenchProcess<{ readonly signalPort: number }>;
  #sink: BenchProcess<UrlReady> | undefined;
  #folders = 0;

  private constructor(
    options: Options,
    root: string,
    generator: BenchProcess<{ readonly signalPort: number }>,
  ) {
    this.options = options;
    this.#root = root;
    this.#generator = generator;
  }

  static async open(options: Options): Promise<Bench> {
    const root = mkdtempSync(join(options.dir, "countersign-bench-"));
    const generator = startProcess<{ readonly signalPort: number }>({
      file: import.meta.resolve("../load/main.ts"),
      options: null,
      outputDir: root,
    });
    return new Bench(options, root, await generator);
  }

  get signalPort(): number {
    return this.#generator.ready.signalPort;
  }

  /** A new folder, gone at the end. */
  folder(): string {
    this.#folders += 1;
    const folder = join(this.#root, String(this.#folders));
    mkdirSync(folder);
    return folder;
  }

  /** Where mail goes; started when first asked for. */
  async smtpUrl(): Promise<string> {
    const { signalPort } = this;
    this.#sink ??= await startProcess<UrlReady>({
      file: import.meta.resolve("../servers/smtp-sink.ts"),
      options: { signalPort },
      outputDir: this.#root,
    });
    return this.#sink.ready.url;
  }

  /** The in-memory server behind a bare gateway. */
  async startSeed(settings: { readonly isMailed?: boolean } = {}): Promise<BenchProcess<UrlReady>> {
    const smtpUrl = settings.isMailed ? await this.smtpUrl() : undefined;
    return this.start(import.meta.resolve("../servers/seed.ts"), { smtpUrl, signalPort: this.signalPort });
  }

  async startProduct(
    settings: {
      readonly isMailed?: boolean;
      readonly isIndexed?: boolean;
      readonly isLogged?: boolean;
      readonly hasMetrics?: boolean;
      readonly dataDir?: string;
      readonly checkout?: Checkout;
    } = {},
  ): Promise<BenchProcess<ProductReady>> {
    const { dataDir = this.folder(), checkout = THIS_CHECKOUT, isIndexed, isLogged, hasMetrics } = settings;
    const smtpUrl = settings.isMailed ? await this.smtpUrl() : undefined;
    const { signalPort } = this;
    const { logLevel } = this.options;
    const { product, imports } = checkout;
    const metricsPort = hasMetrics === true ? await freePort() : undefined;
    const given = { dataDir, smtpUrl, signalPort, logLevel, isIndexed, isLogged, metricsPort };
    return this.start(product, given, imports);
  }

  /** Only what cannot be avoided for the simple cycle. */
  async startFloor(): Promise<BenchProcess<UrlReady>> {
    const options: FloorOptions = { dataDir: this.folder(), signalPort: this.signalPort };
    return this.start(import.meta.resolve("../servers/floor.ts"), options);
  }

  start<Ready>(file: string, options: unknown, imports?: readonly string[]): Promise<BenchProcess<Ready>> {
    const { profileDir } = this.options;
    return startProcess<Ready>({ file, options, outputDir: this.folder(), profileDir, imports });
  }

  /** Puts a load on a server and says what that gave and took. */
  async measure(
    server: Pick<BenchProcess<object>, "usage">,
    load: Omit<Load, "limitMs"> & { readonly limitMs?: number },
  ): Promise<Sample> {
    await this.quiet();
    const before = await this.#costs(server);
    const { cycles, ms, latencies } = await this.#generator.call<LoadResult>("run", {
      limitMs: RUN_LIMIT_MS,
      ...load,
    });
    const after = await this.#costs(server);
    const used = (what: keyof typeof before) => after[what] - before[what];
    return {
      cycles,
      perSecond: (cycles / ms) * 1000,
      cpuMs: used("server") / cycles,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      serverCpu: used("server") / ms,
      generatorCpu: (used("generator") + used("sink")) / ms,
      othersCpu: Math.max(0, used("machine") - used("server") - used("generator") - used("sink")) / ms,
    };
  }

  /** A load on what is not measured meanwhile. */
  async load(load: Omit<Load, "limitMs">): Promise<LoadResult> {
    return await this.#generator.call<LoadResult>("run", { ...load, limitMs: RUN_LIMIT_MS });
  }

  /** Asks for many approvals at once, and waits for their mails. */
  ask(many: AskMany): Promise<readonly Asked[]> {
    return this.#generator.call<readonly Asked[]>("ask", many);
  }

  /** Presses all links at once; milliseconds until each outcome is known. */
  decide(decisions: Decisions): Promise<readonly number[]> {
    return this.#generator.call<readonly number[]>("decide", decisions);
  }

  /** Lets a server's hot paths be compiled. */
  async warmUp(load: Omit<Load, "limitMs" | "cycles">): Promise<void> {
    await this.load({ ...load, cycles: this.options.warmUp });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sink?.stop();
    await this.#generator.stop();
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** Ours do nothing between runs, so whatever the machine does then is somebody else's. */
  async quiet(): Promise<void> {
    const until = performance.now() + this.options.quietMs;
    while (performance.now() < until) {
      const before = machineBusyMs();
      await pause(QUIET_LOOK_MS);
      if ((machineBusyMs() - before) / QUIET_LOOK_MS < QUIET_CPU) return;
    }
  }

  async #costs(server: Pick<BenchProcess<object>, "usage">) {
    const [own, generator, sink] = await Promise.all([
      server.usage(),
      this.#generator.usage(),
      this.#sink?.usage(),
    ]);
    return {
      server: own.cpuMs,
      generator: generator.cpuMs,
      sink: sink?.cpuMs ?? 0,
      machine: machineBusyMs(),
    };
  }
}

/** Requests to the engine for each cycle of a run. */
export async function countingEngine(
  server: BenchProcess<ProductReady>,
  run: () => Promise<Sample>,
): Promise<Sample & ProductStats> {
  const before = await server.call<ProductStats>("stats");
  const sample = await run();
  const after = await server.call<ProductStats>("stats");
  return { ...sample, requests: (after.requests - before.requests) / sample.cycles };
}

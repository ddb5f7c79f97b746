import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { builtFile } from "./built.ts";
import { COMPILE_CACHE } from "./compile-cache.ts";
import { eventually, HANGS_MS } from "./eventually.ts";

/** What can be started on its own. */
export type Part = "all" | "engine" | "gateway" | "worker";

const MAIN: Readonly<Record<Part, string>> = {
  all: "src/processes/all.ts",
  engine: "src/processes/engine.ts",
  gateway: "src/processes/gateway.ts",
  worker: "src/processes/worker.ts",
};

/** The checkout. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export type LogLine = Readonly<Record<string, unknown>> & { readonly level?: string; readonly msg?: string };

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Generous: a machine on which others work too has taken a quarter of it. */
const START_LIMIT_MS = 2 * HANGS_MS;

/** A real process of the service: of what the package has where that was built, else of the sources. */
export class ServiceProcess implements AsyncDisposable {
  readonly part: Part;
  readonly pid: number;
  /** From the start of the process to the line that says "ready". */
  readyMs = 0;
  /** The line that says "ready". */
  ready: LogLine = {};
  readonly log: LogLine[] = [];
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #stdout = "";
  /** Of the line that is not whole yet. */
  #begun = "";
  #stderr = "";
  #exit: Exit | undefined;
  #isWanted = true;

  private constructor(
    part: Part,
    env: Readonly<Record<string, string>>,
    within: readonly string[],
    checkout: string,
  ) {
    this.part = part;
    const main = (checkout === ROOT ? builtFile(part) : undefined) ?? MAIN[part];
    const [command, ...words] = [...within, process.execPath, main] as const;
    this.#child = spawn(command, words, {
      cwd: checkout,
      env: { PATH: process.env["PATH"] ?? "", NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.pid = this.#child.pid ?? 0;
    running.add(this);
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    // "close" comes after "exit", when all that the process has said is here.
    this.exited = once(this.#child, "close").then(([code, signal]) => {
      running.delete(this);
      this.#exit = { code: code as number | null, signal: signal as NodeJS.Signals | null };
      return this.#exit;
    });
  }

  /**
   * Starts a process and waits until it is ready. Throws what it said if it ends before.
   * @param within a command that becomes what its last words name, for instance in another namespace
   * @param checkout the folder of the sources: another version's, for instance
   */
  static async start(
    part: Part,
    env: Readonly<Record<string, string>>,
    within: readonly string[] = [],
    checkout = ROOT,
  ): Promise<ServiceProcess> {
    const startedAt = performance.now();
    const service = new ServiceProcess(part, env, within, checkout);
    try {
      service.ready = await eventually(
        `the ${part} process is ready`,
        () => {
          const line = service.log.find(({ msg }) => msg === "ready");
          if (line === undefined && service.#exit !== undefined) return { msg: "ended" };
          return line;
        },
        { withinMs: START_LIMIT_MS },
      );
    } catch (error) {
      service.#isWanted = false;
      service.kill("SIGKILL");
      throw new Error(`${String(error)}\n${service.said}`, { cause: error });
    }
    if (service.#exit !== undefined) {
      service.#isWanted = false;
      throw new Error(`The ${part} process ended before it was ready:\n${service.said}`);
    }
    service.readyMs = performance.now() - startedAt;
    return service;
  }

  /** Where the gateway listens, of a process that has one. */
  get url(): string {
    const { url } = this.ready;
    if (typeof url !== "string") throw new Error(`The ${this.part} process says no address`);
    return url;
  }

  get isRunning(): boolean {
    return this.#exit === undefined;
  }

  /** Everything it said, for messages of failing tests. */
  get said(): string {
    return `--- ${this.part} ${this.pid}\n${this.#stdout}${this.#stderr}`;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Delivers a signal, and knows that the process may end by it. */
  kill(signal: NodeJS.Signals): void {
    if (signal !== "SIGSTOP" && signal !== "SIGCONT") this.#isWanted = false;
    this.#child.kill(signal);
  }

  /** `kill -9`, and waits until it is gone. */
  async killHard(): Promise<void> {
    this.kill("SIGKILL");
    await this.exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.killHard();
  }

  /** SIGTERM, as an orchestrator stops it; answers how it ended. Throws if it does not end. */
  async stop(): Promise<Exit> {
    this.kill("SIGTERM");
    await eventually(`the ${this.part} process ends on SIGTERM`, () => this.#exit, {
      // One that does not stop in order ends by itself, with another code, before this.
      withinMs: HANGS_MS,
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.said}`, { cause: error });
    });
    return this.exited;
  }

  /** What went wrong that nobody asked for: an end of its own, or words on standard error. */
  problems(): string[] {
    const problems: string[] = [];
    if (this.#isWanted && this.#exit !== undefined) {
      problems.push(`The ${this.part} process ended by itself: ${JSON.stringify(this.#exit)}\n${this.said}`);
    }
    if (this.#stderr !== "") problems.push(`The ${this.part} process wrote to standard error:\n${this.said}`);
    const fatal = this.log.filter(({ level }) => level === "fatal");
    if (fatal.length > 0) problems.push(`The ${this.part} process logged: ${JSON.stringify(fatal)}`);
    return problems;
  }

  #read(text: string): void {
    this.#stdout += text;
    const lines = (this.#begun + text).split("\n");
    this.#begun = lines.pop() ?? "";
    for (const line of lines) this.log.push(parseLine(line));
  }
}

/** What a test run that is cut short leaves behind is killed with it. */
const running = new Set<ServiceProcess>();
process.on("exit", () => {
  for (const service of running) service.kill("SIGKILL");
});

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
}

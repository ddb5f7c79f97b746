/** Processes of the bench, seen from the one that runs them. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Call, Told, Usage } from "./child.ts";

export interface BenchProcess<Ready> extends AsyncDisposable {
  readonly pid: number;
  readonly ready: Ready;
  /** From the command that started it until it said "ready", in milliseconds. */
  readonly bootMs: number;
  call<Answer>(command: string, argument?: unknown): Promise<Answer>;
  usage(): Promise<Usage>;
  /** Ends it in good order. */
  stop(): Promise<void>;
}

export interface ProcessOptions {
  /** `import.meta.resolve("../servers/seed.ts")` */
  readonly file: string;
  readonly options: unknown;
  /** Where standard output goes, as it would under a supervisor: to a file of its own. */
  readonly outputDir: string;
  /** Writes a CPU profile into this folder when it stops. */
  readonly profileDir?: string | undefined;
  /** Modules that each of its threads loads first, by URL. */
  readonly imports?: readonly string[] | undefined;
}

export async function startProcess<Ready>(what: ProcessOptions): Promise<BenchProcess<Ready>> {
  const startedAt = performance.now();
  const child = fork(what);
  const calls = new Calls(child);
  const ready = (await calls.ready) as Ready;
  const bootMs = performance.now() - startedAt;
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    await calls.call("stop");
    await exited;
  };
  const running: BenchProcess<Ready> = {
    pid: child.pid as number,
    ready,
    bootMs,
    call: <Answer>(command: string, argument?: unknown) => calls.call(command, argument) as Promise<Answer>,
    usage: () => calls.call("usage") as Promise<Usage>,
    stop: () => (stopping ??= stop()),
    [Symbol.asyncDispose]: () => running.stop(),
  };
  return running;
}

function fork({ file, options, outputDir, profileDir, imports = [] }: ProcessOptions): ChildProcess {
  const flags = imports.flatMap((url) => ["--import", url]);
  if (profileDir !== undefined) flags.push("--cpu-prof", `--cpu-prof-dir=${profileDir}`);
  const output = openSync(join(outputDir, "output.log"), "a");
  try {
    return spawn(process.execPath, [...flags, fileURLToPath(file), JSON.stringify(options)], {
      stdio: ["ignore", output, "inherit", "ipc"],
    });
  } finally {
    closeSync(output);
  }
}

/** Questions to a child and its answers, by number. */
class Calls {
  readonly ready: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #n = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    const ready = Promise.withResolvers<unknown>();
    this.ready = ready.promise;
    child.on("message", (told: Told) => {
      if (told.kind === "ready") return ready.resolve(told.ready);
      const open = this.#open.get(told.n);
      this.#open.delete(told.n);
      if (told.kind === "answer") open?.resolve(told.value);
      else open?.reject(new Error(told.message));
    });
    child.once("exit", (code, signal) => {
      const gone = new Error(`A bench process ended unasked: ${code ?? signal}`);
      ready.reject(gone);
      for (const open of this.#open.values()) open.reject(gone);
    });
  }

  call(command: string, argument?: unknown): Promise<unknown> {
    const answered = Promise.withResolvers<unknown>();
    this.#n += 1;
    this.#open.set(this.#n, answered);
    const call: Call = { n: this.#n, command, argument };
    this.#child.send(call);
    return answered.promise;
  }
}

import type { Logger } from "./log.ts";

export interface Service {
  readonly log: Logger;
  /** What the line that says "ready" tells, addresses above all. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Finishes what is under way and lets go of everything. */
  stop(): Promise<void>;
}

/** After this the process ends whatever is still under way. */
const STOP_LIMIT_MS = 30_000;

/**
 * Runs a process until SIGTERM or SIGINT: starts the service, says "ready" in the log, stops it on the first signal and
 * exits 0. A second signal, or a stop that takes too long, exits 1. A start that fails exits 1 too; settings that cannot
 * be used are told as they are, without a stack.
 */
export async function runService(start: () => Promise<Service>): Promise<void> {
  let service: Service;
  try {
    service = await start();
  } catch (error) {
    process.stderr.write(`${startProblem(error)}\n`);
    process.exit(1);
  }
  const { log, ready } = service;
  log.info(ready, "ready");

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    service.stop().then(
      () => {
        log.info("stopped");
        process.exit(0);
      },
      (error: unknown) => {
        log.fatal({ err: error }, "cannot stop cleanly");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

function startProblem(error: unknown): string {
  if (!(error instanceof Error)) return `Cannot start: ${String(error)}`;
  if ("code" in error && error.code === "EADDRINUSE" && "address" in error && "port" in error) {
    return `Cannot start: another program listens at ${String(error.address)}:${String(error.port)}. Stop it, or set another port: PORT, ENGINE_PORT or MAILBOX_PORT`;
  }
  const isForOperators = FOR_OPERATORS.includes(error.name) || SAYS_WHAT_TO_CHANGE.test(error.message);
  return isForOperators ? error.message : (error.stack ?? error.message);
}

/** Errors that say by their words what to change; a stack would hide it. */
const FOR_OPERATORS: readonly string[] = ["ConfigError", "KeyFileError"];
const SAYS_WHAT_TO_CHANGE = /^Cannot (?:start|open|use)\b/;

import type { Logger } from "./log.ts";
import { startProblem } from "./start-problem.ts";

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

import { npmLauncher } from "./launcher.ts";
import type { Logger } from "./log.ts";
import { startProblem } from "./start-problem.ts";

export interface Service {
  readonly log: Logger;
  /** Fields of the log line "ready", mainly addresses. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Finishes the work in progress and releases everything. */
  stop(): Promise<void>;
}

/** After this the process ends, even in the middle of work. */
const STOP_LIMIT_MS = 30_000;

/** Ctrl-C at a terminal reaches npm and us, and npm passes its signal on: within this time they count as one. */
const SAME_WISH_MS = 1_000;

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** How often we look whether the npm that started us is still there. */
const NPM_LOOK_MS = 500;

/**
 * Runs a process until SIGTERM, SIGINT or SIGHUP: starts the service, says "ready" in the log, stops it on the first
 * signal and exits 0. A second signal, or a stop that takes too long, exits 1. A signal during the start is obeyed as
 * soon as there is something to stop; as the first process of a container nothing else would end us. A start that fails
 * exits 1 too; for settings that cannot be used, only the message is printed, without a stack.
 *
 * If npm started it, the service also stops when that npm has died, because npm cannot pass on SIGKILL and does not pass
 * on SIGHUP.
 *
 * @param signals those that stop it, if the caller handles the others
 */
export async function runService(
  start: () => Promise<Service>,
  { signals = SIGNALS }: { readonly signals?: readonly NodeJS.Signals[] } = {},
): Promise<void> {
  let service: Service | undefined;
  let wish: { readonly why: object; readonly atMs: number } | undefined;
  const npm = npmLauncher();

  const want = (why: object) => {
    wish = { why, atMs: performance.now() };
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    if (service !== undefined) stopService(service, why);
  };
  const onSignal = (signal: string) => {
    if (wish === undefined) want({ signal });
    else if (npm === undefined || performance.now() - wish.atMs > SAME_WISH_MS) process.exit(1);
  };
  for (const signal of signals) process.on(signal, onSignal);
  if (npm !== undefined) {
    const look = () => {
      if (wish === undefined && npm.hasEnded()) want({ because: "the npm that started this has ended" });
    };
    look();
    setInterval(look, NPM_LOOK_MS).unref();
  }

  try {
    service = await start();
  } catch (error) {
    process.stderr.write(`${startProblem(error)}\n`);
    process.exit(1);
  }
  service.log.info(service.ready, "ready");
  if (wish !== undefined) stopService(service, wish.why);
}

function stopService({ log, stop }: Service, why: object): void {
  log.info(why, "stopping");
  stop().then(
    () => {
      log.info("stopped");
      process.exit(0);
    },
    (error: unknown) => {
      log.fatal({ err: error }, "cannot stop cleanly");
      process.exit(1);
    },
  );
}

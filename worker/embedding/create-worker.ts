import { builtInGroupOf } from "../../src/approval/own-ways.ts";
import { createHttpNetwork } from "../../src/durable/http-network.ts";
import { createLogger } from "../../src/lib/log.ts";
import { processId } from "../../src/lib/process-id.ts";
import { registrationOf } from "../runtime/own-workflow.ts";
import type { WorkerLog } from "../runtime/sdk-log.ts";
import { startWorker } from "../runtime/worker.ts";
import { type CreateWorkerOptions, checkOptions } from "./options.ts";
import { reachEngine } from "./reach.ts";

/** A worker in your own process. */
export interface EmbeddedWorker {
  /**
   * Resolves when the engine accepts the worker; until the engine answers, the worker keeps asking. Rejects if the worker
   * cannot work (the engine refuses `token`, or `url` is not an engine), and if it is stopped before. The worker has then
   * stopped. You need not await it: the log has the same.
   */
  readonly ready: Promise<void>;
  /**
   * Takes no new work, waits at most `graceMs` (default 15,000) until each running workflow comes to its next wait or its
   * end, and disconnects. A workflow that still runs then goes to another worker when its lease is over.
   */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

/** As `WORKER_HANDBACK_MS` is by default: long enough for the processes of a group to be replaced one by one. */
const HANDBACK_MS = 300_000;
const GRACE_MS = { fallback: 15_000, max: 3_600_000 };

/**
 * Runs workflows in the process that calls it, beside a started service, which runs the approvals that they ask for:
 *
 *     const worker = createWorker({ url: "http://127.0.0.1:8001", token, workflows: [restock], group: "shop" });
 *     await worker.ready;
 *     …
 *     await worker.stop();
 *
 * `POST /begin?func=restock&target=shop` starts the workflow. After a crash, another process of the group
 * continues it, or this one when it is started again.
 *
 * @throws TypeError naming every option that is wrong
 */
export function createWorker(options: CreateWorkerOptions): EmbeddedWorker {
  const settings = checkOptions(options);
  const { url, token, workflows, group, countersignGroup, known, concurrency, leaseMs } = settings;
  const { log = ownLog() } = settings;
  const pid = processId();
  const worker = startWorker({
    network: createHttpNetwork({ url, token, group, pid, isWorker: true }),
    pid,
    leaseMs,
    handBackMs: HANDBACK_MS,
    concurrency,
    log,
    workflows: workflows.map(registrationOf),
    // The service knows its settings: where callbacks may go it checks when it calls, and whether silence may count as
    // approval when a deadline passes.
    services: {
      group,
      builtInGroup: builtInGroupOf(countersignGroup),
      callbacks: { urlProblem: () => undefined },
      mayApproveByDeadline: true,
      known,
    },
  });
  const stopping = new AbortController();
  let stopped: Promise<void> | undefined;
  const stop = (graceMs: number): Promise<void> => {
    stopping.abort(new Error("The worker was stopped before the engine had answered"));
    stopped ??= worker.stop(graceMs);
    return stopped;
  };
  const onAway = (why: string) => log.warn({ url, why }, "The engine does not answer yet; the worker waits");
  const ready = reachEngine({ url, token, signal: stopping.signal, onAway }).catch(async (error: unknown) => {
    if (!stopping.signal.aborted) {
      log.error({ url, why: messageOf(error) }, "The worker cannot work, and has stopped");
      await stop(0);
    }
    throw error;
  });
  // A program need not await it, and must not die of an unhandled rejection then.
  ready.catch(() => {});
  return {
    ready,
    // Async, so that a wrong option is a rejection and not thrown.
    async stop({ graceMs = GRACE_MS.fallback } = {}) {
      if (!Number.isSafeInteger(graceMs) || graceMs < 0 || graceMs > GRACE_MS.max) {
        throw new TypeError(
          `Cannot stop the worker: graceMs must be a whole number from 0 to ${GRACE_MS.max}, not ${graceMs}`,
        );
      }
      await stop(graceMs);
    },
  };
}

/** On standard error: standard output is the program's own. */
function ownLog(): WorkerLog {
  const destination = { write: (line: string) => void process.stderr.write(line) };
  return createLogger({ level: "warn", part: "countersign-worker", destination });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

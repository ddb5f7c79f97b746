/**
 * The thread of a worker whose engine is another process. What workflows compute, however long, holds up neither the
 * signals to the process nor a gateway in it.
 */
import { parentPort, workerData } from "node:worker_threads";
import { loadConfig } from "../config/config.ts";
import type { Env } from "../config/env.ts";
import { engineEndpoint } from "../config/keys.ts";
import { createHttpNetwork } from "../durable/http-network.ts";
import { startProblem } from "../lib/start-problem.ts";
import { loadWorkflows } from "../workflows/folder.ts";
import { composeWorker, STOP_GRACE_MS } from "./compose-worker.ts";
import { openIndexOf } from "./open-index.ts";
import { saidLog, saidMeasures, saidOnlooker, type WorkerNews } from "./worker-news.ts";

/** What the thread is started with. */
export interface WorkerStart {
  readonly settings: Env;
  /** The kind of the process, as its settings are read. */
  readonly role: "all" | "worker";
  /** Name of the part in log lines. */
  readonly part: string;
  /** Unique to this worker. */
  readonly pid: string;
  /** Origin of every link; undefined: that of the settings. */
  readonly publicUrl?: string | undefined;
  /** Port of the development mailbox; undefined: that of the settings. */
  readonly mailboxPort?: number | undefined;
  /** Somebody looks on. */
  readonly isWatched: boolean;
}

export type StartNews =
  | WorkerNews
  | { readonly kind: "ready" }
  /** Whether the engine can hand out work to this thread. */
  | { readonly kind: "listening"; readonly isListening: boolean }
  /** What to print. An error would lose its name and code on the way. */
  | { readonly kind: "failed"; readonly problem: string };

const port = parentPort;
if (port === null) throw new Error("This file runs in a thread of its own: see start-worker.ts");
const say = (news: StartNews) => port.postMessage(news);

try {
  const { settings, role, part, pid, publicUrl, mailboxPort, isWatched } = workerData as WorkerStart;
  const config = loadConfig(settings, role);
  const { group, builtInGroup } = config.worker;
  const log = saidLog(config, part, say);
  const network = createHttpNetwork({
    ...engineEndpoint(config),
    group,
    moreGroups: [builtInGroup],
    pid,
    isWorker: true,
  });
  network.onListening((isListening) => say({ kind: "listening", isListening }));
  const index = await openIndexOf(config, log);
  const worker = composeWorker({
    config,
    ...saidMeasures(config, say),
    network: index?.watch(network) ?? network,
    pid,
    group,
    log,
    workflows: await loadWorkflows(config.workflows.folder),
    publicUrl,
    mailboxPort,
    onlooker: isWatched ? saidOnlooker(say) : undefined,
  });
  // There is one thing that it can be told: to stop.
  port.once("message", async () => {
    await worker.stop(STOP_GRACE_MS);
    await index?.stop();
    port.close();
  });
  say({ kind: "ready" });
} catch (error) {
  port.once("message", () => port.close());
  say({ kind: "failed", problem: startProblem(error) });
}

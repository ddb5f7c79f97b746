/**
 * The thread of workflows that are not built in. What they compute, however long, holds up neither the engine nor the
 * gateway.
 */
import { parentPort, workerData } from "node:worker_threads";
import { ResonateTimeoutException } from "@resonatehq/sdk";
import { loadConfig } from "../config/config.ts";
import type { Env } from "../config/env.ts";
import { connectThread, type EngineLine } from "../engine/serve/thread.ts";
import { loadWorkflows } from "../workflows/folder.ts";
import { composeWorker, STOP_GRACE_MS } from "./compose-worker.ts";
import { saidLog, saidMeasures, type WorkerNews } from "./worker-news.ts";

/** What the thread is started with. */
export interface WorkflowsStart {
  readonly settings: Env;
  readonly engine: EngineLine;
  /** Origin of every link. */
  readonly publicUrl: string;
  /** Port of the development mailbox, if there is one. */
  readonly mailboxPort: number | undefined;
}

const port = parentPort;
if (port === null) throw new Error("This file runs in a thread of its own: see start-workflows.ts");
const say = (news: WorkerNews) => port.postMessage(news);

const { settings, engine: line, publicUrl, mailboxPort } = workerData as WorkflowsStart;
const config = loadConfig(settings, "all");
const engine = connectThread(line);
const { group } = config.worker;
const network = engine.network({
  group,
  unavailable: (cause) => new ResonateTimeoutException(cause),
});
const worker = composeWorker({
  config,
  ...saidMeasures(config, say),
  network,
  pid: network.pid,
  group,
  log: saidLog(config, "countersign", say),
  workflows: await loadWorkflows(config.workflows.folder),
  publicUrl,
  mailboxPort,
});
network.start();
// There is one thing that it can be told: to stop.
port.once("message", async () => {
  await worker.stop(STOP_GRACE_MS);
  await engine.close();
  port.close();
});

import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { WorkflowsNews, WorkflowsStart } from "./workflows-thread.ts";

const ENTRY = new URL(`./workflows-thread${extname(import.meta.url)}`, import.meta.url);

/** Workflows that are not built in, in a thread of their own. */
export interface WorkflowsThread {
  /** Lets those that run reach their next rest. */
  stop(): Promise<void>;
}

/**
 * Starts the thread and does not wait for it: a workflow that is begun meanwhile runs as soon as it is there. An error
 * in it that nothing catches ends this process, as it would without a thread; started again, every workflow goes on.
 *
 * @param write gets each line of its log
 */
export function startWorkflows(start: WorkflowsStart, write: (line: string) => void): WorkflowsThread {
  const thread = new Worker(ENTRY, {
    workerData: start,
    name: "workflows",
    transferList: [start.engine.port],
  });
  let isStopping = false;
  thread.on("message", (news: WorkflowsNews) => {
    if (news.kind === "line") write(news.line);
  });
  thread.on("error", (error) => {
    throw error;
  });
  thread.on("exit", (code) => {
    if (!isStopping) throw new Error(`Workflows ended their thread with the exit code ${code}`);
  });
  return {
    async stop() {
      isStopping = true;
      const ended = once(thread, "exit");
      thread.postMessage("stop");
      await ended;
    },
  };
}

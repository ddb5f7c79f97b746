import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { EngineThread } from "../engine/serve/thread.ts";
import { onFirstTask } from "./first-task.ts";
import { stopThread } from "./stop-thread.ts";
import type { WorkflowsNews, WorkflowsStart } from "./workflows-thread.ts";

const ENTRY = new URL(`./workflows-thread${extname(import.meta.url)}`, import.meta.url);

/** A little more than the thread's worker gives its workflows (`STOP_GRACE_MS`), and within the 20 s operators expect. */
const THREAD_GRACE_MS = 17_000;

export interface WorkflowsOptions extends Omit<WorkflowsStart, "engine"> {
  readonly engine: EngineThread;
  /** The worker group whose tasks run in the thread. */
  readonly group: string;
  /** Start at once. Otherwise the first task in the group starts the thread. */
  readonly isEager: boolean;
  /** Gets each line of the thread's log. */
  readonly write: (line: string) => void;
}

/** Workflows that are not built in, in a thread of their own. */
export interface WorkflowsThread {
  /** Lets those that run reach their next rest, and ends the thread if that takes too long. */
  stop(): Promise<void>;
}

/**
 * Starts the thread, at once or for the first task, and does not wait for it: a workflow that is begun meanwhile runs as
 * soon as the thread is there. Until then the thread costs nothing: it takes 40 MB and a quarter of a second of
 * processor time, which an installation that only asks for approvals never needs.
 */
export function startWorkflows(options: WorkflowsOptions): WorkflowsThread {
  const { engine, group, isEager, write, ...start } = options;
  let thread: WorkflowsThread | undefined;
  const run = () => {
    thread = runThread({ ...start, engine: engine.line() }, write);
  };
  if (isEager) run();
  const watch = isEager ? undefined : onFirstTask(engine, [group], run);
  return {
    async stop() {
      await watch?.stop();
      await thread?.stop();
    },
  };
}

/**
 * An error in the thread that nothing catches ends this process, as it would without a thread; started again, every
 * workflow goes on.
 */
function runThread(start: WorkflowsStart, write: (line: string) => void): WorkflowsThread {
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
      await stopThread(thread, THREAD_GRACE_MS);
    },
  };
}

import type { EngineThread } from "../engine/serve/thread.ts";
import { onFirstTask } from "./first-task.ts";
import { type RunningThread, runThread } from "./run-thread.ts";
import { type Hearers, hearWorker, type WorkerNews } from "./worker-news.ts";
import type { WorkflowsStart } from "./workflows-thread.ts";

export interface WorkflowsOptions extends Omit<WorkflowsStart, "engine"> {
  readonly engine: EngineThread;
  /** The worker group whose tasks run in the thread. */
  readonly group: string;
  /** Start at once. Otherwise the first task in the group starts the thread. */
  readonly isEager: boolean;
  readonly heard: Hearers;
}

/**
 * Starts the thread, at once or for the first task, and does not wait for it: a workflow that is begun meanwhile runs as
 * soon as the thread is there. Until then the thread costs nothing: it takes 40 MB and a quarter of a second of
 * processor time, which an installation that only asks for approvals never needs.
 */
export function startWorkflows(options: WorkflowsOptions): RunningThread {
  const { engine, group, isEager, heard, ...start } = options;
  let thread: RunningThread | undefined;
  const run = () => {
    thread = startThread({ ...start, engine: engine.line() }, heard);
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

function startThread(start: WorkflowsStart, heard: Hearers): RunningThread {
  return runThread({
    file: "workflows-thread",
    name: "workflows",
    data: start,
    transferList: [start.engine.port],
    onNews: (news) => hearWorker(news as WorkerNews, heard),
  });
}

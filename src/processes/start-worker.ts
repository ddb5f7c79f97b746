import { type RunningThread, runThread } from "./run-thread.ts";
import { type Hearers, hearWorker } from "./worker-news.ts";
import type { StartNews, WorkerStart } from "./worker-thread.ts";

export interface WorkerOptions extends Omit<WorkerStart, "isWatched"> {
  readonly heard: Hearers;
  /** Told whether the engine can hand out work. Default: nobody is. */
  readonly onListening?: (isListening: boolean) => void;
  /** How long the thread may take to end when it is told to stop. Default: that of `runThread`. */
  readonly graceMs?: number;
}

/**
 * Starts a worker for an engine in another process, in a thread of its own: a process whose first thread computes hears
 * no signal.
 *
 * @throws Error with the stack that is to be printed, if the worker cannot start
 */
export async function startWorkerThread(options: WorkerOptions): Promise<RunningThread> {
  const { heard, graceMs, onListening, ...start } = options;
  const started = Promise.withResolvers<void>();
  const data: WorkerStart = { ...start, isWatched: heard.onlooker !== undefined };
  const onNews = (said: unknown) => {
    const news = said as StartNews;
    if (news.kind === "ready") started.resolve();
    else if (news.kind === "listening") onListening?.(news.isListening);
    else if (news.kind === "failed") started.reject(asSaid(news.problem));
    else hearWorker(news, heard);
  };
  const thread = runThread({ file: "worker-thread", name: "workflows", data, onNews, graceMs });
  try {
    await started.promise;
  } catch (error) {
    await thread.stop();
    throw error;
  }
  return thread;
}

/** An error that is printed as the thread has worded it. */
function asSaid(problem: string): Error {
  return Object.assign(new Error(problem), { stack: problem });
}

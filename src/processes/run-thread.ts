import { once } from "node:events";
import { extname } from "node:path";
import { type Transferable, Worker } from "node:worker_threads";

/** A little more than the thread's worker gives its workflows (`STOP_GRACE_MS`), and within the 20 s operators expect. */
const THREAD_GRACE_MS = 17_000;

export interface ThreadOptions {
  /** Its file in this folder, without the extension. */
  readonly file: string;
  readonly name: string;
  readonly data: unknown;
  readonly transferList?: readonly Transferable[];
  /** Gets what the thread says. */
  readonly onNews: (news: unknown) => void;
  /** How long it may take to end when it is told to stop. Default: 17 s. */
  readonly graceMs?: number | undefined;
}

/** A thread that is told to stop by any message, and ends by itself then. */
export interface RunningThread {
  /** Tells the thread to stop, and ends it if that takes too long. */
  stop(): Promise<void>;
}

/**
 * Starts a thread. An error in it that nothing catches ends this process, as it would without a thread. After a restart,
 * every workflow continues.
 */
export function runThread({
  file,
  name,
  data,
  transferList = [],
  onNews,
  graceMs = THREAD_GRACE_MS,
}: ThreadOptions): RunningThread {
  const entry = new URL(`./${file}${extname(import.meta.url)}`, import.meta.url);
  const thread = new Worker(entry, { workerData: data, name, transferList: [...transferList] });
  let isStopping = false;
  thread.on("message", onNews);
  thread.on("error", (error) => {
    throw error;
  });
  thread.on("exit", (code) => {
    if (!isStopping) throw new Error(`The thread of ${name} has ended with the exit code ${code}`);
  });
  return {
    async stop() {
      isStopping = true;
      await stopThread(thread, graceMs);
    },
  };
}

/** Tells a thread to stop, and ends it after `graceMs` if it is still there: a thread that computes hears nothing. */
export async function stopThread(thread: Worker, graceMs: number): Promise<void> {
  const ended = once(thread, "exit");
  const timer = setTimeout(() => void thread.terminate(), graceMs);
  thread.postMessage("stop");
  await ended;
  clearTimeout(timer);
}

import { once } from "node:events";
import type { Worker } from "node:worker_threads";

/**
 * Tells a thread to stop, and ends it if it has not ended by itself after `graceMs`: a thread that computes hears nothing.
 */
export async function stopThread(thread: Worker, graceMs: number): Promise<void> {
  const ended = once(thread, "exit");
  const timer = setTimeout(() => void thread.terminate(), graceMs);
  thread.postMessage("stop");
  await ended;
  clearTimeout(timer);
}

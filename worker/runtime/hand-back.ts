/**
 * Releases tasks to the engine. Repeats until the engine answers, because otherwise the task would wait until its lease
 * ends. Waits longer after each failed request of the task.
 */
import type { Request, Response, TaskReleaseReq, TaskReleaseRes } from "@resonatehq/sdk";

export interface HandBackOptions {
  /** Sends to the engine. */
  readonly send: <K extends Request["kind"]>(
    request: Extract<Request, { kind: K }>,
  ) => Promise<Extract<Response, { kind: K }>>;
  /** How long a task stays ours without a sign of life, in milliseconds. */
  readonly leaseMs: number;
}

/** First and longest wait before a task is handed back after a failed request, in milliseconds. */
const DELAY_MS = 250;
const DELAY_MAX_MS = 30_000;
/** Tasks whose failures are remembered. Beyond it, the oldest are forgotten. */
const FAILED_MAX = 10_000;

export class HandBack {
  readonly #options: HandBackOptions;
  /** Tasks whose latest request failed, with how often in a row. */
  readonly #failed = new Map<string, number>();
  /** Tasks on their way back. */
  readonly #leaving = new Set<Promise<void>>();
  /** Ends the wait of each. */
  readonly #hurry = new Set<() => void>();
  #isHurried = false;

  constructor(options: HandBackOptions) {
    this.#options = options;
  }

  /** A request of the task failed, and may succeed another time. */
  failed(id: string): void {
    this.#failed.set(id, (this.#failed.get(id) ?? 0) + 1);
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > FAILED_MAX && oldest !== undefined) this.#failed.delete(oldest);
  }

  /** A request of the task was answered. */
  succeeded(id: string): void {
    this.#failed.delete(id);
  }

  /** How often in a row requests of the task have failed. */
  failuresOf(id: string): number {
    return this.#failed.get(id) ?? 0;
  }

  /** Waits before a task with so many failures goes back. */
  async pause(failures: number): Promise<void> {
    const delayMs = Math.min(DELAY_MS * 2 ** (failures - 1), DELAY_MAX_MS);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }

  /** Resolves with the engine's answer; throws when the lease is over and the engine still cannot be reached. */
  async now(request: TaskReleaseReq): Promise<TaskReleaseRes> {
    const leaseEndsAt = performance.now() + this.#options.leaseMs;
    for (;;) {
      try {
        return await this.#options.send(request);
      } catch (error) {
        if (this.#isHurried || performance.now() >= leaseEndsAt) throw error;
        await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
      }
    }
  }

  /** In the background, for a task that the SDK has not seen. */
  later(request: TaskReleaseReq, delayMs: number): void {
    const leaving = this.#after(request, delayMs).finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  /** The worker stops: waiting tasks are released at once, with one attempt each. */
  hurry(): void {
    this.#isHurried = true;
    for (const goNow of this.#hurry) goNow();
  }

  /** Resolves when everything that was to go back later has gone. */
  async done(): Promise<void> {
    await Promise.all(this.#leaving);
  }

  async #after(request: TaskReleaseReq, delayMs: number): Promise<void> {
    if (delayMs > 0 && !this.#isHurried) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, delayMs);
      this.#hurry.add(resolve);
      await promise;
      this.#hurry.delete(resolve);
      clearTimeout(timer);
    }
    // The engine hands it out again when the lease ends.
    await this.now(request).catch(() => {});
  }
}

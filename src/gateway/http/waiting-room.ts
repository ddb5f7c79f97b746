import type { Response } from "express";
import type { Admit, Durable, StoredPromise } from "../../durable/durable.ts";
import { ServiceError } from "../../lib/errors.ts";
import { WAITERS_MAX } from "../../openapi/limits.ts";

export interface WaitingRoomOptions {
  readonly durable: Durable;
  /** Aborted when the process is asked to stop: open waits are answered then. */
  readonly draining: AbortSignal;
  /** Waits open at once. Default: `WAITERS_MAX`. */
  readonly waitersMax?: number;
}

/** Holds callers until their promise settles, they leave, time is up, or the process stops; so many at a time. */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #max: number;
  /** How to let go of each who waits. */
  readonly #waiting = new Set<AbortController>();

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
    this.#max = options.waitersMax ?? WAITERS_MAX;
    // One listener for all: a signal looks through its listeners for each that comes or goes.
    options.draining.addEventListener("abort", () => {
      for (const leave of this.#waiting) leave.abort();
    });
  }

  async waitFor(
    id: string,
    { seconds, admit }: { readonly seconds: number; readonly admit: Admit },
    res: Response,
  ): Promise<StoredPromise | undefined> {
    const { durable, draining } = this.#options;
    if (this.#waiting.size >= this.#max) {
      // Callers who need not wait are answered even now.
      const promise = await durable.read(id);
      if (promise?.state !== "pending" || !(await admit(promise))) return promise;
      throw new ServiceError(
        "TOO_MANY_WAITERS",
        "Too many callers wait already: ask again without waiting, or later",
      );
    }
    const leave = new AbortController();
    const abort = () => leave.abort();
    res.once("close", abort);
    if (draining.aborted) leave.abort();
    this.#waiting.add(leave);
    try {
      return await durable.waitFor(id, { timeoutMs: seconds * 1000, signal: leave.signal, admit });
    } finally {
      this.#waiting.delete(leave);
      // Every response ends in a close, and an abort that nothing waits for makes an error each time.
      res.off("close", abort);
    }
  }
}

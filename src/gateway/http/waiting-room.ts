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

export interface Waiter {
  readonly seconds: number;
  readonly admit: Admit;
  /** Whose caller it is. Undefined where nobody needs a key. */
  readonly client: string | undefined;
}

/**
 * Holds callers until their promise settles, they leave, time is up, or the process stops; so many at a time, and of one client
 * half as many, so that none keeps all others out.
 */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #max: number;
  /** How to let go of each who waits, and whose it is. */
  readonly #waiting = new Map<AbortController, string | undefined>();

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
    this.#max = options.waitersMax ?? WAITERS_MAX;
    // One listener for all: a signal looks through its listeners for each that comes or goes.
    options.draining.addEventListener("abort", () => {
      for (const leave of this.#waiting.keys()) leave.abort();
    });
  }

  async waitFor(
    id: string,
    { seconds, admit, client }: Waiter,
    res: Response,
  ): Promise<StoredPromise | undefined> {
    const { durable, draining } = this.#options;
    if (this.#isFullFor(client)) {
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
    this.#waiting.set(leave, client);
    try {
      return await durable.waitFor(id, { timeoutMs: seconds * 1000, signal: leave.signal, admit });
    } finally {
      this.#waiting.delete(leave);
      // Every response ends in a close, and an abort that nothing waits for makes an error each time.
      res.off("close", abort);
    }
  }

  #isFullFor(client: string | undefined): boolean {
    if (this.#waiting.size >= this.#max) return true;
    const share = this.#max / 2;
    if (client === undefined || this.#waiting.size < share) return false;
    return [...this.#waiting.values()].filter((each) => each === client).length >= share;
  }
}

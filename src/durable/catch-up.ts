import { setTimeout as pause } from "node:timers/promises";
import type { Message, Network } from "@resonatehq/sdk";
import { parseAddress } from "../protocol/addresses.ts";
import { delayOf, targetOf } from "./lineage.ts";
import { ask } from "./protocol-client.ts";

export interface CatchUpOptions {
  readonly network: Network;
  /** Groups whose tasks this worker takes. */
  readonly groups: readonly string[];
  /** Its name in them. */
  readonly pid: string;
  /** The engine's time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Takes a task as if the server had just offered it. */
  readonly offer: (message: Message) => void;
}

/** Tasks that are read at once. */
const PAGE = 100;
/** In one look: 2,000 tasks. The server offers what is left as its own retry comes round. */
const PAGES_MAX = 20;
/** Promises that are read at once: enough to hide a network's latency, few enough to leave others their turn. */
const READS_AT_ONCE = 8;
/** Between two attempts at a server that does not answer, and the last of them. */
const RETRY_MS = 500;
const TRIES_MAX = 6;

/**
 * Looks for tasks that wait for a worker, on a server that offers each once.
 *
 * Resonate Server 0.9.8 deletes the message about a task before it sends it, also where no worker is connected, and sends
 * the next one after `--tasks-retry-timeout`, which is 30 s. So a worker that has just connected asks what is pending. It takes such
 * a task as it takes an offered one, by its version: of several workers that find the same task, one gets it, and a task
 * that runs is not pending.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #stopped = new AbortController();
  #looking: Promise<void> | undefined;
  #isAgain = false;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** Looks in the background; once more where it does so already, since that look may have passed what is new. */
  look(): void {
    if (this.#looking !== undefined) {
      this.#isAgain = true;
      return;
    }
    this.#looking = this.#lookPatiently().finally(() => {
      this.#looking = undefined;
      const isAgain = this.#isAgain;
      this.#isAgain = false;
      if (isAgain) this.look();
    });
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #lookPatiently(): Promise<void> {
    const { signal } = this.#stopped;
    for (let tries = 1; !signal.aborted && tries <= TRIES_MAX; tries += 1) {
      try {
        return await this.#lookOnce();
      } catch {
        // It has just started, or is away again. Then the next stream that opens starts the next look.
        await pause(RETRY_MS, undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }

  async #lookOnce(): Promise<void> {
    let cursor: string | undefined;
    for (let pages = 0; pages < PAGES_MAX && !this.#stopped.signal.aborted; pages += 1) {
      const from = cursor === undefined ? {} : { cursor };
      const found = await ask(this.#options.network, "task.search", {
        state: "pending",
        limit: PAGE,
        ...from,
      });
      // Some servers cannot search.
      if (!found.ok) return;
      await this.#offerAll(found.data.tasks);
      ({ cursor } = found.data);
      if (cursor === undefined) return;
    }
  }

  async #offerAll(tasks: readonly Waiting[]): Promise<void> {
    // Workers that connect at once begin at different tasks, so that each gets some of them.
    const start = Math.floor(Math.random() * tasks.length);
    const waiting = [...tasks.slice(start), ...tasks.slice(0, start)];
    const offerNext = async (): Promise<void> => {
      for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
        if (this.#stopped.signal.aborted) return;
        await this.#offer(task);
      }
    };
    await Promise.all(Array.from({ length: READS_AT_ONCE }, offerNext));
  }

  /** A search does not tell whose tasks it finds, and whether it is time for them, but the promise does. */
  async #offer({ id, version }: Waiting): Promise<void> {
    const { network, now, offer } = this.#options;
    const response = await ask(network, "promise.get", { id });
    if (this.#stopped.signal.aborted || !response.ok) return;
    const { state, tags } = response.data.promise;
    if (state !== "pending" || !this.#isOurs(targetOf(tags))) return;
    // The server hands it out itself when its time has come.
    if ((delayOf(tags) ?? 0) > now()) return;
    offer({ kind: "execute", head: {}, data: { task: { id, version } } });
  }

  #isOurs(target: string | undefined): boolean {
    const to = target === undefined ? undefined : parseAddress(target);
    if (to === undefined || !this.#options.groups.includes(to.group)) return false;
    return to.cast === "any" || to.pid === this.#options.pid;
  }
}

interface Waiting {
  readonly id: string;
  readonly version: number;
}

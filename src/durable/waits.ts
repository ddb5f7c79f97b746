/**
 * Waiting for promises to settle.
 *
 * The engine announces a settlement once, to each listener. If the stream is down at that moment, the announcement is
 * lost. So each awaited promise has one watch, shared by all its waiters. The watch listens for the announcement and
 * also polls now and then. Nothing here needs to survive a restart, because callers ask again.
 */
import type { Message, Network } from "@resonatehq/sdk";
import type { Admit, StoredPromise } from "./durable.ts";
import { ask, stored } from "./protocol-client.ts";

/**
 * How often a watch polls. With a listener, polling only finds lost announcements, so a thousand waiters may cost no
 * more than a few hundred reads a second. If the server refuses listeners, polling is the only way.
 */
export interface LookPauses {
  readonly listeningMs: number;
  readonly deafMs: number;
}

export const LOOK_PAUSES: LookPauses = { listeningMs: 5_000, deafMs: 500 };

/** Some servers notice a deadline only when asked. This long after it, they certainly do. */
const DEADLINE_GRACE_MS = 20;
/** Between two looks at everything: a stream that breaks again and again costs a read a second for each promise. */
const LOOK_AT_ALL_MS = 1_000;

/**
 * One awaited promise. It is in the table before the engine is asked to announce, because the announcement can overtake
 * the reply.
 */
interface Watch {
  readonly id: string;
  /** Undefined until the first read, and for good if the engine does not know it. */
  latest: StoredPromise | undefined;
  /** Resolves after the first read; rejects if the engine did not answer. */
  begun: Promise<void>;
  readonly settled: PromiseWithResolvers<void>;
  timer: NodeJS.Timeout | undefined;
  /** Polls before its time. Undefined until the first read. */
  lookNow: (() => void) | undefined;
  isLooking: boolean;
  /** Whether an announcement may have been lost since the look under way began. */
  isAgain: boolean;
  waiting: number;
}

/** What is announced through the network may be lost, and it says when. */
interface Gaps {
  onGap(callback: () => void): void;
}

function hasGaps(network: object): network is Gaps {
  return "onGap" in network && typeof network.onGap === "function";
}

export class Waits {
  readonly #network: Network;
  readonly #pauses: LookPauses;
  readonly #now: () => number;
  readonly #watches = new Map<string, Watch>();
  #connected: Promise<void> | undefined;
  #lookedAtAllAt = Number.NEGATIVE_INFINITY;
  /** The next look at everything. */
  #nextLook: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** @param now the engine's clock */
  constructor(network: Network, pauses: LookPauses, now: () => number) {
    this.#network = network;
    this.#now = now;
    this.#pauses = pauses;
    network.recv((message) => this.#receive(message));
    if (hasGaps(network)) network.onGap(() => this.#lookAtAllSoon());
  }

  /**
   * Waits for settlement until `end` ends the wait; does not wait if the caller is not admitted. Returns the last known
   * state.
   */
  async settlement(id: string, end: Promise<void>, admit?: Admit): Promise<StoredPromise | undefined> {
    const watch = this.#watches.get(id) ?? this.#begin(id);
    watch.waiting += 1;
    try {
      await watch.begun;
      const { latest } = watch;
      if (latest?.state === "pending" && (admit === undefined || (await admit(latest)))) {
        await Promise.race([watch.settled.promise, end]);
      }
      return watch.latest;
    } finally {
      watch.waiting -= 1;
      if (watch.waiting === 0) this.#drop(watch);
    }
  }

  /** Ends every wait with the last known state. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#nextLook);
    for (const watch of this.#watches.values()) {
      watch.settled.resolve();
      this.#drop(watch);
    }
  }

  #begin(id: string): Watch {
    const watch: Watch = {
      id,
      latest: undefined,
      begun: Promise.resolve(),
      settled: Promise.withResolvers<void>(),
      timer: undefined,
      lookNow: undefined,
      isLooking: false,
      isAgain: false,
      waiting: 0,
    };
    this.#watches.set(id, watch);
    watch.begun = this.#lookFirst(watch);
    return watch;
  }

  async #lookFirst(watch: Watch): Promise<void> {
    // The first waiter opens the stream, because most commands never wait. If it cannot be opened, polling replaces it.
    this.#connected ??= this.#network.init().catch(() => undefined);
    await this.#connected;
    const { promise, isListening } = await this.#listen(watch.id);
    if (watch.latest !== undefined) return;
    watch.latest = promise;
    if (promise?.state === "pending") {
      this.#lookLater(watch, promise.timeoutAt, isListening ? this.#pauses.listeningMs : this.#pauses.deafMs);
    } else {
      this.#drop(watch);
    }
  }

  async #listen(id: string): Promise<{ promise: StoredPromise | undefined; isListening: boolean }> {
    const address = this.#network.unicast;
    const response = await ask(this.#network, "promise.register_listener", { awaited: id, address });
    if (response.ok) return { promise: stored(response.data.promise), isListening: true };
    // 404: unknown. Otherwise the server has no listeners, or none for a promise of this kind.
    const promise = response.status === 404 ? undefined : await this.#read(id);
    return { promise, isListening: false };
  }

  async #read(id: string): Promise<StoredPromise | undefined> {
    const response = await ask(this.#network, "promise.get", { id });
    return response.ok ? stored(response.data.promise) : undefined;
  }

  #lookLater(watch: Watch, timeoutAt: number, pauseMs: number): void {
    if (this.#watches.get(watch.id) !== watch) return;
    const toDeadlineMs = timeoutAt - this.#now() + DEADLINE_GRACE_MS;
    watch.lookNow = () => {
      clearTimeout(watch.timer);
      void this.#lookAgain(watch, timeoutAt, pauseMs);
    };
    clearTimeout(watch.timer);
    watch.timer = setTimeout(watch.lookNow, toDeadlineMs > 0 ? Math.min(pauseMs, toDeadlineMs) : pauseMs);
  }

  /** An announcement may have been lost. */
  #lookAtAllSoon(): void {
    if (this.#isStopped || this.#nextLook !== undefined) return;
    const waitMs = this.#lookedAtAllAt + LOOK_AT_ALL_MS - performance.now();
    if (waitMs <= 0) this.#lookAtAll();
    else this.#nextLook = setTimeout(() => this.#lookAtAll(), waitMs).unref();
  }

  #lookAtAll(): void {
    this.#nextLook = undefined;
    this.#lookedAtAllAt = performance.now();
    for (const { lookNow } of this.#watches.values()) lookNow?.();
  }

  async #lookAgain(watch: Watch, timeoutAt: number, pauseMs: number): Promise<void> {
    if (watch.isLooking) {
      watch.isAgain = true;
      return;
    }
    watch.isLooking = true;
    // An engine that does not answer now may announce later. The wait itself is limited.
    const promise = await this.#read(watch.id).catch(() => undefined);
    const { isAgain } = watch;
    watch.isLooking = false;
    watch.isAgain = false;
    if (promise !== undefined && promise.state !== "pending") return this.#settle(promise);
    this.#lookLater(watch, timeoutAt, pauseMs);
    if (isAgain && this.#watches.get(watch.id) === watch) watch.lookNow?.();
  }

  #receive(message: Message): void {
    if (message.kind === "unblock") this.#settle(stored(message.data.promise));
  }

  #settle(promise: StoredPromise): void {
    const watch = this.#watches.get(promise.id);
    if (watch === undefined) return;
    watch.latest = promise;
    watch.settled.resolve();
    this.#drop(watch);
  }

  #drop(watch: Watch): void {
    clearTimeout(watch.timer);
    if (this.#watches.get(watch.id) === watch) this.#watches.delete(watch.id);
  }
}

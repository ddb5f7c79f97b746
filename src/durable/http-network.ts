/** The SDK's `Network` to an engine in another process: requests by HTTP, announcements by one event stream. */
import { setTimeout as pause } from "node:timers/promises";
import {
  type HttpAdapter,
  HttpNetwork,
  isMessage,
  type Message,
  type Network,
  type Request,
  ResonateTimeoutException,
} from "@resonatehq/sdk";
import { type EngineClock, RemoteClock } from "./engine-time.ts";
import { eventData } from "./event-stream.ts";
import { createSend } from "./http-send.ts";
import { anyAddress } from "./lineage.ts";
import { Turns } from "./turns.ts";

/** Knows what time it is at the engine. */
export interface HttpEngineNetwork extends Network {
  readonly clock: EngineClock;
}

export interface HttpNetworkOptions {
  readonly url: string;
  readonly token: string | undefined;
  /** Letters, digits, dots, dashes and underscores only: servers parse addresses as URLs. */
  readonly group: string;
  /** Unique to this process, of the same letters. */
  readonly pid: string;
}

/** A request takes milliseconds; whoever called us should hear of a dead engine before giving up themselves. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Each request under way is a connection of its own. A rush of presses would otherwise open thousands at once, and an
 * engine refuses what goes beyond its limit; the answers come within milliseconds, so a queue loses nothing.
 */
const REQUESTS_AT_ONCE = 100;

/**
 * How long a request waits in that queue. Five thousand presses at one moment take a busy machine half as long; after
 * this and a request's own time, the caller of a gateway is cut anyway.
 */
const QUEUE_MS = 20_000;

/**
 * Requests that mean the same when they are sent again: what was done stands, and is answered. All that a gateway asks
 * is of these; a worker's claims on tasks are not.
 */
const REPEATABLE: ReadonlySet<Request["kind"]> = new Set([
  "promise.get",
  "promise.search",
  "promise.create",
  "promise.settle",
  "promise.register_listener",
]);

/** Pauses before a repeatable request whose connection broke is sent again. Within a second it is known, or told. */
const RETRY_MS = [25, 75, 200, 600];

/**
 * Unlike the SDK's own message source, this one opens its stream only when `init()` is called, and `stop()` ends it
 * for good, also while it waits to reconnect: commands that never wait open none, and processes can end.
 */
export function createHttpNetwork({ url, token, group, pid }: HttpNetworkOptions): HttpEngineNetwork {
  const base = url.replace(/\/$/, "");
  const clock = new RemoteClock();
  const network = new HttpNetwork({
    url: base,
    ...(token === undefined ? {} : { token }),
    adapter: new PollStream({ base, token, group, pid }),
  });
  const turns = new Turns({
    atOnce: REQUESTS_AT_ONCE,
    waitMs: QUEUE_MS,
    tooLate: () => new ResonateTimeoutException("too many requests wait for the engine"),
  });
  const send = createSend({ url: base, token, timeoutMs: REQUEST_TIMEOUT_MS, clock });
  network.send = async (request) => {
    // A sign of life that waits in line comes too late, and the work it stands for is given to somebody else.
    if (request.kind === "task.heartbeat") return await send(request);
    for (const pauseMs of REPEATABLE.has(request.kind) ? RETRY_MS : []) {
      try {
        return await turns.run(() => send(request));
      } catch (error) {
        if (!isBrokenConnection(error)) throw error;
      }
      await pause(pauseMs);
    }
    return await turns.run(() => send(request));
  };
  return Object.assign(network, { clock });
}

/**
 * Whether the request may not have got through, and that is known at once: the connection was refused or broke, as one
 * does that a busy engine closed while it was taken up again. Not a request that took too long, nor one that was answered.
 */
function isBrokenConnection(error: unknown): boolean {
  return error instanceof Error && /^platform failure: (?:fetch failed|terminated)$/.test(error.message);
}

/**
 * First and longest pause before the stream is opened again. The longest is what a decision may have to wait for its
 * workflow once an engine is back, however long it was away; four attempts a second cost nobody anything.
 */
const RECONNECT_MS = { first: 100, longest: 250 };
/** How long `init()` waits for the stream: without it announcements are missed, and found by looking again. */
const OPEN_TIMEOUT_MS = 2_000;

class PollStream implements HttpAdapter {
  readonly unicast: string;
  readonly anycast: string;
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #callbacks: ((message: Message) => void)[] = [];
  readonly #stopped = new AbortController();
  #opened: Promise<void> | undefined;

  constructor({ base, token, group, pid }: Omit<HttpNetworkOptions, "url"> & { readonly base: string }) {
    this.unicast = `poll://uni@${group}/${pid}`;
    this.anycast = anyAddress(group, pid);
    this.#url = `${base}/poll/${group}/${pid}`;
    this.#headers = {
      accept: "text/event-stream",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
  }

  match(target: string): string {
    return anyAddress(target);
  }

  onReceive(callback: (message: Message) => void): void {
    this.#callbacks.push(callback);
  }

  /** Opens the stream, once; answers when it is open, or cannot be opened at the moment. */
  async init(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    this.#opened ??= new Promise((resolve) => {
      const timer = setTimeout(resolve, OPEN_TIMEOUT_MS);
      void this.#keepOpen(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    await this.#opened;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
  }

  async #keepOpen(tried: () => void): Promise<void> {
    const { signal } = this.#stopped;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const response = await fetch(this.#url, { headers: this.#headers, signal });
        if (response.ok && response.body !== null) {
          failures = 0;
          tried();
          for await (const data of eventData(response.body)) this.#deliver(data);
        } else {
          await response.body?.cancel();
        }
      } catch {
        // Refused, broken off, or stopped: all the same here, and a request will tell callers if the engine is gone.
      }
      tried();
      const delayMs = Math.min(RECONNECT_MS.first * 2 ** failures, RECONNECT_MS.longest);
      await pause(delayMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  #deliver(data: string): void {
    let message: unknown;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (!isMessage(message)) return;
    for (const callback of this.#callbacks) callback(message);
  }
}

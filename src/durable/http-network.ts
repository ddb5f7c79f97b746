/** The SDK's `Network` to an engine in another process: requests by HTTP, announcements by one event stream. */
import { setTimeout as pause } from "node:timers/promises";
import {
  type HttpAdapter,
  HttpNetwork,
  isMessage,
  type Message,
  type Network,
  ResonateTimeoutException,
} from "@resonatehq/sdk";
import { type EngineClock, RemoteClock } from "./engine-time.ts";
import { eventData } from "./event-stream.ts";
import { createSend } from "./http-send.ts";
import { anyAddress } from "./lineage.ts";
import { Turns } from "./turns.ts";

/** Knows the engine's time. */
export interface HttpEngineNetwork extends Network {
  readonly clock: EngineClock;
}

export interface HttpNetworkOptions {
  readonly url: string;
  readonly token: string | undefined;
  /** Letters, digits, dots, dashes and underscores only: servers parse addresses as URLs. */
  readonly group: string;
  /** Groups whose tasks it takes, too. */
  readonly moreGroups?: readonly string[];
  /** Unique to this process, of the same letters. */
  readonly pid: string;
}

/** A request takes milliseconds. Our caller should learn that the engine is down before its own timeout. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Each request under way is a connection of its own. Without a limit, a rush of presses would open thousands at once,
 * and the engine would refuse the excess. Answers take milliseconds, so a queue costs little.
 */
const REQUESTS_AT_ONCE = 100;

/**
 * How long a request waits in that queue. Five thousand simultaneous presses take half as long on a busy machine. After
 * this time and that of a request, the gateway ends its caller's connection anyway.
 */
const QUEUE_MS = 20_000;

/**
 * Idempotent requests: repeated, they return the stored result. All requests of a gateway are idempotent; a worker's
 * claims on tasks are not.
 */
const REPEATABLE: ReadonlySet<string> = new Set([
  "promise.get",
  "promise.search",
  "promise.create",
  "promise.settle",
  "promise.register_listener",
  // Of our own engine.
  "projection.read",
]);

/** Pauses before retries of an idempotent request after a broken connection. Within a second it succeeds or fails. */
const RETRY_MS = [25, 75, 200, 600];

/**
 * Unlike the SDK's own message source, this opens its stream only on `init()`, and `stop()` ends it for good, even
 * while it waits to reconnect. So commands that never wait open no stream, and processes can exit.
 */
export function createHttpNetwork({
  url,
  token,
  group,
  moreGroups = [],
  pid,
}: HttpNetworkOptions): HttpEngineNetwork {
  const base = url.replace(/\/$/, "");
  const clock = new RemoteClock();
  const network = new HttpNetwork({
    url: base,
    ...(token === undefined ? {} : { token }),
    adapter: new PollStreams({ base, token, groups: [group, ...moreGroups], pid }),
  });
  const turns = new Turns({
    atOnce: REQUESTS_AT_ONCE,
    waitMs: QUEUE_MS,
    tooLate: () => new ResonateTimeoutException("too many requests wait for the engine"),
  });
  const send = createSend({ url: base, token, timeoutMs: REQUEST_TIMEOUT_MS, clock });
  network.send = async (request) => {
    // A heartbeat must not wait in the queue: if it is late, another worker gets the tasks.
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
 * Whether the connection was refused or broke, for example because a busy engine closed a connection that was just
 * reused. False for a timeout, and for a request that was answered.
 */
function isBrokenConnection(error: unknown): boolean {
  return error instanceof Error && /^platform failure: (?:fetch failed|terminated)$/.test(error.message);
}

/**
 * First and longest pause before the stream is opened again. A workflow may have to wait for the longest pause after
 * the engine is back, even after a long outage. Four attempts a second cost next to nothing.
 */
const RECONNECT_MS = { first: 100, longest: 250 };
/**
 * How long `init()` waits for the stream: without the stream, announcements are missed, and polling finds the
 * settlements.
 */
const OPEN_TIMEOUT_MS = 2_000;

/** One event stream for each group, all under the same name. */
class PollStreams implements HttpAdapter {
  readonly unicast: string;
  readonly anycast: string;
  readonly #urls: readonly string[];
  readonly #headers: Record<string, string>;
  readonly #callbacks: ((message: Message) => void)[] = [];
  readonly #stopped = new AbortController();
  #opened: Promise<unknown> | undefined;

  constructor({
    base,
    token,
    groups,
    pid,
  }: {
    readonly base: string;
    readonly token: string | undefined;
    readonly groups: readonly [string, ...string[]];
    readonly pid: string;
  }) {
    this.unicast = `poll://uni@${groups[0]}/${pid}`;
    this.anycast = anyAddress(groups[0], pid);
    this.#urls = groups.map((group) => `${base}/poll/${group}/${pid}`);
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

  /** Opens the streams once. Resolves when they are open, or cannot be opened at the moment. */
  async init(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    this.#opened ??= Promise.all(this.#urls.map((url) => this.#open(url)));
    await this.#opened;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
  }

  async #open(url: string): Promise<void> {
    const tried = Promise.withResolvers<void>();
    const timer = setTimeout(tried.resolve, OPEN_TIMEOUT_MS);
    void this.#keepOpen(url, tried.resolve);
    await tried.promise;
    clearTimeout(timer);
  }

  async #keepOpen(url: string, tried: () => void): Promise<void> {
    const { signal } = this.#stopped;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const response = await fetch(url, { headers: this.#headers, signal });
        if (response.ok && response.body !== null) {
          failures = 0;
          tried();
          for await (const data of eventData(response.body)) this.#deliver(data);
        } else {
          await response.body?.cancel();
        }
      } catch {
        // Refused, broken or stopped makes no difference here. If the engine is down, callers learn it from their
        // requests.
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

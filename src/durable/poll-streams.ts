/** The event streams of an engine in another process: one for each group, opened again whenever it ends. */
import type { IncomingMessage } from "node:http";
import { get as getByHttps } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { type HttpAdapter, isMessage, type Message } from "@resonatehq/sdk";
import { get as getByHttp } from "../lib/http.ts";
import { isOwnEngine } from "./engine-time.ts";
import { eventData } from "./event-stream.ts";
import { anyAddress } from "./lineage.ts";
import { type Token, tokenNow } from "./token.ts";

export interface PollStreamsOptions {
  /** Without a slash at its end. */
  readonly base: string;
  readonly token: Token;
  readonly groups: readonly [string, ...string[]];
  /** Name of this process in all of them. */
  readonly pid: string;
}

/**
 * Longest pauses before the stream is opened again, the first and any other; the shortest is half as long. A workflow may
 * have to wait for a pause after the engine is back, even after a long outage. A few attempts a second cost next to nothing.
 */
const RECONNECT_MS = { first: 100, longest: 250 };
/**
 * How long `init()` waits for the stream: without the stream, announcements are missed, and polling finds the
 * settlements.
 */
const OPEN_TIMEOUT_MS = 2_000;
/** An engine that takes longer to open a stream is away, or its machine is. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Our engine writes every 15 s: when it is silent for longer, it is away, or its machine is. */
const OWN_SILENCE_MS = 45_000;
/** How soon the system asks the other machine whether it is there; Resonate Server 0.9.8 may be silent for days. */
const KEEP_ALIVE_MS = 30_000;

export class PollStreams implements HttpAdapter {
  readonly unicast: string;
  readonly anycast: string;
  readonly #urls: readonly string[];
  readonly #token: Token;
  readonly #callbacks: ((message: Message) => void)[] = [];
  readonly #onForeign: (() => void)[] = [];
  readonly #onListening: ((isListening: boolean) => void)[] = [];
  readonly #stopped = new AbortController();
  #listening = 0;
  #opened: Promise<unknown> | undefined;

  constructor({ base, token, groups, pid }: PollStreamsOptions) {
    this.unicast = `poll://uni@${groups[0]}/${pid}`;
    this.anycast = anyAddress(groups[0], pid);
    this.#urls = groups.map((group) => `${base}/poll/${group}/${pid}`);
    this.#token = token;
  }

  #headers(): Record<string, string> {
    const token = tokenNow(this.#token);
    return {
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

  /** Calls back each time that a stream is open at a server that does not say again what was said meanwhile. */
  onForeignOpen(callback: () => void): void {
    this.#onForeign.push(callback);
  }

  /** Calls back when all streams are open, and when one of them no longer is. */
  onListening(callback: (isListening: boolean) => void): void {
    this.#onListening.push(callback);
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

  /** To everybody who listens, as if it had come by a stream. */
  deliver(message: Message): void {
    if (this.#stopped.signal.aborted) return;
    for (const callback of this.#callbacks) callback(message);
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
        const stream = await openStream(url, this.#headers(), signal);
        failures = 0;
        tried();
        if (!isOwnEngine((name) => stream.headers[name])) for (const callback of this.#onForeign) callback();
        this.#count(1);
        try {
          for await (const data of eventData(stream)) this.#read(data);
        } finally {
          this.#count(-1);
        }
      } catch {
        // Refused, broken or stopped makes no difference here. If the engine is down, callers learn it from their
        // requests.
      }
      tried();
      const longestMs = Math.min(RECONNECT_MS.first * 2 ** failures, RECONNECT_MS.longest);
      await pause(longestMs * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {});
    }
  }

  #count(change: 1 | -1): void {
    const all = this.#urls.length;
    const was = this.#listening === all;
    this.#listening += change;
    const is = this.#listening === all;
    if (is !== was) for (const callback of this.#onListening) callback(is);
  }

  #read(data: string): void {
    let message: unknown;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (isMessage(message)) this.deliver(message);
  }
}

/**
 * Not by `fetch`, which ends a body in which nothing has come for 300 s: what was announced before the next one was open
 * would be lost.
 *
 * @throws Error if there is no stream
 */
function openStream(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const get = url.startsWith("https:") ? getByHttps : getByHttp;
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, signal, agent: false }, (stream) => {
      clearTimeout(timer);
      if (stream.statusCode === 200) {
        if (isOwnEngine((name) => stream.headers[name]))
          request.setTimeout(OWN_SILENCE_MS, () => stream.destroy());
        return resolve(stream);
      }
      stream.destroy();
      reject(new Error(`HTTP ${stream.statusCode}`));
    });
    const timer = setTimeout(() => request.destroy(new Error("no answer")), ANSWER_TIMEOUT_MS);
    request.on("socket", (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

import { pause } from "./pause.ts";
import { CountersignError, errorOf } from "./problem.ts";

export interface ClientOptions {
  /** Origin of the service, such as `https://approvals.example.com`. */
  readonly url: string;
  /** API key, `apv_…`. A service that has no keys needs none. */
  readonly key?: string | undefined;
  /** How long one request may take, in milliseconds. Default 30,000. A wait takes as long as it asks for, and this. */
  readonly timeoutMs?: number;
  /** How often a call that is safe to repeat is tried again while the service cannot be reached or is busy. Default 4. */
  readonly retries?: number;
  /** Default: the platform's own. */
  readonly fetch?: typeof globalThis.fetch;
}

interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Sent as JSON; undefined: no body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the call may be sent again although its effect is unknown, because it takes effect only once. */
  readonly isRepeatable: boolean;
  /** Statuses beside 2xx that are answers and no refusals. */
  readonly answers?: readonly number[];
  /** Added to the request's time. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Sends calls, repeats those that may be, and makes errors of refusals. */
export type Send = <T>(call: Call) => Promise<T>;

const FIRST_PAUSE_MS = 250;
const PAUSE_MS_MAX = 30_000;
/** The service may ask for a longer pause. A program that stands still for so long should know why. */
const ASKED_PAUSE_MS_MAX = 60_000;

/** @throws TypeError if the address or the key can be none, which would otherwise look like an outage */
export function createSend(options: ClientOptions): Send {
  const { key, timeoutMs = 30_000, retries = 4, fetch = globalThis.fetch } = options;
  const url = new URL(options.url);
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key))
    throw new TypeError("The key has characters that no key has");

  const sendOnce = async <T>({
    method,
    path,
    body,
    headers,
    answers = [],
    waitMs = 0,
    signal,
  }: Call): Promise<T> => {
    const timeout = AbortSignal.timeout(timeoutMs + waitMs);
    let response: Response;
    let text: string;
    try {
      response = await fetch(new URL(path, url), {
        method,
        // A redirect would carry the key to another address.
        redirect: "error",
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
        headers: {
          accept: "application/json",
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok && !answers.includes(response.status)) throw await errorOf(response);
      // A refusal may have the status of an answer; it is told by its type.
      if ((response.headers.get("content-type") ?? "").includes("problem+json"))
        throw await errorOf(response);
      text = await response.text();
    } catch (cause) {
      if (cause instanceof CountersignError) throw cause;
      signal?.throwIfAborted();
      throw new CountersignError(`Cannot reach ${url.host}`, { cause });
    }
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      // A proxy's page, as of a sign-in of its own, or another service.
      throw new CountersignError(`Cannot read what ${url.host} answered: it is no JSON`, {
        status: response.status,
        type: "unreadable",
        cause,
      });
    }
  };

  return async (call) => {
    for (let tries = 0; ; tries += 1) {
      try {
        return await sendOnce(call);
      } catch (error) {
        const isAgain = error instanceof CountersignError && error.isRetryable && call.isRepeatable;
        if (!isAgain || tries >= retries || (error.retryAfterMs ?? 0) > ASKED_PAUSE_MS_MAX) throw error;
        // Spread, so that callers who met one outage do not come back in step.
        const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** tries, PAUSE_MS_MAX) * (0.5 + Math.random());
        await pause(Math.max(pauseMs, error.retryAfterMs ?? 0), call.signal);
      }
    }
  };
}

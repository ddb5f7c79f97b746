/** One attempt at a callback: who is called, with which signature, and what follows from the answer. */
import type {
  Attempt,
  AttemptResult,
  Callback,
  CallbackEnd,
  NextAfterAttempt,
  Receiver,
} from "../approval/callback.ts";
import { type EventType, subjectOf } from "../approval/event.ts";
import { type CallbackTargets, createAddressPolicy } from "./address-policy.ts";
import { messageIdOf } from "./ids.ts";
import { type PostOptions, type PostResult, post } from "./post.ts";
import { pauseAfter, RETRIES_MS, retryAfterMs } from "./schedule.ts";
import { type SigningSecret, signatureHeaders } from "./sign.ts";

export interface CallbackSender {
  /** Configured endpoints that want events of this type. */
  endpointsFor(type: EventType): readonly Receiver[];
  /** What must be different about a callback URL, as far as can be told without asking DNS; undefined if nothing. */
  urlProblem(url: string): string | undefined;
  /**
   * Makes the `n`th attempt. Never throws for what the receiver or the network does. `traceparent`: the trace that it
   * belongs to, which the receiver may go on with.
   */
  attempt(callback: Callback, n: number, traceparent?: string): Promise<Attempt>;
}

/** A receiver that the settings name. */
interface Endpoint {
  readonly name: string;
  readonly url: string;
  /** Undefined: all. */
  readonly events: readonly EventType[] | undefined;
  /** The first is the current one; all sign. */
  readonly secrets: readonly SigningSecret[];
}

/** By ids and names only: a URL may hold what nobody else may know. */
interface FailedCallback {
  readonly type: EventType;
  /** Id of the approval or workflow that it reports on. */
  readonly about: string;
  /** `webhook-id` of every attempt. */
  readonly message: string;
  /** The endpoint's name, or `callbackUrl`. */
  readonly to: string;
  readonly status: "failed" | "gone";
  readonly attempts: number;
  readonly result: AttemptResult;
}

export interface CallbackSenderOptions {
  readonly targets: CallbackTargets;
  readonly endpoints: readonly Endpoint[];
  /** Secrets for URLs that requests name; the first is the current one, all sign. */
  readonly secrets: readonly SigningSecret[];
  /** Pauses between attempts, in milliseconds. Default: the published schedule. */
  readonly retriesMs?: readonly number[];
  /** Called once for each callback that ends undelivered. */
  readonly onFailure?: (failed: FailedCallback) => void;
  readonly post?: Omit<PostOptions, "policy">;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** From 0 to 1. */
  readonly random?: () => number;
}

export function createCallbackSender(options: CallbackSenderOptions): CallbackSender {
  const {
    targets,
    endpoints,
    secrets,
    retriesMs = RETRIES_MS,
    clock = Date.now,
    random = Math.random,
  } = options;
  const policy = createAddressPolicy(targets);
  const byName = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]));

  function resolved(to: Receiver): Pick<Endpoint, "url" | "secrets"> | undefined {
    return to.kind === "url" ? { url: to.url, secrets } : byName.get(to.name);
  }

  async function send(
    callback: Callback,
    nowMs: number,
    traceparent: string | undefined,
  ): Promise<PostResult | undefined> {
    const { event, to } = callback;
    const receiver = resolved(to);
    if (receiver === undefined) return undefined;
    const body = JSON.stringify(event);
    const signed = { id: messageIdOf(callback), timestampS: Math.floor(nowMs / 1000), body };
    const headers = {
      "content-type": "application/json",
      "user-agent": "Countersign",
      ...signatureHeaders(receiver.secrets, signed),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    return await post(receiver.url, { headers, body }, { ...options.post, policy });
  }

  return {
    urlProblem: (url) => policy.problem(url),
    endpointsFor: (type) =>
      endpoints
        .filter(({ events }) => events === undefined || events.includes(type))
        .map(({ name }) => ({ kind: "endpoint", name })),
    async attempt(callback, n, traceparent) {
      const { event, to } = callback;
      const startedAt = clock();
      const answer = await send(callback, startedAt, traceparent);
      const endedAt = clock();
      const status = endOf(answer);
      const askedMs =
        answer?.kind === "answered" ? retryAfterMs(answer.status, answer.retryAfter, endedAt) : undefined;
      const pauseMs = pauseAfter(n, { retriesMs, random: random(), askedMs });
      const next: NextAfterAttempt =
        status !== undefined
          ? { kind: "end", status }
          : pauseMs === undefined
            ? { kind: "end", status: "failed" }
            : { kind: "retry", inMs: pauseMs };
      const result = resultOf(answer);
      if (next.kind === "end" && next.status !== "delivered") {
        options.onFailure?.({
          type: event.type,
          about: subjectOf(event),
          message: messageIdOf(callback),
          to: to.kind === "endpoint" ? to.name : "callbackUrl",
          status: next.status,
          attempts: n,
          result,
        });
      }
      return {
        kind: "attempt",
        n,
        at: new Date(startedAt).toISOString(),
        ms: Math.max(0, endedAt - startedAt),
        result,
        next,
      };
    },
  };
}

/** How the callback ends with this answer; undefined if another attempt may do better. */
function endOf(answer: PostResult | undefined): CallbackEnd["status"] | undefined {
  if (answer === undefined) return "failed";
  if (answer.kind === "blocked") return answer.final ? "failed" : undefined;
  if (answer.kind !== "answered") return undefined;
  if (answer.status >= 200 && answer.status < 300) return "delivered";
  return answer.status === 410 ? "gone" : undefined;
}

function resultOf(answer: PostResult | undefined): AttemptResult {
  if (answer === undefined) return "unknown";
  if (answer.kind !== "answered") return answer.kind;
  const { status } = answer;
  if (status >= 200 && status < 300) return "2xx";
  if (status >= 300 && status < 400) return "3xx";
  return status < 500 ? "4xx" : "5xx";
}

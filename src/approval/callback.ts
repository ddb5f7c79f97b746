/**
 * A callback is one event on its way to one receiver. It is a workflow, so that no approval waits for a receiver.
 * Everything here is plain JSON in durable promises.
 */
import type { CallbackEvent } from "./event.ts";

/** Who is called: a URL that the request named, or an endpoint of the settings, by name. */
export type Receiver =
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "endpoint"; readonly name: string };

/** The argument of the workflow `callback`. */
export interface Callback {
  readonly event: CallbackEvent;
  readonly to: Receiver;
  /** When the approval or workflow that it reports on was created: see `eventKey`. */
  readonly bornAtMs?: number;
  /** The id of the callback that this one sends again. */
  readonly replayOf?: string;
}

/** The argument of the workflow `callback_on_completion`: the callback follows when `workflow` has ended. */
export interface CompletionCallback {
  readonly workflow: string;
  readonly to: Receiver;
  /** When the workflow was begun. */
  readonly bornAtMs?: number;
}

/**
 * What one attempt came to, and all of the receiver's answer that is kept: the class of its status, lest callbacks
 * become a way to read from inside networks. `blocked`: the address may not be called. `unknown`: the settings have no
 * such endpoint.
 */
export type AttemptResult = (typeof ATTEMPT_RESULTS)[number];
export const ATTEMPT_RESULTS = [
  "2xx",
  "3xx",
  "4xx",
  "5xx",
  "timeout",
  "unreachable",
  "blocked",
  "unknown",
] as const;

/** The result of the step that made one attempt. */
export interface Attempt {
  readonly kind: "attempt";
  /** 1 for the first. */
  readonly n: number;
  /** ISO 8601 instant. */
  readonly at: string;
  readonly ms: number;
  readonly result: AttemptResult;
  readonly next: NextAfterAttempt;
}

export type NextAfterAttempt =
  | { readonly kind: "end"; readonly status: CallbackEnd["status"] }
  | { readonly kind: "retry"; readonly inMs: number };

/** The result of a callback's workflow. */
export interface CallbackEnd {
  readonly kind: "callback";
  /** `gone`: the receiver answered 410. `failed`: all attempts are used up, or none can succeed. */
  readonly status: "delivered" | "gone" | "failed";
  readonly attempts: number;
  readonly result: AttemptResult;
}

/** Value of the kind tag. */
export const CALLBACK_KIND = "callback";

/** Tag that names the approval or workflow that a callback is about. */
export const ABOUT_TAG = "countersign:about";

/** Functions, as registered on workers. */
export const CALLBACK_FUNC = "callback";
export const COMPLETION_FUNC = "callback_on_completion";

/**
 * How long a callback may take as a whole. The last attempt of the published schedule comes after 84 hours at the
 * latest; the rest is for days on which no worker runs.
 */
export const CALLBACK_LIFE_MS = 14 * 24 * 3_600_000;

/**
 * Callbacks hang below the workflow that they report on, like detached workflows: they are found with it, and never have
 * an id that a caller can choose. The id alone shows the worker which host the callback goes to.
 *
 * @param subject id of the approval or workflow that it reports on
 * @param key distinguishes it from the others of this tree: hexadecimal
 * @param place a hash of `placeOf`: hexadecimal
 */
export function callbackId(subject: string, key: string, place: string): string {
  return `${originOf(subject)}:${CALLBACK_KIND}~${key}-${place}`;
}

/** What the callbacks of this receiver can delay: its host, whatever the path, or an endpoint by its name. */
export function placeOf(to: Receiver): string {
  return to.kind === "endpoint" ? `endpoint ${to.name}` : (URL.parse(to.url)?.host ?? "");
}

/** The place in the id of a callback, as it was given to `callbackId`; empty if the id has none. */
export function placeIn(id: string): string {
  return /^[^:]*:callback~[0-9a-f]+-([0-9a-f]+)(?:\.|$)/u.exec(id)?.[1] ?? "";
}

/** The callback about a workflow's end waits for the workflow. Only promises of the same tree may do that. */
export function completionCallbackId(workflow: string): string {
  return `${originOf(workflow)}:${CALLBACK_KIND}`;
}

/** Whether a promise belongs to a callback, by its id alone. */
export function isCallbackId(id: string): boolean {
  return /^[^:]*:callback(?:[~.]|$)/u.test(id);
}

/** The tree that an id belongs to: the text before the first `:`. */
function originOf(id: string): string {
  return id.split(":", 1)[0] ?? id;
}

/** A URL as lists and logs may show it: its query may hold a credential. */
export function shownUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return "";
  return `${parsed.origin}${parsed.pathname}${parsed.search === "" ? "" : "?…"}`;
}

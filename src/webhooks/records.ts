/**
 * What webhooks leave in durable promises, and under which ids. All ids end in 64 characters of a hash, so they are
 * longer than any id a caller can choose, and nobody can take one in advance.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../lib/canonical-json.ts";
import { rawNumberPaths } from "../lib/exact-json.ts";
import type { Match } from "./mapping.ts";

/** Values of the tag `countersign:kind`. */
export const DELIVERY = "delivery";
export const MEETING = "meeting";
/** The promise of `waitForWebhook`. */
export const WAIT = "webhook";
export const SOURCE_TAG = "countersign:source";
/**
 * Which doors may settle a promise, separated by commas: `api`, `callback`, `webhook` (any source), `webhook:<source>`.
 * Without the tag, every door to promises that wait for somebody outside.
 */
export const SETTLE_TAG = "countersign:settle";

/** Senders retry for up to three days; ours is remembered for ten times as long. */
export const DELIVERY_KEPT_MS = 30 * 24 * 3_600_000;
/** How long an event waits for a workflow that has not yet asked for it. */
export const EVENT_KEPT_MS = 7 * 24 * 3_600_000;

/**
 * Meetings for one match, one after the other. Whoever waits that often for the same values cannot tell one event from
 * the next; and each further one costs a look at all before it.
 */
export const MEETINGS_MAX = 64;

/** One delivery of one source, however often it is sent. */
export function deliveryId(source: string, replayKey: string): string {
  return `${deliveryPrefix(source)}${hash(replayKey)}`;
}

/** What ids of deliveries begin with, of one source or of all. */
export function deliveryPrefix(source?: string): string {
  return source === undefined ? "webhook." : `webhook.${source}.`;
}

/** Where an event and the workflow that waits for it meet, the `n`th time, from 0. */
export function meetingId(source: string, match: Match, n: number): string {
  const origin = `meeting.${source}.${hash(canonicalJson(match))}`;
  // One lineage, so that whoever removes old promises sees that they belong together.
  return n === 0 ? origin : `${origin}:${n}`;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const text = z.string();

/** What a delivery was when it first came. */
export interface Delivery {
  readonly kind: "delivery";
  readonly source: string;
  /** ISO 8601, by the gateway's clock. */
  readonly at: string;
  readonly bodySha256: string;
  readonly verdict: "resolve" | "reject" | "decide" | "ignore" | "unusable";
  /** The promise, ballot or match it is about. */
  readonly target?: string;
  readonly why?: string;
}

const delivery: z.ZodType<Delivery> = z.object({
  kind: z.literal("delivery"),
  source: text,
  at: text,
  bodySha256: text,
  verdict: z.enum(["resolve", "reject", "decide", "ignore", "unusable"]),
  target: z.exactOptional(text),
  why: z.exactOptional(text),
});

/** What came of a delivery: the promise's value. As long as there is none, the sender's next try is taken up anew. */
export interface DeliveryResult {
  /**
   * `settled`: by this delivery. `stands`: something else had settled it. `kept`: no workflow has asked for it yet.
   * `ignored`: by configuration. `unknown`: no such promise, and the configuration says not to ask for it again.
   */
  readonly result: "settled" | "stands" | "kept" | "ignored" | "unknown";
  /** Whether this delivery decided. */
  readonly effective: boolean;
  readonly promise?: string;
  readonly why?: string;
  /** What whoever gets the value should know. */
  readonly note?: string;
}

const deliveryResult: z.ZodType<DeliveryResult> = z.object({
  result: z.enum(["settled", "stands", "kept", "ignored", "unknown"]),
  effective: z.boolean(),
  promise: z.exactOptional(text),
  why: z.exactOptional(text),
  note: z.exactOptional(text),
});

/** What `waitForWebhook` waits for, and what it answers. A promise of its that has no value timed out. */
export interface WebhookAnswer {
  readonly kind: "webhook";
  readonly outcome: "resolved" | "rejected";
  /** What the source's configuration makes of the event. */
  readonly value?: unknown;
  /** In place of the value: its JSON, if numbers in it are beyond JavaScript, and would be others once they are read. */
  readonly json?: string;
  /** The delivery's promise; absent when somebody settled the wait by hand. */
  readonly delivery?: string;
}

/** With the value, or with its text where that is needed. */
export function webhookAnswerOf(
  answer: Omit<WebhookAnswer, "kind" | "json" | "delivery"> & { readonly delivery?: string | undefined },
): WebhookAnswer {
  const { outcome, value, delivery } = answer;
  return {
    kind: "webhook",
    outcome,
    ...(rawNumberPaths(value).length > 0
      ? { json: JSON.stringify(value) }
      : value === undefined
        ? {}
        : { value }),
    ...(delivery === undefined ? {} : { delivery }),
  };
}

const webhookAnswer = z.object({
  kind: z.literal("webhook"),
  outcome: z.enum(["resolved", "rejected"]),
  value: z.exactOptional(z.unknown()),
  json: z.exactOptional(text.refine(isJson)),
  delivery: z.exactOptional(text),
}) as z.ZodType<WebhookAnswer>;

/** Who came first to a meeting is its promise's parameter; who came second is its value. */
export type Arrival =
  | { readonly kind: "waiter"; readonly waiter: string }
  | { readonly kind: "event"; readonly delivery: string; readonly answer: WebhookAnswer };

const arrival: z.ZodType<Arrival> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("waiter"), waiter: text }),
  z.object({ kind: z.literal("event"), delivery: text, answer: webhookAnswer }),
]);

/** What a wait's step answers that brings the wait to its meeting. */
export type Joined = { readonly kind: "joined" } | { readonly kind: "refused"; readonly because: string };

const joined: z.ZodType<Joined> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("joined") }),
  z.object({ kind: z.literal("refused"), because: text }),
]);

export const readJoined = reader(joined);
export const readDelivery = reader(delivery);
export const readDeliveryResult = reader(deliveryResult);
export const readWebhookAnswer = reader(webhookAnswer);
export const readArrival = reader(arrival);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Other programs can reach the engine: what does not fit is undefined. */
function reader<T>(schema: z.ZodType<T>): (value: unknown) => T | undefined {
  return (value) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : undefined;
  };
}

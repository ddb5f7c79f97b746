/**
 * What webhooks store in durable promises, and under which ids. All ids end in a hash of 64 characters, so they are longer
 * than any id that a caller can choose, and no caller can take one in advance.
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
 * Who may settle a promise, separated by commas: `api`, `callback`, `webhook` (any source), `webhook:<source>`. Without
 * the tag, any of them may settle a latent promise.
 */
export const SETTLE_TAG = "countersign:settle";

/** Senders retry for up to three days; a delivery is remembered for ten times as long. */
export const DELIVERY_KEPT_MS = 30 * 24 * 3_600_000;
/** How long an event waits for a workflow that has not asked for it yet. */
export const EVENT_KEPT_MS = 7 * 24 * 3_600_000;

/**
 * Meetings for one match, one after the other. A workflow that waits more often for the same values could not tell one
 * event from the next, and each further meeting costs a read of all before it.
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
  // One lineage, so that the removal of old promises treats them as one.
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
  readonly verdict: "resolve" | "reject" | "decide" | "bounce" | "ignore" | "unusable";
  /** The promise, ballot or match it is about. */
  readonly target?: string;
  readonly why?: string;
}

const delivery: z.ZodType<Delivery> = z.object({
  kind: z.literal("delivery"),
  source: text,
  at: text,
  bodySha256: text,
  verdict: z.enum(["resolve", "reject", "decide", "bounce", "ignore", "unusable"]),
  target: z.exactOptional(text),
  why: z.exactOptional(text),
});

/** The result of a delivery: the promise's value. Until there is one, the sender's next try continues the delivery. */
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
  /** A remark for the receiver of the value. */
  readonly note?: string;
}

const deliveryResult: z.ZodType<DeliveryResult> = z.object({
  result: z.enum(["settled", "stands", "kept", "ignored", "unknown"]),
  effective: z.boolean(),
  promise: z.exactOptional(text),
  why: z.exactOptional(text),
  note: z.exactOptional(text),
});

/** What `waitForWebhook` waits for, and what it returns. If its promise has no value, it timed out. */
export interface WebhookAnswer {
  readonly kind: "webhook";
  readonly outcome: "resolved" | "rejected";
  /** The value that the source's configuration takes from the event. */
  readonly value?: unknown;
  /** In place of the value: its JSON, if it contains numbers that JavaScript would change. */
  readonly json?: string;
  /** The delivery's promise; absent if the wait was settled by hand. */
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

/** The result of the step that brings a wait to its meeting. */
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

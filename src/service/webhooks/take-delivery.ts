/**
 * Processes one verified event.
 *
 * D1 The delivery is a promise, named by source and replay key. It is created first.
 * D2 The effect follows. It can be repeated: it carries the delivery's id, so a repetition after a crash recognises its
 *    own effect.
 * D3 Last, the delivery is settled with the result, only if the sender gets a 2xx. So a settled delivery has had its
 *    effect, and a repetition has none. The sender's next try continues an unsettled one, even after you have fixed the
 *    configuration.
 */
import { ballotId, KIND_TAG } from "../../approval/ids.ts";
import type { ClosedBecause, SettledStanding } from "../../approval/standing.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import { ServiceError } from "../../lib/errors.ts";
import { rawNumberPaths } from "../../lib/exact-json.ts";
import { tagIn } from "../../tokens/return-path.ts";
import type { LinkTokens } from "../../tokens/tokens.ts";
import type { WebhookEvent } from "../../webhooks/events.ts";
import { type Plan, plan } from "../../webhooks/mapping.ts";
import {
  DELIVERY,
  DELIVERY_KEPT_MS,
  type Delivery,
  type DeliveryResult,
  deliveryId,
  readDelivery,
  readDeliveryResult,
  SOURCE_TAG,
  webhookAnswerOf,
} from "../../webhooks/records.ts";
import type { Source } from "../../webhooks/source.ts";
import { decideBallot } from "../approvals/decide.ts";
import { takeBounce } from "../approvals/take-bounce.ts";
import { settleLatent } from "../promises/settle.ts";
import { meet } from "./meet.ts";

export interface TakeOptions {
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** What return paths of mails are verified by. */
  readonly tokens: Pick<LinkTokens, "returnPaths">;
}

/** The answer to the sender, after which it stops retrying. */
export interface Taken extends DeliveryResult {
  /** The delivery's promise. */
  readonly delivery: string;
  /** The delivery was accepted before; the other members show the result of that time. */
  readonly duplicate: boolean;
}

/**
 * @throws ServiceError if the sender should try again, or the source's configuration is wrong: NOT_FOUND for a promise
 *   that does not exist, FORBIDDEN for one that this source may not settle, INVALID_FIELDS for an event that names
 *   none, CONFLICT if too many events wait for a match
 */
export async function takeDelivery(
  options: TakeOptions,
  source: Source,
  { event, replayKey, bodySha256 }: WebhookEvent & { readonly bodySha256: string },
): Promise<Taken> {
  const { durable } = options;
  const planned = plan(source.mapping, event);
  const nowMs = knownTime(options);
  const id = deliveryId(source.name, replayKey);
  const param: Delivery = {
    kind: "delivery",
    source: source.name,
    at: new Date(nowMs).toISOString(),
    bodySha256,
    ...told(planned),
  };
  const delivery = await durable.create({
    id,
    param,
    timeoutAt: nowMs + DELIVERY_KEPT_MS,
    tags: { [KIND_TAG]: DELIVERY, [SOURCE_TAG]: source.name },
  });
  if (delivery.tags[KIND_TAG] !== DELIVERY || readDelivery(delivery.param) === undefined) {
    throw new ServiceError("CONFLICT", "The id of this delivery belongs to something else");
  }
  if (delivery.state !== "pending") return taken(delivery, true);
  const result = await effect(options, source, planned, id);
  const settled = await durable.settle(id, result);
  if (settled === undefined) throw new Error(`Cannot settle ${id}: its promise was deleted`);
  return taken(settled, false);
}

function taken(delivery: StoredPromise, duplicate: boolean): Taken {
  const result = readDeliveryResult(delivery.value) ?? {
    result: "ignored",
    effective: false,
    // It timed out before any try succeeded and is too old to continue; or another program settled it.
    why: delivery.state === "timedout" ? "it first came too long ago" : "another program has closed it",
  };
  return { delivery: delivery.id, duplicate, ...result };
}

function told(planned: Plan): Pick<Delivery, "verdict" | "target" | "why"> {
  switch (planned.kind) {
    case "ignore":
    case "unusable":
      return { verdict: planned.kind, why: planned.why };
    case "decide":
      return { verdict: "decide", target: planned.ballot };
    case "settle":
      return { verdict: planned.verdict, target: planned.promise };
    case "bounce":
      return { verdict: "bounce", why: [planned.report.kind, planned.report.status ?? ""].join(" ").trim() };
    case "meet":
      return {
        verdict: planned.verdict,
        target: Object.entries(planned.match)
          .map(([name, value]) => `${name}=${value}`)
          .join(" "),
      };
  }
}

async function effect(
  { durable, clock, tokens }: TakeOptions,
  source: Source,
  planned: Plan,
  delivery: string,
): Promise<DeliveryResult> {
  switch (planned.kind) {
    case "ignore":
      return { result: "ignored", effective: false, why: planned.why };
    case "unusable":
      throw new ServiceError("INVALID_FIELDS", `The event cannot be mapped: ${planned.why}`);
    case "settle": {
      const { promise, verdict, value } = planned;
      const settlement = await settleLatent(durable, {
        id: promise,
        door: `webhook:${source.name}`,
        as: verdict === "resolve" ? "resolved" : "rejected",
        value,
        nonce: delivery,
        delivery,
      });
      if (settlement.kind === "unknown") return unknown(source, promise);
      if (settlement.kind === "closed") {
        throw new ServiceError("FORBIDDEN", `The promise ${promise} ${settlement.why}`);
      }
      const { record, effective } = settlement;
      return {
        result: effective ? "settled" : "stands",
        effective,
        promise,
        ...(effective ? noteOn(value) : { why: `it is ${record.state} already` }),
      };
    }
    case "meet": {
      const { match, verdict, value } = planned;
      const outcome = verdict === "resolve" ? "resolved" : "rejected";
      const answer = webhookAnswerOf({ outcome, value, delivery });
      const met = await meet(durable, knownTime({ durable, clock }), {
        source: source.name,
        match,
        delivery,
        answer,
      });
      if (met.kind === "full") {
        throw new ServiceError(
          "CONFLICT",
          "Too many events with these values have come: match more precisely",
        );
      }
      return {
        ...(met.kind === "met"
          ? { result: "settled", effective: true, promise: met.promise }
          : { result: "kept", effective: false, why: "no workflow waits for it yet" }),
        ...noteOn(value),
      };
    }
    case "bounce": {
      const nowMs = knownTime({ durable, clock });
      const name = nameIn(tokens, planned.addresses, nowMs);
      if (name === undefined) {
        return {
          result: "ignored",
          effective: false,
          why: "it names no return path of ours that is still good",
        };
      }
      const taken = await takeBounce(durable, { name, nowMs }, planned.report);
      if (taken.kind === "unknown") {
        return { result: "ignored", effective: false, why: "nothing is kept for its return path" };
      }
      const isStored = taken.kind === "stored";
      return {
        result: isStored ? "settled" : "stands",
        effective: isStored,
        promise: ballotId(taken.approval, taken.n),
        ...(isStored ? {} : { why: "the ballot is closed" }),
      };
    }
    case "decide": {
      const { ballot, choice, by } = planned;
      const decided = await decideBallot(durable, {
        ballot,
        choice,
        by,
        door: "webhook",
        nonce: delivery,
        caller: source.name,
      });
      if (decided.kind === "unknown") return unknown(source, ballot);
      if (decided.kind === "not-theirs") {
        throw new ServiceError("FORBIDDEN", `The ballot ${ballot} belongs to another approver`);
      }
      if (decided.kind === "wrong") {
        const [problem] = decided.problems;
        throw new ServiceError(
          "CONFLICT",
          `The request asks for more than a press can say (${problem?.field} ${problem?.message}): it is answered on its page`,
        );
      }
      const { effective, standing } = decided;
      return {
        result: effective ? "settled" : "stands",
        effective,
        promise: ballot,
        ...(effective ? {} : { why: whyNot(standing) }),
      };
    }
  }
}

/** The name in the first return path of ours. */
function nameIn(
  { returnPaths }: TakeOptions["tokens"],
  addresses: readonly string[],
  nowMs: number,
): string | undefined {
  for (const address of addresses) {
    const tag = tagIn(address);
    const verified = tag === undefined ? undefined : returnPaths.verify(tag, nowMs);
    if (verified?.ok === true) return verified.value.name;
  }
  return undefined;
}

/** Numbers are stored as they came. JavaScript reads the nearest double. */
function noteOn(value: unknown): Pick<DeliveryResult, "note"> {
  const paths = rawNumberPaths(value).map((path) => (path === "" ? "the value itself" : path.slice(0, 128)));
  if (paths.length === 0) return {};
  return { note: `holds numbers that JavaScript cannot hold exactly: ${paths.join(", ")}` };
}

function whyNot(standing: SettledStanding): string {
  return standing.kind === "decided" ? `the answer is ${standing.decision.choice}` : CLOSED[standing.because];
}

const CLOSED = {
  approved: "it ended as approved",
  rejected: "it ended as rejected",
  expired: "it ended as expired",
  cancelled: "it ended as cancelled",
  closing: "the approval is closing",
  reassigned: "the ballot was handed to somebody else",
  recused: "its approver takes no part",
  reissued: "the ballot was replaced by one with new links",
  undone: "its answer was taken back, and the person is asked again",
  "stage-done": "its stage was decided without it",
  escalated: "others were asked in its place",
  "changes-requested": "changes were requested",
  "round-over": "the question was changed",
} as const satisfies Record<ClosedBecause, string>;

/** Senders retry what was not acknowledged, and may come again when the workflow has created the promise. */
function unknown({ unknown }: Source, promise: string): DeliveryResult {
  if (unknown === "acknowledge") {
    return { result: "unknown", effective: false, promise, why: "there is no such promise" };
  }
  throw new ServiceError("NOT_FOUND", `There is no promise "${promise.slice(0, 64)}"`);
}

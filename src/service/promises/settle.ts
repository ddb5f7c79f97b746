/**
 * Settles latent promises, for every door except the decision pages.
 *
 * L1 Only a latent promise is settled: never what a worker runs, a timer, or what has its own door (ballots, approvals
 *    and their ends, promises of webhooks).
 * L2 A promise may list its doors in the tag `countersign:settle`. Then all others are closed.
 * L3 The stored record says whether a call decided, never the call itself.
 */
import { KIND_TAG } from "../../approval/ids.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { isForOutside, isRun, isStep } from "../../durable/lineage.ts";
import { SETTLE_TAG, WAIT, webhookAnswerOf } from "../../webhooks/records.ts";

/** `api`, `callback`, or `webhook:` and the source's name. */
type Doorway = "api" | "callback" | `webhook:${string}`;

/** What a caller wants a latent promise to become. */
export interface SettleRequest {
  readonly id: string;
  readonly door: Doorway;
  readonly as: "resolved" | "rejected";
  readonly value: unknown;
  /** Unique to the call, or to the delivery that it repeats. A call that finds its own nonce stored has decided. */
  readonly nonce: string;
  readonly delivery?: string;
}

export type Settlement =
  | { readonly kind: "unknown" }
  /** `why` is for callers, in a sentence that begins with the promise. */
  | { readonly kind: "closed"; readonly why: string }
  | { readonly kind: "settled"; readonly record: StoredPromise; readonly effective: boolean };

export async function settleLatent(durable: Durable, asked: SettleRequest): Promise<Settlement> {
  const found = await durable.read(asked.id);
  if (found === undefined) return { kind: "unknown" };
  const why = closedBecause(found, asked.door);
  if (why !== undefined) return { kind: "closed", why };
  const { value, as } = asStored(found, asked);
  const record = found.state === "pending" ? await durable.settle(asked.id, value, as, asked.nonce) : found;
  if (record === undefined) return { kind: "unknown" };
  return { kind: "settled", record, effective: record.nonce === asked.nonce };
}

/**
 * How the value is stored in this promise. A wait of `waitForWebhook` is never rejected, because some servers lose a
 * rejection's value.
 */
export function asStored(
  promise: StoredPromise,
  { as, value, delivery }: SettleRequest,
): Pick<SettleRequest, "as" | "value"> {
  if (promise.tags[KIND_TAG] !== WAIT) return { as, value };
  return { as: "resolved", value: webhookAnswerOf({ outcome: as, value, delivery }) };
}

/** Why this door may not settle the promise; undefined if it may. */
function closedBecause({ tags }: StoredPromise, door: Doorway): string | undefined {
  const kind = tags[KIND_TAG];
  if (kind === "ballot") {
    return "is a ballot: it is answered by POST /approvals/:id/ballots/:n/decide, by its link, or by a mapped webhook";
  }
  // A wait for a webhook has a target only to keep its deadline.
  if (kind !== WAIT) {
    if (kind !== undefined)
      return `is not to be settled from outside: it belongs to an approval or a webhook`;
    if (isRun(tags)) {
      return "is run by a worker, or by the clock: only a latent promise can be settled from outside";
    }
    // The signer of a callback URL chose the promise. Other doors settle only promises tagged as external.
    const isLatent = door === "callback" ? !isStep(tags) : isForOutside(tags);
    if (!isLatent) return "is a step of a workflow: only a promise tagged resonate:external can be settled";
  }
  const doors = tags[SETTLE_TAG]?.split(",").map((name) => name.trim());
  if (doors === undefined || doors.includes(door)) return undefined;
  if (door.startsWith("webhook:") && doors.includes("webhook")) return undefined;
  return `is settled by ${doors.join(" or ")} only`;
}

/**
 * An event and the workflow that waits for it meet on a promise whose id both derive from what the workflow waits for.
 * Whoever creates it leaves in its parameter what the other needs; whoever comes second settles it with what they
 * bring. So there is no moment in which both can miss each other, and each step can be repeated after a crash.
 *
 * A meeting that has taken place, or whose time is over, stays; the next one for the same match has the next number.
 * `worker/wait-for-webhook.ts` is the workflow's side.
 */
import { KIND_TAG } from "../approval/ids.ts";
import type { Durable, StoredPromise } from "../durable/durable.ts";
import type { Match } from "../webhooks/mapping.ts";
import {
  type Arrival,
  EVENT_KEPT_MS,
  MEETING,
  MEETINGS_MAX,
  meetingId,
  readArrival,
  SOURCE_TAG,
  WAIT,
  type WebhookAnswer,
} from "../webhooks/records.ts";

export interface ArrivingEvent {
  readonly source: string;
  readonly match: Match;
  /** Names the event: the same when the same delivery is taken up again. */
  readonly delivery: string;
  readonly answer: WebhookAnswer;
}

export type Encounter =
  /** The workflow has it. */
  | { readonly kind: "met"; readonly promise: string }
  /** Kept until a workflow asks for it. */
  | { readonly kind: "kept" }
  /** Too many events of this match are kept, or were. */
  | { readonly kind: "full" };

export async function meet(durable: Durable, nowMs: number, event: ArrivingEvent): Promise<Encounter> {
  const mine: Arrival = { kind: "event", delivery: event.delivery, answer: event.answer };
  for (let n = 0; n < MEETINGS_MAX; n += 1) {
    const id = meetingId(event.source, event.match, n);
    const meeting = await durable.create({
      id,
      param: mine,
      timeoutAt: nowMs + EVENT_KEPT_MS,
      tags: { [KIND_TAG]: MEETING, [SOURCE_TAG]: event.source },
    });
    const first = readArrival(meeting.param);
    if (first?.kind === "event" && first.delivery === event.delivery) {
      const second = meeting.state === "resolved" ? readArrival(meeting.value) : undefined;
      return second?.kind === "waiter" ? { kind: "met", promise: second.waiter } : { kind: "kept" };
    }
    if (first?.kind === "waiter" && (await handOver(durable, meeting, first.waiter, mine))) {
      return { kind: "met", promise: first.waiter };
    }
  }
  return { kind: "full" };
}

/** Gives the event to the waiter of this meeting; false if another event came first, or the wait was over. */
async function handOver(
  durable: Durable,
  meeting: StoredPromise,
  waiter: string,
  mine: Extract<Arrival, { kind: "event" }>,
): Promise<boolean> {
  const settled = meeting.state === "pending" ? await durable.settle(meeting.id, mine) : meeting;
  const second = settled?.state === "resolved" ? readArrival(settled.value) : undefined;
  if (second?.kind !== "event" || second.delivery !== mine.delivery) return false;
  const wait = await durable.read(waiter);
  if (wait === undefined || wait.tags[KIND_TAG] !== WAIT) return false;
  const record =
    wait.state === "pending" ? await durable.settle(waiter, mine.answer, "resolved", mine.delivery) : wait;
  // The worker may have done it in our place, and gives no nonce.
  return record?.nonce === mine.delivery || deliveryIn(record) === mine.delivery;
}

function deliveryIn(record: StoredPromise | undefined): string | undefined {
  const value = record?.value;
  return typeof value === "object" && value !== null && "delivery" in value
    ? String(value.delivery)
    : undefined;
}

/**
 * An event and the workflow that waits for it meet on a promise whose id both derive from what the workflow waits for.
 * The side that creates it puts into its parameter what the other side needs, so they cannot miss each other. `join.ts`
 * is the workflow's side.
 *
 * M1 The workflow came first: its wait is named there, and the event settles that wait. First settlement counts.
 * M2 The event came first: it is kept there, and the wait that settles the meeting has it.
 * M3 A meeting that is over (its wait has an answer or no time left, its event was taken or is too old) stays as it
 *    is, and the next for the same match has the next number. Each step can be repeated: both find their own traces.
 */
import { KIND_TAG } from "../../approval/ids.ts";
import type { Durable } from "../../durable/durable.ts";
import type { Match } from "../../webhooks/mapping.ts";
import {
  type Arrival,
  EVENT_KEPT_MS,
  MEETING,
  MEETINGS_MAX,
  meetingId,
  readArrival,
  readWebhookAnswer,
  SOURCE_TAG,
  WAIT,
  type WebhookAnswer,
} from "../../webhooks/records.ts";

export interface ArrivingEvent {
  readonly source: string;
  readonly match: Match;
  /** Names the event; the same when the same delivery continues after a crash. */
  readonly delivery: string;
  readonly answer: WebhookAnswer;
}

export type Encounter =
  /** The workflow has it. */
  | { readonly kind: "met"; readonly promise: string }
  /** Kept until a workflow asks for it. */
  | { readonly kind: "kept" }
  /** Too many events of this match are or were kept. */
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
    if (first?.kind === "waiter" && (await answerWait(durable, first.waiter, mine))) {
      // The wait is over, and so is its meeting. From now on nobody needs to look at the wait.
      if (meeting.state === "pending") await durable.settle(id, mine);
      return { kind: "met", promise: first.waiter };
    }
  }
  return { kind: "full" };
}

/** Settles a workflow's wait with the event; false if it was settled before or has timed out. */
async function answerWait(
  durable: Durable,
  waiter: string,
  { answer, delivery }: Extract<Arrival, { kind: "event" }>,
): Promise<boolean> {
  const wait = await durable.read(waiter);
  if (wait === undefined || wait.tags[KIND_TAG] !== WAIT) return false;
  const record = wait.state === "pending" ? await durable.settle(waiter, answer, "resolved", delivery) : wait;
  return record !== undefined && readWebhookAnswer(record.value)?.delivery === delivery;
}

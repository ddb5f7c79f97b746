/**
 * The events that other systems get, and their wording. Events are thin: ids, and the one fact that they report.
 * Addresses, names, comments and results are left out; receivers ask the API for them.
 */
import type { Choice, OutcomeKind } from "./approval.ts";

export const EVENT_TYPES = [
  "approval.requested",
  "approval.delivery_failed",
  "ballot.decided",
  "approval.decided",
  "approval.expired",
  "approval.cancelled",
  "workflow.completed",
] as const;

/** Events that go to endpoints of the settings. Others go only to the receiver that a request named. */
export const ENDPOINT_EVENT_TYPES = EVENT_TYPES.filter((type) => type !== "workflow.completed");

export type EventType = (typeof EVENT_TYPES)[number];

interface EventData {
  readonly "approval.requested": AboutApproval;
  /** An approver's mail can never be handed over. */
  readonly "approval.delivery_failed": AboutBallot;
  /** One approver answered. The approval may wait for others. */
  readonly "ballot.decided": AboutBallot & { readonly choice: Choice };
  readonly "approval.decided": AboutApproval & { readonly outcome: "approved" | "rejected" };
  readonly "approval.expired": AboutApproval & { readonly outcome: "expired" };
  readonly "approval.cancelled": AboutApproval & { readonly outcome: "cancelled" };
  readonly "workflow.completed": {
    readonly workflow: string;
    readonly status: "resolved" | "rejected" | "canceled" | "timedout";
  };
}

interface AboutApproval {
  /** The approval's id. */
  readonly approval: string;
}

interface AboutBallot extends AboutApproval {
  /** The ballot's number, 1 for the first approver. */
  readonly ballot: number;
}

/** The body of a callback. `timestamp` is the ISO 8601 instant at which it happened, whenever it is delivered. */
export type CallbackEvent = { readonly [type in EventType]: EventOf<type> }[EventType];

interface EventOf<T extends EventType> {
  readonly type: T;
  readonly timestamp: string;
  readonly data: EventData[T];
}

/** The event that reports an approval's end. */
export function endEvent(approval: string, outcome: OutcomeKind, timestamp: string): CallbackEvent {
  switch (outcome) {
    case "approved":
    case "rejected":
      return { type: "approval.decided", timestamp, data: { approval, outcome } };
    case "expired":
      return { type: "approval.expired", timestamp, data: { approval, outcome } };
    case "cancelled":
      return { type: "approval.cancelled", timestamp, data: { approval, outcome } };
  }
}

/** Id of the approval or workflow that an event is about. */
export function subjectOf({ data }: CallbackEvent): string {
  return "approval" in data ? data.approval : data.workflow;
}

/**
 * The same for the same happening, however often it is noticed, and for no other.
 *
 * @param bornAtMs when the approval or workflow came to be: once old ones are deleted, their ids can be used again
 */
export function eventKey(event: CallbackEvent, bornAtMs: number | undefined): string {
  const ballot = "ballot" in event.data ? event.data.ballot : 0;
  return JSON.stringify([event.type, subjectOf(event), ballot, bornAtMs]);
}

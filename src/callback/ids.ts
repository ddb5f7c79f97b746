/** Ids that follow from what they name: a step that runs again starts no second callback. */
import { createHash } from "node:crypto";
import { callbackId, type Receiver } from "../approval/callback.ts";
import { type CallbackEvent, eventKey, subjectOf } from "../approval/event.ts";

/** `webhook-id`: one for an event, whoever receives it and however often it is sent. */
export function messageIdOf(event: CallbackEvent): string {
  return `msg_${hash(eventKey(event))}`;
}

/** Promise id of the callback that brings this event to this receiver. */
export function callbackIdOf(event: CallbackEvent, to: Receiver): string {
  // A request has one callback URL, and no endpoint has an empty name.
  return callbackId(subjectOf(event), hash(`${eventKey(event)} ${to.kind === "endpoint" ? to.name : ""}`));
}

/** 128 bits: nobody finds two events with one id, by chance or by trying. */
function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

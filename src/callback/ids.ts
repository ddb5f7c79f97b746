/** Ids that follow from what they name: a step that runs again starts no second callback. */
import { createHash } from "node:crypto";
import { type Callback, callbackId, placeOf } from "../approval/callback.ts";
import { eventKey, subjectOf } from "../approval/event.ts";
import { shortHash } from "../lib/short-hash.ts";

/** `webhook-id`: one for an event, the same for every receiver and every attempt. */
export function messageIdOf({ event, bornAtMs }: Omit<Callback, "to">): string {
  return `msg_${hash(eventKey(event, bornAtMs))}`;
}

/** Promise id of the callback that brings this event to this receiver. */
export function callbackIdOf({ event, to, bornAtMs }: Callback): string {
  // A request has one callback URL, and no endpoint has an empty name.
  const receiver = to.kind === "endpoint" ? to.name : "";
  const key = hash(`${eventKey(event, bornAtMs)} ${receiver}`);
  return callbackId(subjectOf(event), key, shortHash(placeOf(to)));
}

/** 128 bits: nobody finds two events with one id, by chance or by trying. */
function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

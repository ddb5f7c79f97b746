import { KIND_TAG } from "../../approval/ids.ts";
import type { StoredPromise } from "../../durable/durable.ts";

/**
 * The body of `GET /wait`, as text: `status`, `promise_id`, and then `message`, `result` or `error` by status, and
 * whatever `more` a route has to tell.
 */
export function describePromise(promise: StoredPromise, more: object = {}): string {
  const body = { status: statusOf(promise), promise_id: promise.id, ...detailOf(promise), ...more };
  // A stack would show our files and functions to every caller.
  return JSON.stringify(body, (_name, value: unknown) =>
    value instanceof Error ? { name: value.name, message: value.message } : value,
  );
}

function detailOf(promise: StoredPromise): object {
  const { state, unreadable, timeoutAt } = promise;
  const value = valueOf(promise);
  if (unreadable === "value") {
    return { error: "The stored value cannot be read: it was not written by this service" };
  }
  switch (state) {
    case "pending":
      return { message: "Processing in progress" };
    case "resolved":
      // The member is there also for a workflow that returns nothing.
      return { result: value ?? null };
    case "rejected":
      return { error: reasonOf(value) ?? "Rejected without a reason" };
    case "canceled":
      return { error: reasonOf(value) ?? "Canceled" };
    case "timedout":
      return { error: `Timed out at ${new Date(timeoutAt).toISOString()}` };
  }
}

/** The nonce lets the maker of a press or a cancellation recognise it as their own. It is shown to nobody. */
function valueOf({ tags, value }: StoredPromise): unknown {
  const kind = tags[KIND_TAG];
  if ((kind !== "ballot" && kind !== "end") || typeof value !== "object" || value === null) return value;
  const { nonce: _, ...shown } = value as { readonly nonce?: unknown };
  return value instanceof Error ? value : shown;
}

function statusOf({ state, unreadable }: StoredPromise): string {
  return state === "resolved" && unreadable === "value" ? "rejected" : state;
}

function reasonOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  if (typeof value === "object" && "message" in value && typeof value.message === "string")
    return value.message;
  return JSON.stringify(value);
}

/** Webhooks that come while a test runs, as if their sender were there. */
import type { ArrivingEvent } from "../../src/service/webhooks/meet.ts";
import { webhookAnswerOf } from "../../src/webhooks/records.ts";
import { durationMs } from "./approver.ts";

/** An event that a workflow waits for with `waitForWebhook`. */
export interface TestWebhook {
  /** As the workflow names it. */
  readonly source: string;
  /** The values that the workflow's `match` must have. */
  readonly match: Readonly<Record<string, string | number | boolean>>;
  /** What the source's configuration makes of the event: the `value` that the workflow sees. */
  readonly value?: unknown;
  /** Default `resolved`. */
  readonly outcome?: "resolved" | "rejected";
  /** How long after the workflow's start: an ISO 8601 duration. Default: at once, before the workflow waits. */
  readonly after?: string;
}

/** @throws TypeError naming what is wrong */
export function arrivalOf(
  { source, match, value, outcome = "resolved", after = "PT0S" }: TestWebhook,
  n: number,
): { readonly event: ArrivingEvent; readonly afterMs: number } {
  const texts = Object.fromEntries(Object.entries(match).map(([name, text]) => [name, String(text)]));
  if (source === "" || Object.keys(texts).length === 0) {
    throw new TypeError(`webhooks[${n}] must name a source and at least one value to match`);
  }
  const answer = webhookAnswerOf({ outcome, value });
  return {
    event: { source, match: texts, delivery: `webhook.${source}.${n}`, answer },
    afterMs: durationMs(`webhooks[${n}].after`, after),
  };
}

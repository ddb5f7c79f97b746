import type { Context } from "@resonatehq/sdk";
import { parseDeadline } from "../../src/approval/deadline.ts";
import { DAY_MS } from "../../src/approval/duration.ts";
import { KIND_TAG } from "../../src/approval/ids.ts";
import { anyAddress, timer } from "../../src/durable/lineage.ts";
import { type Joining, joinMeeting } from "../../src/service/webhooks/join.ts";
import { MATCH_CHARS_MAX } from "../../src/webhooks/mapping.ts";
import { type Joined, readJoined, readWebhookAnswer, SETTLE_TAG, WAIT } from "../../src/webhooks/records.ts";
import type { Future } from "../runtime/future.ts";
import { services } from "../runtime/services.ts";
import { lasting } from "../runtime/step-options.ts";

export interface WebhookWait {
  /** A source of `WEBHOOKS_FILE`. */
  readonly source: string;
  /** The values that the event must have, under the names that the source's `match` gives them: all of them. */
  readonly match: Readonly<Record<string, string | number | boolean>>;
  /** ISO 8601 duration such as `P7D`, or milliseconds. */
  readonly timeout: string | number;
}

export type WebhookOutcome =
  | {
      readonly outcome: "resolved" | "rejected";
      /** What the source's configuration makes of the event. */
      readonly value: unknown;
      /** The value's JSON, if numbers in it are other ones in JavaScript: these are exact only here. */
      readonly json?: string;
      /** The delivery's promise; absent if the wait was settled by hand. */
      readonly delivery?: string;
    }
  | { readonly outcome: "timeout" };

/**
 * Waits in a workflow until a webhook with these values comes, or the time is over:
 *
 *     const paid = yield* waitForWebhook(ctx, { source: "stripe", match: { order: order.id }, timeout: "P3D" });
 *     if (paid.outcome === "resolved") …
 *
 * An event that arrived earlier, at most 7 days ago, is returned at once. Several are handed out one by one, in order
 * of arrival. Match values that are unique to this wait: two workflows cannot wait for the same values.
 *
 * @throws TypeError if the wait is not well formed; Error if another workflow waits for the same values
 */
export function* waitForWebhook(ctx: Context, wait: WebhookWait): Generator<unknown, WebhookOutcome> {
  const { source, match, timeoutMs } = checkWait(wait);
  // A timer, so that every server ends it at its time, and settled early by the event: nothing is left to be closed.
  const waiter: Future<unknown> = yield* ctx.promise({
    timeout: timeoutMs,
    tags: {
      ...timer(anyAddress(services(ctx).group)),
      [KIND_TAG]: WAIT,
      [SETTLE_TAG]: `webhook:${source},api`,
    },
  });
  let joined: Joined | undefined;
  // Another program has settled the step: whether the wait was brought to its meeting is not known, so it is brought again.
  while (joined === undefined) {
    joined = readJoined(yield* ctx.run(join_meeting, { source, match, waiter: waiter.id }, lasting(ctx)));
  }
  if (joined.kind !== "joined") {
    throw new Error(
      `Cannot wait for a webhook of ${source} with ${JSON.stringify(match)}: ${joined.because}`,
    );
  }
  const answer = readWebhookAnswer(yield* waiter);
  if (answer === undefined) return { outcome: "timeout" };
  const { kind: _, ...outcome } = answer;
  return { ...outcome, value: outcome.json === undefined ? outcome.value : JSON.parse(outcome.json) };
}

function join_meeting(ctx: Context, joining: Joining): Promise<Joined> {
  return joinMeeting(services(ctx).promises, joining);
}

const TIMEOUT_MS = { min: 1_000, max: 365 * DAY_MS };

function checkWait({ source, match, timeout }: WebhookWait) {
  const problem = (text: string) => new TypeError(`Cannot wait for a webhook: ${text}`);
  if (typeof source !== "string" || source === "") throw problem("source must be a name of WEBHOOKS_FILE");
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(match ?? {})) {
    // Events are compared as text, so that 42 and "42" are one.
    if (typeof value !== "string" && typeof value !== "boolean" && !Number.isSafeInteger(value)) {
      throw problem(`match.${name} must be a text, a whole number, true or false`);
    }
    const text = String(value);
    // No event can match such a value, so the wait would never end early.
    if (text === "" || text.length > MATCH_CHARS_MAX) {
      throw problem(`match.${name} must have 1 to ${MATCH_CHARS_MAX} characters`);
    }
    texts[name] = text;
  }
  if (Object.keys(texts).length === 0) throw problem("match must name at least one value");
  const timeoutMs = typeof timeout === "number" ? timeout : durationMs(timeout);
  if (timeoutMs === undefined || !(timeoutMs >= TIMEOUT_MS.min && timeoutMs <= TIMEOUT_MS.max)) {
    throw problem(
      `timeout must be a duration from PT${TIMEOUT_MS.min / 1_000}S to P${TIMEOUT_MS.max / DAY_MS}D, such as P7D, or milliseconds`,
    );
  }
  return { source, match: texts, timeoutMs };
}

function durationMs(text: string): number | undefined {
  const parsed = parseDeadline(text);
  return parsed?.kind === "duration" ? parsed.ms : undefined;
}

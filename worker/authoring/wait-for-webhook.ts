import type { Context, PromiseRecord } from "@resonatehq/sdk";
import { parseDeadline } from "../../src/approval/deadline.ts";
import { KIND_TAG } from "../../src/approval/ids.ts";
import { decodeValue, encodeValue } from "../../src/durable/value.ts";
import { MATCH_CHARS_MAX, type Match } from "../../src/webhooks/mapping.ts";
import {
  type Arrival,
  MEETING,
  MEETINGS_MAX,
  meetingId,
  readArrival,
  readWebhookAnswer,
  SETTLE_TAG,
  SOURCE_TAG,
  WAIT,
} from "../../src/webhooks/records.ts";
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
      /** The delivery's promise; absent when somebody settled the wait by hand. */
      readonly delivery?: string;
    }
  | { readonly outcome: "timeout" };

/**
 * Waits in a workflow until a webhook with these values comes, or the time is over:
 *
 *     const paid = yield* waitForWebhook(ctx, { source: "stripe", match: { order: order.id }, timeout: "P3D" });
 *     if (paid.outcome === "resolved") …
 *
 * An event that came before anybody waited, at most 7 days ago, is there at once; several are given out one by one, in
 * the order in which they came. Match what is unique to this wait: two workflows cannot wait for the same.
 *
 * @throws TypeError if the wait is not well formed; Error if another workflow waits for the same values
 */
export function* waitForWebhook(ctx: Context, wait: WebhookWait): Generator<unknown, WebhookOutcome> {
  const { source, match, timeoutMs } = checkWait(wait);
  // A timer, so that every server ends it at its time, and settled early by the event: nothing is left to be closed.
  const waiter: Future<unknown> = yield* ctx.promise({
    timeout: timeoutMs,
    tags: {
      "resonate:timer": "true",
      "resonate:target": `poll://any@${services(ctx).group}`,
      [KIND_TAG]: WAIT,
      [SETTLE_TAG]: `webhook:${source},api`,
    },
  });
  const joined: Joined = yield* ctx.run(join_meeting, { source, match, waiter: waiter.id }, lasting(ctx));
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

type Joined = { readonly kind: "joined" } | { readonly kind: "refused"; readonly because: string };

interface Joining {
  readonly source: string;
  readonly match: Match;
  /** Promise id of the wait. */
  readonly waiter: string;
}

/** The workflow's side of `src/service/webhooks/meet.ts`. Run again after a crash, it finds what it did before. */
async function join_meeting(ctx: Context, { source, match, waiter }: Joining): Promise<Joined> {
  const { promises } = services(ctx);
  const firstIn = ({ param }: PromiseRecord) => readArrival(decodeValue(param));
  const secondIn = ({ state, value }: PromiseRecord) =>
    state === "resolved" ? readArrival(decodeValue(value)) : undefined;

  const wait = await promises.get(waiter);
  if (wait.state !== "pending") return { kind: "joined" };
  const mine: Arrival = { kind: "waiter", waiter };
  const refuse = async (because: string): Promise<Joined> => {
    // A workflow cannot end, nor fail, while a promise of its own is open.
    await promises.resolve(waiter, encodeValue(null));
    return { kind: "refused", because };
  };
  for (let n = 0; n < MEETINGS_MAX; n += 1) {
    const id = meetingId(source, match, n);
    const meeting = await promises.create(id, wait.timeoutAt, {
      ...encodeValue(mine),
      tags: tagsOf(id, source),
    });
    const first = firstIn(meeting);
    if (first?.kind === "waiter") {
      if (first.waiter === waiter) return { kind: "joined" };
      const isOpen = meeting.state === "pending" && (await promises.get(first.waiter)).state === "pending";
      if (isOpen) return await refuse(`${first.waiter} waits for the same already`);
    } else if (first?.kind === "event") {
      const met = meeting.state === "pending" ? await promises.resolve(id, encodeValue(mine)) : meeting;
      const second = secondIn(met);
      if (second?.kind === "waiter" && second.waiter === waiter) {
        await promises.resolve(waiter, encodeValue(first.answer));
        return { kind: "joined" };
      }
    }
  }
  return await refuse(`${MEETINGS_MAX} events of these values have come already: match more precisely`);
}

/** As the gateway's port tags what it creates. */
function tagsOf(id: string, source: string): Record<string, string> {
  const origin = id.split(":", 1)[0] ?? id;
  return {
    "resonate:origin": origin,
    "resonate:branch": id,
    "resonate:parent": origin,
    "resonate:scope": "global",
    "resonate:external": "true",
    [KIND_TAG]: MEETING,
    [SOURCE_TAG]: source,
  };
}

const TIMEOUT_MS = { min: 1_000, max: 365 * 24 * 3_600_000 };

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
    // No event is matched by such a value: the wait would be for nothing.
    if (text === "" || text.length > MATCH_CHARS_MAX) {
      throw problem(`match.${name} must have 1 to ${MATCH_CHARS_MAX} characters`);
    }
    texts[name] = text;
  }
  if (Object.keys(texts).length === 0) throw problem("match must name at least one value");
  const timeoutMs = typeof timeout === "number" ? timeout : durationMs(timeout);
  if (timeoutMs === undefined || !(timeoutMs >= TIMEOUT_MS.min && timeoutMs <= TIMEOUT_MS.max)) {
    throw problem("timeout must be a duration from PT1S to P365D, such as P7D, or milliseconds");
  }
  return { source, match: texts, timeoutMs };
}

function durationMs(text: string): number | undefined {
  const parsed = parseDeadline(text);
  return parsed?.kind === "duration" ? parsed.ms : undefined;
}

/** Callbacks read back from stored promises, and put into words for lists. Checked by shape, as in `stored.ts`. */
import { z } from "zod";
import {
  ATTEMPT_RESULTS,
  type Attempt,
  CALLBACK_FUNC,
  CALLBACK_KIND,
  type Callback,
  type CallbackEnd,
  COMPLETION_FUNC,
  type CompletionCallback,
  type Receiver,
  shownUrl,
} from "./callback.ts";
import { type CallbackEvent, type EVENT_TYPES, subjectOf } from "./event.ts";
import { KIND_TAG } from "./ids.ts";
import type { StoredRecord } from "./stored.ts";

const text = z.string();
const approvalData = z.object({ approval: text }).meta({ id: "AboutApproval" });
const ballotData = z.object({ approval: text, ballot: z.int().min(1) });

/** `name` is that of the API's description. */
function event<N extends (typeof EVENT_TYPES)[number], T extends z.ZodType>(name: string, type: N, data: T) {
  return z.object({ type: z.literal(type), timestamp: text, data }).meta({ id: name });
}

/** An approval with how it ended. */
function ended<T extends z.ZodType>(name: string, outcome: T) {
  return z.object({ approval: text, outcome }).meta({ id: name });
}

export const callbackEventSchema = z.discriminatedUnion("type", [
  event("ApprovalRequestedEvent", "approval.requested", approvalData),
  event("DeliveryFailedEvent", "approval.delivery_failed", ballotData.meta({ id: "AboutBallot" })),
  event(
    "BallotDecidedEvent",
    "ballot.decided",
    ballotData.extend({ choice: text }).meta({ id: "AboutDecision" }),
  ),
  event("ApprovalDecidedEvent", "approval.decided", ended("AboutDecided", z.enum(["approved", "rejected"]))),
  event("ApprovalExpiredEvent", "approval.expired", ended("AboutExpired", z.literal("expired"))),
  event("ApprovalCancelledEvent", "approval.cancelled", ended("AboutCancelled", z.literal("cancelled"))),
  event(
    "WorkflowCompletedEvent",
    "workflow.completed",
    z
      .object({ workflow: text, status: z.enum(["resolved", "rejected", "canceled", "timedout"]) })
      .meta({ id: "AboutWorkflow" }),
  ),
]) as z.ZodType<CallbackEvent>;

const receiver: z.ZodType<Receiver> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("url"), url: text }),
  z.object({ kind: z.literal("endpoint"), name: text }),
]);

const callback: z.ZodType<Callback> = z.object({
  event: callbackEventSchema,
  to: receiver,
  bornAtMs: z.exactOptional(z.number()),
  replayOf: z.exactOptional(text),
});

const completion: z.ZodType<CompletionCallback> = z.object({
  workflow: text,
  to: receiver,
  bornAtMs: z.exactOptional(z.number()),
});

const status = z.enum(["delivered", "gone", "failed"]);

const attempt: z.ZodType<Attempt> = z.object({
  kind: z.literal("attempt"),
  n: z.int().min(1),
  at: text,
  ms: z.number(),
  result: z.enum(ATTEMPT_RESULTS),
  next: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("end"), status }),
    z.object({ kind: z.literal("retry"), inMs: z.number() }),
  ]),
});

const end: z.ZodType<CallbackEnd> = z.object({
  kind: z.literal("callback"),
  status,
  attempts: z.int(),
  result: z.enum(ATTEMPT_RESULTS),
});

export const parseCallback = (value: unknown): Callback | undefined => read(callback, value);
export const parseCompletionCallback = (value: unknown): CompletionCallback | undefined =>
  read(completion, value);

const callOfCallback = z.object({ func: text, args: z.tuple([z.unknown()]) });
const startedCallbacks = z.object({ callbacks: z.array(text) });

export const parseAttempt = (value: unknown): Attempt | undefined => read(attempt, value);
export const parseCallbackEnd = (value: unknown): CallbackEnd | undefined => read(end, value);
export const parseEvent = (value: unknown): CallbackEvent | undefined => read(callbackEventSchema, value);

export type StoredCallback =
  | ({ readonly kind: "callback" } & Callback)
  | ({ readonly kind: "completion" } & CompletionCallback);

/** What a callback's promise was created for; undefined if the record is no callback. */
export function storedCallbackOf(record: Pick<StoredRecord, "tags" | "param">): StoredCallback | undefined {
  if (record.tags[KIND_TAG] !== CALLBACK_KIND) return undefined;
  const call = read(callOfCallback, record.param);
  if (call?.func === CALLBACK_FUNC) {
    const found = parseCallback(call.args[0]);
    return found && { kind: "callback", ...found };
  }
  if (call?.func !== COMPLETION_FUNC) return undefined;
  const found = parseCompletionCallback(call.args[0]);
  return found && { kind: "completion", ...found };
}

/** The event in the step that a completion callback froze it in. */
function eventOf(record: StoredRecord): CallbackEvent | undefined {
  return record.state === "resolved" ? read(callbackEventSchema, record.value) : undefined;
}

/** Ids of the callbacks that a step of an approval started. */
export function callbacksStartedBy(record: StoredRecord): readonly string[] {
  const { state, value } = record;
  // Asked of every promise of an approval, and few have any.
  if (state !== "resolved" || typeof value !== "object" || value === null || !("callbacks" in value))
    return [];
  return read(startedCallbacks, value)?.callbacks ?? [];
}

/** A callback as lists show it. Times are ISO 8601 instants of the engine's clock. */
export interface CallbackView {
  readonly id: string;
  readonly type: CallbackEvent["type"];
  /** The approval or workflow that it reports on. */
  readonly about: string;
  /** An endpoint's name, or a URL without its query. */
  readonly to: string;
  /** `pending`: on its way, or waiting to be tried again, or for its workflow's end. */
  readonly status: "pending" | CallbackEnd["status"];
  /** Attempts made, and what the last came to; of a pending one only where it is shown alone. */
  readonly attempts?: number;
  readonly result?: string;
  readonly replayOf?: string;
  readonly createdAt: string;
  readonly endedAt?: string;
}

/** One callback with every attempt so far. */
export interface CallbackDetails extends CallbackView {
  /** What receivers get; not known before the workflow that it reports on has ended. */
  readonly event?: CallbackEvent;
  readonly log: readonly Pick<Attempt, "n" | "at" | "ms" | "result">[];
  readonly nextAttemptAt?: string;
}

/** Undefined if the record is no callback. */
export function viewCallback(record: StoredRecord): CallbackView | undefined {
  const stored = storedCallbackOf(record);
  if (stored === undefined) return undefined;
  const ended = record.state === "resolved" ? parseCallbackEnd(record.value) : undefined;
  return {
    id: record.id,
    type: stored.kind === "callback" ? stored.event.type : "workflow.completed",
    about: stored.kind === "callback" ? subjectOf(stored.event) : stored.workflow,
    to: stored.to.kind === "url" ? shownUrl(stored.to.url) : stored.to.name,
    // One that broke off, or ran out of time, has not been delivered.
    status: record.state === "pending" ? "pending" : (ended?.status ?? "failed"),
    ...(ended === undefined ? {} : { attempts: ended.attempts, result: ended.result }),
    ...(stored.kind === "callback" && stored.replayOf !== undefined ? { replayOf: stored.replayOf } : {}),
    createdAt: iso(record.createdAt),
    ...(record.settledAt === undefined ? {} : { endedAt: iso(record.settledAt) }),
  };
}

/** A callback with what its children tell; undefined if the record is no callback. */
export function detailCallback(
  record: StoredRecord,
  children: readonly StoredRecord[],
): CallbackDetails | undefined {
  const view = viewCallback(record);
  const stored = storedCallbackOf(record);
  if (view === undefined || stored === undefined) return undefined;
  const attempts = children.flatMap((child) => read(attempt, child.value) ?? []);
  const last = attempts.at(-1);
  const sent = stored.kind === "callback" ? stored.event : children.map(eventOf).find((e) => e !== undefined);
  const timer = children.find(({ state, tags }) => state === "pending" && tags[KIND_TAG] === "retry");
  return {
    ...view,
    ...(last === undefined ? {} : { attempts: attempts.length, result: last.result }),
    ...(sent === undefined ? {} : { event: sent }),
    log: attempts.map(({ n, at, ms, result }) => ({ n, at, ms, result })),
    ...(timer === undefined || view.status !== "pending" ? {} : { nextAttemptAt: iso(timer.timeoutAt) }),
  };
}

function read<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

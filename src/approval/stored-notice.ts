/** Notices read back from stored promises, checked by shape as in `stored.ts`. */
import { z } from "zod";
import { type Delivery, WITHDRAWN_BECAUSE } from "./approval.ts";
import { returnedShape } from "./bounce.ts";
import { KIND_TAG } from "./ids.ts";
import { NOTICE_FUNC, NOTICE_KIND, type Notice, type NoticeEnd, type Says } from "./notice.ts";
import { doorSchema, outcomeKindSchema, storedPersonSchema } from "./schema.ts";
import type { StoredRecord } from "./stored.ts";
import {
  storedActSchema as act,
  storedContentSchema as content,
  storedDecisionsSchema as decisions,
  storedDeliverySchema as delivery,
} from "./stored-schemas.ts";
import { storedProgram as program, whySchema } from "./why.ts";

const text = z.string();
const epochMs = z.int().min(0);
const ballot = { n: z.int().min(1), first: z.int().min(1) };
const place = z.object({ stage: z.int().min(0), escalations: z.int().min(0), sinceMs: epochMs });
const asks = { ...ballot, end: text, deadlineAtMs: epochMs, place: z.exactOptional(place) };
const person = storedPersonSchema;

const missing = z.object({ group: z.exactOptional(text), needed: z.int(), people: z.array(person) });

const explanation = z.object({
  round: z.int(),
  rounds: z.int(),
  stage: z.int(),
  stages: z.int(),
  stageName: z.exactOptional(text),
  waitingFor: z.array(missing),
  approved: z.array(text),
  revising: z.boolean(),
  undoUntilMs: z.exactOptional(epochMs),
  next: z.exactOptional(z.object({ name: z.exactOptional(text), people: z.array(person) })),
  stageEndsAtMs: z.exactOptional(epochMs),
  outOfReach: z.exactOptional(z.array(missing)),
});

const cancelledBy = { ...program, operator: z.exactOptional(text) };

const used = { slot: z.int().min(1), told: z.enum(["first", "near"]) };

const ended = {
  outcome: outcomeKindSchema,
  atMs: epochMs,
  decisions,
  why: z.exactOptional(whySchema),
  reason: z.exactOptional(text),
  ...cancelledBy,
};

const says: z.ZodType<Says> = z.discriminatedUnion("mail", [
  z.object({ mail: z.literal("reminder"), ...asks, dueAtMs: epochMs, explanation }),
  z.object({ mail: z.literal("resend"), ...asks, atMs: epochMs }),
  z.object({ mail: z.literal("handed-on"), ...ballot, to: person, reason: z.exactOptional(text) }),
  z.object({
    mail: z.literal("no-longer-needed"),
    ...ballot,
    because: z.enum([...outcomeKindSchema.options, ...WITHDRAWN_BECAUSE]),
    atMs: epochMs,
    reason: z.exactOptional(text),
    ...cancelledBy,
  }),
  z.object({ mail: z.literal("outcome"), ...ballot, ...ended }),
  z.object({ mail: z.literal("requester-outcome"), ...ended }),
  z.object({
    mail: z.literal("changes-requested"),
    by: person,
    door: z.exactOptional(doorSchema),
    ...program,
    comment: z.exactOptional(text),
    round: z.int(),
    rounds: z.int(),
    deadlineAtMs: epochMs,
  }),
  z.object({
    mail: z.literal("undeliverable"),
    n: z.int().min(1),
    person,
    bounce: z.exactOptional(z.object(returnedShape)),
  }),
  z.object({
    mail: z.literal("out-of-reach"),
    n: z.int().min(1),
    explanation,
    deadlineAtMs: epochMs,
    mayChange: z.boolean(),
  }),
  z.object({ mail: z.literal("requested") }),
  z.object({ mail: z.literal("standing-used"), ...ballot, ...used }),
  z.object({ mail: z.literal("requester-standing-used"), ...used }),
]);

const notice: z.ZodType<Notice> = z.object({
  kind: z.literal("notice"),
  approval: text,
  startedAtMs: epochMs,
  content: z.exactOptional(content),
  says,
  order: z.exactOptional(act),
});

const call = z.object({ func: z.literal(NOTICE_FUNC), args: z.tuple([notice]) });

const sent = z.object({ kind: z.literal("notice-mail"), delivery });
const end: z.ZodType<NoticeEnd> = z.object({
  kind: z.literal("notice-end"),
  delivery,
  attempts: z.int().min(1),
});

/** The result of an attempt's step. */
export interface Sent {
  readonly kind: "notice-mail";
  readonly delivery: Delivery;
}

export const noticeIn = (value: unknown): Notice | undefined => read(notice, value);
export const sentIn = (value: unknown): Sent | undefined => read(sent, value);
export const noticeEndIn = (value: unknown): NoticeEnd | undefined => read(end, value);

/** The notice that a promise sends; undefined if the record is none. */
export function noticeOf({ tags, param }: StoredRecord): Notice | undefined {
  return tags[KIND_TAG] === NOTICE_KIND ? read(call, param)?.args[0] : undefined;
}

/** How a notice ended; undefined while it is under way. */
export function noticeEndOf({ state, value }: StoredRecord): NoticeEnd | undefined {
  return state === "resolved" ? noticeEndIn(value) : undefined;
}

function read<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

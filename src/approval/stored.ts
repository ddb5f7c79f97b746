/**
 * Promise records read back as the domain's words.
 *
 * Values are checked by shape and not by the rules for requests: an approval that was accepted once stays readable when
 * the rules for new ones become stricter. What does not fit is undefined, since other programs can reach the engine.
 */
import { z } from "zod";
import type {
  ApprovalRequest,
  Ballot,
  Cancellation,
  Closed,
  Decision,
  Judgement,
  MailResult,
  Outcome,
  Withdrawal,
} from "./approval.ts";
import { KIND_TAG } from "./ids.ts";
import {
  choiceSchema,
  doorSchema,
  outcomeKindSchema,
  storedPersonSchema,
  storedRequestSchema,
} from "./schema.ts";

/** A promise record, decoded. */
export interface StoredRecord {
  readonly id: string;
  readonly state: "pending" | "resolved" | "rejected" | "canceled" | "timedout";
  readonly param: unknown;
  readonly value: unknown;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly timeoutAt: number;
  readonly settledAt?: number;
}

const text = z.string();

const call = z.object({ func: z.literal("approval"), args: z.tuple([storedRequestSchema]) });

const ballot: z.ZodType<Ballot> = z.object({
  kind: z.literal("ballot"),
  approval: text,
  n: z.int().min(1),
  approver: storedPersonSchema,
  recipient: text,
  gen: z.int().min(0),
});

const decision: z.ZodType<Decision> = z.object({
  kind: z.literal("decision"),
  choice: choiceSchema,
  comment: z.exactOptional(text),
  by: text,
  door: doorSchema,
  nonce: text,
  caller: z.exactOptional(text),
});

const withdrawal: z.ZodType<Withdrawal> = z.object({ kind: z.literal("withdrawn") });

const cancellation: z.ZodType<Cancellation> = z.object({
  kind: z.literal("cancelled"),
  reason: z.exactOptional(text),
  nonce: text,
});

const closed: z.ZodType<Closed> = z.object({
  kind: z.literal("closed"),
  outcome: outcomeKindSchema,
  reason: text,
  answered: z.exactOptional(z.array(z.int().min(1))),
});

const delivery = z.discriminatedUnion("status", [
  z.object({ status: z.literal("sent"), messageId: text }),
  z.object({ status: z.literal("deferred"), reason: text, nextTryAtMs: z.exactOptional(z.int()) }),
  z.object({ status: z.literal("undeliverable"), reason: text }),
  z.object({ status: z.literal("skipped") }),
]);

const mailResult: z.ZodType<MailResult> = z.object({ kind: z.literal("mail"), n: z.int().min(1), delivery });

const decisions = z.array(
  z.object({
    n: z.int(),
    email: text,
    choice: choiceSchema,
    comment: z.exactOptional(text),
    at: text,
    door: z.exactOptional(doorSchema),
    caller: z.exactOptional(text),
  }),
);

const outcome: z.ZodType<Outcome> = z.object({
  approval: text,
  outcome: outcomeKindSchema,
  reason: text,
  decisions,
  metadata: z.record(text, z.unknown()),
});

const judgement: z.ZodType<Judgement> = z.object({
  verdict: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("wait") }),
    z.object({ kind: z.literal("done"), outcome: outcomeKindSchema, reason: text }),
  ]),
  settled: z.int(),
  retryDue: z.boolean(),
  decisions,
});

/** The request behind an approval's root promise; undefined if the record is no approval of ours. */
export function requestOf(record: StoredRecord): ApprovalRequest | undefined {
  if (record.tags[KIND_TAG] !== "approval") return undefined;
  return read(call, record.param)?.args[0];
}

/** The request that an approval's workflow was started with; undefined if the argument is none. */
export function requestIn(argument: unknown): ApprovalRequest | undefined {
  return read(storedRequestSchema, argument);
}

/** The question that a ballot's promise asks; undefined if the record is no ballot. */
export function ballotOf(record: StoredRecord): Ballot | undefined {
  return record.tags[KIND_TAG] === "ballot" ? read(ballot, record.param) : undefined;
}

/** What a step or a child workflow answered, as the workflow that asked gets it; undefined if another program wrote it. */
export const mailResultIn = (value: unknown): MailResult | undefined => read(mailResult, value);
export const judgementIn = (value: unknown): Judgement | undefined => read(judgement, value);
export const outcomeIn = (value: unknown): Outcome | undefined => read(outcome, value);

type Settled = Pick<StoredRecord, "state" | "value">;

export const decisionOf = (record: Settled): Decision | undefined => readValue(decision, record);
export const withdrawalOf = (record: Settled): Withdrawal | undefined => readValue(withdrawal, record);
export const cancellationOf = (record: StoredRecord): Cancellation | undefined =>
  readValue(cancellation, record);
export const closedOf = (record: StoredRecord): Closed | undefined => readValue(closed, record);
export const mailResultOf = (record: StoredRecord): MailResult | undefined => readValue(mailResult, record);
export const outcomeOf = (record: StoredRecord): Outcome | undefined => readValue(outcome, record);

function readValue<T>(schema: z.ZodType<T>, record: Settled): T | undefined {
  return record.state === "resolved" ? read(schema, record.value) : undefined;
}

function read<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/**
 * Promise records read back as the domain's words.
 *
 * Values are checked by shape and not by the rules for requests: an approval that was accepted once stays readable when
 * the rules for new ones become stricter. What does not fit is undefined, since other programs can reach the engine.
 */
import type { z } from "zod";
import type {
  ApprovalRequest,
  Ballot,
  Cancellation,
  Change,
  Closed,
  Decision,
  Extension,
  Judgement,
  JudgementV1,
  MailResult,
  Outcome,
  Reassignment,
  Recusal,
  Reissue,
  Terms,
  Undo,
  Withdrawal,
} from "./approval.ts";
import { KIND_TAG } from "./ids.ts";
import { parsePresent } from "./present-members.ts";
import { APPROVAL_SLACK_MS } from "./request.ts";
import { scheduledTerms } from "./scheduled.ts";
import { storedRequestSchema } from "./schema.ts";
import {
  asksSomebody,
  saysItsEffect,
  storedBallotSchema,
  storedCallSchema,
  storedCancellationSchema,
  storedChangeSchema,
  storedClosedSchema,
  storedDecisionSchema,
  storedExtensionSchema,
  storedJudgementSchema,
  storedJudgementV1Schema,
  storedMailResultSchema,
  storedOutcomeSchema,
  storedReassignmentSchema,
  storedRecusalSchema,
  storedReissueSchema,
  storedUndoSchema,
  storedWithdrawalSchema,
} from "./stored-schemas.ts";
import { storedTermsSchema } from "./stored-terms.ts";

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

/** An approval as its root promise has it. */
export interface StoredCall {
  readonly request: ApprovalRequest;
  /** When it began, and its first deadline. */
  readonly terms: Terms;
  /** Of the workflow: in version 1, ballots and root time out with the deadline, and nothing but a cancellation changes it. */
  readonly version: 1 | 2;
  /** Without terms: then a step before the ballots settles who is away. */
  readonly isScheduled: boolean;
}

/** The call behind an approval's root promise; undefined if the record is no approval of ours. */
export function callOf(record: StoredRecord): StoredCall | undefined {
  if (record.tags[KIND_TAG] !== "approval") return undefined;
  const stored = read(storedCallSchema, record.param);
  if (stored === undefined) return undefined;
  const { args, version = 1 } = stored;
  const request = requestIn(args[0]);
  const terms = termsIn(args[1]);
  if (request === undefined || (args.length > 1 && terms === undefined)) return undefined;
  const isScheduled = terms === undefined && version > 1;
  const { createdAt, timeoutAt } = record;
  const own = isScheduled
    ? scheduledTerms(request, { version, timeoutAtMs: timeoutAt })
    : { startedAtMs: createdAt, deadlineAtMs: timeoutAt - APPROVAL_SLACK_MS };
  return { request, terms: terms ?? own, version: version === 1 ? 1 : 2, isScheduled };
}

/** The request behind an approval's root promise; undefined if the record is no approval of ours. */
export function requestOf(record: StoredRecord): ApprovalRequest | undefined {
  return callOf(record)?.request;
}

/** The request that an approval's workflow was started with; undefined if the argument is none. */
export function requestIn(argument: unknown): ApprovalRequest | undefined {
  const request = read(storedRequestSchema, argument);
  return request !== undefined && asksSomebody(request) ? request : undefined;
}

/** The terms that an approval's workflow was started with; undefined if the argument is none. */
export const termsIn = (argument: unknown): Terms | undefined => read(storedTermsSchema, argument);

/** The question that a ballot's promise asks; undefined if the record is no ballot. */
export function ballotOf(record: StoredRecord): Ballot | undefined {
  return record.tags[KIND_TAG] === "ballot" ? read(storedBallotSchema, record.param) : undefined;
}

/** What a step or a child workflow answered, as the workflow that asked gets it; undefined if another program wrote it. */
export const mailResultIn = (value: unknown): MailResult | undefined => read(storedMailResultSchema, value);
export const judgementIn = (value: unknown): Judgement | undefined => read(storedJudgementSchema, value);
export const judgementV1In = (value: unknown): JudgementV1 | undefined =>
  read(storedJudgementV1Schema, value);
export const outcomeIn = (value: unknown): Outcome | undefined => read(storedOutcomeSchema, value);

type Settled = Pick<StoredRecord, "state" | "value">;

export const decisionOf = (record: Settled): Decision | undefined => {
  const decision = ofKind("decision", storedDecisionSchema, record);
  return decision !== undefined && saysItsEffect(decision) ? decision : undefined;
};
export const reassignmentOf = (record: Settled): Reassignment | undefined =>
  ofKind("reassigned", storedReassignmentSchema, record);
export const recusalOf = (record: Settled): Recusal | undefined =>
  ofKind("recused", storedRecusalSchema, record);
export const reissueOf = (record: Settled): Reissue | undefined =>
  ofKind("reissued", storedReissueSchema, record);
export const undoOf = (record: Settled): Undo | undefined => readValue(storedUndoSchema, record);
export const extensionOf = (record: Settled): Extension | undefined =>
  ofKind("extended", storedExtensionSchema, record);
export const changeOf = (record: Settled): Change | undefined =>
  ofKind("changed", storedChangeSchema, record);
export const judgementOf = (record: Settled): Judgement | undefined =>
  ofKind("judgement", storedJudgementSchema, record);
export const withdrawalOf = (record: Settled): Withdrawal | undefined =>
  ofKind("withdrawn", storedWithdrawalSchema, record);
export const cancellationOf = (record: Settled): Cancellation | undefined =>
  ofKind("cancelled", storedCancellationSchema, record);
export const closedOf = (record: Settled): Closed | undefined => ofKind("closed", storedClosedSchema, record);
export const mailResultOf = (record: StoredRecord): MailResult | undefined =>
  ofKind("mail", storedMailResultSchema, record);
export const outcomeOf = (record: StoredRecord): Outcome | undefined =>
  readValue(storedOutcomeSchema, record);

/** Most values are of another kind, and a schema takes a hundred times as long to tell. */
function ofKind<T>(kind: string, schema: z.ZodType<T>, record: Settled): T | undefined {
  const { value } = record;
  const isOfKind = typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
  return isOfKind ? readValue(schema, record) : undefined;
}

function readValue<T>(schema: z.ZodType<T>, record: Settled): T | undefined {
  return record.state === "resolved" ? read(schema, record.value) : undefined;
}

function read<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  if (typeof value !== "object" || value === null) return parse(schema, value);
  const known = READ.get(value);
  if (known?.has(schema)) return known.get(schema) as T | undefined;
  const result = parse(schema, value);
  if (known === undefined) READ.set(value, new Map([[schema, result]]));
  else known.set(schema, result);
  return result;
}

/** What values were read as: a record is asked for the same several times, and nobody changes what is stored. */
const READ = new WeakMap<object, Map<z.ZodType, unknown>>();

function parse<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const parsed = parsePresent(schema, value);
  return parsed.success ? parsed.data : undefined;
}

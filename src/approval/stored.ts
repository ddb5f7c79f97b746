/**
 * Promise records read back as the domain's words.
 *
 * Values are checked by shape and not by the rules for requests: an approval that was accepted once stays readable when
 * the rules for new ones become stricter. What does not fit is undefined, since other programs can reach the engine.
 */
import { z } from "zod";
import { storedInPlaceOfSchema } from "./absence.ts";
import {
  type Act,
  type ApprovalRequest,
  type Ballot,
  type Cancellation,
  type Change,
  type Closed,
  type Content,
  type CountedDecision,
  type Decision,
  type Delivery,
  type Extension,
  type Judgement,
  type JudgementV1,
  type MailResult,
  type Outcome,
  type Reassignment,
  type Recusal,
  type Reissue,
  SIGNED_IN_BY,
  type Terms,
  type Undo,
  VIA_KINDS,
  type Via,
  WITHDRAWN_BECAUSE,
  type Withdrawal,
} from "./approval.ts";
import type { Ask } from "./evaluate/evaluation.ts";
import type { State } from "./evaluate/look.ts";
import { KIND_TAG } from "./ids.ts";
import { storedDoNotAsk } from "./refusal/do-not-ask.ts";
import { APPROVAL_SLACK_MS } from "./request.ts";
import { storedAliasesSchema } from "./same-person.ts";
import { scheduledTerms } from "./scheduled.ts";
import {
  choiceSchema,
  doorSchema,
  effectSchema,
  outcomeKindSchema,
  storedActionSchema,
  storedPersonSchema,
  storedRequestSchema,
} from "./schema.ts";
import { storedTermsSchema } from "./stored-terms.ts";
import { storedProgram as program, whySchema } from "./why.ts";

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

const epochMs = z.int().min(0);

const request = storedRequestSchema.refine(
  ({ approvers, stages = [] }) => approvers.length > 0 || stages.length > 0,
);

/** The arguments, a request and its terms, are read by themselves: as the workflow, which gets them alone, reads them, too. */
const call = z.object({
  func: z.literal("approval"),
  version: z.exactOptional(z.int()),
  args: z.array(z.unknown()).min(1).max(2),
});

const groups = z.array(z.int().min(0));

const via: z.ZodType<Via> = z.object({
  kind: z.enum(VIA_KINDS),
  from: z.exactOptional(z.int().min(1)),
  reason: z.exactOptional(text),
  by: z.exactOptional(text),
});

const ballot: z.ZodType<Ballot> = z.object({
  kind: z.literal("ballot"),
  approval: text,
  n: z.int().min(1),
  approver: storedPersonSchema,
  recipient: text,
  gen: z.int().min(0),
  stage: z.exactOptional(z.int().min(0)),
  round: z.exactOptional(z.int().min(1)),
  groups: z.exactOptional(groups),
  added: z.exactOptional(z.literal(true)),
  via: z.exactOptional(via),
  inPlaceOf: z.exactOptional(z.array(storedInPlaceOfSchema)),
  custom: z.exactOptional(z.literal(true)),
  undo: z.exactOptional(z.literal(true)),
  contentHash: z.exactOptional(text),
  digest: z.exactOptional(text),
});

const except = z.array(z.int().min(1));

const anyObject = z.record(text, z.unknown());

const fields = z.record(text, z.union([text, z.number(), z.boolean()]));

const decision: z.ZodType<Decision> = z
  .object({
    kind: z.literal("decision"),
    choice: choiceSchema,
    effect: z.exactOptional(effectSchema),
    comment: z.exactOptional(text),
    fields: z.exactOptional(fields),
    except: z.exactOptional(except),
    doNotAsk: z.exactOptional(storedDoNotAsk),
    contentHash: z.exactOptional(text),
    by: text,
    door: doorSchema,
    signedInBy: z.exactOptional(z.enum(SIGNED_IN_BY)),
    nonce: text,
    ...program,
  })
  // What any other choice does, only its effect says.
  .refine(({ choice, effect }) => effect !== undefined || choice === "approve" || choice === "reject");

const withdrawal: z.ZodType<Withdrawal> = z.object({
  kind: z.literal("withdrawn"),
  because: z.exactOptional(z.enum(WITHDRAWN_BECAUSE)),
});

const act = { door: doorSchema, nonce: text, by: z.exactOptional(text), ...program };

export const storedActSchema: z.ZodType<Act> = z.object(act);

const reassignment: z.ZodType<Reassignment> = z.object({
  kind: z.literal("reassigned"),
  to: storedPersonSchema,
  reason: z.exactOptional(text),
  ...act,
});

const recusal: z.ZodType<Recusal> = z.object({
  kind: z.literal("recused"),
  reason: z.exactOptional(text),
  ...act,
});

const reissue: z.ZodType<Reissue> = z.object({ kind: z.literal("reissued"), ...act });

const undo: z.ZodType<Undo> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("undone"), ...act }),
  z.object({ kind: z.literal("final") }),
]);

const extension: z.ZodType<Extension> = z.object({
  kind: z.literal("extended"),
  untilMs: epochMs,
  reason: z.exactOptional(text),
  ...act,
});

export const storedContentSchema: z.ZodType<Content> = z.object({
  title: text,
  summary: z.exactOptional(text),
  details: z.array(z.object({ label: text, value: text })),
  action: z.exactOptional(storedActionSchema),
  items: z.exactOptional(z.array(storedActionSchema)),
  atomic: z.exactOptional(z.boolean()),
});

const change: z.ZodType<Change> = z.object({
  kind: z.literal("changed"),
  content: storedContentSchema,
  note: z.exactOptional(text),
  ...act,
});

const cancellation: z.ZodType<Cancellation> = z.object({
  kind: z.literal("cancelled"),
  reason: z.exactOptional(text),
  nonce: text,
  door: z.exactOptional(doorSchema),
  by: z.exactOptional(text),
  ...program,
});

const closed: z.ZodType<Closed> = z.object({
  kind: z.literal("closed"),
  outcome: outcomeKindSchema,
  reason: text,
  why: z.exactOptional(whySchema),
  answered: z.exactOptional(z.array(z.int().min(1))),
});

export const storedDeliverySchema: z.ZodType<Delivery> = z.discriminatedUnion("status", [
  z.object({ status: z.literal("sent"), messageId: text, canBounce: z.exactOptional(z.literal(true)) }),
  z.object({ status: z.literal("deferred"), reason: text, nextTryAtMs: z.exactOptional(z.int()) }),
  z.object({ status: z.literal("undeliverable"), reason: text }),
  z.object({ status: z.literal("skipped") }),
]);

const mailResult: z.ZodType<MailResult> = z.object({
  kind: z.literal("mail"),
  n: z.int().min(1),
  delivery: storedDeliverySchema,
});

export const storedDecisionsSchema: z.ZodType<CountedDecision[]> = z.array(
  z.object({
    n: z.int(),
    email: text,
    choice: choiceSchema,
    effect: z.exactOptional(effectSchema),
    stage: z.exactOptional(z.int().min(1)),
    comment: z.exactOptional(text),
    fields: z.exactOptional(fields),
    except: z.exactOptional(except),
    doNotAsk: z.exactOptional(storedDoNotAsk),
    at: text,
    door: z.exactOptional(doorSchema),
    signedInBy: z.exactOptional(z.enum(SIGNED_IN_BY)),
    ...program,
  }),
);

const outcome: z.ZodType<Outcome> = z.object({
  approval: text,
  outcome: outcomeKindSchema,
  reason: text,
  why: z.exactOptional(whySchema),
  decisions: storedDecisionsSchema,
  round: z.exactOptional(z.int().min(1)),
  action: z.exactOptional(
    z.object({
      digest: text,
      arguments: z.exactOptional(anyObject),
      proposed: z.exactOptional(anyObject),
      items: z.exactOptional(
        z.array(z.object({ n: z.int().min(1), arguments: anyObject, proposed: z.exactOptional(anyObject) })),
      ),
    }),
  ),
  metadata: z.record(text, z.unknown()),
});

const verdict = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("wait") }),
  z.object({
    kind: z.literal("done"),
    outcome: outcomeKindSchema,
    reason: text,
    why: z.exactOptional(whySchema),
  }),
]);

const state: z.ZodType<State> = z.object({
  round: z.int().min(1),
  stage: z.int().min(0),
  phase: z.enum(["asking", "revising"]),
  escalations: z.int().min(0),
  sinceMs: z.exactOptional(epochMs),
  replaced: z.exactOptional(z.array(z.int())),
  namedEndAtMs: z.exactOptional(epochMs),
  lookedAtMs: z.exactOptional(epochMs),
  outOfReach: z.exactOptional(z.literal(true)),
});

const ask: z.ZodType<Ask> = z.object({
  person: storedPersonSchema,
  groups,
  stage: z.int().min(0),
  round: z.int().min(1),
  gen: z.int().min(0),
  added: z.exactOptional(z.literal(true)),
  via: z.exactOptional(via),
  inPlaceOf: z.exactOptional(z.array(storedInPlaceOfSchema)),
});

const judgement: z.ZodType<Judgement> = z.object({
  kind: z.literal("judgement"),
  atMs: epochMs,
  settled: z.int(),
  rang: z.array(z.int()),
  verdict,
  state,
  ask: z.array(ask),
  nextEndAtMs: z.exactOptional(epochMs),
  alarmAtMs: z.exactOptional(epochMs),
  content: z.exactOptional(storedContentSchema),
  note: z.exactOptional(text),
  changedBy: z.exactOptional(z.object(program)),
  aliases: z.exactOptional(storedAliasesSchema),
  decisions: storedDecisionsSchema,
});

const judgementV1: z.ZodType<JudgementV1> = z.object({
  verdict,
  settled: z.int(),
  retryDue: z.boolean(),
  decisions: storedDecisionsSchema,
});

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
  const stored = read(call, record.param);
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
  return read(request, argument);
}

/** The terms that an approval's workflow was started with; undefined if the argument is none. */
export const termsIn = (argument: unknown): Terms | undefined => read(storedTermsSchema, argument);

/** The question that a ballot's promise asks; undefined if the record is no ballot. */
export function ballotOf(record: StoredRecord): Ballot | undefined {
  return record.tags[KIND_TAG] === "ballot" ? read(ballot, record.param) : undefined;
}

/** What a step or a child workflow answered, as the workflow that asked gets it; undefined if another program wrote it. */
export const mailResultIn = (value: unknown): MailResult | undefined => read(mailResult, value);
export const judgementIn = (value: unknown): Judgement | undefined => read(judgement, value);
export const judgementV1In = (value: unknown): JudgementV1 | undefined => read(judgementV1, value);
export const outcomeIn = (value: unknown): Outcome | undefined => read(outcome, value);

type Settled = Pick<StoredRecord, "state" | "value">;

export const decisionOf = (record: Settled): Decision | undefined => ofKind("decision", decision, record);
export const reassignmentOf = (record: Settled): Reassignment | undefined =>
  ofKind("reassigned", reassignment, record);
export const recusalOf = (record: Settled): Recusal | undefined => ofKind("recused", recusal, record);
export const reissueOf = (record: Settled): Reissue | undefined => ofKind("reissued", reissue, record);
export const undoOf = (record: Settled): Undo | undefined => readValue(undo, record);
export const extensionOf = (record: Settled): Extension | undefined => ofKind("extended", extension, record);
export const changeOf = (record: Settled): Change | undefined => ofKind("changed", change, record);
export const judgementOf = (record: Settled): Judgement | undefined => ofKind("judgement", judgement, record);
export const withdrawalOf = (record: Settled): Withdrawal | undefined =>
  ofKind("withdrawn", withdrawal, record);
export const cancellationOf = (record: Settled): Cancellation | undefined =>
  ofKind("cancelled", cancellation, record);
export const closedOf = (record: Settled): Closed | undefined => ofKind("closed", closed, record);
export const mailResultOf = (record: StoredRecord): MailResult | undefined =>
  ofKind("mail", mailResult, record);
export const outcomeOf = (record: StoredRecord): Outcome | undefined => readValue(outcome, record);

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
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

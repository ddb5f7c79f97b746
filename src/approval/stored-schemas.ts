/** Shapes of what the promises of approvals hold, as `stored.ts` reads it: as it was stored, not as the rules for requests are. */
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
  type Undo,
  VIA_KINDS,
  type Via,
  WITHDRAWN_BECAUSE,
  type Withdrawal,
} from "./approval.ts";
import type { Ask } from "./evaluate/evaluation.ts";
import type { State } from "./evaluate/look.ts";
import { storedDoNotAsk } from "./refusal/do-not-ask.ts";
import { storedAliasesSchema } from "./same-person.ts";
import {
  choiceSchema,
  doorSchema,
  effectSchema,
  outcomeKindSchema,
  storedActionSchema,
  storedPersonSchema,
} from "./schema.ts";
import { storedProgram as program, whySchema } from "./why.ts";

const text = z.string();

const epochMs = z.int().min(0);

// What concerns several members is checked apart from the schemas, which are then read by the members that are there.
export const asksSomebody = ({ approvers, stages = [] }: ApprovalRequest) =>
  approvers.length > 0 || stages.length > 0;

/** The arguments, a request and its terms, are read by themselves: as the workflow, which gets them alone, reads them, too. */
export const storedCallSchema = z.object({
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

export const storedBallotSchema: z.ZodType<Ballot> = z.object({
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

export const storedDecisionSchema: z.ZodType<Decision> = z.object({
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
});
// What any other choice does, only its effect says.
export const saysItsEffect = ({ choice, effect }: Decision) =>
  effect !== undefined || choice === "approve" || choice === "reject";

export const storedWithdrawalSchema: z.ZodType<Withdrawal> = z.object({
  kind: z.literal("withdrawn"),
  because: z.exactOptional(z.enum(WITHDRAWN_BECAUSE)),
});

const act = { door: doorSchema, nonce: text, by: z.exactOptional(text), ...program };

export const storedActSchema: z.ZodType<Act> = z.object(act);

export const storedReassignmentSchema: z.ZodType<Reassignment> = z.object({
  kind: z.literal("reassigned"),
  to: storedPersonSchema,
  reason: z.exactOptional(text),
  ...act,
});

export const storedRecusalSchema: z.ZodType<Recusal> = z.object({
  kind: z.literal("recused"),
  reason: z.exactOptional(text),
  ...act,
});

export const storedReissueSchema: z.ZodType<Reissue> = z.object({ kind: z.literal("reissued"), ...act });

export const storedUndoSchema: z.ZodType<Undo> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("undone"), ...act }),
  z.object({ kind: z.literal("final") }),
]);

export const storedExtensionSchema: z.ZodType<Extension> = z.object({
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

export const storedChangeSchema: z.ZodType<Change> = z.object({
  kind: z.literal("changed"),
  content: storedContentSchema,
  note: z.exactOptional(text),
  ...act,
});

export const storedCancellationSchema: z.ZodType<Cancellation> = z.object({
  kind: z.literal("cancelled"),
  reason: z.exactOptional(text),
  nonce: text,
  door: z.exactOptional(doorSchema),
  by: z.exactOptional(text),
  ...program,
});

export const storedClosedSchema: z.ZodType<Closed> = z.object({
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

export const storedMailResultSchema: z.ZodType<MailResult> = z.object({
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

export const storedOutcomeSchema: z.ZodType<Outcome> = z.object({
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

export const storedJudgementSchema: z.ZodType<Judgement> = z.object({
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

export const storedJudgementV1Schema: z.ZodType<JudgementV1> = z.object({
  verdict,
  settled: z.int(),
  retryDue: z.boolean(),
  decisions: storedDecisionsSchema,
});

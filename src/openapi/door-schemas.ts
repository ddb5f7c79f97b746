/** Bodies and responses of the routes for programs and other systems: promises, ballots, webhooks, callback URLs. */
import { z } from "zod";
import type { AbsenceView } from "../approval/absence-request.ts";
import { choiceSchema, doorSchema, outcomeKindSchema, shownPersonSchema } from "../approval/schema.ts";
import type { ClosedBecause } from "../approval/standing.ts";
import { instant } from "./common-schemas.ts";
import { effect, exceptAnswer, fieldAnswers } from "./outcome-schemas.ts";
import { doNotAskAnswer } from "./refusal-schemas.ts";
import { settled } from "./schemas.ts";

const outcome = z
  .exactOptional(outcomeKindSchema)
  .meta({ description: "How the approval ended, if that is recorded." });
const effective = z.boolean().meta({ description: "Whether this call settled it." });

export const settlement = z
  .discriminatedUnion("status", settled("Settlement", { effective }))
  .meta({ id: "Settlement", description: "The promise's state, and whether this call settled it." });

const CLOSED_BECAUSE = {
  approved: "approved",
  rejected: "rejected",
  expired: "expired",
  cancelled: "cancelled",
  closing: "closing",
  reassigned: "reassigned",
  recused: "recused",
  reissued: "reissued",
  undone: "undone",
  "stage-done": "stage-done",
  escalated: "escalated",
  "changes-requested": "changes-requested",
  "round-over": "round-over",
} as const satisfies { readonly [Because in ClosedBecause]: Because };

export const ballotAnswer = z
  .strictObject({
    approval: z.string(),
    ballot: z.int(),
    effective,
    stands: z
      .discriminatedUnion("kind", [
        z
          .strictObject({
            kind: z.literal("decided"),
            choice: choiceSchema,
            effect,
            by: z.exactOptional(z.string()).meta({
              description: "The approver's address; only for keys with the scope `approvals:read`.",
            }),
            door: doorSchema,
            caller: z.exactOptional(z.string()).meta({
              description:
                "The program that decided in the approver's place; only for keys with the scope `approvals:read`.",
            }),
            client: z.exactOptional(z.string()).meta({
              description: "The name of its API key; only for keys with the scope `approvals:read`.",
            }),
            at: instant,
            comment: z
              .exactOptional(z.string())
              .meta({ description: "Only for keys with the scope `approvals:read`." }),
            fields: fieldAnswers,
            except: exceptAnswer,
            doNotAsk: doNotAskAnswer,
            outcome,
          })
          .meta({ id: "BallotDecided" }),
        z
          .strictObject({
            kind: z.literal("closed"),
            because: z.enum(CLOSED_BECAUSE).meta({
              description:
                "How the approval ended; `closing`: it is ending, and its outcome is not recorded yet. The others say why it goes on, or went on, without this ballot.",
            }),
            at: z.exactOptional(instant),
            reason: z.exactOptional(z.string()).meta({
              description:
                "The caller's reason for the cancellation; only for keys with the scope `approvals:read`.",
            }),
            outcome,
          })
          .meta({ id: "BallotClosed" }),
      ])
      .meta({ id: "BallotStands" }),
  })
  .meta({ id: "BallotAnswer" });

export const ballotAct = z
  .strictObject({
    approval: z.string(),
    ballot: z.int(),
    next: z.exactOptional(z.int().meta({ description: "The ballot that takes its place." })),
    mail: z.exactOptional(
      z
        .strictObject({
          status: z.enum(["pending", "sent", "undeliverable"]).meta({
            description: "`pending`: not sent yet. `undeliverable`: the mail system refuses it.",
          }),
          reason: z.exactOptional(z.string()),
          possibleAgainAt: instant.meta({ description: "When the next mail by hand is possible." }),
        })
        .meta({ id: "MailByHand", description: "Of a reminder, or of links that were sent once more." }),
    ),
  })
  .meta({ id: "BallotAct" });

export const approvalAct = z
  .strictObject({ approval: z.string(), deadline: instant, round: z.int() })
  .meta({ id: "ApprovalAct" });

export const absence: z.ZodType<AbsenceView> = z
  .strictObject({
    id: z.string(),
    person: shownPersonSchema,
    to: shownPersonSchema,
    from: instant,
    until: instant,
    note: z.exactOptional(z.string()),
  })
  .meta({ id: "Absence", description: "While it holds, `to` is asked in place of `person`." });

export const absenceList = z
  .strictObject({
    absences: z.array(absence),
    nextCursor: z
      .exactOptional(z.string())
      .meta({ description: "The `cursor` of the next page; absent at the end." }),
  })
  .meta({ id: "AbsenceList" });

export const absenceRemoved = z
  .strictObject({ id: z.string(), removed: z.literal(true) })
  .meta({ id: "AbsenceRemoved" });

export const calledBack = z
  .strictObject({ status: z.enum(["resolved", "rejected", "canceled", "timedout", "pending"]), effective })
  .meta({ id: "CalledBack" });

const taken = {
  delivery: z.string(),
  duplicate: z.boolean().meta({
    description: "The delivery was accepted before; the other members show the result of that time.",
  }),
  result: z.enum(["settled", "stands", "kept", "ignored", "unknown"]),
  effective,
  promise: z.exactOptional(z.string()),
  why: z.exactOptional(z.string()),
  note: z
    .exactOptional(z.string())
    .meta({ description: "What the workflow that gets the value should know." }),
};

export const webhookAnswer = z
  .union([
    z.strictObject({ source: z.string(), ...taken }).meta({ id: "WebhookTaken" }),
    z
      .strictObject({
        source: z.string(),
        deliveries: z.array(z.strictObject(taken).meta({ id: "WebhookDelivery" })),
      })
      .meta({ id: "WebhooksTaken" }),
  ])
  .meta({ id: "WebhookAnswer" });

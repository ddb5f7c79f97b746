/** Approvals and their ballots in the API's responses. */
import { z } from "zod";
import { VIA_KINDS } from "../approval/approval.ts";
import {
  approvalRequestSchema,
  choiceSchema,
  outcomeKindSchema,
  shownPersonSchema,
  shownRequestFields,
} from "../approval/schema.ts";
import type { CallbackView } from "../approval/stored-callback.ts";
import type { UseView } from "../approval/use-view.ts";
import type { ApprovalView } from "../approval/view.ts";
import { callback } from "./callback-schemas.ts";
import { instant } from "./common-schemas.ts";
import { use } from "./consume-schemas.ts";
import { doer, door, exceptAnswer, fieldAnswers, outcome, program, signedInBy } from "./outcome-schemas.ts";
import { doNotAskAnswer, refusal } from "./refusal-schemas.ts";

export const approvalStatus = z
  .enum([...outcomeKindSchema.options, "pending", "failed"])
  .meta({ id: "ApprovalStatus", description: "`failed`: the workflow failed, and `error` says why." });

export const ballotState = z
  .enum([
    "open",
    "approved",
    "rejected",
    "changes_requested",
    "withdrawn",
    "expired",
    "reassigned",
    "recused",
    "reissued",
    "undone",
  ])
  .meta({
    description:
      "`withdrawn`: the approval ended, or went on, without this answer. `reissued`: another ballot has new links. `undone`: the answer was taken back.",
  });

const ballot: z.ZodType<ApprovalView["ballots"][number]> = z
  .strictObject({
    n: z.int().meta({
      description:
        "1 for the first approver, or 2 if a schedule started the approval. Ballots that are opened later leave gaps.",
    }),
    approver: shownPersonSchema,
    stage: z.exactOptional(z.int()).meta({ description: "From 1, of an approval in stages." }),
    round: z.exactOptional(z.int()).meta({ description: "From 2, of a question that was changed." }),
    via: z.exactOptional(
      z
        .strictObject({
          kind: z.enum(VIA_KINDS),
          from: z
            .exactOptional(z.int())
            .meta({ description: "The number of the ballot that this one follows." }),
          reason: z.exactOptional(z.string()),
          by: z.exactOptional(z.string()),
        })
        .meta({
          id: "BallotVia",
          description: "Why it was opened later than its stage, or in place of another ballot.",
        }),
    ),
    inPlaceOf: z
      .exactOptional(
        z.array(
          z
            .strictObject({
              person: shownPersonSchema,
              until: instant.meta({ description: "When their absence ends, as it was known then." }),
              note: z.exactOptional(z.string()),
            })
            .meta({ id: "InPlaceOf" }),
        ),
      )
      .meta({ description: "People who are away, and in whose place the approver is asked." }),
    state: ballotState,
    choice: z.exactOptional(choiceSchema).meta({
      description: "The value of the answer's choice, if the request has choices of its own.",
    }),
    comment: z.exactOptional(z.string()),
    fields: fieldAnswers,
    except: exceptAnswer,
    doNotAsk: doNotAskAnswer,
    decidedAt: z.exactOptional(instant),
    contentHash: z.exactOptional(z.string()).meta({
      description: "SHA-256, in hexadecimal, of what the approver was shown, in the form of RFC 8785.",
    }),
    undoUntil: z.exactOptional(instant).meta({ description: "Until when the answer can be taken back." }),
    door: z.exactOptional(door),
    signedInBy,
    ...program,
    act: z.exactOptional(
      z
        .strictObject({
          at: instant,
          ...doer,
          reason: z.exactOptional(z.string()),
          to: z.exactOptional(shownPersonSchema).meta({ description: "Whom it was handed to." }),
        })
        .meta({
          id: "ClosingAct",
          description:
            "Who handed the ballot on, took its approver out, took the answer back or ordered new links.",
        }),
    ),
    mail: z
      .strictObject({
        status: z.enum(["pending", "sent", "deferred", "undeliverable", "skipped"]).meta({
          description: "`sent`: the relay accepted the mail. It does not mean that anyone has read it.",
        }),
        reason: z
          .exactOptional(z.string())
          .meta({ description: "Why it is deferred, undeliverable or late, by codes alone." }),
        attempts: z.int().meta({ description: "How often Countersign tried to hand the mail to the relay." }),
        nextTryAt: z
          .exactOptional(instant)
          .meta({ description: "When Countersign tries a deferred mail again." }),
        bouncedAt: z.exactOptional(instant).meta({
          description: "When the mail came back. The relay had accepted it, and it is `undeliverable` now.",
        }),
        delayedAt: z.exactOptional(instant).meta({
          description: "When a mail system reported that the mail is late. It may still arrive.",
        }),
      })
      .meta({ id: "BallotMail" }),
  })
  .meta({ id: "Ballot", description: "One approver's answer, open or given." });

export const approvalLinks = z
  .strictObject({ self: z.string(), cancel: z.string(), wait: z.string() })
  .meta({ id: "ApprovalLinks" });

export const approvalRequest = approvalRequestSchema.meta({
  id: "ApprovalRequest",
  description: "A request for a decision.",
});

export const approvalReference = z
  .strictObject({ id: z.string(), status: approvalStatus, links: approvalLinks })
  .meta({ id: "ApprovalReference" });
export type ApprovalReference = z.infer<typeof approvalReference>;

export const cancelledApproval = z
  .strictObject({
    ...approvalReference.shape,
    effective: z.boolean().meta({
      description: "False: an earlier cancellation of the same caller stands, with its own reason.",
    }),
  })
  .meta({ id: "CancelledApproval" });
export type CancelledApproval = z.infer<typeof cancelledApproval>;

type ApprovalAnswer = ApprovalView & {
  readonly uses?: readonly UseView[];
  readonly callbacks?: readonly CallbackView[];
  readonly links: z.infer<typeof approvalLinks>;
};

/** The request's fields, except those that responses show in another form: approvers as ballots, the deadline as an instant. */
const { approvers: _, deadline: __, ...requestFields } = shownRequestFields;

const people = z.array(shownPersonSchema);

const explanationGroup = z
  .strictObject({
    group: z.exactOptional(z.string()).meta({ description: "The group's name, if it has one." }),
    needed: z
      .int()
      .meta({ description: "How many approvals are missing, besides those that can still be taken back." }),
    people: people.meta({ description: "Who can give them." }),
  })
  .meta({ id: "ExplanationGroup" });

const explanation = z
  .strictObject({
    text: z.string().meta({
      description: "What follows in sentences, in the first language of `Accept-Language` that there is.",
    }),
    round: z.int(),
    rounds: z.int().meta({ description: "How often the question may be asked." }),
    stage: z.int().meta({ description: "The stage that is open, from 1." }),
    stages: z.int(),
    stageName: z.exactOptional(z.string()),
    waitingFor: z.array(explanationGroup),
    outOfReach: z.exactOptional(z.array(explanationGroup)).meta({
      description:
        "Groups that can no longer get the approvals that they need, if the stage cannot do without them: too few people are left who can answer.",
    }),
    approved: z
      .array(z.string())
      .meta({ description: "Names of groups of this stage, and of earlier stages, that have approved." }),
    revising: z
      .boolean()
      .meta({ description: "Changes were requested, and the requester has made none yet." }),
    undoUntil: z
      .exactOptional(instant)
      .meta({ description: "Until when answers can be taken back, if that is all that is waited for." }),
    next: z.exactOptional(
      z
        .strictObject({ name: z.exactOptional(z.string()), people })
        .meta({ id: "ExplanationNext", description: "The stage that comes next." }),
    ),
    stageEndsAt: z
      .exactOptional(instant)
      .meta({ description: "When the time of the open stage is over, if it has one of its own." }),
    nextDeadline: z
      .strictObject({
        at: instant,
        onDeadline: z
          .enum(["expire", "reject", "escalate", "approve"])
          .meta({ description: "What follows if nobody answers until then." }),
      })
      .meta({
        id: "NextDeadline",
        description: "The end of the stage's time or of the approval's, whichever comes first.",
      }),
  })
  .meta({ id: "Explanation", description: "Why the approval is still open." });

export const approval: z.ZodType<ApprovalAnswer> = z
  .strictObject({
    id: z.string(),
    status: approvalStatus,
    ...requestFields,
    deadline: instant,
    round: z
      .exactOptional(z.int())
      .meta({ description: "How often the question has been asked, if it was changed." }),
    stage: z
      .exactOptional(z.int())
      .meta({ description: "The stage that is open, or was last, from 1, of an approval in stages." }),
    revising: z
      .exactOptional(z.boolean())
      .meta({ description: "Changes were requested, and the requester has made none yet." }),
    proposed: z.exactOptional(
      z.strictObject({ action: shownRequestFields.action, items: shownRequestFields.items }).meta({
        id: "ProposedAction",
        description: "What the asker had proposed, if an approver has changed arguments of it.",
      }),
    ),
    explanation: z.exactOptional(explanation).meta({
      description: "While the approval is open: who is waited for, and what comes next.",
    }),
    ballots: z.array(ballot),
    waitingFor: z
      .array(z.string())
      .meta({ description: "Addresses of the approvers whose answer is awaited." }),
    cancellation: z.exactOptional(
      z
        .strictObject({
          at: instant,
          reason: z.exactOptional(z.string()),
          ...doer,
        })
        .meta({ id: "Cancellation" }),
    ),
    outcome: z.exactOptional(outcome),
    uses: z.exactOptional(z.array(use)).meta({ description: "What became of the approved action so far." }),
    refusal: z.exactOptional(refusal),
    error: z.exactOptional(z.string()),
    createdAt: instant,
    endedAt: z.exactOptional(instant),
    restoredFrom: z.exactOptional(instant).meta({
      description:
        "Of an approval that was open when the service was restored from a backup: when the backup was made. What happened to the approval after that, and before the restore, is lost.",
    }),
    callbacks: z.exactOptional(z.array(callback)),
    links: approvalLinks,
  })
  .meta({ id: "Approval" });

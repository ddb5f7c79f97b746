/**
 * Schemas of the API's responses. Types for handlers and clients, components of the OpenAPI document, and the check of real
 * responses in tests follow from them. Later versions may add members to responses; clients accept members they do not know.
 */
import { z } from "zod";
import { type Outcome, SIGNED_IN_BY, VIA_KINDS } from "../approval/approval.ts";
import { VERSION_MAX } from "../approval/call.ts";
import { DIFFERENCES_MAX } from "../approval/differences.ts";
import {
  approvalRequestSchema,
  choiceSchema,
  doorSchema,
  effectSchema,
  outcomeKindSchema,
  shownPersonSchema,
  shownRequestFields,
} from "../approval/schema.ts";
import type { CallbackView } from "../approval/stored-callback.ts";
import type { UseView } from "../approval/use-view.ts";
import type { ApprovalView } from "../approval/view.ts";
import type { Progress, Why } from "../approval/why.ts";
import { callback } from "./callback-schemas.ts";
import { anyJson, instant } from "./common-schemas.ts";
import { consumedBy, difference, refusingLimit, use } from "./consume-schemas.ts";
import { doNotAskAnswer, meetingRefusal, refusal } from "./refusal-schemas.ts";

const door = doorSchema.meta({
  description: "How the decision arrived: by the link in a mail, by the API, or by a webhook.",
});
const signedInBy = z.exactOptional(z.enum(SIGNED_IN_BY)).meta({
  description: "How the person had signed in, with the door `inbox`. Absent in what earlier versions stored.",
});
const caller = z.exactOptional(z.string()).meta({
  description:
    "The program that decided in the approver's place: an API key's id, or the source of a webhook.",
});
const client = z.exactOptional(z.string()).meta({
  description: "The name of the API key. Absent in what earlier versions stored.",
});
const program = { caller, client };
/** Of what is no answer. */
const doer = {
  by: z.exactOptional(z.string()).meta({ description: "The person who did it by their own link." }),
  caller: z.exactOptional(z.string()).meta({
    description:
      "The program or operator: an API key's id, `operator:` and a name, or `operator` for the command line.",
  }),
  client,
};
export const effect = z.exactOptional(effectSchema).meta({
  description: "What the choice does, if the request has choices of its own.",
});
export const fieldAnswers = z
  .exactOptional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])))
  .meta({ description: "What the approver filled in, by the names of the request's fields." });
export const exceptAnswer = z
  .exactOptional(z.array(z.int().min(1)))
  .meta({ description: "Numbers of the items that the answer does not approve." });
export const approvalStatus = z
  .enum([...outcomeKindSchema.options, "pending", "failed"])
  .meta({ id: "ApprovalStatus", description: "`failed`: the workflow failed, and `error` says why." });

const count = z.int().min(0);
const progress: z.ZodType<Progress> = z
  .strictObject({
    of: z.enum(["approvals", "groups"]).meta({ description: "What `given` and `needed` count." }),
    given: count,
    needed: count,
    people: count.meta({ description: "How many could have approved." }),
    rejections: count,
    answered: count.meta({ description: "How many have answered in time, in any way." }),
    stage: count.meta({ description: "The stage in which it ended, from 1." }),
    stages: count,
  })
  .meta({ id: "OutcomeProgress", description: "How far the stage was in which the approval ended." });

const outcomeWhy: z.ZodType<Why> = z
  .discriminatedUnion("because", [
    z.strictObject({ because: z.enum(["veto", "nobody-left", "no-rounds"]) }).meta({ id: "WhyByRule" }),
    // One schema: to generators of clients that know no constants, two of the same fields would be the same.
    z
      .strictObject({
        because: z.enum(["approvals", "out-of-reach"]),
        progress,
        isConsent: z
          .exactOptional(z.literal(true))
          .meta({ description: "With `approvals`: silence counted as approval in a stage before the last." }),
      })
      .meta({ id: "WhyByCount" }),
    z
      .strictObject({ because: z.literal("cancelled"), reason: z.exactOptional(z.string()), ...doer })
      .meta({ id: "WhyCancelled" }),
    z
      .strictObject({
        because: z.enum(["deadline", "stage-time"]),
        progress,
        atMs: count.meta({ description: "When the time was over, in milliseconds since 1970." }),
        isConsent: z.exactOptional(z.literal(true)).meta({ description: "Silence counts as approval." }),
        isRevising: z
          .exactOptional(z.literal(true))
          .meta({ description: "It waited for changes, which were not made." }),
      })
      .meta({ id: "WhyByTime" }),
  ])
  .meta({
    id: "OutcomeWhy",
    description:
      "Why it ended so. Absent in outcomes of earlier versions. Later versions may have more reasons: leave out what you do not know.",
  });

const proposed = z
  .exactOptional(z.record(z.string(), z.unknown()))
  .meta({ description: "What had been proposed, if an approver has changed it." });

const outcome: z.ZodType<Outcome> = z
  .strictObject({
    approval: z.string(),
    outcome: outcomeKindSchema,
    reason: z.string().meta({ description: "One sentence for logs." }),
    why: z.exactOptional(outcomeWhy),
    decisions: z.array(
      z
        .strictObject({
          n: z.int(),
          email: z.string(),
          choice: choiceSchema,
          effect,
          stage: z.exactOptional(z.int()).meta({ description: "From 1, of an approval in stages." }),
          comment: z.exactOptional(z.string()),
          fields: fieldAnswers,
          except: exceptAnswer,
          doNotAsk: doNotAskAnswer,
          at: instant.meta({ description: "When the answer was stored, by the engine's clock." }),
          door: z.exactOptional(door),
          signedInBy,
          ...program,
        })
        .meta({ id: "OutcomeDecision" }),
    ),
    round: z.exactOptional(z.int()).meta({ description: "The last round, of a question that was changed." }),
    action: z.exactOptional(
      z
        .strictObject({
          digest: z.string().meta({
            description:
              "SHA-256, in hexadecimal, of the action, the rule, the people and the deadline, in the form of RFC 8785.",
          }),
          arguments: z
            .exactOptional(z.record(z.string(), z.unknown()))
            .meta({ description: "What the action may be run with. Absent unless it was approved." }),
          proposed,
          items: z
            .exactOptional(
              z.array(
                z
                  .strictObject({ n: z.int().min(1), arguments: z.record(z.string(), z.unknown()), proposed })
                  .meta({ id: "OutcomeItem" }),
              ),
            )
            .meta({
              description: "Those of the request's items that may be run. Absent unless it was approved.",
            }),
        })
        .meta({ id: "OutcomeAction", description: "Of a request with an action." }),
    ),
    metadata: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "Outcome", description: "How an approval ended." });

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
    needed: z.int().meta({ description: "How many approvals are missing." }),
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

export const begunWorkflow = z
  .strictObject({
    promise: z.string().meta({ description: "The workflow's id." }),
    status: z.enum(["pending", "resolved", "rejected", "canceled", "timedout"]),
    wait: z.string().meta({ description: "Where to ask for the result." }),
  })
  .meta({ id: "BegunWorkflow" });
export type BegunWorkflow = z.infer<typeof begunWorkflow>;

export const workflowList = z
  .strictObject({
    workflows: z
      .array(
        z
          .strictObject({
            name: z.string().meta({ description: "The value of `func` in `POST /begin`." }),
            version: z.int().min(1).max(VERSION_MAX),
            argument: anyJson.meta({
              description:
                "JSON Schema (draft 2020-12) of its argument. null if it accepts any argument, or if its schema library cannot export one.",
            }),
          })
          .meta({ id: "ListedWorkflow" }),
      )
      .readonly(),
  })
  .meta({ id: "WorkflowList" });
export type WorkflowList = z.infer<typeof workflowList>;

/** The states of a promise, each with the members of `more`, named with the prefix `name`. */
export function settled<T extends z.core.$ZodShape>(name: string, more: T) {
  return [
    z
      .strictObject({ status: z.literal("pending"), promise_id: z.string(), message: z.string(), ...more })
      .meta({ id: `${name}Pending` }),
    z
      .strictObject({ status: z.literal("resolved"), promise_id: z.string(), result: anyJson, ...more })
      .meta({ id: `${name}Resolved` }),
    z
      .strictObject({
        status: z.enum(["rejected", "canceled", "timedout"]),
        promise_id: z.string(),
        error: z.string(),
        ...more,
      })
      .meta({ id: `${name}Failed` }),
  ] as const;
}

export const workflowState = z
  .discriminatedUnion("status", settled("Workflow", {}))
  .meta({ id: "WorkflowState", description: "The state or result of a workflow; `status` tells which." });

export const health = z
  .strictObject({
    status: z.string(),
    warnings: z.array(z.string()).optional().meta({
      description:
        "What is wrong and keeps nothing from working: `clock` where the engine's clock and this machine's are apart. Absent: nothing.",
    }),
  })
  .meta({ id: "Health" });

const publicKey = z
  .strictObject({
    kty: z.literal("OKP"),
    crv: z.literal("Ed25519"),
    x: z.string().meta({ description: "The public key's 32 bytes in base64url." }),
    kid: z
      .string()
      .meta({ description: "The key's thumbprint by RFC 7638; the header of what it signed names it." }),
    use: z.literal("sig"),
    alg: z.literal("EdDSA"),
  })
  .meta({ id: "PublicKey" });

export const keySet = z
  .strictObject({
    keys: z
      .array(publicKey)
      .meta({ description: "The one that signs now first; then those that signed before." }),
    log: z.exactOptional(z.array(z.string())).meta({
      description:
        "The keys that sign the head of the log of events: verifier keys as c2sp.org/signed-note has them. None where there are none.",
    }),
    callbacks: z.exactOptional(z.array(z.string())).meta({
      description:
        "The keys that sign callbacks after `v1a,`, as `whpk_…` of Standard Webhooks. None where the settings have none.",
    }),
  })
  .meta({ id: "KeySet", description: "A JWK Set (RFC 7517)." });

/** The body of every refusal, by RFC 9457. */
export const problem = z
  .strictObject({
    type: z.string().meta({
      description: "Stable identifier of the problem: a path on this service, where a page explains it.",
    }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().meta({ description: "The request's id. The log has the same id." }),
    errors: z
      .exactOptional(
        z.array(z.strictObject({ field: z.string(), message: z.string() }).meta({ id: "FieldProblem" })),
      )
      .meta({ description: "Every problem in the input." }),
    approvalStatus: z.exactOptional(z.string()).meta({
      description:
        "Of a refused consumption: `pending`, `rejected`, `failed`, `struck-out`, `expired`, `cancelled`, `revoked`, or `approved` if only the time is over.",
    }),
    use: z.exactOptional(consumedBy).meta({ description: "Who consumed the action, and when." }),
    limit: z
      .exactOptional(refusingLimit)
      .meta({ description: "Of a use of a standing approval: the limit that refuses it." }),
    refusal: z.exactOptional(meetingRefusal),
    differences: z.exactOptional(z.array(difference)).meta({
      description: `Between the approved arguments and those that were given; at most ${DIFFERENCES_MAX}.`,
    }),
    error: z.string().meta({ description: "The same as `detail`, for clients of `/begin` and `/wait`." }),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof problem>;

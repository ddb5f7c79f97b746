/** Lists of approvals as the API shows them. */
import { z } from "zod";
import { VIA_KINDS } from "../approval/approval.ts";
import type { EditedArgument } from "../approval/edited-arguments.ts";
import { EVENT_TYPES } from "../approval/event.ts";
import { HISTORY_TYPES, type HistoryEvent } from "../approval/history.ts";
import { OPENERS } from "../approval/opening.ts";
import { doorSchema, shownPersonSchema } from "../approval/schema.ts";
import type { Entry } from "../ledger/entry.ts";
import type { Stands } from "../ledger/stands.ts";
import { approvalLinks, approvalStatus, ballotState } from "./approval-schemas.ts";
import { instant } from "./common-schemas.ts";
import { exceptAnswer } from "./outcome-schemas.ts";
import { doNotAskAnswer } from "./refusal-schemas.ts";

export type ListedApproval = Entry & { readonly links: z.infer<typeof approvalLinks> };

const ballot: z.ZodType<Entry["ballots"][number]> = z
  .strictObject({
    n: z.int(),
    approver: shownPersonSchema,
    stage: z.exactOptional(z.int()),
    round: z.exactOptional(z.int()),
    state: ballotState,
    decidedAt: z.exactOptional(instant),
  })
  .meta({
    id: "ListedBallot",
    description: "One approver's answer, open or given. `GET /approvals/{id}` has more.",
  });

const stands: z.ZodType<Stands> = z
  .strictObject({
    kind: z
      .enum(["approval", "refusal"])
      .meta({ description: "A standing approval, or a standing refusal: of an action, in advance." }),
    until: instant,
  })
  .meta({
    id: "Stands",
    description: "What holds in advance, until then. Absent once it is revoked or used up.",
  });

const listedApproval: z.ZodType<ListedApproval> = z
  .strictObject({
    id: z.string(),
    status: approvalStatus,
    title: z.string(),
    requester: z.exactOptional(shownPersonSchema),
    stage: z
      .exactOptional(z.int())
      .meta({ description: "The stage that is open, or was last, from 1, of an approval in stages." }),
    stages: z.exactOptional(z.int()).meta({ description: "How many stages there are." }),
    round: z.exactOptional(z.int()).meta({ description: "From 2, of a question that was changed." }),
    revising: z
      .exactOptional(z.boolean())
      .meta({ description: "Changes were requested, and the requester has made none yet." }),
    ballots: z.array(ballot).meta({ description: "Of everybody who was asked so far." }),
    waitingFor: z.array(z.string()).meta({ description: "Addresses of those whose ballots are open." }),
    deadline: instant,
    nextDeadline: z.exactOptional(instant).meta({
      description: "The end of the open stage's time, if it is sooner. Lists by deadline go by it.",
    }),
    createdAt: instant,
    endedAt: z.exactOptional(instant),
    stands: z.exactOptional(stands),
    tags: z
      .record(z.string(), z.string())
      .meta({ description: "The first 16 short members of the metadata, as text." }),
    links: approvalLinks,
  })
  .meta({ id: "ListedApproval" });

const editedArgument: z.ZodType<EditedArgument> = z
  .strictObject({
    item: z.exactOptional(z.int()).meta({ description: "Of a request with items: which one, from 1." }),
    pointer: z.string().meta({ description: "JSON Pointer within the arguments." }),
    before: z.unknown().optional().meta({ description: "Absent if there was none, or if it is long." }),
    after: z.unknown().optional().meta({ description: "The same of the value now." }),
  })
  .meta({ id: "EditedArgument" });

const historyEvent: z.ZodType<HistoryEvent> = z
  .strictObject({
    at: instant,
    type: z
      .enum(HISTORY_TYPES)
      .meta({ description: "Later versions may have more of them: leave out what you do not know." }),
    ballot: z.exactOptional(z.int()).meta({ description: "The number of the ballot that it is about." }),
    person: z.exactOptional(shownPersonSchema),
    stage: z.exactOptional(z.int()),
    round: z.exactOptional(z.int()),
    via: z.exactOptional(z.enum(VIA_KINDS)).meta({ description: "Why somebody was asked later." }),
    choice: z.exactOptional(z.string()),
    except: exceptAnswer,
    doNotAsk: doNotAskAnswer,
    edited: z.exactOptional(z.array(editedArgument)).meta({
      description: "Arguments that an approver changed: the first twenty of each action.",
    }),
    comment: z.exactOptional(z.string()),
    reason: z.exactOptional(z.string()),
    to: z.exactOptional(shownPersonSchema).meta({ description: "Whom it was handed to." }),
    deadline: z.exactOptional(instant).meta({ description: "The new one." }),
    mail: z
      .exactOptional(z.string())
      .meta({ description: "Which: `request`, `reminder`, `outcome` and so on." }),
    status: z.exactOptional(z.string()).meta({
      description:
        "What became of a mail or a callback; of a mail that is late or came back, the reported code.",
    }),
    nextTryAt: z.exactOptional(instant).meta({ description: "When a deferred mail is tried again." }),
    event: z.exactOptional(z.enum(EVENT_TYPES)).meta({ description: "What a callback reported." }),
    outcome: z.exactOptional(z.enum(["approved", "rejected", "expired", "cancelled", "failed"])),
    opener: z.exactOptional(z.enum(OPENERS)).meta({
      description:
        "What opened a ballot's link first, as far as it can be told: programs that look at mails open links, too.",
    }),
    door: z.exactOptional(doorSchema),
    caller: z.exactOptional(z.string()).meta({ description: "The program that did it." }),
    client: z.exactOptional(z.string()).meta({ description: "The name of its API key." }),
    by: z.exactOptional(z.string()).meta({ description: "The person who did it, or a callback's receiver." }),
    item: z
      .exactOptional(z.int())
      .meta({ description: "Of several actions, which one was consumed or revoked." }),
  })
  .meta({ id: "HistoryEvent" });

export const approvalHistory = z
  .strictObject({
    id: z.string(),
    events: z.array(historyEvent),
    truncated: z
      .boolean()
      .meta({ description: "Whether some mails, callbacks or openings of a large workflow are missing." }),
  })
  .meta({ id: "ApprovalHistory" });

export const approvalList = z
  .strictObject({
    items: z.array(listedApproval),
    nextCursor: z.exactOptional(z.string()).meta({
      description:
        "The `cursor` of the next page; absent at the end. If few entries match, a page may be short or empty and still have one.",
    }),
    total: z.exactOptional(
      z
        .strictObject({ count: z.int(), isExact: z.boolean() })
        .meta({ id: "ListTotal", description: "If `isExact` is false, there are at least so many." }),
    ),
  })
  .meta({ id: "ApprovalList" });

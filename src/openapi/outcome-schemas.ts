/** How an approval ended, in the API's responses, and what that shares with the ballots: who did something, and what they answered. */
import { z } from "zod";
import { type Outcome, SIGNED_IN_BY } from "../approval/approval.ts";
import { choiceSchema, doorSchema, effectSchema, outcomeKindSchema } from "../approval/schema.ts";
import type { Progress, Why } from "../approval/why.ts";
import { instant } from "./common-schemas.ts";
import { doNotAskAnswer } from "./refusal-schemas.ts";

export const door = doorSchema.meta({
  description: "How the decision arrived: by the link in a mail, by the API, or by a webhook.",
});
export const signedInBy = z.exactOptional(z.enum(SIGNED_IN_BY)).meta({
  description: "How the person had signed in, with the door `inbox`. Absent in what earlier versions stored.",
});
const caller = z.exactOptional(z.string()).meta({
  description:
    "The program that decided in the approver's place: an API key's id, or the source of a webhook.",
});
const client = z.exactOptional(z.string()).meta({
  description: "The name of the API key. Absent in what earlier versions stored.",
});
export const program = { caller, client };
/** Of what is no answer. */
export const doer = {
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

export const outcome: z.ZodType<Outcome> = z
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

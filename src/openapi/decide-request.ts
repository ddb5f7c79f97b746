/** The body of a decision by program, apart from the descriptions beside it: a gateway checks by it, and reads those only when asked. */
import { z } from "zod";
import { ACTION_LIMITS } from "../approval/action-schema.ts";
import { doNotAskRequest } from "../approval/refusal/do-not-ask.ts";
import { COMMENT_CHARS_MAX, choiceSchema } from "../approval/schema.ts";
import { lines } from "../approval/text-schema.ts";

/** What the request has to say about it (its choices, whether they need a comment, its fields) is checked with the ballot. */
export const decideRequest = z
  .strictObject({
    choice: choiceSchema.meta({
      description: "The value of one of the request's choices: approve or reject, if it has none of its own.",
    }),
    comment: z.exactOptional(lines(COMMENT_CHARS_MAX)),
    fields: z.exactOptional(z.record(z.string(), z.unknown())).meta({
      description:
        "By the names of the request's fields. Required fields are only needed for a choice whose effect is approve.",
    }),
    except: z
      .exactOptional(z.array(z.int().min(1)).max(ACTION_LIMITS.itemsMax))
      .meta({ description: "Numbers of the request's items that are not approved, from 1." }),
    doNotAsk: z.exactOptional(doNotAskRequest).meta({
      description:
        "With a choice that rejects an action: what is refused in advance, once the approval is rejected.",
    }),
  })
  .meta({ id: "DecideRequest" });

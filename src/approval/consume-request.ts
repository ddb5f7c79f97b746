/** Bodies of the calls that take an approved action to run it, and that take the approval of one back. */
import { z } from "zod";
import { REASON_CHARS_MAX } from "./act-requests.ts";
import { ACTION_LIMITS } from "./action-schema.ts";
import { besideOthers } from "./beside-others.ts";
import { line, lines } from "./text-schema.ts";
import { ATTEMPT_CHARS_MAX } from "./use.ts";

const item = z.int().min(1).max(ACTION_LIMITS.itemsMax);

export const consumeRequest = z
  .strictObject({
    arguments: z.exactOptional(
      z.record(z.string(), z.unknown()).meta({
        description:
          "What you are about to run the action with. It must be what was approved. Required, but for items that stay together.",
      }),
    ),
    items: z.exactOptional(
      z.array(z.record(z.string(), z.unknown())).min(1).max(ACTION_LIMITS.itemsMax).meta({
        description: "In place of `arguments`, of items that stay together: the arguments of all, in order.",
      }),
    ),
    attempt: line(ATTEMPT_CHARS_MAX).meta({
      description:
        "Your own name of this try, such as the id of the job. The same try, sent again, gets the same grant.",
    }),
    audience: z.exactOptional(
      line(ACTION_LIMITS.audienceMax).meta({ description: "Required if the action names one: the same." }),
    ),
    item: z.exactOptional(item.meta({ description: "Required, of several items: which one, from 1." })),
  })
  .superRefine((body, ctx) => {
    if (body.arguments === undefined && body.items === undefined) {
      ctx.addIssue({ code: "custom", path: ["arguments"], message: "is required" });
    }
    if (body.arguments !== undefined && body.items !== undefined) {
      ctx.addIssue({ code: "custom", path: ["items"], message: "must be left out beside arguments" });
    }
  }, besideOthers)
  .meta({ id: "ConsumeRequest" });

export const revokeRequest = z
  .strictObject({
    item: z.exactOptional(
      item.meta({
        description: "Of several items, which one, from 1. Default: all that nobody has consumed.",
      }),
    ),
    reason: z.exactOptional(lines(REASON_CHARS_MAX).meta({ description: "For the record." })),
  })
  .meta({ id: "RevokeRequest" });

/** Bodies of the calls that take an approved action to run it, and that take the approval of one back. */
import { z } from "zod";
import { REASON_CHARS_MAX } from "./act-requests.ts";
import { ACTION_LIMITS } from "./action-schema.ts";
import { line, lines } from "./text-schema.ts";
import { ATTEMPT_CHARS_MAX } from "./use.ts";

export const consumeRequest = z
  .strictObject({
    arguments: z
      .record(z.string(), z.unknown())
      .meta({ description: "What you are about to run the action with. It must be what was approved." }),
    attempt: line(ATTEMPT_CHARS_MAX).meta({
      description:
        "Your own name of this try, such as the id of the job. The same try, sent again, gets the same grant.",
    }),
    audience: z.exactOptional(
      line(ACTION_LIMITS.audienceMax).meta({ description: "Required if the action names one: the same." }),
    ),
  })
  .meta({ id: "ConsumeRequest" });

export const revokeRequest = z
  .strictObject({
    reason: z.exactOptional(lines(REASON_CHARS_MAX).meta({ description: "For the record." })),
  })
  .meta({ id: "RevokeRequest" });

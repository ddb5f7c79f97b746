/** Callbacks as the API shows them. */
import { z } from "zod";
import { ATTEMPT_RESULTS } from "../approval/callback.ts";
import { EVENT_TYPES } from "../approval/event.ts";
import { type CallbackDetails, type CallbackView, callbackEventSchema } from "../approval/stored-callback.ts";
import { instant } from "./common-schemas.ts";

export const callbackStatus = z.enum(["pending", "delivered", "gone", "failed"]);

const shown = {
  id: z.string(),
  type: z.enum(EVENT_TYPES),
  about: z.string().meta({ description: "The id of the approval or workflow that the event is about." }),
  to: z.string().meta({ description: "An endpoint's name, or a URL without its query." }),
  status: callbackStatus,
  attempts: z.exactOptional(z.int()),
  result: z.exactOptional(z.enum(ATTEMPT_RESULTS)),
  replayOf: z.exactOptional(z.string()),
  createdAt: instant,
  endedAt: z.exactOptional(instant),
};

export const callback: z.ZodType<CallbackView> = z.strictObject(shown).meta({ id: "Callback" });

const callbackEvent = callbackEventSchema.meta({
  id: "CallbackEvent",
  description:
    "The body that receivers get. It contains ids and little else: read the current state from the API.",
});

export const callbackDetails: z.ZodType<CallbackDetails> = z
  .strictObject({
    ...shown,
    event: z.exactOptional(callbackEvent),
    log: z.array(
      z
        .strictObject({ n: z.int(), at: instant, ms: z.number(), result: z.enum(ATTEMPT_RESULTS) })
        .meta({ id: "CallbackAttempt" }),
    ),
    nextAttemptAt: z.exactOptional(instant),
  })
  .meta({ id: "CallbackDetails" });

export const callbackList = z
  .strictObject({
    callbacks: z.array(callback).meta({ description: "Newest first." }),
    truncated: z.boolean().meta({ description: "Whether there may be more." }),
  })
  .meta({ id: "CallbackList" });

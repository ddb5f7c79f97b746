/** Bodies of the calls that do something about an open approval. */
import { z } from "zod";
import { ACTION_LIMITS } from "./action-schema.ts";
import { deadlineText } from "./duration-schema.ts";
import { approvalRequestSchema, approverSchema } from "./schema.ts";
import { lines } from "./text-schema.ts";

/** What a caller may say about what it does, in characters. */
export const REASON_CHARS_MAX = 500;
export const NOTE_CHARS_MAX = 2_000;

const reason = z.exactOptional(lines(REASON_CHARS_MAX).meta({ description: "Shown to those concerned." }));

export const reassignRequest = z
  .strictObject({ to: approverSchema.meta({ description: "Who is asked instead." }), reason })
  .meta({ id: "ReassignRequest" });

export const recuseRequest = z.strictObject({ reason }).meta({ id: "RecuseRequest" });

export const remindRequest = z.strictObject({}).meta({ id: "RemindRequest" });

export const resendRequest = z
  .strictObject({
    newLinks: z.exactOptional(
      z.boolean().meta({ description: "Whether the earlier links stop working, and new ones are made." }),
    ),
  })
  .meta({ id: "ResendRequest" });

export const extendRequest = z
  .strictObject({
    deadline: deadlineText.meta({
      description: "The new deadline: ISO 8601 duration from now, or an instant. Later than before.",
    }),
    reason,
  })
  .meta({ id: "ExtendRequest" });

export const editRequest = z
  .strictObject({
    arguments: z.record(z.string(), z.unknown()).meta({
      description:
        "All arguments as they shall be. Only those may differ that the action's schema marks with `x-countersign-editable`.",
    }),
    item: z.exactOptional(
      z
        .int()
        .min(1)
        .max(ACTION_LIMITS.itemsMax)
        .meta({ description: "Of a request with items: which one, from 1." }),
    ),
    note: z.exactOptional(
      lines(NOTE_CHARS_MAX).meta({ description: "What was changed, or why, for those who are asked again." }),
    ),
  })
  .meta({ id: "EditRequest" });

const { title, summary, details } = approvalRequestSchema.shape;

export const changeRequest = z
  .strictObject({
    title: z.exactOptional(title),
    summary,
    details: z.exactOptional(details.unwrap()),
    note: z.exactOptional(
      lines(NOTE_CHARS_MAX).meta({ description: "What was changed, or why, for those who are asked again." }),
    ),
  })
  .refine((change) => Object.keys(change).length > 0, "must have title, summary, details or note")
  .meta({ id: "ChangeRequest", description: "What is left out stays as it is." });

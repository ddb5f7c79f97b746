import { z } from "zod";
import type { DoNotAsk } from "../approval/refusal/do-not-ask.ts";
import type { RefusalView } from "../approval/refusal/refusal-view.ts";
import { instant } from "./common-schemas.ts";

const limits = z
  .exactOptional(z.record(z.string(), z.record(z.string(), z.unknown())))
  .meta({ description: "Only with arguments within these, by their JSON pointers." });

const answer = z
  .strictObject({
    until: instant,
    same: z.exactOptional(z.array(z.string())).meta({
      description:
        "Only what has one of these hashes: SHA-256, in hexadecimal, of tool, target, audience and arguments in the form of RFC 8785.",
    }),
    limits,
  })
  .meta({ id: "DoNotAsk" }) as unknown as z.ZodType<DoNotAsk>;

export const doNotAskAnswer = z
  .exactOptional(answer)
  .meta({ description: "Of an answer that rejected an action: what is not to be asked again." });

const shown = {
  approval: z.string().meta({ description: "The approval that was rejected." }),
  state: z.enum(["in-force", "over", "revoked"]),
  since: instant,
  until: instant.meta({ description: "When it is over, or was revoked." }),
  said: z.array(
    z
      .strictObject({
        by: z.string().meta({ description: "Address of the person." }),
        until: instant,
        arguments: z.enum(["same", "within", "any"]).meta({
          description: "Which are refused: those that were asked about, those within `limits`, or any.",
        }),
        limits,
      })
      .meta({ id: "RefusalSaid" }),
  ),
};

/** Of an approval. */
export const refusal = z.strictObject(shown).meta({
  id: "StandingRefusal",
  description:
    "People have rejected it and said not to be asked again: the same program gets its refusal at once. Only what all of `said` refuse is refused.",
}) as unknown as z.ZodType<RefusalView>;

/** Of a request that was refused. */
export const meetingRefusal = z
  .strictObject({
    ...shown,
    items: z
      .exactOptional(z.array(z.int()))
      .meta({ description: "Which items of the request are refused, from 1." }),
  })
  .meta({ id: "MetRefusal", description: "Of a request that people have refused in advance." });

import { z } from "zod";
import { DIFFERENCE_CHARS_MAX, type Difference } from "../approval/differences.ts";
import type { UseView } from "../approval/use-view.ts";
import { anyJson, instant } from "./common-schemas.ts";

const program = {
  caller: z.exactOptional(z.string()).meta({ description: "The program or operator that did it." }),
  client: z.exactOptional(z.string()).meta({ description: "The name of its API key." }),
};

export const consumedBy = z.strictObject({ at: instant, ...program }).meta({ id: "ConsumedBy" });

const LEFT_OUT = `Left out if there is none, or if it is longer than ${DIFFERENCE_CHARS_MAX} characters.`;

export const difference: z.ZodType<Difference> = z
  .strictObject({
    pointer: z.string().meta({ description: "JSON Pointer (RFC 6901) into the arguments." }),
    what: z.enum(["changed", "missing", "added"]).meta({
      description: "`missing`: it was approved and is not given. `added`: it is given and was not approved.",
    }),
    approved: anyJson.optional().meta({ description: LEFT_OUT }),
    given: anyJson.optional().meta({ description: LEFT_OUT }),
  })
  .meta({ id: "ArgumentDifference" });

export const refusingLimit = z
  .strictObject({
    name: z.enum(["named", "present", "fixed", "oneOf", "min", "max", "maxLength", "uses", "total"]).meta({
      description:
        "A limit of the request. `named`: no limit names this argument. `present`: the argument of this limit is missing.",
    }),
    pointer: z
      .exactOptional(z.string())
      .meta({ description: "The argument, by its JSON Pointer (RFC 6901)." }),
  })
  .meta({ id: "RefusingLimit" });

export const use: z.ZodType<UseView> = z
  .strictObject({
    n: z.int().meta({ description: "1, or the number of the item. Of a standing approval: from 1." }),
    state: z.enum(["consumed", "revoked"]),
    at: instant,
    used: z
      .exactOptional(
        z.strictObject({ uses: z.int(), total: z.exactOptional(z.string()) }).meta({ id: "StandingUsed" }),
      )
      .meta({ description: "Of a standing approval: what all uses came to with this one." }),
    reason: z.exactOptional(z.string()).meta({ description: "Of a revocation." }),
    by: z.exactOptional(z.string()).meta({ description: "The person who revoked it by their own link." }),
    ...program,
  })
  .meta({ id: "ActionUse" });

export const consumedAction = z
  .strictObject({
    grant: z.string().meta({
      description:
        "Signed (JWS, compact form): what may run, once. `/.well-known/countersign-keys.json` has the keys.",
    }),
    approval: z.string(),
    use: z.int().meta({ description: "1, or the number of the item. Of a standing approval: from 1." }),
    digest: z.string().meta({ description: "SHA-256, in hexadecimal, of everything that was approved." }),
    expiresAt: instant.meta({ description: "Until when the grant is good." }),
  })
  .meta({ id: "ConsumedAction" });
export type ConsumedAction = z.infer<typeof consumedAction>;

export const revokedAction = z
  .strictObject({
    approval: z.string(),
    effective: z.boolean().meta({ description: "False: an earlier call has revoked it." }),
    uses: z.array(use).readonly(),
  })
  .meta({ id: "RevokedAction" });
export type RevokedAction = z.infer<typeof revokedAction>;

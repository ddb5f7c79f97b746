/**
 * Schemas of the API's responses. Types for handlers and clients, components of the OpenAPI document, and the check of real
 * responses in tests follow from them. Later versions may add members to responses; clients accept members they do not know.
 */
import { z } from "zod";
import { VERSION_MAX } from "../approval/call.ts";
import { DIFFERENCES_MAX } from "../approval/differences.ts";
import { anyJson } from "./common-schemas.ts";
import { consumedBy, difference, refusingLimit } from "./consume-schemas.ts";
import { meetingRefusal } from "./refusal-schemas.ts";

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

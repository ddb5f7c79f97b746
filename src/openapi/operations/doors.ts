import { z } from "zod";
import { anyJson } from "../common-schemas.ts";
import { ballotAnswer, calledBack, decideRequest, settlement, webhookAnswer } from "../door-schemas.ts";
import type { Answer, Operation } from "../operation.ts";
import { approvalId, pathPromiseId } from "./parameters.ts";

/** One call for each way to settle. */
function settle(verb: "resolve" | "reject"): Operation {
  return {
    id: `${verb}Promise`,
    method: "post",
    path: `/promises/{id}/${verb}`,
    group: "Promises",
    summary: verb === "resolve" ? "Resolve a promise" : "Reject a promise",
    description:
      "Only a promise that waits for somebody outside; never one that a worker runs, nor a ballot. The first answer stands.",
    scope: "promises:resolve",
    parameters: [pathPromiseId],
    body: {
      schema: anyJson,
      required: false,
      description: "The promise's value, any JSON.",
      example: { ok: true },
    },
    answers: whatStands(settlement),
    problems: ["NOT_FOUND", "INVALID_FIELDS"],
  };
}

function whatStands(schema: z.ZodType): { readonly [status: number]: Answer } {
  return {
    200: { description: "What was asked for stands, by this call or an earlier one.", schema },
    409: { description: "Something else stands.", schema },
    410: { description: "Time was over first.", schema },
  };
}

export const DOOR_OPERATIONS: readonly Operation[] = [
  {
    id: "decideBallot",
    method: "post",
    path: "/approvals/{id}/ballots/{n}/decide",
    group: "Approvals",
    summary: "Answer a ballot by program",
    description: "In the approver's place, with the key's id on record.",
    scope: "promises:resolve",
    parameters: [
      approvalId,
      { name: "n", in: "path", schema: z.int().min(1), description: "1 for the first approver.", example: 1 },
    ],
    body: { schema: decideRequest, required: true, example: { choice: "approve" } },
    answers: whatStands(ballotAnswer),
    problems: ["NOT_FOUND", "INVALID_FIELDS"],
  },
  settle("resolve"),
  settle("reject"),
  {
    id: "callBack",
    method: "post",
    path: "/callbacks/{token}",
    group: "Promises",
    summary: "Answer by a URL that a workflow handed out",
    description: "The URL is the credential: no key is needed. Any JSON body becomes the promise's value.",
    scope: "none",
    parameters: [
      { name: "token", in: "path", schema: z.string().min(1), description: "As it stands in the URL." },
    ],
    body: { schema: anyJson, required: false, example: { ok: true } },
    answers: whatStands(calledBack),
    problems: ["FORBIDDEN", "RATE_LIMITED", "NOT_FOUND", "INVALID_FIELDS", "ENGINE_UNAVAILABLE"],
  },
  {
    id: "takeWebhook",
    method: "post",
    path: "/webhooks/{source}",
    group: "Webhooks",
    summary: "Take a webhook of a configured source",
    description: "The sender's signature over the bytes of the body is the credential: no key is needed.",
    scope: "none",
    parameters: [
      {
        name: "source",
        in: "path",
        schema: z.string().min(1),
        description: "As it is named in the configuration.",
      },
    ],
    body: {
      schema: anyJson,
      required: true,
      description: "As the sender sends it, at most 1 MiB.",
      // Makers of clients leave out an operation whose type is a range such as `*/*`, and one of them makes code that
      // fails of two types beside each other. The signature is over bytes, whatever the sender calls them.
      type: "application/octet-stream",
    },
    answers: {
      200: {
        description:
          "It is taken, now or before. A sender that asks whether the address is yours is answered in its own form.",
        schema: webhookAnswer,
      },
    },
    problems: [
      "UNAUTHENTICATED",
      "FORBIDDEN",
      "RATE_LIMITED",
      "NOT_FOUND",
      "CONFLICT",
      "INVALID_FIELDS",
      "ENGINE_UNAVAILABLE",
    ],
  },
];

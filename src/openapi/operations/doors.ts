import { z } from "zod";
import { anyJson } from "../common-schemas.ts";
import { decideRequest } from "../decide-request.ts";
import { ballotAnswer, calledBack, settlement, webhookAnswer } from "../door-schemas.ts";
import { bytesText, WEBHOOK_BODY_BYTES_MAX } from "../limits.ts";
import type { Operation, SuccessResponse } from "../operation.ts";
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
      "For a promise that waits for an external answer. Promises that a worker runs, and ballots, are refused. The first answer counts.",
    scope: "promises:resolve",
    parameters: [pathPromiseId],
    body: {
      schema: anyJson,
      required: false,
      description: "The promise's value, any JSON.",
      example: { ok: true },
    },
    responses: settledResponses(settlement),
    problems: ["NOT_FOUND", "INVALID_FIELDS"],
  };
}

function settledResponses(schema: z.ZodType): { readonly [status: number]: SuccessResponse } {
  return {
    200: { description: "Your answer is stored, by this call or an earlier one.", schema },
    409: { description: "A different answer was stored first.", schema },
    410: { description: "The time was over before this call.", schema },
  };
}

export const DOOR_OPERATIONS: readonly Operation[] = [
  {
    id: "decideBallot",
    method: "post",
    path: "/approvals/{id}/ballots/{n}/decide",
    group: "Approvals",
    summary: "Answer a ballot from a program",
    description:
      "Answers in the approver's place, as the page does: with one of the request's choices, a comment if the choice needs one, and its fields. The decision records the key's id.",
    scope: "promises:resolve",
    parameters: [
      approvalId,
      { name: "n", in: "path", schema: z.int().min(1), description: "1 for the first approver.", example: 1 },
    ],
    body: { schema: decideRequest, required: true, example: { choice: "approve" } },
    responses: settledResponses(ballotAnswer),
    problems: ["NOT_FOUND", "INVALID_FIELDS"],
  },
  settle("resolve"),
  settle("reject"),
  {
    id: "callBack",
    method: "post",
    path: "/callbacks/{token}",
    group: "Promises",
    summary: "Answer through a callback URL of a workflow",
    description: "The URL is the credential: no key is needed. Any JSON body becomes the promise's value.",
    scope: "none",
    parameters: [
      {
        name: "token",
        in: "path",
        schema: z.string().min(1),
        description: "The last part of the callback URL.",
      },
    ],
    body: { schema: anyJson, required: false, example: { ok: true } },
    responses: settledResponses(calledBack),
    problems: ["FORBIDDEN", "RATE_LIMITED", "NOT_FOUND", "INVALID_FIELDS", "ENGINE_UNAVAILABLE"],
  },
  {
    id: "takeWebhook",
    method: "post",
    path: "/webhooks/{source}",
    group: "Webhooks",
    summary: "Receive a webhook from a configured source",
    description: "The sender's signature over the bytes of the body is the credential: no key is needed.",
    scope: "none",
    parameters: [
      {
        name: "source",
        in: "path",
        schema: z.string().min(1),
        description: "The source's name in the configuration.",
      },
    ],
    body: {
      schema: anyJson,
      required: true,
      description: `The body exactly as the sender sends it, at most ${bytesText(WEBHOOK_BODY_BYTES_MAX)}.`,
      // Client generators leave out an operation with a range such as `*/*`, and one generates broken code for two
      // types. The signature covers the bytes, whatever the sender calls them.
      type: "application/octet-stream",
    },
    responses: {
      200: {
        description:
          "The delivery is accepted, now or earlier. If the sender asks whether the address is yours, the answer has the form that the sender expects.",
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
      "SENDER_UNAVAILABLE",
    ],
  },
];

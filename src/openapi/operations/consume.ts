import { consumeRequest, revokeRequest } from "../../approval/consume-request.ts";
import { consumedAction, revokedAction } from "../consume-schemas.ts";
import type { Operation } from "../operation.ts";
import { actKey, approvalId } from "./parameters.ts";

export const CONSUME_OPERATIONS: readonly Operation[] = [
  {
    id: "consumeAction",
    method: "post",
    path: "/approvals/{id}/consume",
    group: "Approvals",
    summary: "Take an approved action, to run it once",
    description:
      "Returns a signed grant. The same attempt of the same client, sent again, gets the same grant; every other attempt is refused. The arguments must be those that were approved, in any order of members and spelling of numbers.",
    scope: "approvals:consume",
    parameters: [approvalId],
    body: {
      schema: consumeRequest,
      required: true,
      example: {
        arguments: { invoice: "4711", amount: 41_200 },
        attempt: "payment-run-17",
        audience: "payments",
      },
    },
    responses: { 200: { description: "The action is yours to run.", schema: consumedAction } },
    problems: [
      "NOT_FOUND",
      "NOT_APPROVED",
      "CONFLICT",
      "ALREADY_CONSUMED",
      "NO_LONGER_VALID",
      "NOT_AS_APPROVED",
      "INVALID_FIELDS",
    ],
  },
  {
    id: "revokeAction",
    method: "post",
    path: "/approvals/{id}/revoke",
    group: "Approvals",
    summary: "Take the approval of an action back, before it is consumed",
    description:
      "May be repeated. 409 if the action was consumed before, or the approval is still open: cancel it then. Of an approval that was rejected with `doNotAsk`, takes that back: this needs `approvals:manage`, and a key of another program than the one that is refused.",
    scope: ["approvals:cancel", "approvals:manage"],
    parameters: [approvalId, actKey],
    body: { schema: revokeRequest, required: false, example: { reason: "The invoice was a fraud" } },
    responses: { 200: { description: "Nobody can consume it any more.", schema: revokedAction } },
    problems: ["NOT_FOUND", "CONFLICT", "ALREADY_CONSUMED", "NO_LONGER_VALID", "INVALID_FIELDS"],
  },
];

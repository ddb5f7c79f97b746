import { cancelRequest } from "../../approval/cancel-request.ts";
import type { Operation } from "../operation.ts";
import { approval, approvalReference, approvalRequest } from "../schemas.ts";
import { approvalId, idempotencyKey } from "./parameters.ts";

export const APPROVAL_OPERATIONS: readonly Operation[] = [
  {
    id: "requestApproval",
    method: "post",
    path: "/approvals",
    group: "Approvals",
    summary: "Request an approval",
    description:
      "Mails every approver a link for each answer. If you send the same id and content again, you get the same approval, even after it has ended. The same id with different content is a conflict.",
    scope: "approvals:create",
    parameters: [idempotencyKey],
    body: {
      schema: approvalRequest,
      required: true,
      example: {
        id: "po-4711",
        title: "Order 40 laptops",
        details: [{ label: "Amount", value: "41 200 €" }],
        approvers: ["ana@example.com", { email: "bo@example.com", name: "Bo" }],
        require: "any",
        deadline: "P5D",
      },
    },
    responses: {
      202: {
        description: "The approval is stored on disk.",
        schema: approvalReference,
        headers: { Location: "Address of the approval" },
      },
    },
    problems: ["CONFLICT", "INVALID_FIELDS"],
  },
  {
    id: "getApproval",
    method: "get",
    path: "/approvals/{id}",
    group: "Approvals",
    summary: "See an approval",
    description: "Shows every ballot, the state of its mail, and whose answer is awaited.",
    scope: "approvals:read",
    parameters: [approvalId],
    responses: { 200: { description: "The approval's current state.", schema: approval } },
    problems: ["NOT_FOUND"],
  },
  {
    id: "cancelApproval",
    method: "post",
    path: "/approvals/{id}/cancel",
    group: "Approvals",
    summary: "Cancel an approval",
    scope: "approvals:cancel",
    parameters: [approvalId],
    body: { schema: cancelRequest, required: false, example: { reason: "The budget is gone" } },
    responses: {
      200: { description: "The approval is cancelled.", schema: approvalReference },
      202: {
        description: "The cancellation is stored, but no worker has finished it yet.",
        schema: approvalReference,
        headers: { "Retry-After": "Seconds until you should ask again" },
      },
    },
    problems: ["NOT_FOUND", "CONFLICT", "INVALID_FIELDS"],
  },
];

import { z } from "zod";
import { cancelRequest } from "../../approval/cancel-request.ts";
import { LIMIT, listParameters } from "../../ledger/parameters.ts";
import { approval, approvalReference, approvalRequest, cancelledApproval } from "../approval-schemas.ts";
import { approvalHistory, approvalList } from "../list-schemas.ts";
import type { Operation } from "../operation.ts";
import { actKey, approvalId, idempotencyKey } from "./parameters.ts";

export const APPROVAL_OPERATIONS: readonly Operation[] = [
  {
    id: "listApprovals",
    method: "get",
    path: "/approvals",
    group: "Approvals",
    summary: "List approvals",
    description:
      "All conditions must hold. Without the scope `approvals:read-all`, the list has the approvals that keys of the same client requested. With `format` `csv` or `jsonl` the answer is everything that matches, as a file.",
    scope: "approvals:read",
    parameters: [
      {
        name: "status",
        in: "query",
        schema: listParameters.status,
        description: "Only approvals in this state.",
      },
      {
        name: "approver",
        in: "query",
        schema: listParameters.approver,
        description: "Address of somebody who was asked.",
      },
      {
        name: "waitingFor",
        in: "query",
        schema: listParameters.waitingFor,
        description: "Address of somebody whose answer is awaited.",
      },
      {
        name: "requester",
        in: "query",
        schema: listParameters.requester,
        description: "Address of the person who asks.",
      },
      {
        name: "tag",
        in: "query",
        schema: listParameters.tag,
        description: "A short member of the metadata, as `name:value`. Repeat it for several.",
      },
      {
        name: "q",
        in: "query",
        schema: listParameters.q,
        description:
          "Whole words of the title or the id, in any order, at most 8. Case and accents do not matter.",
      },
      {
        name: "created",
        in: "query",
        schema: listParameters.created,
        description:
          "When it was requested, as `FROM..BEFORE`: dates in UTC or instants, one of which may be left out.",
        example: "2026-11-01..2026-12-01",
      },
      {
        name: "due",
        in: "query",
        schema: listParameters.due,
        description: "The same of the deadline.",
      },
      {
        name: "stands",
        in: "query",
        schema: listParameters.stands,
        description:
          "Only standing approvals, or standing refusals, that hold now: those that end the soonest first. Leave out `sort`.",
      },
      {
        name: "sort",
        in: "query",
        schema: listParameters.sort,
        description:
          "`created` (default): the newest first. `due`: only what is pending, the soonest deadline first.",
      },
      {
        name: "limit",
        in: "query",
        schema: z.int().min(1).max(LIMIT.max),
        description: `How many one page has. Default: \`${LIMIT.default}\`.`,
      },
      {
        name: "cursor",
        in: "query",
        schema: listParameters.cursor,
        description: "`nextCursor` of the page before. All other parameters but `limit` must be the same.",
      },
      {
        name: "total",
        in: "query",
        schema: z.boolean(),
        description: "Whether to count the list, up to about a thousand.",
      },
      {
        name: "format",
        in: "query",
        schema: listParameters.format,
        description: "Default: `json`.",
      },
    ],
    responses: { 200: { description: "A page of approvals.", schema: approvalList } },
    problems: ["INVALID_FIELDS", "INDEX_UNAVAILABLE"],
  },
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
    problems: ["STANDING_REFUSAL", "CONFLICT", "INVALID_FIELDS"],
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
    id: "getApprovalHistory",
    method: "get",
    path: "/approvals/{id}/history",
    group: "Approvals",
    summary: "See what happened to an approval",
    description:
      "Who was asked, mailed and answered, what was changed and by whom, and what was reported, in order. The times are those of the engine.",
    scope: "approvals:read",
    parameters: [approvalId],
    responses: { 200: { description: "All events so far.", schema: approvalHistory } },
    problems: ["NOT_FOUND"],
  },
  {
    id: "cancelApproval",
    method: "post",
    path: "/approvals/{id}/cancel",
    group: "Approvals",
    summary: "Cancel an approval",
    description:
      "May be repeated. 409 if the approval has ended in another way, or if somebody else has cancelled it.",
    scope: "approvals:cancel",
    parameters: [approvalId, actKey],
    body: { schema: cancelRequest, required: false, example: { reason: "The budget is gone" } },
    responses: {
      200: { description: "The approval is cancelled.", schema: cancelledApproval },
      202: {
        description: "The cancellation is stored, but no worker has finished it yet.",
        schema: cancelledApproval,
        headers: { "Retry-After": "Seconds until you should ask again" },
      },
    },
    problems: ["NOT_FOUND", "CONFLICT", "INVALID_FIELDS"],
  },
];

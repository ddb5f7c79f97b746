import { z } from "zod";
import {
  changeRequest,
  editRequest,
  extendRequest,
  reassignRequest,
  recuseRequest,
  remindRequest,
  resendRequest,
} from "../../approval/act-requests.ts";
import { approvalAct, ballotAct } from "../door-schemas.ts";
import type { Operation } from "../operation.ts";
import { actKey, approvalId } from "./parameters.ts";

const RETRY_AFTER = { "Retry-After": "Seconds until you should ask again" };

function responses(schema: z.ZodType): Operation["responses"] {
  return {
    200: { description: "Done, by this call or by an earlier one with the same key.", schema },
    202: { description: "Stored, but no worker has acted on it yet.", schema, headers: RETRY_AFTER },
  };
}

const BALLOT = {
  name: "n",
  in: "path",
  schema: z.int().min(1),
  description: "1 for the first approver.",
  example: 1,
} as const;

type Of = Pick<Operation, "id" | "summary" | "description" | "body">;

function onBallot(verb: string, of: Of): Operation {
  return act(`/approvals/{id}/ballots/{n}/${verb}`, of, [approvalId, BALLOT, actKey], ballotAct);
}

function act(
  path: string,
  of: Of,
  parameters: NonNullable<Operation["parameters"]>,
  schema: z.ZodType,
): Operation {
  return {
    ...of,
    method: "post",
    path,
    group: "Approvals",
    scope: "approvals:manage",
    parameters,
    responses: responses(schema),
    problems: ["NOT_FOUND", "CONFLICT", "INVALID_FIELDS"],
  };
}

export const APPROVAL_ACT_OPERATIONS: readonly Operation[] = [
  onBallot("reassign", {
    id: "reassignBallot",
    summary: "Hand a ballot to somebody else",
    description:
      "The links that were mailed stop working, and the new person is mailed. Never to the requester, nor to somebody of the same group.",
    body: {
      schema: reassignRequest,
      required: true,
      example: { to: "dee@example.com", reason: "Ana is away" },
    },
  }),
  onBallot("recuse", {
    id: "recuseBallot",
    summary: "Take an approver out of the count",
    description: "The rule counts as if they had never been named.",
    body: { schema: recuseRequest, required: false, example: { reason: "Related to the supplier" } },
  }),
  onBallot("remind", {
    id: "remindBallot",
    summary: "Remind an approver who has not answered",
    description:
      "One mail, which says who else is waited for. At most once an hour for each approval and person; a 409 says when it is possible again.",
    body: { schema: remindRequest, required: false, example: {} },
  }),
  onBallot("resend", {
    id: "resendBallot",
    summary: "Send the links once more, or new ones",
    description:
      "The same links, at most once an hour as for a reminder. With `newLinks` the links that were mailed stop working, and another ballot has new ones.",
    body: { schema: resendRequest, required: false, example: { newLinks: true } },
  }),
  onBallot("undo", {
    id: "undoDecision",
    summary: "Take the answer on a ballot back",
    description:
      "If the request has `undo`, and its time is not over. The same person is asked again, with new links.",
  }),
  {
    ...act(
      "/approvals/{id}/ballots/{n}/edit",
      {
        id: "editArguments",
        summary: "Change arguments of the action in an approver's place",
        description:
          "Only arguments that the action's schema marks, on a ballot that is open. Everybody of the first stage is asked again, about the changed action.",
        body: { schema: editRequest, required: true, example: { arguments: { amount: 4000, to: "Ana" } } },
      },
      [approvalId, BALLOT, actKey],
      approvalAct,
    ),
    scope: "promises:resolve",
  },
  act(
    "/approvals/{id}/extend",
    {
      id: "extendApproval",
      summary: "Move the deadline to a later time",
      body: { schema: extendRequest, required: true, example: { deadline: "P5D" } },
    },
    [approvalId, actKey],
    approvalAct,
  ),
  act(
    "/approvals/{id}/change",
    {
      id: "changeApproval",
      summary: "Change the question, in a new round",
      description:
        "Everybody of the first stage is asked again. An approval has as many rounds as its `rounds` says.",
      body: { schema: changeRequest, required: true, example: { title: "Order 30 laptops" } },
    },
    [approvalId, actKey],
    approvalAct,
  ),
];

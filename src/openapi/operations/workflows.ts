import { z } from "zod";
import { callbackUrlSchema } from "../../approval/schema.ts";
import { anyJson } from "../common-schemas.ts";
import type { Operation } from "../operation.ts";
import { begunWorkflow, workflowList, workflowState } from "../schemas.ts";
import { chosenId, functionName, idempotencyKey, queryPromiseId } from "./parameters.ts";

const BEGIN: Operation = {
  id: "beginWorkflow",
  method: "post",
  path: "/begin",
  group: "Workflows",
  summary: "Start a workflow",
  description:
    "Answers at once. The same id and call again find the workflow that was started; the same id with another call is a conflict. An argument that the workflow's schema refuses is 422, if the gateway knows the workflow.",
  scope: "workflows:begin",
  parameters: [
    {
      name: "id",
      in: "query",
      schema: chosenId,
      description: "Names the workflow. Default: a UUID.",
      example: "task-001",
    },
    {
      name: "func",
      in: "query",
      schema: functionName,
      description: "The function, as registered on a worker. Default: `foo`.",
      example: "greet",
    },
    {
      name: "version",
      in: "query",
      schema: z.int().min(1).max(999_999_999),
      description: "Its version. Default: 1.",
    },
    {
      name: "timeout",
      in: "query",
      schema: z.string(),
      description:
        "ISO 8601 duration from now, `PT1S` to `P400D`: the workflow is over then, done or not. Default: `P100D`.",
      example: "P30D",
    },
    {
      name: "callbackUrl",
      in: "query",
      schema: callbackUrlSchema,
      description: "Where `workflow.completed` is sent, signed, when it has ended.",
    },
    idempotencyKey,
  ],
  body: {
    schema: anyJson,
    required: false,
    description: "The function's one argument, any JSON value.",
    example: "World",
  },
  answers: {
    200: {
      description: "It is started, or was before.",
      schema: begunWorkflow,
      headers: { Location: "Where to ask for the result" },
    },
  },
  problems: ["CONFLICT", "INVALID_FIELDS"],
};

/** What the query of `POST /begin` may hold: the service refuses every other name. */
export const BEGIN_QUERY: readonly string[] = (BEGIN.parameters ?? [])
  .filter((parameter) => parameter.in === "query")
  .map(({ name }) => name);

export const WORKFLOW_OPERATIONS: readonly Operation[] = [
  {
    id: "listWorkflows",
    method: "get",
    path: "/workflows",
    group: "Workflows",
    summary: "List what can be started",
    description:
      "The workflows that this gateway knows: those of the folder `WORKFLOWS` and the examples, by name and version. Workers may have more.",
    scope: "workflows:read",
    answers: { 200: { description: "All of them.", schema: workflowList } },
  },
  BEGIN,
  {
    id: "waitForWorkflow",
    method: "get",
    path: "/wait",
    group: "Workflows",
    summary: "See what became of a workflow",
    description:
      "What belongs to an approval, its ballots and steps too, is seen with the scope `approvals:read` alone, everything else with `workflows:read` alone.",
    scope: ["workflows:read", "approvals:read"],
    parameters: [
      queryPromiseId,
      {
        name: "Prefer",
        in: "header",
        schema: z.string().max(100),
        description:
          "`wait=20` holds the answer until there is a result, at most so many seconds, at most 45.",
        example: "wait=20",
      },
    ],
    answers: {
      200: {
        description: "The workflow as it stands.",
        schema: workflowState,
        headers: {
          "Retry-After": "While it is pending: seconds until it is worth asking again",
          "Preference-Applied": "How long the answer was held at most",
        },
      },
    },
    problems: ["NOT_FOUND", "TOO_MANY_WAITERS"],
  },
];

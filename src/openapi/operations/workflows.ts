import { z } from "zod";
import { VERSION_MAX, WORKFLOW_TIME_TEXT } from "../../approval/call.ts";
import { callbackUrlSchema } from "../../approval/schema.ts";
import { anyJson } from "../common-schemas.ts";
import { BEGIN_QUERY, PREFER_CHARS_MAX, WAIT_SECONDS_MAX } from "../limits.ts";
import type { Operation, Parameter } from "../operation.ts";
import { begunWorkflow, workflowList, workflowState } from "../schemas.ts";
import { chosenId, functionName, idempotencyKey, queryPromiseId, workerGroup } from "./parameters.ts";

/** What its query may name. */
const BEGIN_PARAMETERS: Readonly<Record<(typeof BEGIN_QUERY)[number], Omit<Parameter, "name" | "in">>> = {
  id: {
    schema: chosenId,
    description: "The workflow's id. Default: a UUID.",
    example: "task-001",
  },
  func: {
    schema: functionName,
    description: "The function, as registered on a worker. Default: `foo`.",
    example: "greet",
  },
  version: {
    schema: z.int().min(1).max(VERSION_MAX),
    description: "Its version. Default: 1.",
  },
  target: {
    schema: workerGroup,
    description:
      "The worker group that runs it, such as `shop`. Name that of a program with a worker of its own. Default: the setting `WORKER_GROUP`.",
  },
  timeout: {
    schema: z.string(),
    description: `The workflow ends after this time, finished or not: an ISO 8601 duration, \`${WORKFLOW_TIME_TEXT.min}\` to \`${WORKFLOW_TIME_TEXT.max}\`. Default: \`${WORKFLOW_TIME_TEXT.default}\`.`,
    example: "P30D",
  },
  callbackUrl: {
    schema: callbackUrlSchema,
    description: "Countersign sends a signed `workflow.completed` to this URL when the workflow has ended.",
  },
};

const BEGIN: Operation = {
  id: "beginWorkflow",
  method: "post",
  path: "/begin",
  group: "Workflows",
  summary: "Start a workflow",
  description:
    "Answers as soon as the workflow is stored. If you send the same id and call again, you get the workflow that was started; the same id with another call is a conflict. If the gateway knows the workflow and its schema refuses the argument, the answer is 422.",
  scope: "workflows:begin",
  parameters: [
    ...BEGIN_QUERY.map((name): Parameter => ({ name, in: "query", ...BEGIN_PARAMETERS[name] })),
    idempotencyKey,
  ],
  body: {
    schema: anyJson,
    required: false,
    description: "The function's one argument, any JSON value.",
    example: "World",
  },
  responses: {
    200: {
      description: "The workflow is started, now or earlier.",
      schema: begunWorkflow,
      headers: { Location: "Where to ask for the result" },
    },
  },
  problems: ["CONFLICT", "INVALID_FIELDS"],
};

export const WORKFLOW_OPERATIONS: readonly Operation[] = [
  {
    id: "listWorkflows",
    method: "get",
    path: "/workflows",
    group: "Workflows",
    summary: "List what can be started",
    description:
      "Lists the workflows that this gateway knows by name and version: those in the folder `WORKFLOWS`, and the examples. Workers may have more.",
    scope: "workflows:read",
    responses: { 200: { description: "The workflows that this gateway knows.", schema: workflowList } },
  },
  BEGIN,
  {
    id: "waitForWorkflow",
    method: "get",
    path: "/wait",
    group: "Workflows",
    summary: "See the state or result of a workflow",
    description:
      "Everything that belongs to an approval, including its ballots and steps, needs the scope `approvals:read`. Everything else needs `workflows:read`.",
    scope: ["workflows:read", "approvals:read"],
    parameters: [
      queryPromiseId,
      {
        name: "Prefer",
        in: "header",
        schema: z.string().max(PREFER_CHARS_MAX),
        description: `\`wait=20\` holds the answer until there is a result, for at most 20 seconds. The maximum is ${WAIT_SECONDS_MAX}.`,
        example: "wait=20",
      },
    ],
    responses: {
      200: {
        description: "The workflow's current state.",
        schema: workflowState,
        headers: {
          "Retry-After": "While the workflow is pending: seconds until you should ask again",
          "Preference-Applied": "The maximum time for which the answer was held",
        },
      },
    },
    problems: ["NOT_FOUND", "TOO_MANY_WAITERS"],
  },
];

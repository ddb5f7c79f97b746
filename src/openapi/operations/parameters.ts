import { z } from "zod";
import { FUNCTION_NAME, GROUP_NAME } from "../../approval/call.ts";
import { ID_PATTERN, IDEMPOTENCY_KEY_CHARS_MAX, PROMISE_ID_CHARS_MAX } from "../../approval/ids.ts";
import type { Parameter } from "../operation.ts";

/** Ids that callers choose. */
export const chosenId = z.string().regex(ID_PATTERN);

/** Names of functions, as registered on workers. */
export const functionName = z.string().regex(new RegExp(FUNCTION_NAME.source));

/** Names of worker groups. */
export const workerGroup = z.string().regex(new RegExp(GROUP_NAME.source));

/** Ids of promises below workflows are longer than those that callers choose. */
export const promiseId = z.string().min(1).max(PROMISE_ID_CHARS_MAX);

export const approvalId: Parameter = {
  name: "id",
  in: "path",
  schema: promiseId,
  description: "The approval's id.",
  example: "po-4711",
};

export const pathPromiseId: Parameter = {
  name: "id",
  in: "path",
  schema: promiseId,
  description: "The promise's id.",
  example: "task-001:1",
};

export const callbackId: Parameter = {
  name: "id",
  in: "path",
  schema: promiseId,
  description: "The callback's id.",
};

export const queryPromiseId: Parameter = {
  name: "id",
  in: "query",
  schema: promiseId,
  description: "The id of a workflow, or of any promise below one.",
  required: true,
  example: "task-001",
};

export const idempotencyKey: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  schema: z.string().min(1).max(IDEMPOTENCY_KEY_CHARS_MAX),
  description:
    "Replaces `id`. If the key is a valid id, it is the id; otherwise the id is a hash of the key.",
};

export const actKey: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  schema: z.string().min(1).max(IDEMPOTENCY_KEY_CHARS_MAX),
  description: "Names the call: sent again with the same key, it gets the same answer.",
};

/**
 * The tools of `/mcp`: ask, wait, look, cancel. None of them decides, lists what others asked, or returns a link. A tool
 * does nothing that the HTTP API would refuse to the same key.
 */
import { z } from "zod";
import { cancelRequest } from "../approval/cancel-request.ts";
import { PROMISE_ID_CHARS_MAX } from "../approval/ids.ts";
import { problemsFromIssues } from "../approval/problems.ts";
import type { Scope } from "../auth/scopes.ts";
import { ServiceError } from "../lib/errors.ts";
import type { ApprovalDoor, ShownApproval } from "./door.ts";
import { agentProblems, requestInput } from "./request-schema.ts";

/**
 * Clients give up a call after 60 seconds, as the SDKs are set up. A call that waits is answered before, and before the
 * proxies in between end it.
 */
const HOLD_SECONDS_MAX = 45;

type Arguments = Readonly<Record<string, unknown>>;

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** What the caller's key needs. */
  readonly scope: Scope;
  /** JSON Schema of the arguments. */
  readonly input: object;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    /** People outside answer. */
    readonly openWorldHint: boolean;
  };
  /**
   * @param holds whether it may keep the caller waiting
   * @throws ServiceError that names each wrong argument
   */
  call(door: ApprovalDoor, args: Arguments, holds: boolean): Promise<ShownApproval>;
}

const byIdSchema = z.strictObject({
  id: z.string().min(1).max(PROMISE_ID_CHARS_MAX).meta({ description: "The approval's id." }),
});
const awaitSchema = byIdSchema.extend({
  seconds: z.int().min(0).max(HOLD_SECONDS_MAX).default(HOLD_SECONDS_MAX).meta({
    description: "How long to wait for the answer.",
  }),
});
const cancelSchema = byIdSchema.extend({
  reason: cancelRequest.shape.reason.meta({ description: "Why. The people who were asked read it." }),
});

const REQUEST: Tool = {
  name: "request_approval",
  title: "Ask people for an approval",
  description:
    "Asks people by mail to approve or reject something, and returns at once. Nothing is approved before await_approval or get_approval says so. Give an id that follows from your task, so that asking again with the same id and content finds the same approval and asks nobody twice.",
  scope: "approvals:create",
  input: requestInput(),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  call: async (door, args) => await door.request(args, agentProblems(args)),
};

export const AWAIT: Tool = {
  name: "await_approval",
  title: "Wait for an answer",
  description: `Waits up to ${HOLD_SECONDS_MAX} seconds for an approval that you requested to end, and returns its state. If it is still pending, the result says when to ask again. People may take days.`,
  scope: "approvals:read",
  input: inputOf(awaitSchema),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  async call(door, args, holds) {
    const { id, seconds } = read(awaitSchema, args);
    return await door.wait(id, holds ? seconds : 0);
  },
};

const GET: Tool = {
  name: "get_approval",
  title: "Look at an approval",
  description: "Returns the state of an approval that you requested, at once.",
  scope: "approvals:read",
  input: inputOf(byIdSchema),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  call: async (door, args) => await door.read(read(byIdSchema, args).id),
};

const CANCEL: Tool = {
  name: "cancel_approval",
  title: "Cancel an approval",
  description:
    "Takes an approval back that you requested and that nobody needs any longer. It cannot be undone.",
  scope: "approvals:cancel",
  input: inputOf(cancelSchema),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  async call(door, args) {
    const { id, reason } = read(cancelSchema, args);
    return await door.cancel(id, reason);
  },
};

export const TOOLS: readonly Tool[] = [REQUEST, AWAIT, GET, CANCEL];

function inputOf(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { target: "draft-2020-12", io: "input" });
}

function read<T extends z.ZodType>(schema: T, args: unknown): z.output<T> {
  const parsed = schema.safeParse(args);
  if (parsed.success) return parsed.data;
  const problems = problemsFromIssues(parsed.error.issues, args);
  throw new ServiceError("INVALID_FIELDS", "Some arguments are wrong", { problems });
}

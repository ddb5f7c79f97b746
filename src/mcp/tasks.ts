/**
 * The Tasks extension: a client that declares it gets a task in place of an answer that nobody has given yet, and asks for
 * it by `tasks/get`. A task is the approval itself, under its id, so it outlives every process and needs no storage of
 * its own. The id is no credential: each request is checked as the tools' are.
 *
 * Source: MCP extension `io.modelcontextprotocol/tasks` (SEP-2663), protocol 2026-07-28.
 */
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { isRecord } from "../approval/raw-input.ts";
import { answerOf, pollIntervalMs } from "./answer.ts";
import type { ApprovalDoor, ShownApproval } from "./door.ts";

export const TASKS = "io.modelcontextprotocol/tasks";

const paramsSchema = z.looseObject({ taskId: z.string() });
const resultSchema = z.looseObject({});

/** Whether the client of this request has declared that it takes tasks. */
export function takesTasks({ mcpReq }: ServerContext): boolean {
  const envelope: unknown = mcpReq.envelope;
  const capabilities = isRecord(envelope) ? envelope[CLIENT_CAPABILITIES_META_KEY] : undefined;
  const extensions = isRecord(capabilities) ? capabilities["extensions"] : undefined;
  return isRecord(extensions) && Object.hasOwn(extensions, TASKS);
}

/** In place of the answer of a tool. The library wants the content that every other answer has. */
export function createdTask(approval: ShownApproval, nowMs: number): CallToolResult {
  return { resultType: "task", content: [], ...taskOf(approval, nowMs) };
}

export function addTasks(server: Server, door: ApprovalDoor): void {
  const schemas = { params: paramsSchema, result: resultSchema };
  const approvalOf = async (taskId: string, ctx: ServerContext) => {
    if (!takesTasks(ctx)) {
      throw new MissingRequiredClientCapabilityError({
        requiredCapabilities: { extensions: { [TASKS]: {} } },
      });
    }
    return await door.read(taskId).catch((error: unknown) => {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, door.tell(error));
    });
  };
  server.setRequestHandler("tasks/get", schemas, async ({ taskId }, ctx) => {
    const approval = await approvalOf(taskId, ctx);
    const nowMs = door.nowMs();
    const task = taskOf(approval, nowMs);
    if (approval.status === "pending") return task;
    // What the call itself would have returned, to the last member.
    return { ...task, result: { resultType: "complete", ...answerOf(approval, nowMs) } };
  });
  // Nothing is ever asked of the client, so there is nothing to take.
  server.setRequestHandler("tasks/update", schemas, async ({ taskId }, ctx) => {
    await approvalOf(taskId, ctx);
    return {};
  });
  // It ends the client's wait. The approval stays: `cancel_approval` cancels it, for keys that may.
  server.setRequestHandler("tasks/cancel", schemas, async ({ taskId }, ctx) => {
    await approvalOf(taskId, ctx);
    return {};
  });
}

function taskOf(approval: ShownApproval, nowMs: number) {
  const { id, status, createdAt, endedAt, waitingFor } = approval;
  return {
    taskId: id,
    status: status === "pending" ? "working" : "completed",
    ...(waitingFor === undefined ? {} : { statusMessage: waitingFor }),
    createdAt,
    lastUpdatedAt: endedAt ?? new Date(nowMs).toISOString(),
    ttlMs: null,
    ...(status === "pending" ? { pollIntervalMs: pollIntervalMs(approval, nowMs) } : {}),
  };
}

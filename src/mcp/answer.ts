/** What a tool answers: the approval as text for models, and the same as data for programs. */
import type { CallToolResult } from "@modelcontextprotocol/server";
import type { ShownApproval } from "./door.ts";

/** When it is worth asking again, in seconds: soon after the question, and later the longer people take. */
export function askAgainSeconds({ createdAt }: Pick<ShownApproval, "createdAt">, nowMs: number): number {
  const ageSeconds = (nowMs - Date.parse(createdAt)) / 1_000;
  return Math.round(Math.min(ASK_AGAIN_MAX_S, Math.max(ASK_AGAIN_MIN_S, ageSeconds / 10)));
}

const ASK_AGAIN_MIN_S = 5;
const ASK_AGAIN_MAX_S = 600;

export function answerOf(approval: ShownApproval, nowMs: number): CallToolResult {
  const isOpen = approval.status === "pending";
  const seconds = askAgainSeconds(approval, nowMs);
  const told = {
    ...approval,
    ...(isOpen
      ? {
          askAgainInSeconds: seconds,
          next: `It is not decided yet. Call await_approval again in ${seconds} seconds.`,
        }
      : {}),
  };
  return { content: [{ type: "text", text: JSON.stringify(told) }], structuredContent: told };
}

export function refusalOf(message: string): CallToolResult {
  return { content: [{ type: "text", text: message }], isError: true };
}

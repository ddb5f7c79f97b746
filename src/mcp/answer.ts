/** What a tool answers: the approval as text for models, and the same as data for programs. */
import type { CallToolResult } from "@modelcontextprotocol/server";
import type { ShownApproval } from "./door.ts";

/** When it is worth asking again, in seconds: soon after the question, and later the longer people take. */
function askAgainSeconds(approval: ShownApproval, nowMs: number): number {
  return between(5, 600, tenthOfAge(approval, nowMs));
}

/** The same for a program, whose questions cost less than a model's. In milliseconds. */
export function pollIntervalMs(approval: ShownApproval, nowMs: number): number {
  return between(1, 60, tenthOfAge(approval, nowMs)) * 1_000;
}

/** In seconds. */
function tenthOfAge({ createdAt }: ShownApproval, nowMs: number): number {
  return (nowMs - Date.parse(createdAt)) / 10_000;
}

function between(min: number, max: number, value: number): number {
  return Math.round(Math.min(max, Math.max(min, value)));
}

export function answerOf(approval: ShownApproval, nowMs: number): CallToolResult {
  // Who may not read it has no tool to ask again with.
  const isOpen = approval.status === "pending" && approval.answers !== undefined;
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

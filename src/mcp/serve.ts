/**
 * The protocol of `/mcp`: requests of version 2026-07-28, and of clients of the version before it. Nothing is kept
 * between two requests, so any gateway answers any of them. Loaded for the first request.
 */
import { createMcpHandler, ProtocolError, ProtocolErrorCode, Server } from "@modelcontextprotocol/server";
import { isRecord } from "../approval/raw-input.ts";
import type { Scope } from "../auth/scopes.ts";
import { packageVersion } from "../lib/package-root.ts";
import { answerOf, refusalOf } from "./answer.ts";
import type { ApprovalDoor } from "./door.ts";
import { addTasks, createdTask, TASKS, takesTasks } from "./tasks.ts";
import { AWAIT, TOOLS } from "./tools.ts";

export interface Mcp {
  /** What the caller of this message needs; undefined where any caller of the tools will do. */
  scopeFor(message: Readonly<Record<string, unknown>>): Scope | undefined;
  /** Answers a request that is authenticated, and whose body is read. */
  answer(request: Request, call: { readonly body: unknown; readonly door: ApprovalDoor }): Promise<Response>;
}

const INSTRUCTIONS =
  "Ask people before you do what cannot be undone: request_approval, then await_approval until the status is no longer pending. Act only on approved. Every other status means no.";

export function openMcp(onFault: (error: Error) => void): Mcp {
  const handler = createMcpHandler(({ authInfo }) => serverFor(authInfo?.extra?.["door"] as ApprovalDoor), {
    onerror: onFault,
    maxSubscriptions: SUBSCRIPTIONS_MAX,
  });
  return {
    scopeFor: ({ method, params }) => {
      if (typeof method === "string" && method.startsWith("tasks/")) return AWAIT.scope;
      const name = method === "tools/call" && isRecord(params) ? params["name"] : undefined;
      return TOOLS.find((tool) => tool.name === name)?.scope;
    },
    answer: (request, { body, door }) =>
      handler.fetch(request, {
        parsedBody: body,
        authInfo: { token: "", clientId: "", scopes: [], extra: { door } },
      }),
  };
}

/** Nothing is ever published, so nobody is kept listening. */
const SUBSCRIPTIONS_MAX = 0;

function serverFor(door: ApprovalDoor): Server {
  const server = new Server(
    { name: "countersign", title: "Countersign", version: VERSION },
    { capabilities: { tools: {}, extensions: { [TASKS]: {} } }, instructions: INSTRUCTIONS },
  );
  server.setRequestHandler("tools/list", async () => ({
    tools: TOOLS.filter(({ scope }) => door.may(scope)).map(
      ({ name, title, description, annotations, input }) => ({
        name,
        title,
        description,
        inputSchema: input as { type: "object" },
        annotations,
      }),
    ),
  }));
  server.setRequestHandler("tools/call", async ({ params: { name, arguments: args = {} } }, ctx) => {
    const tool = TOOLS.find((each) => each.name === name);
    if (tool === undefined || !door.may(tool.scope)) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool "${name.slice(0, 64)}"`);
    }
    try {
      const isTask = tool === AWAIT && takesTasks(ctx);
      const approval = await tool.call(door, args, !isTask);
      const nowMs = door.nowMs();
      if (isTask && approval.status === "pending") return createdTask(approval, nowMs);
      return answerOf(approval, nowMs);
    } catch (error) {
      return refusalOf(door.tell(error));
    }
  });
  addTasks(server, door);
  return server;
}

const VERSION = packageVersion();

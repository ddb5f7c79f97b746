/** The Tasks extension: a task in place of a long wait, for clients that say that they take one. */
import {
  createTaskSessionFromClient,
  type JsonRpcResponse,
  resultFromTaskOutcome,
} from "@modelcontextprotocol/ext-tasks/client";
import { expect, test } from "vitest";
import { z } from "zod";
import { openRig } from "../gateway/rig.ts";
import { AGENT_SCOPES, agent, makeKeys } from "./agents.ts";

const TASKS = { extensions: { "io.modelcontextprotocol/tasks": {} } };
const anything = z.looseObject({});

test("a client that declares tasks gets one for await_approval, and the outcome by tasks/get", async () => {
  const keys = makeKeys();
  await using rig = await openRig({ authenticate: keys.authenticate });
  const key = keys.keyOf("ops", ...AGENT_SCOPES);
  await using client = await agent(rig.url, key, TASKS);
  expect(client.getServerCapabilities()?.extensions).toEqual(TASKS.extensions);
  const request = { id: "po-1", title: "Order", approvers: ["ana@example.com"] };
  await client.callTool({ name: "request_approval", arguments: request });

  // The SDK's client knows no tasks: the extension's own package drives them, and checks what it is sent.
  const session = createTaskSessionFromClient(client, {
    endpointId: "countersign",
    rawDispatch: async (message) => await dispatch(rig.url, key, message as unknown as Message),
    v2RequestFraming: {
      protocolVersion: "2026-07-28",
      clientInfo: { name: "agent", version: "1.0.0" },
      clientCapabilities: TASKS,
    },
  });
  const execution = await session.callTool("await_approval", { id: "po-1" });
  expect(execution.kind).toBe("task");
  const get = () => client.request({ method: "tasks/get", params: { taskId: "po-1" } }, anything);
  expect(await get()).toMatchObject({
    taskId: "po-1",
    status: "working",
    statusMessage: "Waiting for ana@example.com.",
    ttlMs: null,
    pollIntervalMs: 1_000,
  });
  const cancelled = await client.request({ method: "tasks/cancel", params: { taskId: "po-1" } }, anything);
  expect(cancelled).not.toHaveProperty("taskId");
  expect(await get()).toMatchObject({ status: "working" });

  await rig.press(await rig.link("po-1", "reject"));
  await rig.settled("po-1");
  const { outcome } = await execution.settle();
  expect(resultFromTaskOutcome(outcome)).toMatchObject({
    structuredContent: { id: "po-1", status: "rejected" },
  });
  // What has ended needs no task.
  const ended = await session.callTool("await_approval", { id: "po-1" });
  expect(ended.kind).toBe("immediate");
  await session.close();
});

test("a task is there for its own client alone, and for clients that declared tasks", async () => {
  const keys = makeKeys();
  await using rig = await openRig({ authenticate: keys.authenticate });
  await using owner = await agent(rig.url, keys.keyOf("ops", ...AGENT_SCOPES));
  await owner.callTool({
    name: "request_approval",
    arguments: { id: "po-1", title: "Order", approvers: ["ana@example.com"] },
  });
  const get = { method: "tasks/get", params: { taskId: "po-1" } };
  await expect(owner.request(get, anything)).rejects.toMatchObject({ code: -32021 });
  await using other = await agent(rig.url, keys.keyOf("other", ...AGENT_SCOPES), TASKS);
  for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
    await expect(other.request({ ...get, method }, anything), method).rejects.toMatchObject({ code: -32602 });
  }
});

interface Message {
  readonly method: string;
  readonly params?: { readonly name?: string; readonly taskId?: string };
}

/** Sends the message as it is. */
async function dispatch(url: string, key: string, message: Message): Promise<JsonRpcResponse> {
  const response = await fetch(`${url}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": message.method,
      "mcp-name": message.params?.name ?? message.params?.taskId ?? "",
      connection: "close",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
  });
  const { result, error } = (await response.json()) as Record<"result" | "error", never>;
  return error === undefined ? { kind: "result", result } : { kind: "error", error };
}

/** The Tasks extension: a task in place of a long wait, for clients that say that they take one. */
import { expect, test } from "vitest";
import { z } from "zod";
import { openRig } from "../gateway/rig.ts";
import { AGENT_SCOPES, agent, makeKeys } from "./agents.ts";

const TASKS = { extensions: { "io.modelcontextprotocol/tasks": {} } };
const anything = z.looseObject({});

test("a client that declares tasks gets one for await_approval, and the outcome by tasks/get", async () => {
  const keys = makeKeys();
  await using rig = await openRig({ authenticate: keys.authenticate });
  await using client = await agent(rig.url, keys.keyOf("ops", ...AGENT_SCOPES), TASKS);
  expect(client.getServerCapabilities()?.extensions).toEqual(TASKS.extensions);
  const request = { id: "po-1", title: "Order", approvers: ["ana@example.com"] };
  await client.callTool({ name: "request_approval", arguments: request });

  const call = { method: "tools/call", params: { name: "await_approval", arguments: { id: "po-1" } } };
  // The library's client has no word for the new kind of result, and shows it by this error.
  const created = await raw(rig.url, keys.keyOf("ops", ...AGENT_SCOPES), call);
  expect(created).toMatchObject({
    resultType: "task",
    taskId: "po-1",
    status: "working",
    ttlMs: null,
    pollIntervalMs: 5_000,
  });
  const get = () => client.request({ method: "tasks/get", params: { taskId: "po-1" } }, anything);
  expect(await get()).toMatchObject({ taskId: "po-1", status: "working" });
  expect(
    await client.request({ method: "tasks/cancel", params: { taskId: "po-1" } }, anything),
  ).not.toHaveProperty("taskId");
  expect(await get()).toMatchObject({ status: "working" });

  await rig.press(await rig.link("po-1", "reject"));
  await rig.settled("po-1");
  expect(await get()).toMatchObject({
    status: "completed",
    result: { structuredContent: { id: "po-1", status: "rejected" } },
  });
  // What has ended needs no task.
  expect(await raw(rig.url, keys.keyOf("ops", ...AGENT_SCOPES), call)).toMatchObject({
    resultType: "complete",
    structuredContent: { status: "rejected" },
  });
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

/** The result as it is on the wire. */
async function raw(
  url: string,
  key: string,
  { method, params }: { readonly method: string; readonly params: { readonly name: string } },
): Promise<unknown> {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": TASKS,
  };
  const response = await fetch(`${url}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      "mcp-name": params.name,
      connection: "close",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  });
  return ((await response.json()) as { readonly result?: unknown }).result;
}

/** A whole approval over real HTTP, driven by the SDK of today and by the one before it. */
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, test } from "vitest";
import { openRig } from "../gateway/rig.ts";
import { AGENT_SCOPES, agent, dataOf, makeKeys } from "./agents.ts";

const ORDER = {
  id: "po-1",
  title: "Order 40 laptops",
  approvers: ["ana@example.com", "bo@example.com"],
  require: "all",
};
const NAMES = ["request_approval", "await_approval", "get_approval", "cancel_approval"];

interface Caller {
  readonly version: string | undefined;
  names(): Promise<string[]>;
  call(name: string, args: Record<string, unknown>): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Clients by the package that they come from. */
const CLIENTS: Record<string, (url: string, key: string) => Promise<Caller>> = {
  "@modelcontextprotocol/client 2": async (url, key) => {
    const client = await agent(url, key);
    return {
      version: client.getNegotiatedProtocolVersion(),
      names: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, args) => dataOf(await client.callTool({ name, arguments: args })),
      close: () => client.close(),
    };
  },
  "@modelcontextprotocol/sdk 1": async (url, key) => {
    const client = new OldClient({ name: "agent", version: "1.0.0" });
    const transport = new OldTransport(new URL(`${url}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
    });
    await client.connect(transport);
    return {
      version: transport.protocolVersion,
      names: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, args) => dataOf(await client.callTool({ name, arguments: args })),
      close: () => client.close(),
    };
  },
};

test.each([
  ["@modelcontextprotocol/client 2", "2026-07-28"],
  ["@modelcontextprotocol/sdk 1", "2025-11-25"],
] as const)("%s asks, waits, looks and cancels, in protocol %s", async (name, version) => {
  const keys = makeKeys();
  await using rig = await openRig({ authenticate: keys.authenticate });
  const client = await CLIENTS[name]?.(rig.url, keys.keyOf("ops-agent", ...AGENT_SCOPES));
  if (client === undefined) throw new Error("There is no such client");
  expect(client.version).toBe(version);
  expect(await client.names()).toEqual(NAMES);

  const asked = await client.call("request_approval", ORDER);
  expect(asked).toMatchObject({ id: "po-1", status: "pending", answers: [], askAgainInSeconds: 5 });
  expect(await client.call("request_approval", ORDER)).toMatchObject({ id: "po-1", status: "pending" });
  expect(await client.call("await_approval", { id: "po-1", seconds: 0 })).toMatchObject({
    status: "pending",
    waitingFor: "Waiting for ana@example.com, bo@example.com.",
    next: expect.stringContaining("await_approval again in 5 seconds"),
  });

  const waiting = client.call("await_approval", { id: "po-1" });
  for (const n of [1, 2]) await rig.press(await rig.link("po-1", "approve", n));
  const ended = await waiting;
  expect(ended).toMatchObject({
    status: "approved",
    answers: [
      { by: "ana@example.com", effect: "approved" },
      { by: "bo@example.com", effect: "approved" },
    ],
  });
  expect(ended).not.toHaveProperty("next");
  expect(await client.call("get_approval", { id: "po-1" })).toEqual(ended);

  await client.call("request_approval", { ...ORDER, id: "po-2" });
  expect(await client.call("cancel_approval", { id: "po-2", reason: "No longer needed" })).toMatchObject({
    status: "cancelled",
    reason: "No longer needed",
  });
  expect(rig.audit.map(({ who, what, about }) => [who.slice(0, 4), what, about])).toEqual(
    expect.arrayContaining([
      ["key:", "request", "po-1"],
      ["key:", "cancel", "po-2"],
    ]),
  );
  await client.close();
});

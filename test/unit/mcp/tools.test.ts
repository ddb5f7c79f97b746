/** What the tools refuse, to whom, and in which words. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { REFUSALS_PER_MINUTE } from "../../../src/openapi/limits.ts";
import { startTestGateway } from "../../support/gateway.ts";
import { openRig, type Rig } from "../gateway/rig.ts";
import { AGENT_SCOPES, agent, dataOf, makeKeys } from "./agents.ts";

const keys = makeKeys();
const ops = keys.keyOf("ops-agent", ...AGENT_SCOPES);
const rotated = keys.keyOf("ops-agent", "approvals:read");
const other = keys.keyOf("other-agent", ...AGENT_SCOPES, "approvals:read-all");
const reader = keys.keyOf("reader", "approvals:read");
const starter = keys.keyOf("starter", "workflows:begin");

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ authenticate: keys.authenticate, mayApproveByDeadline: true });
});
afterAll(() => rig[Symbol.asyncDispose]());

interface Told {
  readonly isError: boolean;
  readonly text: string;
  readonly data: Record<string, unknown>;
}

async function call(key: string, name: string, args: Record<string, unknown>): Promise<Told> {
  await using client = await agent(rig.url, key);
  const result = await client.callTool({ name, arguments: args });
  const [block] = result.content;
  return {
    isError: result.isError === true,
    text: block?.type === "text" ? block.text : "",
    data: dataOf(result),
  };
}

const request = (more: Record<string, unknown> = {}) => ({
  title: "Delete the old backups",
  approvers: ["ana@example.com"],
  ...more,
});

/** A message as it goes over the wire. */
function post(body: unknown, headers: Record<string, string> = {}) {
  return rig.call("/mcp", {
    method: "POST",
    headers: {
      authorization: `Bearer ${ops}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** Of protocol 2025-11-25. */
const message = (method: string, params: object) => ({ jsonrpc: "2.0", id: 1, method, params });

describe("wrong arguments", () => {
  test.each([
    [{ title: undefined }, "title: is required"],
    [{ approvers: ["nobody"] }, "approvers[0]: must be"],
    [{ approvers: undefined }, "approvers: is required"],
    [{ deadline: "soon" }, "deadline: must be"],
    [{ urgency: "high" }, "urgency: "],
    [{ requester: "kim@example.com" }, "requester: cannot be given here"],
    [{ follow: true }, "follow: cannot be given here"],
    [{ callbackUrl: "https://example.com/hook" }, "callbackUrl: cannot be given here"],
    [{ onDeadline: "approve" }, "onDeadline: must be expire, reject or escalate"],
    [
      {
        approvers: undefined,
        stages: [{ approvers: ["ana@example.com"], deadline: "P1D", onDeadline: "approve" }],
      },
      "stages[0].onDeadline: must be expire, reject or escalate",
    ],
    [{ id: "not an id" }, "id: "],
  ])("of request_approval %j are named, and nobody is mailed", async (wrong, named) => {
    const mailed = rig.mailed();
    const told = await call(ops, "request_approval", request(wrong));
    expect([told.isError, told.text]).toEqual([true, expect.stringContaining(`- ${named}`)]);
    expect(rig.mailed()).toBe(mailed);
  });

  test("of request_approval are named all at once", async () => {
    const wrong = request({
      title: undefined,
      requester: "kim@example.com",
      onDeadline: "approve",
      deadline: "soon",
    });
    const { text } = await call(ops, "request_approval", wrong);
    const fields = [...text.matchAll(/^- (\w+): /gmu)].map(([, field]) => field);
    expect(new Set(fields)).toEqual(new Set(["title", "requester", "onDeadline", "deadline"]));
    expect(fields).toHaveLength(4);
    expect(text).toContain("- onDeadline: must be expire, reject or escalate");
  });

  test.each(["", "\0", "x".repeat(1_100), "a:b", "-"])(
    "an id that can be none (%j) is named before anything has it",
    async (id) => {
      const told = await call(ops, "request_approval", request({ id }));
      expect([told.isError, told.text]).toEqual([true, expect.stringContaining("- id: must be 1 to 64")]);
    },
  );

  test("of the other tools are named as well", async () => {
    for (const [name, args, named] of [
      ["await_approval", {}, "- id: is required"],
      ["await_approval", { id: "po-1", seconds: 46 }, "- seconds: "],
      ["await_approval", { id: "po-1", seconds: "a while" }, "- seconds: "],
      ["get_approval", { id: "po-1", decide: "approve" }, "- decide: "],
      ["cancel_approval", { id: "po-1", reason: "x".repeat(501) }, "- reason: "],
    ] as const) {
      const told = await call(ops, name, args);
      expect([told.isError, told.text]).toEqual([true, expect.stringContaining(named)]);
    }
  });

  test("include a number that readers of JSON would change", async () => {
    const args = JSON.stringify(request({ id: "exact", metadata: { amount: 1 } })).replace(
      '"amount":1',
      '"amount":9007199254740993',
    );
    const params = { name: "request_approval", arguments: {} };
    const body = JSON.stringify(message("tools/call", params)).replace(
      '"arguments":{}',
      `"arguments":${args}`,
    );
    const { text } = await post(body);
    expect(text).toContain("metadata.amount: ");
    expect(await rig.durable.read("exact")).toBeUndefined();
  });
});

test("who was slower than another client for one id is told nothing of what that one asked", async () => {
  await call(ops, "request_approval", request({ id: "raced", title: "The other one" }));
  const other = keys.keyOf("slower", ...AGENT_SCOPES);
  // As if it had come in between the look and the start.
  const look = vi.spyOn(rig.durable, "read").mockResolvedValueOnce(undefined);
  const told = await call(other, "request_approval", request({ id: "raced" }));
  look.mockRestore();
  expect(told.text).toBe("Cannot use this id: something else has it. Choose another");
  const own = await call(ops, "request_approval", request({ id: "raced" }));
  expect(own.text).toContain("different content (title)");
});

describe("what others asked", () => {
  beforeAll(async () => {
    expect((await call(ops, "request_approval", request({ id: "theirs" }))).isError).toBe(false);
  });

  test("is not there for a key of another client, whatever its scopes; nor is it for the HTTP API's narrower list", async () => {
    const unknown = await call(other, "get_approval", { id: "nothing" });
    for (const name of ["get_approval", "await_approval", "cancel_approval"]) {
      const told = await call(other, name, { id: "theirs" });
      expect([told.isError, told.text]).toEqual([true, unknown.text.replace("nothing", "theirs")]);
    }
    expect((await call(ops, "get_approval", { id: "theirs" })).data["status"]).toBe("pending");
  });

  test("keeps its id, and says nothing about itself to others who choose it", async () => {
    for (const title of ["Delete the old backups", "Delete all backups"]) {
      const told = await call(other, "request_approval", request({ id: "theirs", title }));
      expect([told.isError, told.text]).toEqual([
        true,
        "Cannot use this id: something else has it. Choose another",
      ]);
    }
  });

  test("is there for every key of the same client", async () => {
    expect((await call(rotated, "get_approval", { id: "theirs" })).data["title"]).toBe(
      "Delete the old backups",
    );
  });

  test("is not in a list, because there is none", async () => {
    await using client = await agent(rig.url, other);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names.filter((name) => /list|search|decide|approve$|vote|link/u.test(name))).toEqual([]);
  });

  test("is not there below a workflow of another client either", async () => {
    await rig.ask("nobodys", request(), 60_000);
    expect((await call(ops, "get_approval", { id: "nobodys" })).isError).toBe(true);
  });
});

describe("scopes", () => {
  test("decide which tools there are", async () => {
    await using client = await agent(rig.url, reader);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual(["await_approval", "get_approval"]);
  });

  test("to ask or to cancel show nothing of an approval: that takes the scope to read", async () => {
    const asks = keys.keyOf("blind", "approvals:create");
    const cancels = keys.keyOf("blind", "approvals:cancel");
    await call(
      asks,
      "request_approval",
      request({ id: "blind", approvers: ["ana@example.com", "bo@example.com"], require: "all" }),
    );
    await rig.press(await rig.link("blind", "approve"), { confirm: "yes", comment: "Between us" });
    for (const [key, name, args] of [
      [
        asks,
        "request_approval",
        request({ id: "blind", approvers: ["ana@example.com", "bo@example.com"], require: "all" }),
      ],
      [cancels, "cancel_approval", { id: "blind" }],
    ] as const) {
      const told = await call(key, name, args);
      expect([told.isError, Object.keys(told.data).sort()]).toEqual([false, ["createdAt", "id", "status"]]);
    }
  });

  test("that are missing are named, by the status and header of the API", async () => {
    const params = { name: "request_approval", arguments: request() };
    const refused = await post(message("tools/call", params), { authorization: `Bearer ${reader}` });
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
      403,
      expect.stringContaining('scope="approvals:create"'),
    ]);
    const none = await post(message("tools/list", {}), { authorization: `Bearer ${starter}` });
    expect(none.status).toBe(403);
    const nobody = await post(message("tools/list", {}), { authorization: "Bearer apv_nobody" });
    expect([nobody.status, nobody.headers.get("www-authenticate")]).toEqual([
      401,
      expect.stringContaining("invalid_token"),
    ]);
  });
});

describe("a message", () => {
  test("from the page of another site is refused", async () => {
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      expect((await post(message("tools/list", {}), headers as Record<string, string>)).status).toBe(403);
    }
  });

  test("must be one, of a bounded size and depth, and JSON", async () => {
    const params = { name: "get_approval", arguments: { id: "x" } };
    const one = message("tools/call", params);
    expect((await post([one, one])).status).toBe(400);
    expect((await post("{")).status).toBe(400);
    expect((await post("")).status).toBe(400);
    expect((await post(message("tools/call", { ...params, more: "x".repeat(100_000) }))).status).toBe(413);
    expect((await post(`{"a":${"[".repeat(50)}${"]".repeat(50)}}`)).status).toBe(400);
    expect((await post(JSON.stringify(one), { "content-type": "text/plain" })).status).toBe(415);
    expect((await post(one)).status).toBe(200);
  });

  test("is posted: there is no session and no stream to open", async () => {
    const headers = { authorization: `Bearer ${ops}`, accept: "text/event-stream" };
    for (const method of ["GET", "DELETE"]) {
      const { status, headers: answered } = await rig.call("/mcp", { method, headers });
      expect([status, answered.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    }
  });

  test("that is refused counts like a refused call of the API", async () => {
    const authorization = `Bearer ${keys.keyOf("curious", "workflows:read")}`;
    const statuses = new Map<number, number>();
    for (let i = 0; i < REFUSALS_PER_MINUTE + 1; i += 1) {
      const { status } = await post(message("tools/list", {}), { authorization });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses]).toEqual([
      [403, REFUSALS_PER_MINUTE],
      [429, 1],
    ]);
  });

  test("to an unknown tool or method gets the protocol's error", async () => {
    await using client = await agent(rig.url, ops);
    await expect(client.callTool({ name: "decide", arguments: {} })).rejects.toMatchObject({ code: -32602 });
  });
});

describe("the person who answers for an agent", () => {
  const owned = keys.ownedKeyOf("kims-agent", "kim@example.com", AGENT_SCOPES);
  const shown = async (id: string) =>
    (await rig.json("GET", `/approvals/${id}`, undefined, { authorization: `Bearer ${owned}` })).body;

  test("is the requester of what it asks, is told the outcome, and may not decide", async () => {
    expect((await call(owned, "request_approval", request({ id: "kims" }))).isError).toBe(false);
    expect(await shown("kims")).toMatchObject({ requester: { email: "kim@example.com" } });
    for (const approvers of [["kim@example.com"], ["ana@example.com", "KIM@example.com"]]) {
      const told = await call(owned, "request_approval", request({ id: "own", approvers }));
      expect([told.isError, told.text]).toEqual([true, expect.stringContaining("must not be the requester")]);
    }
    const named = await call(owned, "request_approval", request({ id: "own", requester: "lee@example.com" }));
    expect(named.text).toContain("requester: cannot be given here");
    await rig.press(await rig.link("kims", "approve"));
    await expect
      .poll(() =>
        rig.told
          .filter(({ approval }) => approval === "kims")
          .map(({ kind, recipient }) => [kind, recipient]),
      )
      .toContainEqual(["requester-outcome", expect.any(String)]);
    expect((await call(owned, "request_approval", request({ id: "kims" }))).data["status"]).toBe("approved");
  });

  test("is the requester by the API as well, and the request can name nobody else", async () => {
    const headers = { authorization: `Bearer ${owned}` };
    const ask = (id: string, more: object) =>
      rig.json("POST", "/approvals", { id, ...request(), ...more }, headers);
    expect((await ask("api-1", {})).status).toBe(202);
    expect((await ask("api-1", {})).status).toBe(202);
    expect((await ask("api-2", { requester: "KIM+agent@example.com" })).status).toBe(202);
    // Else a program could make its owner an approver of what it asks.
    for (const requester of ["lee@example.com", { email: "lee@example.com" }]) {
      const refused = await ask("api-4", { requester, approvers: ["kim@example.com"] });
      expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: "requester" }] } });
    }
    expect((await ask("api-3", { approvers: ["kim@example.com"] })).status).toBe(422);
    expect(await shown("api-1")).toMatchObject({ requester: { email: "kim@example.com" } });
    expect(await shown("api-2")).toMatchObject({ requester: { email: "KIM+agent@example.com" } });
    expect(await rig.durable.read("api-4")).toBeUndefined();
    // What was asked before, by an earlier version or without an owner, is found again.
    const before = { requester: "lee@example.com" };
    const free = { authorization: `Bearer ${ops}` };
    const asked = await rig.json("POST", "/approvals", { id: "api-5", ...request(), ...before }, free);
    expect([asked.status, (await ask("api-5", before)).status]).toEqual([202, 202]);
  });
});

test("where MCP is off, there is no such address", async () => {
  await using without = await openRig({ mcp: false, work: false });
  expect((await without.json("POST", "/mcp", message("tools/list", {}))).status).toBe(404);
});

test.each(["2026-07-28", "2025-11-25"])(
  "who waits in protocol %s is answered with what stands when the service stops",
  async (version) => {
    const gateway = await startTestGateway();
    const waits = vi.spyOn(gateway.durable, "waitFor");
    const client = new Client(
      { name: "agent", version: "1.0.0" },
      { versionNegotiation: { mode: version === "2026-07-28" ? "auto" : "legacy" } },
    );
    await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`)));
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    await client.callTool({ name: "request_approval", arguments: request({ id: "po-1" }) });
    const waiting = client.callTool({ name: "await_approval", arguments: { id: "po-1" } });
    await expect.poll(() => waits.mock.calls.length).toBe(1);
    // Before a client gives up, and before a proxy does.
    expect(waits.mock.calls[0]?.[1].timeoutMs).toBe(45_000);
    await gateway[Symbol.asyncDispose]();
    expect(dataOf(await waiting)).toMatchObject({ id: "po-1", status: "pending" });
  },
);

test("nobody is kept listening for what never happens", async () => {
  const params = {
    notifications: { toolsListChanged: true },
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "agent", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  };
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" };
  const { body } = await post(message("subscriptions/listen", params), headers);
  expect(body["error"]).toMatchObject({ code: -32603 });
});

test("an action in which a name stands twice is refused, as by the API", async () => {
  const call = message("tools/call", {
    name: "request_approval",
    arguments: request({ action: { tool: "t", arguments: { a: 1 } } }),
  });
  const answer = await post(JSON.stringify(call).replace('"a":1', '"a":1,"a":2'));
  expect(answer).toMatchObject({
    status: 422,
    body: { errors: [{ field: "/params/arguments/action/arguments/a" }] },
  });
});

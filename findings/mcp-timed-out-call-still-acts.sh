#!/usr/bin/env bash
# Packages:  npm @modelcontextprotocol/client 2.4.0 with @modelcontextprotocol/server 2.4.0, and npm @modelcontextprotocol/sdk 1.32.2
# Behaviour: a tool asks its user by an elicitation before it acts. The time that a client gives a call (60 s unless told) runs on
#            while its own user reads that question. When it is over, callTool rejects and the server is told to cancel, but the
#            question stays open: the user's answer is still sent, elicitInput resolves with it on the server, and the tool acts.
#            So a program is told that nothing came of the call, and what it asked for happens afterwards. A server must look
#            at its request's signal after each answer.
# Output seen:
#   2.4.0    callTool: REQUEST_TIMEOUT, acted 0 times   after the answer: acted 1 times, signal aborted: true
#   1.32.2   callTool: -32001, acted 0 times   after the answer: acted 1 times, signal aborted: true
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @modelcontextprotocol/client@2.4.0 @modelcontextprotocol/server@2.4.0 \
  @modelcontextprotocol/sdk@1.32.2 zod@4.6.7 >/dev/null
cat > try.mjs <<'X'
import * as newClient from "@modelcontextprotocol/client";
import * as newServer from "@modelcontextprotocol/server";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport as OldTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer as OldServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";

const question = { message: "Pay?", requestedSchema: { type: "object", properties: { sure: { type: "boolean" } } } };
const tool = { name: "pay", arguments: {} };
const name = { name: "any", version: "1" };
const declares = { capabilities: { elicitation: { form: {} } } };

const sides = [
  {
    version: "2.4.0",
    server: new newServer.McpServer(name),
    client: new newClient.Client(name, declares),
    pair: newClient.InMemoryTransport.createLinkedPair(),
    inputSchema: z.object({}),
    elicitation: "elicitation/create",
    ask: (_server, { mcpReq }) => mcpReq.elicitInput(question),
    signal: ({ mcpReq }) => mcpReq.signal,
    call: (client, options) => client.callTool(tool, options),
  },
  {
    version: "1.32.2",
    server: new OldServer(name),
    client: new OldClient(name, declares),
    pair: OldTransport.createLinkedPair(),
    inputSchema: {},
    elicitation: ElicitRequestSchema,
    ask: (server) => server.server.elicitInput(question),
    signal: (context) => context.signal,
    call: (client, options) => client.callTool(tool, undefined, options),
  },
];

for (const { version, server, client, pair, inputSchema, elicitation, ask, signal, call } of sides) {
  let acted = 0;
  let aborted;
  const { promise: answer, resolve: press } = deferred();
  const { promise: ended, resolve: end } = deferred();
  server.registerTool("pay", { description: "Pays", inputSchema }, async (_args, context) => {
    const { action } = await ask(server, context);
    if (action === "accept") acted += 1;
    aborted = signal(context).aborted;
    end();
    return { content: [{ type: "text", text: action }] };
  });
  client.setRequestHandler(elicitation, async () => {
    await answer;
    return { action: "accept", content: { sure: true } };
  });
  await Promise.all([server.connect(pair[1]), client.connect(pair[0])]);
  const told = await call(client, { timeout: 1000 }).then(() => "complete", ({ code }) => code);
  const before = acted;
  press();
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20_000))]);
  console.log(
    `${version.padEnd(8)} callTool: ${told}, acted ${before} times   after the answer: acted ${acted} times, signal aborted: ${aborted}`,
  );
}
process.exit(0);

function deferred() {
  let resolve;
  const promise = new Promise((settle) => { resolve = settle; });
  return { promise, resolve };
}
X
said=$(node try.mjs); echo "$said"
grep -q '^2.4.0    callTool: REQUEST_TIMEOUT, acted 0 times   after the answer: acted 1 times, signal aborted: true$' <<<"$said"
grep -q '^1.32.2   callTool: -32001, acted 0 times   after the answer: acted 1 times, signal aborted: true$' <<<"$said"

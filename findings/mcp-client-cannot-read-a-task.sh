#!/usr/bin/env bash
# Packages:  npm @modelcontextprotocol/client 2.4.0, with @modelcontextprotocol/server 2.4.0 as the other side
# Behaviour: a client may declare the Tasks extension (io.modelcontextprotocol/tasks) in its capabilities, and sends that with
#            each request. A server may then answer tools/call with a task, as the extension says. callTool of this client
#            rejects with that answer: it knows two kinds of results, complete and input_required. Without the
#            declaration, the same server answers the same call, and all is well.
# Output seen:
#   declares nothing   complete: done
#   declares tasks     UNSUPPORTED_RESULT_TYPE task
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm install --silent --no-audit --no-fund --prefix . @modelcontextprotocol/client@2.4.0 @modelcontextprotocol/server@2.4.0 >/dev/null
cat > try.mjs <<'X'
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createMcpHandler, Server } from "@modelcontextprotocol/server";

const TASKS = "io.modelcontextprotocol/tasks";
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const at = "2026-07-28T00:00:00Z";
const task = { resultType: "task", taskId: "t-1", status: "working", createdAt: at, lastUpdatedAt: at, ttlMs: null };

const handler = createMcpHandler(() => {
  const server = new Server({ name: "s", version: "1" }, { capabilities: { tools: {}, extensions: { [TASKS]: {} } } });
  server.setRequestHandler("tools/call", async (_request, { mcpReq }) =>
    mcpReq.envelope?.[CAPABILITIES]?.extensions?.[TASKS] ? task : { content: [{ type: "text", text: "done" }] },
  );
  return server;
});

for (const [name, capabilities] of [
  ["declares nothing", {}],
  ["declares tasks", { extensions: { [TASKS]: {} } }],
]) {
  const client = new Client({ name: "c", version: "1" }, { capabilities, versionNegotiation: { mode: "auto" } });
  const fetch = (url, init) => handler.fetch(new Request(url, init));
  await client.connect(new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), { fetch }));
  const said = await client.callTool({ name: "any", arguments: {} }).then(
    ({ content }) => `complete: ${content[0]?.text}`,
    ({ code, data }) => `${code} ${data?.resultType}`,
  );
  console.log(`${name.padEnd(19)}${said}`);
}
X
said=$(node try.mjs); echo "$said"
grep -q '^declares nothing   complete: done$' <<<"$said"
grep -q '^declares tasks     UNSUPPORTED_RESULT_TYPE task$' <<<"$said"

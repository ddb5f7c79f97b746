/** The server that the published conformance suite expects, behind the parts by which the gateway mounts `/mcp`. */
import { createMcpHandler, Server } from "@modelcontextprotocol/server";
import express from "express";
import { readJson } from "../../../src/gateway/http/body.ts";
import { requestContext } from "../../../src/gateway/http/context.ts";
import { fetchRequest, sendFetched } from "../../../src/gateway/http/fetch-style.ts";
import { gone } from "../../../src/gateway/http/gone.ts";
import { addRoute } from "../../../src/gateway/http/routes.ts";
import { listen } from "../../../src/gateway/http/server.ts";
import { NO_AUDIT } from "../../../src/lib/audit.ts";
import { createLogger } from "../../../src/lib/log.ts";

const PIXEL = {
  type: "image",
  mimeType: "image/png",
  data: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
} as const;
const text = (words: string) => ({ type: "text", text: words }) as const;
const embedded = (uri: string) =>
  ({ type: "resource", resource: { uri, mimeType: "text/plain", text: "Embedded" } }) as const;

/** What the tools without behaviour return. */
const CONTENT = {
  test_simple_text: [text("Simple")],
  test_image_content: [PIXEL],
  test_audio_content: [{ type: "audio", data: "UklGRiQAAABXQVZF", mimeType: "audio/wav" } as const],
  test_embedded_resource: [embedded("test://embedded-resource")],
  test_multiple_content_types: [text("Multiple"), PIXEL, embedded("test://mixed-content-resource")],
  test_tool_with_logging: [text("Logged")],
  test_tool_with_progress: [text("Done")],
};
const ADDRESS_TOOL = {
  name: "json_schema_2020_12_tool",
  description: "Has a schema with definitions",
  inputSchema: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    $defs: {
      address: { type: "object", properties: { street: { type: "string" }, city: { type: "string" } } },
    },
    properties: { name: { type: "string" }, address: { $ref: "#/$defs/address" } },
    additionalProperties: false,
  },
} as const;

function everything(): Server {
  const server = new Server(
    { name: "everything", version: "1.0.0" },
    { capabilities: { tools: {}, prompts: {}, resources: {}, logging: {}, completions: {} } },
  );
  server.setRequestHandler("tools/list", async () => ({
    tools: [
      ...Object.keys(CONTENT).map((name) => ({
        name,
        description: `The tool ${name}`,
        inputSchema: { type: "object" } as const,
      })),
      ADDRESS_TOOL,
    ],
  }));
  server.setRequestHandler("tools/call", async ({ params: { name } }, { mcpReq }) => {
    if (name === "test_error_handling") return { isError: true, content: [text("As intended")] };
    if (name === "test_tool_with_logging") {
      for (const step of ["started", "processing", "completed"]) await mcpReq.log("info", step);
    }
    const progressToken = mcpReq._meta?.progressToken;
    if (progressToken !== undefined) {
      for (const progress of [0, 50, 100]) {
        const params = { progressToken, progress, total: 100 };
        await mcpReq.notify({ method: "notifications/progress", params });
      }
    }
    return { content: CONTENT[name as keyof typeof CONTENT] };
  });
  server.setRequestHandler("prompts/list", async () => ({
    prompts: [{ name: "test_simple_prompt", description: "A prompt" }],
  }));
  server.setRequestHandler("prompts/get", async ({ params: { name, arguments: args = {} } }) => ({
    messages: [
      name === "test_prompt_with_embedded_resource" ? embedded(String(args["resourceUri"])) : undefined,
      name === "test_prompt_with_image" ? PIXEL : undefined,
      text(`Arguments: ${Object.values(args).join(", ")}`),
    ].flatMap((content) => (content === undefined ? [] : [{ role: "user" as const, content }])),
  }));
  server.setRequestHandler("resources/list", async () => ({
    resources: [{ uri: "test://static-text", name: "Text" }],
  }));
  server.setRequestHandler("resources/read", async ({ params: { uri } }) => ({
    contents: [
      uri === "test://static-binary"
        ? { uri, mimeType: PIXEL.mimeType, blob: PIXEL.data }
        : { uri, mimeType: "text/plain", text: `The text of ${uri}` },
    ],
  }));
  server.setRequestHandler("completion/complete", async () => ({ completion: { values: [] } }));
  return server;
}

export async function startEverything(): Promise<{ readonly url: string } & AsyncDisposable> {
  const log = createLogger({ level: "silent", part: "test" });
  const handler = createMcpHandler(everything);
  const server = await listen({ host: "127.0.0.1", port: 0 }, ({ url, draining }) => {
    const app = express();
    app.use(requestContext({ publicUrl: url, log, audit: NO_AUDIT, newId: () => "request", draining }));
    addRoute(app, "/mcp", {
      POST: async (req, res) => {
        const parsedBody = (await readJson(req))?.value;
        const request = fetchRequest(req, `${url}/mcp`, gone(res));
        await sendFetched(res, await handler.fetch(request, { parsedBody }));
      },
    });
    return app;
  });
  return { url: server.url, [Symbol.asyncDispose]: () => server.close() };
}

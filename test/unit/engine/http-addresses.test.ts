import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";
import { type EngineServer, serveEngine } from "../../../src/engine/serve/http.ts";

let engine: Engine;
let server: EngineServer;

beforeAll(async () => {
  engine = openEngine({ file: ":memory:" });
  server = await serveEngine(engine, { port: 0, token: "the token" });
});
afterAll(async () => {
  await server.close();
  await engine.close();
});

/** Sends the address as it is: `fetch` would tidy it first. */
function statusOf(method: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const { port } = server;
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    sent.on("error", reject);
    sent.end();
  });
}

test.each([
  ["GET", "//"],
  ["POST", "//"],
  ["GET", "//["],
  ["GET", "/\\["],
  ["POST", "//evil.example:99999/"],
  ["GET", "http://evil.example/ready"],
  ["GET", "http://["],
  ["GET", "*"],
  ["GET", "/%"],
  ["GET", "/poll/%zz/%"],
  ["POST", "/?x=//["],
  ["OPTIONS", "*"],
])("serveEngine() refuses %s %s and lives on", async (method, path) => {
  expect(await statusOf(method, path)).toBeOneOf([400, 401, 404, 405]);
  expect(await statusOf("GET", "/ready")).toBe(200);
});

test.each(["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example"])(
  "serveEngine() refuses the host name %j, under which a page elsewhere would reach it",
  async (host) => {
    const headers = { host, authorization: "Bearer the token" };
    expect(await statusOf("POST", "/", headers)).toBe(403);
    expect(await statusOf("GET", "/poll/worker/p1", headers)).toBe(403);
  },
);

import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import type { EngineServer } from "../../../../src/engine/serve/http.ts";
import { kernelBacklog, rushOfConnections } from "../../../support/connections.ts";
import { ask, testEngine, testServer } from "../../../support/engine.ts";
import { acquire, create, request, rootTags } from "../../../support/engine-requests.ts";

const DAY = 86_400_000;
const get = request("promise.get", { id: "a" });

async function post(url: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: "POST", headers, body });
  const text = await response.text();
  return { status: response.status, reply: text.startsWith("{") ? JSON.parse(text) : text };
}

const AUTH = { Authorization: "Bearer token" };

test("POST / wants the token: in head.auth, or as a Bearer token", async () => {
  const { url } = await testServer(testEngine());
  const refused = await post(url, JSON.stringify(get));
  expect(refused).toMatchObject({
    status: 401,
    reply: { kind: "promise.get", head: { corrId: get.head.corrId, status: 401 }, data: expect.any(String) },
  });
  const inHead = (auth: unknown) => JSON.stringify({ ...get, head: { ...get.head, auth } });
  expect((await post(url, JSON.stringify(get), { Authorization: "Bearer nope" })).status).toBe(401);
  expect((await post(url, inHead("nope"), AUTH)).status).toBe(401);
  expect((await post(url, JSON.stringify(get), AUTH)).status).toBe(404);
  expect((await post(url, inHead("token"))).status).toBe(404);
});

test("it has room for a thousand that connect at once, also when it is busy", async (ctx) => {
  if (kernelBacklog() < 1_024) ctx.skip("this kernel keeps fewer");
  const { port } = await testServer(testEngine());
  expect(await rushOfConnections(port, 1_000)).toEqual({ established: 1_000, waiting: 0 });
});

test("POST / answers what is no request with 400 in an envelope", async () => {
  const { url } = await testServer(testEngine());
  expect(await post(url, "{not json", AUTH)).toMatchObject({
    status: 400,
    reply: { kind: "unknown", head: { corrId: "0", status: 400 }, data: "The body must be JSON" },
  });
  expect((await post(url, "null", AUTH)).reply).toMatchObject({ data: "request must be an object" });
  expect((await post(url, "", AUTH)).status).toBe(400);
});

test("a body that is too long is refused with 413, announced or not, and the engine goes on", async () => {
  const { url, port } = await testServer(testEngine());
  const long = "x".repeat(5 * 1024 * 1024 + 1);
  for (const isAnnounced of [true, false]) {
    const sent = httpRequest({ host: "127.0.0.1", port, method: "POST", headers: AUTH, agent: false });
    if (isAnnounced) sent.setHeader("Content-Length", long.length);
    const answered = new Promise<IncomingMessage>((resolve) => sent.once("response", resolve));
    // The server hangs up on what is still being sent.
    sent.on("error", () => undefined);
    if (isAnnounced) sent.flushHeaders();
    else sent.end(long);
    const response = await answered;
    expect(response.statusCode).toBe(413);
    sent.destroy();
  }
  expect((await post(url, JSON.stringify(get), AUTH)).status).toBe(404);
});

function rawStatus(server: EngineServer, options: object): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: "127.0.0.1", port: server.port, agent: false, ...options },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

test.each([
  ["attacker.example", 403],
  ["attacker.example:8001", 403],
  ["127.0.0.1.attacker.example", 403],
  ["127.0.0.1", 200],
  ["localhost:8001", 200],
  ["[::1]:8001", 200],
])("a request for host %s is answered %i", async (host, status) => {
  const server = await testServer(testEngine());
  expect(await rawStatus(server, { path: "/ready", headers: { Host: host } })).toBe(status);
});

test.each([
  ["GET", "/", 405],
  ["DELETE", "/", 405],
  ["POST", "/ready", 405],
  ["GET", "/ready", 200],
  ["GET", "/promises/a", 404],
  ["POST", "/poll/worker/w1", 405],
  ["GET", "/poll/worker/w1", 401],
])("%s %s is answered %i without a token", async (method, path, status) => {
  const server = await testServer(testEngine());
  expect(await rawStatus(server, { method, path })).toBe(status);
});

test.each(["/poll/worker", "/poll/worker/", "/poll/a%20b/w1", "/poll/worker/w1/x", "/poll/worker/%E0%A4%A"])(
  "GET %s names no worker: 400",
  async (path) => {
    const server = await testServer(testEngine());
    expect(await rawStatus(server, { path, headers: AUTH })).toBe(400);
  },
);

test("a server that is on the loopback alone", async () => {
  const { url } = await testServer(testEngine());
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test("two servers on one port: the second says so", async () => {
  const { port } = await testServer(testEngine());
  await expect(testServer(testEngine(), port)).rejects.toThrow("EADDRINUSE");
});

/** The events of a poll stream, as they come. */
async function openStream(url: string, path: string) {
  const abort = new AbortController();
  const response = await fetch(`${url}${path}`, { headers: AUTH, signal: abort.signal });
  const text = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let unread = "";
  const next = async (): Promise<string | undefined> => {
    while (!unread.includes("\n\n")) {
      const { value, done } = (await text?.read()) ?? { done: true };
      if (done) return undefined;
      unread += value;
    }
    const [frame = "", ...rest] = unread.split("\n\n");
    unread = rest.join("\n\n");
    return frame.startsWith(":") ? next() : frame;
  };
  return { type: response.headers.get("content-type"), next, close: () => abort.abort() };
}

test("GET /poll/:group/:pid streams messages, one event each", async () => {
  const engine = testEngine();
  const { url } = await testServer(engine);
  await ask(engine, create("before", Date.now() + DAY, rootTags("before")));
  const stream = await openStream(url, "/poll/worker/w1");
  expect(stream.type).toBe("text/event-stream");
  expect(await stream.next()).toBe(
    'data: {"kind":"execute","head":{},"data":{"task":{"id":"before","version":0}}}',
  );
  await ask(engine, create("after", Date.now() + DAY, rootTags("after")));
  expect(await stream.next()).toContain('"id":"after"');
  stream.close();
});

test("a stream that ends gives back what it was handed", async () => {
  const engine = testEngine();
  const { url } = await testServer(engine);
  const first = await openStream(url, "/poll/worker/w1");
  await ask(engine, create("a", Date.now() + DAY, rootTags("a")));
  expect(await first.next()).toContain('"id":"a"');
  const second = await openStream(url, "/poll/worker/w2");
  first.close();
  expect(await second.next()).toContain('"id":"a"');
  expect((await ask(engine, acquire("a", 0))).status).toBe(200);
  second.close();
});

test("a worker that opens a second stream ends its first", async () => {
  const { url } = await testServer(testEngine());
  const first = await openStream(url, "/poll/worker/w1");
  const second = await openStream(url, "/poll/worker/w1");
  expect(await first.next()).toBeUndefined();
  second.close();
});

test("close() ends open streams and idle connections", async () => {
  const server = await testServer(testEngine());
  const stream = await openStream(server.url, "/poll/worker/w1");
  await post(server.url, JSON.stringify(get), AUTH);
  const ended = stream.next().catch(() => undefined);
  await server.close();
  expect(await ended).toBeUndefined();
});

test("a sender that goes away in the middle of its body does no harm", async () => {
  const { url, port } = await testServer(testEngine());
  const headers = { ...AUTH, "Content-Length": "100" };
  const sent = httpRequest({ host: "127.0.0.1", port, method: "POST", headers, agent: false });
  sent.on("error", () => undefined);
  sent.write("{");
  await once(sent, "socket");
  sent.destroy();
  expect((await post(url, JSON.stringify(get), AUTH)).status).toBe(404);
});

import { Agent, createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, test } from "vitest";
import { type Limits, listen } from "../../../../src/gateway/http/server.ts";
import { kernelBacklog, rushOfConnections } from "../../../support/connections.ts";
import { call } from "../../../support/http.ts";

const ANY = { host: "127.0.0.1", port: 0 };

const LIMITS: Limits = {
  headersTimeout: 100,
  requestTimeout: 200,
  connectionsCheckingInterval: 20,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
  drainMs: 200,
};

const greet: RequestListener = (_req, res) => res.end("hello");

test("listen() tells the port and address before the first request is served", async () => {
  let told = "";
  const server = await listen(ANY, ({ url }) => {
    told = url;
    return greet;
  });
  expect(server.url).toBe(told);
  expect(await (await fetch(server.url)).text()).toBe("hello");
  await server.close();
});

test("listen() fails when the port is taken, or the application cannot be made", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  await expect(listen({ host: "127.0.0.1", port }, () => greet)).rejects.toThrow("EADDRINUSE");
  await new Promise((resolve) => other.close(resolve));
  const broken = listen({ host: "127.0.0.1", port }, () => {
    throw new Error("no template");
  });
  await expect(broken).rejects.toThrow("no template");
  const server = await listen({ host: "127.0.0.1", port }, () => greet);
  await server.close();
});

test("listen() cuts connections that trickle their headers, and serves others meanwhile", async () => {
  const server = await listen(ANY, () => greet, LIMITS);
  const socket = connect(server.port, "127.0.0.1");
  const answer = new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("close", () => resolve(text));
  });
  socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  expect((await fetch(server.url)).status).toBe(200);
  expect(await answer).toContain("408 Request Timeout");
  await server.close();
});

test("listen() has room for a thousand that connect at once, also when it is busy", async (ctx) => {
  if (kernelBacklog() < 1_024) ctx.skip("this kernel keeps fewer");
  const server = await listen(ANY, () => greet);
  expect(await rushOfConnections(server.port, 1_000)).toEqual({ established: 1_000, waiting: 0 });
  await server.close();
});

test("close() lets a request under way end, answers a last one on an idle connection, and refuses new ones", async () => {
  const arrived = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const server = await listen(ANY, ({ draining }) => async (req, res) => {
    if (req.url === "/slow") {
      arrived.resolve();
      await release.promise;
    }
    res.end(`draining: ${draining.aborted}`);
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  expect(await call(server.url, { agent })).toMatchObject({ text: "draining: false" });
  const slow = call(`${server.url}/slow`);
  await arrived.promise;
  const closed = server.close();
  expect(await call(server.url, { agent })).toMatchObject({
    text: "draining: true",
    headers: { connection: "close" },
  });
  await expect(call(server.url)).rejects.toThrow("ECONNREFUSED");
  release.resolve();
  expect(await slow).toMatchObject({ text: "draining: true" });
  await closed;
  agent.destroy();
});

test("close() does not wait for idle connections", async () => {
  const server = await listen(ANY, () => (_req, res) => res.end());
  const agent = new Agent({ keepAlive: true });
  await call(server.url, { agent });
  await server.close();
  agent.destroy();
});

test("close() cuts what takes too long", async () => {
  const arrived = Promise.withResolvers<void>();
  const server = await listen(ANY, () => () => arrived.resolve(), LIMITS);
  const stuck = fetch(server.url);
  stuck.catch(() => {});
  await arrived.promise;
  await server.close();
  await expect(stuck).rejects.toThrow("fetch failed");
});

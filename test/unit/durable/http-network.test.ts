import { execFile } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import type { Message } from "@resonatehq/sdk";
import { afterEach, expect, test } from "vitest";
import { createHttpNetwork } from "../../../src/durable/http-network.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

test("createHttpNetwork() opens its stream only when init() is called, and once", async () => {
  const streams: IncomingMessage[] = [];
  const url = await serve((req, res) => {
    streams.push(req);
    res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  });
  const network = createHttpNetwork({ url, token: "t0ken", group: "gateway", pid: "g-1" });
  expect(network.unicast).toBe("poll://uni@gateway/g-1");
  expect(network.match("worker")).toBe("poll://any@worker");
  expect(streams).toHaveLength(0);
  await Promise.all([network.init(), network.init()]);
  expect(streams.map((req) => [req.url, req.headers.authorization])).toEqual([
    ["/poll/gateway/g-1", "Bearer t0ken"],
  ]);
  await network.stop();
});

test("createHttpNetwork() opens a stream for each of its groups, under one name", async () => {
  const urls: (string | undefined)[] = [];
  const url = await serve((req, res) => {
    urls.push(req.url);
    res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  });
  const network = createHttpNetwork({
    url,
    token: undefined,
    group: "g",
    moreGroups: ["g-builtin"],
    pid: "p",
  });
  await network.init();
  expect(new Set(urls)).toEqual(new Set(["/poll/g-builtin/p", "/poll/g/p"]));
  expect([network.unicast, network.anycast]).toEqual(["poll://uni@g/p", "poll://any@g/p"]);
  await network.stop();
});

test("createHttpNetwork() delivers messages, ignores what is none, and opens a broken stream again", async () => {
  const message: Message = { kind: "execute", head: {}, data: { task: { id: "a", version: 1 } } };
  let opened = 0;
  const url = await serve((_req, res) => {
    opened += 1;
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write("data: no json\n\ndata: {}\n\n");
    res.write(
      `data: ${JSON.stringify({ ...message, data: { task: { id: `a${opened}`, version: 1 } } })}\n\n`,
    );
    if (opened === 1) res.end();
  });
  const network = createHttpNetwork({ url, token: undefined, group: "g", pid: "p" });
  const received: string[] = [];
  network.recv((m) => received.push(m.kind === "execute" ? m.data.task.id : m.kind));
  await network.init();
  await expect.poll(() => received).toEqual(["a1", "a2"]);
  await network.stop();
});

test("createHttpNetwork() sends again what means the same when sent again, if its connection breaks", async () => {
  const asked: string[] = [];
  const url = await serve((req, res) => {
    let text = "";
    req.setEncoding("utf8").on("data", (part: string) => (text += part));
    req.on("end", () => {
      const { kind, head } = JSON.parse(text) as { kind: string; head: { corrId: string } };
      asked.push(kind);
      const times = asked.filter((each) => each === kind).length;
      // Cut before the answer, then within it, then before it, then answered.
      if (times === 2) {
        res.writeHead(200, { "content-type": "application/json", "content-length": 1_000 });
        return void res.write("{", () => req.socket.destroy());
      }
      if (times < 4) return void req.socket.destroy();
      res.setHeader("content-type", "application/json");
      res.end(JSON.stringify({ kind, head: { corrId: head.corrId, status: 404, version: "1" }, data: "no" }));
    });
  });
  const network = createHttpNetwork({ url, token: undefined, group: "g", pid: "p" });
  const send = (kind: string) =>
    network.send({ kind, head: { corrId: kind, version: "1" }, data: { id: "x" } } as never);
  const kinds = [
    "promise.get",
    "promise.search",
    "promise.create",
    "promise.settle",
    "promise.register_listener",
  ];
  for (const kind of kinds) {
    expect((await send(kind)).head.status, kind).toBe(404);
    expect(asked.splice(0), kind).toEqual([kind, kind, kind, kind]);
  }
  for (const kind of ["task.acquire", "task.fulfill", "task.heartbeat", "schedule.create"]) {
    await expect(send(kind), kind).rejects.toThrow("platform failure");
    expect(asked.splice(0), kind).toEqual([kind]);
  }
  await network.stop();
});

test("createHttpNetwork() tells within a second and a half that no engine is there, and at once what one refuses", async () => {
  const gone = createHttpNetwork({ url: "http://127.0.0.1:1", token: undefined, group: "g", pid: "p" });
  const read = { kind: "promise.get", head: { corrId: "c", version: "1" }, data: { id: "x" } } as const;
  const began = performance.now();
  await expect(gone.send(read as never)).rejects.toThrow("fetch failed");
  expect(performance.now() - began).toBeGreaterThan(800);
  expect(performance.now() - began).toBeLessThan(5_000);
  let asked = 0;
  const url = await serve((_req, res) => {
    asked += 1;
    res.writeHead(503).end();
  });
  const busy = createHttpNetwork({ url, token: undefined, group: "g", pid: "p" });
  await expect(busy.send(read as never)).rejects.toThrow("HTTP 503");
  expect(asked).toBe(1);
  await Promise.all([gone.stop(), busy.stop()]);
});

test("createHttpNetwork().init() does not wait long for a server that is not there", async () => {
  const network = createHttpNetwork({ url: "http://127.0.0.1:1", token: undefined, group: "g", pid: "p" });
  await network.init();
  await network.stop();
});

test("createHttpNetwork() lets its process end after stop(), also while it waits to reconnect", async () => {
  const module = new URL("../../../src/durable/http-network.ts", import.meta.url);
  const script = `
    import { createHttpNetwork } from ${JSON.stringify(module.href)};
    const network = createHttpNetwork({ url: "http://127.0.0.1:1", group: "g", pid: "p" });
    await network.init();
    await network.stop();
  `;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    timeout: 8_000,
  });
  await expect(run).resolves.toMatchObject({ stdout: "" });
});

async function serve(handler: (req: IncomingMessage, res: ServerResponse) => void): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

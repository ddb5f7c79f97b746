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

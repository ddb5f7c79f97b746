import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { sendChunks } from "../../../../src/gateway/http/chunks.ts";
import { HANGS_MS } from "../../../support/eventually.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Chunks = AsyncGenerator<string, void, undefined>;

/** A server for one answer: what is sent, as fast as it is read, and when that is over. */
async function serving(chunks: Chunks | ((res: ServerResponse) => Chunks), stallMs?: number) {
  const { promise: sent, resolve, reject } = Promise.withResolvers<void>();
  const server = createServer((_req, res: ServerResponse) => {
    sendChunks(res as never, typeof chunks === "function" ? chunks(res) : chunks, stallMs).then(
      resolve,
      reject,
    );
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, sent };
}

test("an answer that its caller stops reading is cut after a while, and nothing more is made for it", async () => {
  let made = 0;
  let isOver = false;
  async function* endless() {
    try {
      for (;;) {
        made += 1;
        yield "x".repeat(64 * 1024);
      }
    } finally {
      isOver = true;
    }
  }
  const { port, sent } = await serving(endless(), 200);
  const caller = connect(port, "127.0.0.1").pause();
  // It is cut off with what it has not read.
  caller.on("error", () => {});
  caller.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await sent;
  expect(isOver).toBe(true);
  const before = made;
  await new Promise((resolve) => setImmediate(resolve));
  expect(made).toBe(before);
  caller.destroy();
});

test("an answer that is read comes whole", async () => {
  async function* hundred() {
    for (let n = 0; n < 100; n += 1) yield "y".repeat(64 * 1024);
  }
  const { port, sent } = await serving(hundred());
  const answer = await fetch(`http://127.0.0.1:${port}`, { headers: { connection: "close" } });
  expect((await answer.text()).length).toBe(100 * 64 * 1024);
  await sent;
});

test("the time that a caller has to read stands still while a chunk is being made", async () => {
  const whileMaking: (number | undefined)[] = [];
  async function* slow(res: ServerResponse) {
    for (let n = 0; n < 3; n += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      whileMaking.push(res.socket?.timeout ?? 0);
      yield "z";
    }
  }
  const { port, sent } = await serving(slow, HANGS_MS);
  const answer = await fetch(`http://127.0.0.1:${port}`, { headers: { connection: "close" } });
  expect(await answer.text()).toBe("zzz");
  await sent;
  expect(whileMaking).toEqual([0, 0, 0]);
});

test("whoever does not read the last chunk is cut, too", async () => {
  async function* two() {
    yield "x";
    yield "x".repeat(64 * 1024 * 1024);
  }
  const { port, sent } = await serving(two(), 200);
  const caller = connect(port, "127.0.0.1").pause();
  caller.on("error", () => {});
  caller.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await sent;
  caller.destroy();
});

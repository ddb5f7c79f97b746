import { execFile } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { Message } from "@resonatehq/sdk";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { createHttpNetwork } from "../../../src/durable/http-network.ts";
import { PROTOCOL_VERSION } from "../../../src/protocol/records.ts";
import { testEngine, testServer } from "../../support/engine.ts";
import { HANGS_MS } from "../../support/eventually.ts";

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

test("createHttpNetwork() tells when it listens in all of its groups, and when in one of them no longer", async () => {
  const streams = new Map<string, ServerResponse>();
  const url = await serve((req, res) => {
    if (req.url === "/poll/more/w-1" && !isOpen) {
      res.writeHead(503).end();
      return;
    }
    res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    streams.set(req.url ?? "", res);
  });
  let isOpen = false;
  const told: boolean[] = [];
  const network = createHttpNetwork({
    url,
    token: undefined,
    group: "worker",
    moreGroups: ["more"],
    pid: "w-1",
  });
  network.onListening((isListening) => told.push(isListening));
  await network.init();
  expect(told).toEqual([]);
  isOpen = true;
  await expect.poll(() => told).toEqual([true]);
  streams.get("/poll/worker/w-1")?.destroy();
  await expect.poll(() => told).toEqual([true, false, true]);
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
    "task.fence",
    "task.fulfill",
  ];
  for (const kind of kinds) {
    expect((await send(kind)).head.status, kind).toBe(404);
    expect(asked.splice(0), kind).toEqual([kind, kind, kind, kind]);
  }
  for (const kind of ["task.acquire", "task.suspend", "schedule.create"]) {
    await expect(send(kind), kind).rejects.toThrow("platform failure");
    expect(asked.splice(0), kind).toEqual([kind]);
  }
  await network.stop();
});

test("createHttpNetwork() tells within seconds that no engine is there, and at once what one refuses", async () => {
  const gone = createHttpNetwork({ url: "http://127.0.0.1:1", token: undefined, group: "g", pid: "p" });
  const began = performance.now();
  await expect(gone.send(READ)).rejects.toThrow("fetch failed");
  // As long as an engine takes to start again.
  expect(performance.now() - began).toBeGreaterThan(1_900);
  expect(performance.now() - began).toBeLessThan(30_000);
  let asked = 0;
  const url = await serve((_req, res) => {
    asked += 1;
    res.writeHead(401).end();
  });
  const refusing = createHttpNetwork({ url, token: undefined, group: "g", pid: "p" });
  await expect(refusing.send(READ)).rejects.toThrow("HTTP 401");
  expect(asked).toBe(1);
  await Promise.all([gone.stop(), refusing.stop()]);
});

test.each([500, 502, 503, 504])(
  "createHttpNetwork() sends again what means the same when sent again, if the server answers %i",
  async (status) => {
    const asked: string[] = [];
    const url = await serve(async (req, res) => {
      const { kind, head } = await envelopeIn(req);
      asked.push(kind);
      if (asked.length < 4) return void res.writeHead(status).end();
      answer(res, { kind, corrId: head.corrId, status: 404 });
    });
    const network = createHttpNetwork({ url, token: undefined, group: "g", pid: "p" });
    expect((await network.send(READ)).head.status).toBe(404);
    expect(asked).toHaveLength(4);
    await network.stop();
  },
);

test("createHttpNetwork() begins no attempt later than three seconds after the first, however long each takes", async () => {
  let asked = 0;
  const url = await serve((_req, res) => {
    asked += 1;
    setTimeout(() => res.writeHead(503).end(), 800);
  });
  const network = createHttpNetwork({ url, token: undefined, group: "g", pid: "p" });
  await expect(network.send(READ)).rejects.toThrow("HTTP 503");
  // With the pauses between them, four begin within three seconds, and fewer on a slow machine; without that limit, eight would.
  expect(asked).toBeGreaterThan(1);
  expect(asked).toBeLessThan(6);
  await network.stop();
});

test.each([
  "The engine is busy: 20000 requests are waiting",
  "The engine cannot write to its disk now: nothing was changed",
])(
  "createHttpNetwork() gives no further work to an engine of ours that says '%s', but a worker's results",
  async (data) => {
    const asked: string[] = [];
    const url = await serve(async (req, res) => {
      const { kind, head } = await envelopeIn(req);
      asked.push(kind);
      const status = asked.length < 3 ? 503 : 404;
      answer(res, { kind, corrId: head.corrId, status, data });
    });
    const network = createHttpNetwork({ url, token: undefined, group: "g", pid: "p" });
    await expect(network.send(READ)).rejects.toThrow(`HTTP 503: ${data}`);
    expect(asked.splice(0)).toEqual(["promise.get"]);
    for (const kind of ["task.fence", "task.fulfill"]) {
      await network.send({ kind, head: { corrId: "c", version: "1" }, data: { id: "x" } } as never);
      expect(asked.splice(0)).toEqual([kind, kind, kind]);
    }
    await network.stop();
  },
);

test("createHttpNetwork() sends any request again that a server has undone because of another, as Resonate Server 0.9.8 says it", async () => {
  const asked: string[] = [];
  const url = await serve(async (req, res) => {
    const { kind, head } = await envelopeIn(req);
    asked.push(kind);
    const { corrId } = head;
    if (asked.length === 1) {
      return answer(res, { kind, corrId, status: 500, data: "Internal error: Serialization conflict" });
    }
    answer(res, { kind, corrId, status: 409, data: "Task is acquired" });
  });
  const network = createHttpNetwork({ url, token: undefined, group: "g", pid: "p" });
  const data = { id: "a", version: 0, pid: "p", ttl: 1_000 };
  const acquire = { kind: "task.acquire", head: { corrId: "c", version: "1" }, data } as const;
  expect((await network.send(acquire as never)).head.status).toBe(409);
  expect(asked).toEqual(["task.acquire", "task.acquire"]);
  // A failure of another kind may have come after the change.
  asked.splice(0);
  const failing = await serve(async (req, res) => {
    const { kind, head } = await envelopeIn(req);
    asked.push(kind);
    answer(res, { kind, corrId: head.corrId, status: 500, data: "Internal error: Storage error: disk full" });
  });
  const other = createHttpNetwork({ url: failing, token: undefined, group: "g", pid: "p" });
  await expect(other.send(acquire as never)).rejects.toThrow(
    "HTTP 500: Internal error: Storage error: disk full",
  );
  expect(asked).toEqual(["task.acquire"]);
  await Promise.all([network.stop(), other.stop()]);
});

test("createHttpNetwork() sends a heartbeat for each tree of workflows, and none of nothing", async () => {
  const beats: unknown[] = [];
  const url = await serve(async (req, res) => {
    const { kind, head, data } = await envelopeIn(req);
    beats.push(data);
    answer(res, { kind, corrId: head.corrId, status: 200, data: {} });
  });
  const network = createHttpNetwork({ url, token: undefined, group: "g", pid: "p" });
  const beat = (ids: readonly string[]) =>
    network.send({
      kind: "task.heartbeat",
      head: { corrId: "c", version: "1" },
      data: { pid: "p", tasks: ids.map((id) => ({ id, version: 1 })) },
    } as never);
  expect((await beat(["a", "b:0", "a:1.2", "b"])).head).toMatchObject({ corrId: "c", status: 200 });
  expect(beats).toHaveLength(2);
  expect(beats).toEqual(
    expect.arrayContaining([
      {
        pid: "p",
        tasks: [
          { id: "a", version: 1 },
          { id: "a:1.2", version: 1 },
        ],
      },
      {
        pid: "p",
        tasks: [
          { id: "b:0", version: 1 },
          { id: "b", version: 1 },
        ],
      },
    ]),
  );
  expect((await beat([])).head.status).toBe(200);
  expect(beats).toHaveLength(2);
  await network.stop();
});

test("createHttpNetwork() sends our own engine one heartbeat for all tasks, once it has heard from it", async () => {
  const { url, token } = { url: (await testServer(testEngine())).url, token: "token" };
  const asked: string[] = [];
  const proxy = await serve(async (req, res) => {
    const body = await text(req);
    asked.push((JSON.parse(body) as Envelope).kind);
    const reply = await fetch(url, { method: "POST", body, headers: { authorization: `Bearer ${token}` } });
    res.writeHead(reply.status, { "countersign-time": reply.headers.get("countersign-time") ?? "" });
    res.end(await reply.text());
  });
  const network = createHttpNetwork({ url: proxy, token, group: "g", pid: "p" });
  const head = { corrId: "c", version: PROTOCOL_VERSION };
  const tasks = ["a", "b", "c"].map((id) => ({ id, version: 1 }));
  expect((await network.send({ kind: "promise.get", head, data: { id: "a" } } as never)).head.status).toBe(
    404,
  );
  const beat = { kind: "task.heartbeat", head, data: { pid: "p", tasks } } as never;
  expect((await network.send(beat)).head.status).toBe(200);
  expect(asked).toEqual(["promise.get", "task.heartbeat"]);
  await network.stop();
});

test("createHttpNetwork() keeps a stream open in which nothing comes for longer than fetch() waits", async () => {
  // What fetch() of Node 26 takes its time-outs from, with 300 s made 300 ms.
  const global = Symbol.for("undici.globalDispatcher.2");
  await (await fetch(await serve((_req, res) => void res.end()))).text();
  const before = Reflect.get(globalThis, global) as object;
  const Agent = before.constructor as new (options: object) => object;
  Reflect.set(globalThis, global, new Agent({ bodyTimeout: 300 }));
  onTestFinished(() => void Reflect.set(globalThis, global, before));
  let opened = 0;
  let last: ServerResponse | undefined;
  const url = await serve((req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    if (req.url !== "/poll/g/p") return;
    opened += 1;
    last = res;
  });
  const network = createHttpNetwork({ url, token: undefined, group: "g", pid: "p" });
  const received: string[] = [];
  network.recv((message) => received.push(message.kind));
  await network.init();
  // Another silent body is cut meanwhile.
  await expect((await fetch(url)).text()).rejects.toThrow("terminated");
  last?.write(
    `data: ${JSON.stringify({ kind: "execute", head: {}, data: { task: { id: "a", version: 1 } } })}\n\n`,
  );
  await expect.poll(() => received).toEqual(["execute"]);
  expect(opened).toBe(1);
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
    timeout: HANGS_MS,
  });
  await expect(run).resolves.toMatchObject({ stdout: "" });
});

const READ = { kind: "promise.get", head: { corrId: "c", version: "1" }, data: { id: "x" } } as never;

interface Envelope {
  readonly kind: string;
  readonly head: { readonly corrId: string };
  readonly data: unknown;
}

async function envelopeIn(req: IncomingMessage): Promise<Envelope> {
  return JSON.parse(await text(req)) as Envelope;
}

function answer(
  res: ServerResponse,
  { kind, corrId, status, data = "no" }: { kind: string; corrId: string; status: number; data?: unknown },
): void {
  res.writeHead(status, { "content-type": "application/json" });
  res.end(JSON.stringify({ kind, head: { corrId, status, version: "1" }, data }));
}

async function serve(handler: (req: IncomingMessage, res: ServerResponse) => unknown): Promise<string> {
  const server = createServer((req, res) => void handler(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test, vi } from "vitest";
import { consequences, probe, probeInBackground } from "../../../src/durable/probe.ts";
import { PROTOCOL_VERSION } from "../../../src/protocol/records.ts";
import { ask, testEngine, testServer } from "../../support/engine.ts";
import { create, latentTags, request } from "../../support/engine-requests.ts";
import { eventually } from "../../support/eventually.ts";

const GOOD = { wantsToken: true, keepsDeadlines: true, searches: true };

test("probe() finds everything in order at an engine of ours", async () => {
  const { url } = await testServer(testEngine());
  const found = await probe({ url, token: "token" });
  expect(found).toEqual(GOOD);
  expect(consequences(found)).toEqual([]);
});

test("probe() leaves the same two promises behind however often it runs in a month, and knows what came of the trial", async () => {
  const engine = testEngine();
  const { url } = await testServer(engine);
  const stored = async () => {
    const head = { corrId: "x", version: PROTOCOL_VERSION };
    const found = await engine.send({ kind: "promise.search", head, data: { tags: {}, limit: 100 } });
    const { promises } = found.data as {
      readonly promises: readonly { readonly id: string; readonly state: string }[];
    };
    return promises.map(({ id, state }) => `${id} ${state}`);
  };
  // Two processes that start together try it together.
  const together = await Promise.all([probe({ url, token: "token" }), probe({ url, token: "token" })]);
  expect(together).toEqual([GOOD, GOOD]);
  const left = await stored();
  const month = new Date().toISOString().slice(0, 7);
  expect(left).toEqual([
    `countersign-probe-${month} rejected_timedout`,
    `countersign-probe-${month}:0 rejected_timedout`,
  ]);
  const asked = vi.spyOn(engine, "send");
  expect(await probe({ url, token: "token" })).toEqual(GOOD);
  // Nothing is waited for: neither for the end of a trial, nor for what another process is about to say.
  const sent = asked.mock.calls.map(
    ([request]) => request as { readonly kind: string; readonly data: { readonly id?: string } },
  );
  asked.mockRestore();
  expect(sent.map(({ kind }) => kind)).toContain("promise.create");
  expect(sent.map(({ kind }) => kind)).not.toContain("promise.register_listener");
  expect(sent.filter(({ kind, data }) => kind === "promise.get" && data.id?.endsWith(":0"))).toHaveLength(1);
  expect(await stored()).toEqual(left);
});

test("probe() tries it again in the same month if nobody knows what came of the trial, up to five times", async () => {
  const engine = testEngine();
  const { url } = await testServer(engine);
  const trial = `countersign-probe-${new Date().toISOString().slice(0, 7)}`;
  const lost = (at: typeof engine, id: string) => ask(at, create(id, 1, latentTags(id, id)));
  await lost(engine, trial);
  await lost(engine, `${trial}-2`);
  expect(await probe({ url, token: "token" })).toEqual(GOOD);
  const result = await ask(engine, request("promise.get", { id: `${trial}-3:0` }));
  expect(result.status).toBe(200);

  const other = testEngine();
  const { url: elsewhere } = await testServer(other);
  for (const end of ["", "-2", "-3", "-4", "-5"]) await lost(other, `${trial}${end}`);
  expect(await probe({ url: elsewhere, token: "token" })).toEqual({ ...GOOD, keepsDeadlines: undefined });
});

interface Poor {
  /** Its stream: open, never, or cut again after so many milliseconds. */
  readonly stream?: "open" | "none" | number;
  /** How its answer to a listener tells the trial; undefined: it takes no listeners. */
  readonly listened?: "pending" | "rejected_timedout" | undefined;
  /** Told of each promise that is created. */
  readonly onCreate?: (id: string, timeoutAt: number) => void;
  readonly searchMs?: number;
}

/** A server that lets everyone in (until told otherwise), and announces nothing. */
async function poorServer(
  isOpen: (auth: string | undefined) => boolean = () => true,
  { stream = "open", onCreate, searchMs = 0, ...more }: Poor = {},
): Promise<string> {
  const { listened } = { listened: "pending", ...more };
  const server = createServer((request, response) => {
    if (request.method === "GET") {
      if (stream === "none") return void response.writeHead(503).end();
      if (stream !== "open") setTimeout(() => response.destroy(), stream);
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      return;
    }
    void text(request).then(async (body) => {
      const { kind, head, data } = JSON.parse(body) as {
        kind: string;
        head: { readonly auth?: string };
        data: Record<string, unknown>;
      };
      const id = String(data["id"] ?? data["awaited"]);
      const promise = {
        id,
        state: kind === "promise.register_listener" ? listened : "pending",
        param: {},
        value: {},
        tags: {},
        createdAt: Date.now(),
      };
      const status = !isOpen(head.auth)
        ? 401
        : kind === "promise.get"
          ? 404
          : kind === "promise.search" || (kind === "promise.register_listener" && listened === undefined)
            ? 501
            : 200;
      if (kind === "promise.search") await new Promise((resolve) => setTimeout(resolve, searchMs));
      if (kind === "promise.create") onCreate?.(id, Number(data["timeoutAt"]));
      const answer = status === 200 ? { promise: { ...promise, timeoutAt: Date.now() } } : "no";
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ kind, head: { ...head, status }, data: answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("probe() finds what a server lacks, and consequences() says what follows", async () => {
  const found = await probe({ url: await poorServer(), token: undefined }, { patienceMs: 50 });
  expect(found).toEqual({ wantsToken: false, keepsDeadlines: false, searches: false });
  expect(consequences(found)).toEqual([
    expect.stringContaining("answers without a token"),
    expect.stringContaining("does not announce"),
  ]);
});

const UNCERTAIN: Record<string, Poor> = {
  "no stream was open": { stream: "none" },
  "the stream broke meanwhile": { stream: 30 },
  "no listener was taken": { listened: undefined },
  "the trial was over before it was listened for": { listened: "rejected_timedout" },
};

test.each(Object.entries(UNCERTAIN))(
  "probe() does not say that a server keeps no deadlines, nor stores it, if %s",
  async (_why, poor) => {
    const created: string[] = [];
    const url = await poorServer(() => true, { ...poor, onCreate: (id) => created.push(id) });
    const found = await probe({ url, token: undefined }, { patienceMs: 50 });
    expect(found.keepsDeadlines).toBeUndefined();
    expect(consequences(found)).toEqual([expect.stringContaining("answers without a token")]);
    expect(created).toEqual([expect.not.stringMatching(/:0$/)]);
  },
);

test("probe() gives its trial a second from its creation, however long the checks before it took", async () => {
  const leftMs: number[] = [];
  const onCreate = (id: string, timeoutAt: number) => {
    if (!id.endsWith(":0")) leftMs.push(timeoutAt - Date.now());
  };
  const url = await poorServer(() => true, { searchMs: 1_700, onCreate });
  await probe({ url, token: undefined }, { patienceMs: 10 });
  expect(leftMs).toHaveLength(1);
  // The server tells its time to the second, so half a second may be missing.
  expect(leftMs[0]).toBeGreaterThan(300);
});

test("probe() finds out a server that wants a token and takes any", async () => {
  const claims = Buffer.from(JSON.stringify({ iss: "us", exp: 1 })).toString("base64url");
  const token = `e30.${claims}.c2ln`;
  const seen: string[] = [];
  // Looks at the claims, as such servers do, and at no signature.
  const credulous = await poorServer((auth) => {
    if (auth !== undefined && auth !== token) seen.push(auth);
    return auth !== undefined;
  });
  expect(await probe({ url: credulous, token }, { patienceMs: 10 })).toMatchObject({ wantsToken: false });
  const [forged = ""] = seen;
  const told = JSON.parse(Buffer.from(forged.split(".")[1] ?? "", "base64url").toString()) as object;
  expect(told).toMatchObject({ iss: "us", exp: expect.closeTo(Date.now() / 1000 + 300, -2) });
  const sound = await poorServer((auth) => auth === token);
  expect(await probe({ url: sound, token }, { patienceMs: 10 })).toMatchObject({ wantsToken: true });
});

test("probeInBackground() waits for a server that is not there yet, and logs once", async () => {
  const lines: string[] = [];
  const log = {
    info: (_: object, message: string) => void lines.push(message),
    warn: (_: object, message: string) => void lines.push(message),
    error: (_: object, message: string) => void lines.push(message),
  };
  const engine = testEngine();
  const first = await testServer(engine);
  await first.close();
  const times = { patienceMs: 4_000, retryMs: 20, openMs: 20 };
  const looking = probeInBackground({ url: first.url, token: "token" }, log, { times });
  onTestFinished(() => looking.stop());
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(lines).toEqual([]);
  await testServer(engine, first.port);
  await eventually("the server was looked at", () => lines.length > 0);
  expect(lines).toEqual(["checked the Resonate server"]);
});

function linesOf() {
  const lines: { readonly level: string; readonly message: string }[] = [];
  const writer = (level: string) => (_: object, message: string) => void lines.push({ level, message });
  return { lines, log: { info: writer("info"), warn: writer("warn"), error: writer("error") } };
}

test("probeInBackground() tells again and again of a server that lets everybody in, until it does not", async () => {
  let isOpen = true;
  const url = await poorServer(() => isOpen);
  const { lines, log } = linesOf();
  const times = { patienceMs: 10, retryMs: 20, openMs: 20 };
  const looking = probeInBackground({ url, token: undefined }, log, { times });
  onTestFinished(() => looking.stop());
  expect(looking.isOpen()).toBe(false);
  const errors = () => lines.filter(({ level }) => level === "error");
  await eventually("it is told three times", () => errors().length >= 3);
  expect(looking.isOpen()).toBe(true);
  for (const { message } of errors()) expect(message).toContain("answers without a token");
  isOpen = false;
  await eventually("it is found closed", () => !looking.isOpen());
  await eventually("that is told", () => lines.at(-1)?.message.endsWith("asks for a token now"));
  const told = errors().length;
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(errors()).toHaveLength(told);
});

test("probeInBackground() warns once of an open server where one may be open", async () => {
  const { lines, log } = linesOf();
  const times = { patienceMs: 10, retryMs: 20, openMs: 10 };
  const looking = probeInBackground({ url: await poorServer(), token: undefined }, log, {
    mayBeOpen: true,
    times,
  });
  onTestFinished(() => looking.stop());
  await eventually("the server was looked at", () => lines.some(({ level }) => level === "info"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(looking.isOpen()).toBe(false);
  expect(lines.filter(({ message }) => message.includes("without a token"))).toEqual([
    { level: "warn", message: expect.any(String) },
  ]);
});

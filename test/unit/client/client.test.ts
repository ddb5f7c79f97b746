import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { CountersignError, createClient } from "../../../src/client/index.ts";
import { openRig, type Rig, until } from "../gateway/rig.ts";

let rig: Rig;
const servers: Server[] = [];

beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const client = () => createClient({ url: rig.url });

/** A server that answers by a script, one listener a request; the last one again and again. */
async function scripted(...script: RequestListener[]): Promise<{ url: string; calls: { key: unknown }[] }> {
  const calls: { key: unknown }[] = [];
  const server = createServer(async (req, res) => {
    for await (const _chunk of req);
    calls.push({ key: req.headers["idempotency-key"] });
    (script[calls.length - 1] ?? script.at(-1)!)(req, res);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

const REQUEST = { title: "Order", approvers: ["ana@example.com"] } as const;
const busy: RequestListener = (_req, res) => void res.writeHead(503, { "retry-after": "0" }).end("busy");
const ok: RequestListener = (_req, res) =>
  void res.writeHead(202, { "content-type": "application/json" }).end('{"id":"x"}');

describe("the client, against the real service", () => {
  test("start(), wait() and read() follow an approval to its end", async () => {
    const { id, status } = await client().start({ ...REQUEST, id: "client-1" });
    expect({ id, status }).toEqual({ id: "client-1", status: "pending" });
    expect((await client().wait(id, { timeoutMs: 0 })).status).toBe("pending");
    const ended = client().wait(id);
    await rig.press(await rig.link(id, "approve"));
    expect((await ended).outcome).toMatchObject({
      outcome: "approved",
      decisions: [{ email: "ana@example.com" }],
    });
    expect((await client().read(id)).ballots[0]).toMatchObject({ state: "approved", door: "mail" });
  });

  test("wait() ends when its signal says so", async () => {
    await client().start({ ...REQUEST, id: "client-2" });
    const reason = new Error("enough");
    await expect(client().wait("client-2", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test("cancel() may be repeated, and refuses what has ended otherwise", async () => {
    await client().start({ ...REQUEST, id: "client-3" });
    await rig.link("client-3", "approve");
    await client().cancel("client-3", { reason: "No budget" });
    expect((await client().cancel("client-3")).status).toBe("cancelled");
    await expect(client().cancel("client-1")).rejects.toMatchObject({ status: 409, type: "conflict" });
  });

  test("decide() answers a ballot, and says who was first", async () => {
    await client().start({ ...REQUEST, id: "client-4" });
    await rig.link("client-4", "approve");
    expect(await client().decide("client-4", 1, { choice: "approve" })).toMatchObject({ effective: true });
    const late = await client().decide("client-4", 1, { choice: "reject" });
    expect(late).toMatchObject({ effective: false, stands: { kind: "decided", choice: "approve" } });
    await expect(client().decide("client-4", 7, { choice: "reject" })).rejects.toMatchObject({
      type: "not-found",
    });
  });

  test("begin() and result() run a workflow", async () => {
    const { promise } = await client().begin("greet", "World");
    expect(await client().result(promise)).toMatchObject({
      status: "resolved",
      result: expect.stringContaining("World"),
    });
    await expect(client().begin("greet", "Other", { id: promise })).rejects.toMatchObject({
      type: "conflict",
    });
    const { promise: elsewhere } = await client().begin("restock", "pens", { target: "shop" });
    expect((await rig.durable.read(elsewhere))?.tags["resonate:target"]).toBe("poll://any@shop");
  });

  test("resolve() and reject() settle what waits outside, and say who was first", async () => {
    const make = (id: string) =>
      rig.durable.create({
        id,
        timeoutAt: Date.now() + 60_000,
        tags: { "resonate:external": "true" },
        param: null,
      });
    await make("client-5");
    expect(await client().resolve("client-5", { ok: 1 })).toMatchObject({
      effective: true,
      result: { ok: 1 },
    });
    expect(await client().reject("client-5", "no")).toMatchObject({ effective: false, status: "resolved" });
    await until(async () => await rig.durable.read("client-5"));
  });

  test("reassign(), recuse(), remind(), resend(), extend() and change() act on an open approval", async () => {
    const approvers = ["ana@example.com", "bo@example.com", "cy@example.com"];
    const { id } = await client().start({ ...REQUEST, approvers, rounds: 2, id: "client-6" });
    await rig.link(id, "approve", 3);
    const { next } = await client().reassign(id, 1, { to: "dee@example.com" });
    expect(next).toBeGreaterThan(3);
    await expect(client().reassign(id, 1, { to: "dee@example.com" })).rejects.toMatchObject({
      status: 409,
      type: "conflict",
    });
    expect(await client().recuse(id, 2)).toEqual({ approval: id, ballot: 2 });
    expect((await client().remind(id, 3)).mail?.status).toBe("sent");
    await expect(client().resend(id, 3)).rejects.toMatchObject({ type: "conflict" });
    expect((await client().resend(id, 3, { newLinks: true })).next).toBeGreaterThan(3);
    const before = (await client().read(id)).deadline;
    const { deadline } = await client().extend(id, { deadline: "P30D" });
    expect(Date.parse(deadline)).toBeGreaterThan(Date.parse(before));
    expect(await client().change(id, { title: "Order fewer" })).toMatchObject({ round: 2 });
  });

  test("a refusal is an error with its type, the request's id and every problem", async () => {
    const refused: unknown = await client()
      .start({ title: "", approvers: [] })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CountersignError);
    expect(refused).toMatchObject({
      status: 422,
      type: "invalid-fields",
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      errors: [{ field: "title" }, { field: "approvers" }],
      isRetryable: false,
    });
  });
});

describe("the client, against a service that fails", () => {
  test("repeats a start under one key until it is taken", async () => {
    const broken: RequestListener = (req) => void req.socket.destroy();
    const { url, calls } = await scripted(busy, broken, ok);
    await createClient({ url }).start(REQUEST);
    expect(calls).toHaveLength(3);
    expect(new Set(calls.map(({ key }) => key)).size).toBe(1);
    expect(calls[0]?.key).toEqual(expect.any(String));
  });

  test("gives up after so many tries, and says that nobody answered", async () => {
    const { url, calls } = await scripted(busy);
    await expect(createClient({ url, retries: 1 }).read("x")).rejects.toMatchObject({
      status: 503,
      isRetryable: true,
    });
    expect(calls).toHaveLength(2);
    const nobody = createClient({ url: "http://127.0.0.1:1", retries: 0 }).read("x");
    await expect(nobody).rejects.toMatchObject({ status: 0, type: "unreachable", isRetryable: true });
  });

  test("repeats no call whose answer would then be another", async () => {
    const { url, calls } = await scripted(busy);
    await expect(createClient({ url }).decide("x", 1, { choice: "approve" })).rejects.toThrow();
    await expect(createClient({ url }).resolve("x")).rejects.toThrow();
    expect(calls).toHaveLength(2);
  });

  test("repeats no refusal", async () => {
    const { url, calls } = await scripted((_req, res) => void res.writeHead(404).end());
    await expect(createClient({ url }).read("x")).rejects.toMatchObject({ status: 404, type: "http-404" });
    expect(calls).toHaveLength(1);
  });

  test("carries its key to no other address", async () => {
    const elsewhere = await scripted(ok);
    const { url } = await scripted((_req, res) => void res.writeHead(307, { location: elsewhere.url }).end());
    await expect(createClient({ url, key: "apv_x", retries: 0 }).read("x")).rejects.toMatchObject({
      status: 0,
    });
    expect(elsewhere.calls).toHaveLength(0);
  });

  test.each([
    ["an address", { url: "approvals.example.com" }],
    ["a key", { url: "https://approvals.example.com", key: "apv_…" }],
    ["a key on one line", { url: "https://approvals.example.com", key: "apv_x\n" }],
  ])("is not made without %s that can be one", (_, options) => {
    expect(() => createClient(options)).toThrow(TypeError);
  });

  test("tells what is no answer of the service, such as a proxy's page, as its own kind of error", async () => {
    const { url, calls } = await scripted((_req, res) => void res.end("<html>Please sign in</html>"));
    const refused: unknown = await createClient({ url })
      .read("x")
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CountersignError);
    expect(refused).toMatchObject({ status: 200, type: "unreadable", isRetryable: false });
    expect(calls).toHaveLength(1);
  });

  test("leaves a pause of more than a minute to its caller", async () => {
    const hour: RequestListener = (_req, res) => void res.writeHead(429, { "retry-after": "3600" }).end();
    const { url, calls } = await scripted(hour);
    await expect(createClient({ url }).read("x")).rejects.toMatchObject({
      status: 429,
      retryAfterMs: 3_600_000,
    });
    expect(calls).toHaveLength(1);
  });

  test("waits no longer than it may for an answer", async () => {
    const { url } = await scripted(() => {});
    await expect(createClient({ url, retries: 0, timeoutMs: 50 }).read("x")).rejects.toMatchObject({
      status: 0,
    });
  });
});

describe("a list", () => {
  const page = (ids: readonly string[], nextCursor?: string): RequestListener => {
    const body = JSON.stringify({ items: ids.map((id) => ({ id })), ...(nextCursor && { nextCursor }) });
    return (_req, res) => void res.writeHead(200, { "content-type": "application/json" }).end(body);
  };

  test("is asked for page by page, across empty ones, and no further than it is read", async () => {
    const script = [page(["a", "b"], "1"), page([], "2"), page(["c"])];
    const { url, calls } = await scripted(...script);
    const ids: string[] = [];
    for await (const { id } of createClient({ url }).list()) {
      if (id === "b") expect(calls).toHaveLength(1);
      ids.push(id);
    }
    expect([ids, calls.length]).toEqual([["a", "b", "c"], 3]);

    const left = await scripted(...script);
    for await (const _ of createClient({ url: left.url }).list()) break;
    expect(left.calls).toHaveLength(1);
  });

  test("ends in the middle of a page, or of a pause, when its signal says so", async () => {
    for (const last of [() => {}, busy] satisfies RequestListener[]) {
      const { url, calls } = await scripted(page(["a"], "1"), last);
      const leave = new AbortController();
      const list = createClient({ url, retries: 1_000 }).list({ status: "pending", signal: leave.signal });
      expect((await list.next()).value).toMatchObject({ id: "a" });
      const next = list.next();
      await until(async () => calls.length > 1 || undefined);
      leave.abort(new Error("enough"));
      await expect(next).rejects.toThrow("enough");
      expect((await list.next()).done).toBe(true);
    }
  });
});

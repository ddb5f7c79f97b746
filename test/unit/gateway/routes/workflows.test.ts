import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { preferredWait } from "../../../../src/gateway/http/prefer.ts";
import { isSameCall } from "../../../../src/gateway/routes/begin.ts";
import { idFromKeys } from "../../../../src/service/idempotency-key.ts";
import { json, startTestGateway, type TestGateway } from "../../../support/gateway.ts";

let gateway: TestGateway;
let runs: unknown[];

beforeEach(async () => {
  runs = [];
  gateway = await startTestGateway({
    workflows: {
      *foo(_ctx, data: unknown) {
        runs.push(data);
        return { got: data ?? "nothing" };
      },
      *nothing() {},
      *fail() {
        throw new TypeError("No such account");
      },
      *question(ctx) {
        return yield* yield* ctx.promise({ timeout: 60_000, tags: { "resonate:external": "true" } });
      },
    },
  });
});

afterEach(() => gateway[Symbol.asyncDispose]());

const wait = (id: string, seconds = 5) =>
  gateway.request(`/wait?id=${encodeURIComponent(id)}`, { headers: { prefer: `wait=${seconds}` } });

describe("POST /begin", () => {
  test("answers at once with the three fields of the original example, and where to wait", async () => {
    const begun = await gateway.request("/begin?id=task-001", json({ hello: "world" }));
    expect(begun).toMatchObject({
      status: 200,
      body: { promise: "task-001", status: "pending", wait: "/wait?id=task-001" },
    });
    expect(Object.keys(begun.body as object)).toEqual(["promise", "status", "wait"]);
    expect(begun.headers.get("location")).toBe("/wait?id=task-001");
    expect((await wait("task-001")).body).toEqual({
      status: "resolved",
      promise_id: "task-001",
      result: { got: { hello: "world" } },
    });
  });

  test("without id makes one, and without body gives foo the example's argument", async () => {
    const { body } = await gateway.request("/begin", { method: "POST" });
    const { promise } = body as { promise: string };
    expect(promise).toMatch(/^[0-9a-f-]{36}$/);
    expect((await wait(promise)).body).toMatchObject({ result: { got: { foo: "bar" } } });
  });

  test("passes any JSON value as the one argument", async () => {
    const values = ["text", 0, false, null, [1, [2]], {}, { a: { b: "ü\u0000\ud83d" } }];
    for (const [i, value] of values.entries()) {
      await gateway.request(`/begin?id=v${i}`, json(value));
      expect((await wait(`v${i}`)).body).toMatchObject({ status: "resolved" });
    }
    expect(runs).toEqual(values);
  });

  test("with another function and no body passes no argument", async () => {
    await gateway.request("/begin?id=n&func=nothing", { method: "POST" });
    expect((await gateway.durable.read("n"))?.param).toEqual({ func: "nothing", args: [], version: 1 });
  });

  test("twice with the same id and call runs once and then tells the true status", async () => {
    const begin = () => gateway.request("/begin?id=same", json({ a: 1, b: 2 }));
    const both = await Promise.all([begin(), begin(), begin()]);
    expect(both.map(({ status }) => status)).toEqual([200, 200, 200]);
    await wait("same");
    const again = await gateway.request("/begin?id=same", json({ b: 2, a: 1 }));
    expect(again).toMatchObject({ status: 200, body: { promise: "same", status: "resolved" } });
    expect(runs).toEqual([{ a: 1, b: 2 }]);
  });

  test.each([
    ["another argument", "/begin?id=taken", json({ a: 2 })],
    ["another function", "/begin?id=taken&func=nothing", json({ a: 1 })],
    ["another version", "/begin?id=taken&version=2", json({ a: 1 })],
    ["no argument", "/begin?id=taken&func=nothing", { method: "POST" }],
  ])("refuses the same id with %s, and starts nothing", async (_what, path, init) => {
    await gateway.request("/begin?id=taken", json({ a: 1 }));
    await wait("taken");
    const refused = await gateway.request(path, init);
    expect(refused).toMatchObject({
      status: 409,
      body: { type: "/problems/conflict", error: expect.stringContaining("taken is taken") },
    });
    expect((await gateway.durable.read("taken"))?.param).toEqual({
      func: "foo",
      args: [{ a: 1 }],
      version: 1,
    });
    expect(runs).toHaveLength(1);
  });

  test("refuses an id whose promise is no call at all", async () => {
    await gateway.request("/begin?id=q&func=question", { method: "POST" });
    await expect.poll(async () => (await gateway.durable.children("q")).length).toBe(1);
    const [question] = await gateway.durable.children("q");
    const call = { id: undefined, func: "foo", version: 1, target: undefined, args: [], timeoutMs: 1 };
    expect(isSameCall(question!, call)).toBe(false);
  });

  test("takes the id from Idempotency-Key, as it is, unquoted or hashed", async () => {
    const keyed = async (key: string) => {
      const { body } = await gateway.request("/begin", {
        method: "POST",
        headers: { "idempotency-key": key },
      });
      return (body as { promise: string }).promise;
    };
    expect(await keyed("order-7")).toBe("order-7");
    expect(await keyed('"order-8"')).toBe("order-8");
    const hashed = await keyed("order 9: two words");
    expect(hashed).toMatch(/^key-[\w-]{43}$/);
    expect(await keyed("order 9: two words")).toBe(hashed);
    expect(await keyed("order 10: two words")).not.toBe(hashed);
    // Quotes, escapes and parameters by RFC 9651; what is no such String is the key as it stands.
    expect(await keyed('"order-8";v=2')).toBe("order-8");
    const quoted = await keyed('"say \\"yes\\""');
    expect(quoted).toBe(idFromKeys(['say "yes"']));
    for (const odd of ['"order-8', '"order-8" x', 'order-8"', "7", "?1", ":b3JkZXI=:"])
      expect(await keyed(odd), odd).toBe(idFromKeys([odd]));
  });

  test("refuses two Idempotency-Keys, which would be a third when joined", async () => {
    for (const path of ["/begin", "/approvals"]) {
      const answer = await new Promise<string>((resolve, reject) => {
        const headers = { "idempotency-key": ["a", "b"], "content-type": "application/json" };
        const call = httpRequest(`${gateway.url}${path}`, { method: "POST", headers }, (res) => {
          res.setEncoding("utf8").on("data", (text: string) => resolve(`${res.statusCode} ${text}`));
        });
        call.on("error", reject).end("{}");
      });
      expect(answer).toMatch(/^4(00|22) /);
      expect(answer).toContain('{"field":"Idempotency-Key","message":"must be given once');
    }
  });

  test("accepts id and Idempotency-Key only if they agree", async () => {
    const begin = (key: string) =>
      gateway.request("/begin?id=one", { method: "POST", headers: { "idempotency-key": key } });
    expect((await begin("one")).status).toBe(200);
    expect(await begin("two")).toMatchObject({
      status: 400,
      body: { errors: [{ field: "Idempotency-Key", message: expect.stringContaining("same as id") }] },
    });
  });

  test("finds what an earlier version began with a timeout that is refused now, and begins nothing new with it", async () => {
    const begin = (id: string, argument = "x") =>
      gateway.request(`/begin?id=${id}&func=question&timeout=PT1.5H`, json(argument));
    await gateway.durable.start({ id: "old", func: "question", args: ["x"], timeoutAt: Date.now() + 60_000 });
    expect(await begin("old")).toMatchObject({ status: 200, body: { promise: "old", status: "pending" } });
    for (const [id, argument] of [
      ["new", "x"],
      ["old", "y"],
    ] as const) {
      expect(await begin(id, argument)).toMatchObject({
        status: 400,
        body: {
          errors: [{ field: "timeout", message: expect.stringContaining("such as PT90M for PT1.5H") }],
        },
      });
    }
    expect(await gateway.durable.read("new")).toBeUndefined();
  });

  test("gives workflows 410 days, or what timeout says", async () => {
    const lifetime = async (id: string) => {
      const promise = await gateway.durable.read(id);
      return Math.round((promise!.timeoutAt - promise!.createdAt) / 3_600_000);
    };
    await gateway.request("/begin?id=plain", { method: "POST" });
    await gateway.request("/begin?id=month&timeout=P30D", { method: "POST" });
    expect([await lifetime("plain"), await lifetime("month")]).toEqual([410 * 24, 30 * 24]);
  });

  test("names every wrong parameter at once", async () => {
    const path = "/begin?id=a:b&func=1x&version=0&timeout=P1M&fnc=foo&fnc=bar";
    const refused = await gateway.request(path, { method: "POST" });
    expect(refused).toMatchObject({ status: 400, body: { type: "/problems/invalid-request" } });
    const { errors, error } = refused.body as { errors: { field: string }[]; error: string };
    expect(errors.map(({ field }) => field).sort()).toEqual(["fnc", "func", "id", "timeout", "version"]);
    expect(error).toContain(errors[0]!.field);
  });

  test.each([
    "id=x&id=y",
    "timeout=P501D",
    "timeout=PT0S",
    "timeout=2030-01-01T00:00:00Z",
    "version=1.5",
    "id=",
    "func=approval",
    "func=approval_by_name",
  ])("refuses %s", async (query) => {
    expect((await gateway.request(`/begin?${query}`, { method: "POST" })).status).toBe(400);
  });

  test("refuses values that storage would change, by their path, and starts nothing", async () => {
    const body = '{"a":[{"__proto__":1},12345678901234567890],"b":1e999}';
    const init = { method: "POST", headers: { "content-type": "application/json" }, body };
    const refused = await gateway.request("/begin?id=odd", init);
    expect(refused).toMatchObject({ status: 422, body: { type: "/problems/invalid-fields" } });
    const { errors } = refused.body as { errors: { field: string }[] };
    expect(errors.map(({ field }) => field)).toEqual(["body.a[0].__proto__", "body.a[1]", "body.b"]);
    expect(await gateway.durable.read("odd")).toBeUndefined();
  });
});

describe("GET /wait", () => {
  test("tells of a pending promise as the original example does, and when to ask again", async () => {
    await gateway.request("/begin?id=slow&func=question", { method: "POST" });
    const answer = await gateway.request("/wait?id=slow");
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      status: "pending",
      promise_id: "slow",
      message: "Processing in progress",
    });
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("tells of a rejection by its message only", async () => {
    await gateway.request("/begin?id=bad&func=fail", { method: "POST" });
    expect((await wait("bad")).body).toEqual({
      status: "rejected",
      promise_id: "bad",
      error: "No such account",
    });
  });

  test("shows null as the result of a workflow without one", async () => {
    await gateway.request("/begin?id=void&func=nothing", { method: "POST" });
    expect((await wait("void")).body).toEqual({ status: "resolved", promise_id: "void", result: null });
  });

  test("tells canceled and timed out from rejected", async () => {
    await gateway.request("/begin?id=gone&func=question", { method: "POST" });
    await settleByProtocol("gone", "rejected_canceled");
    expect((await wait("gone")).body).toEqual({ status: "canceled", promise_id: "gone", error: "Canceled" });
    await gateway.durable.start({ id: "late", func: "question", args: [], timeoutAt: Date.now() - 1 });
    expect((await wait("late")).body).toMatchObject({
      status: "timedout",
      error: expect.stringMatching(/^Timed out at \d{4}-/),
    });
  });

  test("tells of a value it cannot read, in place of a failure of its own", async () => {
    await gateway.request("/begin?id=foreign&func=question", { method: "POST" });
    await settleByProtocol("foreign", "resolved", { data: "no base64 of JSON", headers: {} });
    expect(await wait("foreign")).toMatchObject({
      status: 200,
      body: { status: "rejected", error: expect.stringContaining("cannot be read") },
    });
  });

  test("without id is 400, with an unknown one 404, in the original example's words", async () => {
    expect(await gateway.request("/wait")).toMatchObject({
      status: 400,
      body: { error: "id query parameter is required" },
    });
    expect(await gateway.request("/wait?id=nobody")).toMatchObject({
      status: 404,
      body: { error: "nobody not found", type: "/problems/not-found" },
    });
    expect((await gateway.request("/wait?id=a&id=b")).status).toBe(400);
    expect((await gateway.request("/wait?id=a%00b")).status).toBe(400);
    expect((await gateway.request(`/wait?id=${"a".repeat(401)}`)).status).toBe(400);
  });

  test("with Prefer answers as soon as the promise settles", async () => {
    await gateway.request("/begin?id=asked&func=question", { method: "POST" });
    const waiting = gateway.request("/wait?id=asked", { headers: { prefer: "respond-async, wait=30" } });
    await expect.poll(async () => (await gateway.durable.children("asked")).length).toBe(1);
    await gateway.durable.settle("asked:0", { answer: 42 });
    const answer = await waiting;
    expect(answer.body).toMatchObject({ status: "resolved", result: { answer: 42 } });
    expect(answer.headers.get("preference-applied")).toBe("wait=30");
  });

  test("with Prefer answers pending when the time is up, and before any proxy does", async () => {
    await gateway.request("/begin?id=quiet&func=question", { method: "POST" });
    const answer = await wait("quiet", 0);
    expect(answer.body).toMatchObject({ status: "pending" });
    expect(answer.headers.get("preference-applied")).toBe("wait=0");
    const { result } = { result: gateway.request("/wait?id=quiet", { headers: { prefer: "wait=999999" } }) };
    await expect.poll(async () => (await gateway.durable.children("quiet")).length).toBe(1);
    await gateway.durable.settle("quiet:0", 1);
    expect((await result).headers.get("preference-applied")).toBe("wait=45");
  });

  test.each([
    ['foo="a, wait=3", wait=1', 1],
    ["wait=1, wait=30", 1],
    ["wait=1, respond-async, foo=/bar baz/", 1],
    ['x="\\", wait=9", wait=1', 1],
    ['Wait="1"', 1],
    ["respond-async;wait=30, WAIT=1;x=2", 1],
    ["return=minimal,\twait=1", 1],
    ["odata.maxpagesize=7, wait=1", 1],
    ["wait=0001", 1],
    ["wait=99999999999", 45],
    ["wait", undefined],
    ["wait=", undefined],
    ["wait=-1", undefined],
    ["wait=1.5", undefined],
    ["wait=soon", undefined],
    ["wait=(1 2)", undefined],
    ["wait=?1", undefined],
    ["await=5", undefined],
    ["wait-at-most=5", undefined],
    ["respond-async; wait=5", undefined],
    ['foo="a, wait=3"', undefined],
    ['foo="a, wait=3', undefined],
    [`foo=${"a".repeat(300)}, wait=3`, undefined],
    ["", undefined],
    // RFC 7240 §2: each of these is well formed, and names one `wait`.
    ["wait = 5", 5],
    [",wait=5", 5],
    ["respond-async,,wait=5", 5],
    ["since=2026-11-30, wait=5", 5],
    ["x!y=1, wait=5", 5],
    ["foo=, wait=5", 5],
    ['wait=5; why="a, wait=3"', 5],
    ['foo="\\", wait=3", wait=5', 5],
    // These are not, and cost no other preference.
    ["foo=b\u00e4r, wait=5", 5],
    ["foo=a b, wait=5", 5],
    ["foo=a=b, wait=5", 5],
    ['wait="5', undefined],
    ["wait=5 6", undefined],
    ["wait=5=6", undefined],
  ])("reads Prefer: %s as %s seconds", (header, seconds) => {
    const read = preferredWait(header);
    expect(read === undefined ? undefined : Math.min(read, 45)).toBe(seconds);
  });

  test("takes the preferences of several Prefer headers together", async () => {
    await gateway.request("/begin?id=two-lines&func=question", { method: "POST" });
    const applied = await new Promise<string | undefined>((resolve, reject) => {
      const headers = { prefer: ['foo="a, wait=3"', "wait=0", "wait=30"] };
      httpRequest(`${gateway.url}/wait?id=two-lines`, { headers }, (res) => {
        res.resume();
        resolve(res.headers["preference-applied"] as string | undefined);
      })
        .on("error", reject)
        .end();
    });
    expect(applied).toBe("wait=0");
  });

  test.each(["wait=", "wait=-1", "wait=soon", "await=5", "respond-async"])(
    "ignores Prefer: %s",
    async (prefer) => {
      await gateway.request("/begin?id=p&func=question", { method: "POST" });
      const answer = await gateway.request("/wait?id=p", { headers: { prefer } });
      expect(answer.body).toMatchObject({ status: "pending" });
      expect(answer.headers.has("preference-applied")).toBe(false);
    },
  );

  test("HEAD answers at once, whatever Prefer says", async () => {
    await gateway.request("/begin?id=h&func=question", { method: "POST" });
    const answer = await gateway.request("/wait?id=h", { method: "HEAD", headers: { prefer: "wait=30" } });
    expect(answer).toMatchObject({ status: 200, body: "" });
  });

  test("is answered when the gateway stops", async () => {
    await gateway.request("/begin?id=open&func=question", { method: "POST" });
    const waiting = gateway.request("/wait?id=open", { headers: { prefer: "wait=60" } });
    await expect.poll(() => gateway.engine.stats.requests).toBeGreaterThan(0);
    await expect.poll(async () => (await gateway.durable.children("open")).length).toBe(1);
    await gateway.close();
    expect((await waiting).body).toMatchObject({ status: "pending" });
  });
});

/** What the port has no word for. */
async function settleByProtocol(id: string, state: string, value: object = {}): Promise<void> {
  const reply = await gateway.engine.send({
    kind: "promise.settle",
    head: { corrId: "test", version: "2026-04-01" },
    data: { id, state, value },
  });
  expect(reply.head.status).toBe(200);
}

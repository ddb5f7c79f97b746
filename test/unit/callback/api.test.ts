import { expect, test } from "vitest";
import { parseCallback } from "../../../src/approval/stored-callback.ts";
import { eventually } from "../../support/eventually.ts";
import { json, startTestGateway, type TestGateway } from "../../support/gateway.ts";

const URL_OK = "https://hooks.example.com/in?key=s3cret";

async function started(gateway: TestGateway, id: string, about: string): Promise<void> {
  await gateway.durable.start({
    id,
    func: "callback",
    args: [
      {
        event: {
          type: "approval.decided",
          timestamp: "2026-11-21T10:00:00.000Z",
          data: { approval: about, outcome: "approved" },
        },
        to: { kind: "url", url: URL_OK },
      },
    ],
    timeoutAt: Date.now() + 60_000,
    tags: { "countersign:kind": "callback", "countersign:about": about },
    target: "nobody",
  });
}

test("POST /approvals takes a callbackUrl and shows it without its query", async () => {
  await using gateway = await startTestGateway();
  const ask = { id: "po-1", title: "Order", approvers: ["ana@example.com"], callbackUrl: URL_OK };
  expect((await gateway.request("/approvals", json(ask))).status).toBe(202);
  expect((await gateway.request("/approvals", json(ask))).status).toBe(202);
  const other = await gateway.request("/approvals", json({ ...ask, callbackUrl: "https://example.com/" }));
  expect(other.status).toBe(409);
  const { body } = await gateway.request("/approvals/po-1");
  expect(body).toMatchObject({ callbackUrl: "https://hooks.example.com/in?…" });
  expect(JSON.stringify(body)).not.toContain("s3cret");
  expect(body).not.toHaveProperty("callbacks");
});

test.each([
  ["http://hooks.example.com/", "must begin with https://"],
  ["https://user:pw@hooks.example.com/", "must not hold a user or a password"],
  ["https://hooks.example.com:8443/", "must have the port 443"],
  ["https://127.0.0.1/", "must not lead to this machine or into an internal network"],
  ["https://①②⑦.⓪.⓪.①/", "must not lead to this machine or into an internal network"],
  ["https://[::ffff:169.254.169.254]/", "must not lead to this machine or into an internal network"],
  ["https://localhost/", "must not lead to this machine or into an internal network"],
  ["https://exa\tmple.com/", "must be an https URL, such as https://example.com/hooks/approvals"],
  ["ftp://example.com/", "must be an https URL, such as https://example.com/hooks/approvals"],
  [`https://example.com/${"x".repeat(2000)}`, "must have at most 2000 characters"],
])(
  "POST /approvals refuses the callbackUrl %j by field, beside all other problems",
  async (callbackUrl, message) => {
    await using gateway = await startTestGateway();
    const answer = await gateway.request("/approvals", json({ title: "", approvers: [], callbackUrl }));
    expect(answer.status).toBe(422);
    const { errors } = answer.body as { errors: { field: string; message: string }[] };
    expect(errors).toContainEqual({ field: "callbackUrl", message });
    expect(errors.map(({ field }) => field)).toEqual(expect.arrayContaining(["title", "approvers"]));
  },
);

test("POST /begin takes a callbackUrl, once for a workflow", async () => {
  await using gateway = await startTestGateway();
  const begin = (url: string) =>
    gateway.request(`/begin?id=w1&func=echo&callbackUrl=${encodeURIComponent(url)}`, json(1));
  expect((await begin(URL_OK)).status).toBe(200);
  expect((await begin(URL_OK)).status).toBe(200);
  expect(await begin("https://other.example.com/")).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining("another callbackUrl") },
  });
  const callback = await gateway.durable.read("w1:callback");
  expect(callback).toMatchObject({
    param: { func: "callback_on_completion", args: [{ workflow: "w1", to: { kind: "url", url: URL_OK } }] },
    tags: { "countersign:kind": "callback", "countersign:about": "w1" },
  });
  expect(await begin("https://10.0.0.1/")).toMatchObject({
    status: 400,
    body: { errors: [{ field: "callbackUrl", message: expect.stringContaining("internal network") }] },
  });
});

test.each(["callback", "callback_on_completion"])(
  "POST /begin does not start %s, which would sign what the caller says",
  async (func) => {
    await using gateway = await startTestGateway();
    const answer = await gateway.request(`/begin?id=x&func=${func}`, json({}));
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: "func" }] } });
    expect(await gateway.durable.read("x")).toBeUndefined();
  },
);

test("GET /callback-deliveries lists, filters and shows callbacks, without the query of a URL", async () => {
  await using gateway = await startTestGateway();
  await started(gateway, "po-1:callback~1", "po-1");
  await started(gateway, "po-2:callback~2", "po-2");
  await gateway.durable.settle("po-2:callback~2", {
    kind: "callback",
    status: "failed",
    attempts: 10,
    result: "5xx",
  });
  const all = await gateway.request("/callback-deliveries");
  expect(all.body).toMatchObject({ callbacks: [{}, {}], truncated: false });
  expect(JSON.stringify(all.body)).not.toContain("s3cret");
  const failed = await gateway.request("/callback-deliveries?status=failed");
  expect(failed.body).toMatchObject({
    callbacks: [
      {
        id: "po-2:callback~2",
        type: "approval.decided",
        about: "po-2",
        to: "https://hooks.example.com/in?…",
        status: "failed",
        attempts: 10,
        result: "5xx",
      },
    ],
  });
  expect(await gateway.request("/callback-deliveries?about=po-1")).toMatchObject({
    body: { callbacks: [{ id: "po-1:callback~1", status: "pending" }] },
  });
  expect(await gateway.request("/callback-deliveries/po-1:callback~1")).toMatchObject({
    status: 200,
    body: { id: "po-1:callback~1", event: { type: "approval.decided", data: { approval: "po-1" } }, log: [] },
  });
  for (const query of ["status=lost", "state=failed", "about=", "about=a&about=b"]) {
    expect((await gateway.request(`/callback-deliveries?${query}`)).status).toBe(400);
  }
  for (const id of ["po-9:callback~9", "a%00b"]) {
    expect((await gateway.request(`/callback-deliveries/${id}`)).status).toBe(404);
  }
});

test("POST /callback-deliveries/:id/replay starts the same event to the same receiver anew", async () => {
  await using gateway = await startTestGateway();
  await started(gateway, "po-1:callback~1", "po-1");
  const answer = await gateway.request("/callback-deliveries/po-1:callback~1/replay", { method: "POST" });
  expect(answer).toMatchObject({ status: 202, body: { replayOf: "po-1:callback~1", status: "pending" } });
  const { id } = answer.body as { id: string };
  expect(answer.headers.get("location")).toBe(`/callback-deliveries/${encodeURIComponent(id)}`);
  const [first, second] = await Promise.all([
    gateway.durable.read("po-1:callback~1"),
    gateway.durable.read(id),
  ]);
  const callbackOf = (param: unknown) => parseCallback((param as { args: unknown[] }).args[0]);
  expect(callbackOf(second?.param)).toEqual({ ...callbackOf(first?.param), replayOf: "po-1:callback~1" });
  await eventually("both are listed", async () => {
    const { body } = await gateway.request("/callback-deliveries?about=po-1");
    return (body as { callbacks: unknown[] }).callbacks.length === 2;
  });
  expect(
    (await gateway.request("/callback-deliveries/po-9:callback~9/replay", { method: "POST" })).status,
  ).toBe(404);
});

test("POST /callback-deliveries/:id/replay has nothing to send before its workflow has ended", async () => {
  await using gateway = await startTestGateway();
  await gateway.request(`/begin?id=w1&func=echo&callbackUrl=${encodeURIComponent(URL_OK)}`, json(1));
  const answer = await gateway.request("/callback-deliveries/w1%3Acallback/replay", { method: "POST" });
  expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining("has not ended") } });
});

test("/callback-deliveries needs a key's scope where there are keys", async () => {
  await using gateway = await startTestGateway({
    authenticate: {
      open: () => undefined,
      identify: async () => ({ id: "k", scopes: ["promises:resolve"] }),
    } as never,
  });
  const headers = { authorization: "Bearer x" };
  expect((await gateway.request("/callback-deliveries")).status).toBe(401);
  for (const [path, method] of [
    ["/callback-deliveries", "GET"],
    ["/callback-deliveries/x", "GET"],
    ["/callback-deliveries/x/replay", "POST"],
  ] as const) {
    expect((await gateway.request(path, { method, headers })).status).toBe(403);
  }
});

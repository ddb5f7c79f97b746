/** What keys with one scope learn of an approval: by every door that they may use, nothing of its people. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthenticate } from "../../../src/auth/authenticate.ts";
import { isKey, makeKey } from "../../../src/auth/key.ts";
import { SCOPE_NAMES, type Scope } from "../../../src/auth/scopes.ts";
import { json, startTestGateway, type TestGateway } from "../../support/gateway.ts";

const made = SCOPE_NAMES.map((scope) => ({
  scope,
  ...makeKey({ client: scope, scopes: [scope], createdAt: "2026-11-21T10:00:00Z" }),
}));
const SECRETS = /ana@example\.com|only ana knows|a-nonce|why-nonce/;
const request = {
  title: "Order",
  details: [],
  approvers: [{ email: "ana@example.com" }],
  require: "any",
  rejection: "veto",
  deadline: "P7D",
  onDeadline: "expire",
  metadata: {},
};
let gateway: TestGateway;

const asked = (scope: Scope, path: string, init: RequestInit = {}) => {
  const authorization = `Bearer ${made.find((each) => each.scope === scope)?.text}`;
  return gateway.request(path, { ...init, headers: { ...(init.headers as object), authorization } });
};

beforeAll(async () => {
  const find = (text: string) => made.find(({ stored }) => isKey(text, stored))?.stored;
  gateway = await startTestGateway({
    authenticate: createAuthenticate({ isOpen: () => false, find, live: () => undefined }),
    workflows: {
      *purchase() {
        return "bought";
      },
    },
  });
  const { durable } = gateway;
  const timeoutAt = Date.now() + 3_600_000;
  const decision = {
    kind: "decision",
    choice: "approve",
    comment: "only ana knows",
    by: "ana@example.com",
    door: "mail",
    nonce: "a-nonce",
  };
  // An approval of its own and one below a workflow, as stored; no worker of the test knows their function.
  await durable.start({ id: "buy-1", func: "purchase", args: [], timeoutAt });
  for (const id of ["po-1", "buy-1:0", "untagged"]) {
    const child = (n: number) => `${id}${id.includes(":") ? "." : ":"}${n}`;
    const tags = { "countersign:kind": "approval" };
    await durable.start({
      id,
      func: "approval",
      args: [request],
      target: "nobody",
      timeoutAt,
      ...(id === "untagged" ? {} : { tags }),
    });
    await durable.create({ id: child(0), param: null, timeoutAt, tags: { "countersign:kind": "end" } });
    const ballot = {
      kind: "ballot",
      approval: id,
      n: 1,
      approver: request.approvers[0],
      recipient: "r",
      gen: 0,
    };
    await durable.create({ id: child(1), param: ballot, timeoutAt, tags: { "countersign:kind": "ballot" } });
    await durable.settle(child(1), decision);
    await durable.settle(child(0), { kind: "cancelled", nonce: "why-nonce" });
    await gateway.engine.send({
      kind: "promise.create",
      head: { corrId: "test", version: "2026-04-01" },
      data: {
        id: child(2),
        timeoutAt,
        param: {},
        tags: { "resonate:scope": "local", "resonate:branch": id },
      },
    });
    await durable.settle(child(2), { seen: decision.by });
    await durable.settle(id, {
      approval: id,
      outcome: "approved",
      reason: "Ana approved",
      decisions: [
        {
          n: 1,
          email: decision.by,
          choice: "approve",
          comment: decision.comment,
          at: "2026-11-21T10:00:00.000Z",
        },
      ],
      metadata: {},
    });
  }
  await durable.start({
    id: "po-open",
    func: "approval",
    args: [request],
    target: "nobody",
    timeoutAt,
    tags: { "countersign:kind": "approval" },
  });
  await durable.start({ id: "slow-1", func: "nobody-knows", args: [], target: "nobody", timeoutAt });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const PARTS = [
  "po-1",
  "po-1:0",
  "po-1:1",
  "po-1:2",
  "buy-1:0",
  "buy-1:0.0",
  "buy-1:0.1",
  "buy-1:0.2",
  "untagged",
  "untagged:1",
];

describe("GET /wait", () => {
  test.each(PARTS)(
    "shows %s to who may read approvals, without a nonce, and is 404 for workflows:read",
    async (id) => {
      const path = `/wait?id=${encodeURIComponent(id)}`;
      expect(await asked("workflows:read", path)).toMatchObject({
        status: 404,
        body: { error: `${id} not found` },
      });
      for (const scope of ["approvals:read", "admin"] as const) {
        const answer = await asked(scope, path);
        expect(answer.status, scope).toBe(200);
        expect(JSON.stringify(answer.body)).not.toMatch(/nonce/);
      }
      for (const scope of [
        "approvals:create",
        "approvals:cancel",
        "approvals:manage",
        "workflows:begin",
        "promises:resolve",
      ] as const)
        expect((await asked(scope, path)).status, scope).toBe(403);
    },
  );

  test("shows a workflow to workflows:read, and not to approvals:read", async () => {
    const path = "/wait?id=buy-1";
    expect((await asked("workflows:read", path, { headers: { prefer: "wait=5" } })).body).toMatchObject({
      result: "bought",
    });
    expect((await asked("approvals:read", path)).status).toBe(404);
  });

  test("answers at once where a key may not see what it would wait for", async () => {
    const headers = { prefer: "wait=30" };
    const began = performance.now();
    for (const [scope, id] of [
      ["workflows:read", "po-open"],
      ["approvals:read", "slow-1"],
      ["workflows:read", "no-such"],
    ] as const)
      expect((await asked(scope, `/wait?id=${id}`, { headers })).status, id).toBe(404);
    expect(performance.now() - began).toBeLessThan(29_000);
  });
});

describe("no door for one scope but approvals:read", () => {
  const others = SCOPE_NAMES.filter((scope) => scope !== "approvals:read" && scope !== "admin");
  const CALLS: readonly (readonly [string, RequestInit?])[] = [
    ...PARTS.flatMap((id) => {
      const name = encodeURIComponent(id);
      return [
        [`/wait?id=${name}`],
        [`/approvals/${name}`],
        [`/callback-deliveries/${name}`],
        [`/callback-deliveries?about=${name}`],
        [`/callback-deliveries/${name}/replay`, { method: "POST" }],
        [`/approvals/${name}/cancel`, { method: "POST" }],
        [`/approvals/${name}/ballots/1/decide`, json({ choice: "approve" })],
        [`/approvals/${name}/ballots/1/decide`, json({ choice: "reject", comment: "late" })],
        [`/promises/${name}/resolve`, json({})],
        [`/promises/${name}/reject`, json({})],
        [`/begin?id=${name}&func=purchase`, { method: "POST" }],
      ] as const;
    }),
    ["/approvals", json({ ...request, id: "po-1", approvers: ["bo@example.com"] })],
    ["/callback-deliveries"],
  ];

  test.each(others)("tells %s of addresses, comments or nonces", async (scope) => {
    for (const [path, init] of CALLS) {
      const answer = await asked(scope, path, init);
      expect(JSON.stringify(answer.body), `${path} ${answer.status}`).not.toMatch(SECRETS);
    }
  });

  test("a program that answers ballots is told what stands, and with approvals:read whose answer it is", async () => {
    const path = "/approvals/po-1/ballots/1/decide";
    const stands = {
      kind: "decided",
      choice: "approve",
      door: "mail",
      at: expect.any(String),
      outcome: "approved",
    };
    expect((await asked("promises:resolve", path, json({ choice: "approve" }))).body).toEqual({
      approval: "po-1",
      ballot: 1,
      effective: false,
      stands,
    });
    expect((await asked("admin", path, json({ choice: "approve" }))).body).toMatchObject({
      stands: { ...stands, by: "ana@example.com", comment: "only ana knows" },
    });
  });
});

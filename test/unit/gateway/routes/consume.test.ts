/** Approved actions over real HTTP, at several gateways on one engine. */
import { describe, expect, test } from "vitest";
import { startGateway } from "../../../../src/gateway/gateway.ts";
import { createSigner } from "../../../../src/signing/signer.ts";
import {
  ACTION,
  approvedAction,
  approvedItems,
  askedAction,
  outcomeOf,
  WANTED,
} from "../../../support/approved-action.ts";
import { callbackUrlProblem } from "../../../support/callbacks.ts";
import { TEST_SIGNING_KEYS } from "../../../support/gateway.ts";
import { Keys } from "../admin/rig.ts";
import { openRig, type Rig, SECRET, until } from "../rig.ts";

const CONSUME = "/approvals/pay-1/consume";
const REVOKE = "/approvals/pay-1/revoke";
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

interface World extends AsyncDisposable {
  readonly rig: Rig;
  readonly keys: Keys;
  /** Headers of an executor. */
  readonly executor: Record<string, string>;
  readonly manager: Record<string, string>;
}

async function openWorld(): Promise<World> {
  const keys = new Keys();
  const rig = await openRig({ authenticate: keys.authenticate, work: false });
  await approvedAction(rig.durable, "pay-1");
  return {
    rig,
    keys,
    executor: bearer(keys.make("payments", ["approvals:consume"])),
    manager: bearer(keys.make("desk", ["approvals:manage", "approvals:read"])),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

/** Another gateway on the same engine, perhaps with other signing keys. */
async function second({ rig, keys }: World, sign: readonly [Buffer, ...Buffer[]] = TEST_SIGNING_KEYS.sign) {
  const gateway = await startGateway({
    durable: rig.durable,
    log: (await import("pino")).pino({ level: "silent" }),
    host: "127.0.0.1",
    port: 0,
    publicUrl: rig.url,
    keys: [{ kid: "k1", secret: SECRET }],
    signingKeys: { sign },
    mailbox: undefined,
    callbackUrlProblem,
    authenticate: keys.authenticate,
    audit: { record: () => {} },
    trustProxyHops: 1,
  });
  return {
    async consume(body: object, headers: Record<string, string>) {
      const response = await fetch(new URL(CONSUME, gateway.url), {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  };
}

function signer(rig: Rig) {
  return createSigner({ keys: TEST_SIGNING_KEYS.sign, issuer: rig.url });
}

test("an executor gets a grant that anybody can verify, and everybody can see that it was given", async () => {
  await using world = await openWorld();
  const { rig, executor, manager } = world;
  const answer = await rig.json("POST", CONSUME, { ...WANTED, attempt: "job-1" }, executor);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const { grant, ...rest } = answer.body;
  expect(rest).toMatchObject({ approval: "pay-1", use: 1, digest: "d".repeat(64) });
  const { audience, ...run } = ACTION;
  const verified = await signer(rig).verify("countersign-grant+jwt", String(grant));
  expect(verified).toMatchObject({
    ok: true,
    claims: {
      iss: rig.url,
      sub: "pay-1",
      jti: "pay-1:use~1",
      aud: audience,
      ...run,
      approvedBy: ["ana@example.com"],
    },
  });
  expect(await signer(rig).verify("countersign-receipt+jwt", String(grant))).toMatchObject({ ok: false });
  expect(rig.audit.at(-1)).toMatchObject({ what: "consume", about: "pay-1", outcome: "granted" });

  const { body } = await rig.json("GET", "/approvals/pay-1", undefined, manager);
  const uses = [{ n: 1, state: "consumed", caller: expect.stringMatching(/^key:/u), client: "payments" }];
  expect(body["uses"]).toMatchObject(uses);
  const history = await rig.json("GET", "/approvals/pay-1/history", undefined, manager);
  const events = history.body["events"] as { readonly type: string }[];
  expect(events.filter(({ type }) => type === "consumed")).toMatchObject([
    { client: "payments", door: "api" },
  ]);
});

describe("what is refused, and how", () => {
  const use = { at: expect.any(String), client: "payments", caller: expect.stringMatching(/^key:/u) };

  test.each<[string, object, number, string, object]>([
    [
      "other arguments",
      { arguments: { ...ACTION.arguments, amount: 41_201 } },
      412,
      "not-as-approved",
      {
        differences: [{ pointer: "/amount", what: "changed", approved: 41_200, given: 41_201 }],
      },
    ],
    ["another audience", { audience: "deploy" }, 412, "not-as-approved", {}],
    [
      "no attempt",
      { attempt: undefined },
      422,
      "invalid-fields",
      {
        errors: [{ field: "attempt", message: "is required" }],
      },
    ],
    ["an attempt of two lines", { attempt: "a\nb" }, 422, "invalid-fields", {}],
    [
      "several things that are wrong",
      { attempt: undefined, arguments: undefined, item: 51, foo: 1 },
      422,
      "invalid-fields",
      {
        errors: [
          { field: "attempt", message: "is required" },
          { field: "item", message: "must be at most 50" },
          { field: "foo", message: "is not a known field" },
          { field: "arguments", message: "is required" },
        ],
      },
    ],
    [
      "arguments in a list",
      { arguments: [1] },
      422,
      "invalid-fields",
      {
        errors: [{ field: "arguments", message: "must be an object" }],
      },
    ],
    ["a field that nobody knows", { force: true }, 422, "invalid-fields", {}],
  ])("%s", async (_, more, status, slug, expected) => {
    await using world = await openWorld();
    const body = { ...WANTED, attempt: "job-1", ...more };
    const answer = await world.rig.json("POST", CONSUME, body, world.executor);
    expect(answer).toMatchObject({ status, body: { type: `/problems/${slug}`, status, ...expected } });
    expect(
      (await world.rig.json("POST", CONSUME, { ...WANTED, attempt: "job-1" }, world.executor)).status,
    ).toBe(200);
  });

  test("a name that stands twice, of which programs take the first or the last", async () => {
    await using world = await openWorld();
    const body = JSON.stringify({ ...WANTED, attempt: "job-1" }).replace('"amount":', '"amount":1,"amount":');
    const headers = { ...world.executor, "content-type": "application/json" };
    expect(await world.rig.call(CONSUME, { method: "POST", headers, body })).toMatchObject({
      status: 422,
      body: { errors: [{ field: "/arguments/amount" }] },
    });
  });

  test("another attempt, also of another client with the same name for it", async () => {
    await using world = await openWorld();
    const { rig, executor, keys } = world;
    await rig.json("POST", CONSUME, { ...WANTED, attempt: "job-1" }, executor);
    const lost = { status: 409, body: { type: "/problems/already-consumed", use } };
    expect(await rig.json("POST", CONSUME, { ...WANTED, attempt: "job-2" }, executor)).toMatchObject(lost);
    const other = bearer(keys.make("deploy", ["approvals:consume"]));
    expect(await rig.json("POST", CONSUME, { ...WANTED, attempt: "job-1" }, other)).toMatchObject(lost);
  });

  test.each([
    ["pending", 403, "not-approved"],
    ["rejected", 403, "not-approved"],
    ["expired", 410, "no-longer-valid"],
    ["cancelled", 410, "no-longer-valid"],
  ] as const)("an approval that is %s", async (approvalStatus, status, slug) => {
    await using world = await openWorld();
    const { rig, executor } = world;
    await askedAction(rig.durable, "pay-2");
    if (approvalStatus !== "pending") await rig.durable.settle("pay-2", outcomeOf("pay-2", approvalStatus));
    const body = { ...WANTED, attempt: "job-1" };
    expect(await rig.json("POST", "/approvals/pay-2/consume", body, executor)).toMatchObject({
      status,
      body: { type: `/problems/${slug}`, approvalStatus },
    });
  });

  test("what does not exist, or is about no action", async () => {
    await using world = await openWorld();
    const { rig, executor } = world;
    await approvedAction(rig.durable, "pay-3", { action: {} });
    const body = { ...WANTED, attempt: "job-1" };
    expect(await rig.json("POST", "/approvals/pay-9/consume", body, executor)).toMatchObject({ status: 404 });
    expect(await rig.json("POST", "/approvals/pay-3/consume", body, executor)).toMatchObject({
      status: 409,
      body: { type: "/problems/conflict" },
    });
  });

  test("a key without the scope, whatever else it may do", async () => {
    await using world = await openWorld();
    const { rig, keys } = world;
    const all = ["approvals:create", "approvals:read", "approvals:cancel", "approvals:manage"] as const;
    const other = bearer(keys.make("erp", [...all, "promises:resolve"]));
    const answer = await rig.json("POST", CONSUME, { ...WANTED, attempt: "job-1" }, other);
    expect(answer).toMatchObject({ status: 403, body: { type: "/problems/forbidden" } });
    expect(answer.headers.get("www-authenticate")).toContain('scope="approvals:consume"');
    expect((await rig.json("POST", REVOKE, {}, world.executor)).status).toBe(403);
  });

  test("an executor that asks again and again for an approval that is open is not locked out", async () => {
    await using world = await openWorld();
    const { rig, executor } = world;
    await askedAction(rig.durable, "pay-2");
    const body = { ...WANTED, attempt: "job-1" };
    for (let i = 0; i < 120; i += 1) {
      const { status } = await rig.call("/approvals/pay-2/consume", {
        method: "POST",
        headers: { "content-type": "application/json", ...executor },
        body: JSON.stringify(body),
      });
      expect(status).toBe(403);
    }
    await rig.durable.settle("pay-2", outcomeOf("pay-2", "approved"));
    expect((await rig.json("POST", "/approvals/pay-2/consume", body, executor)).status).toBe(200);
  });
});

describe("at once, at two gateways", () => {
  const CALLS = 100;

  test("100 attempts: one of them gets the grant", async () => {
    await using world = await openWorld();
    await using other = await second(world);
    const answers = await Promise.all(
      Array.from({ length: CALLS }, (_, i) => {
        const body = { ...WANTED, attempt: `job-${i}` };
        return i % 2 === 0
          ? other.consume(body, world.executor)
          : world.rig.json("POST", CONSUME, body, world.executor);
      }),
    );
    const count = (status: number) => answers.filter((each) => each.status === status).length;
    expect([count(200), count(409)]).toEqual([1, CALLS - 1]);
  });

  test("one attempt 100 times: one grant, the same each time", async () => {
    await using world = await openWorld();
    await using other = await second(world);
    const body = { ...WANTED, attempt: "job-1" };
    const answers = await Promise.all(
      Array.from({ length: CALLS }, (_, i) =>
        i % 2 === 0
          ? other.consume(body, world.executor)
          : world.rig.json("POST", CONSUME, body, world.executor),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map((each) => each.body["grant"])).size).toBe(1);
  });

  test("under a new key the same attempt gets the same claims, signed anew", async () => {
    await using world = await openWorld();
    const { rig, executor } = world;
    const body = { ...WANTED, attempt: "job-1" };
    const before = await rig.json("POST", CONSUME, body, executor);
    const sign = [Buffer.alloc(32, 99), ...TEST_SIGNING_KEYS.sign] as const;
    await using rotated = await second(world, [sign[0], sign[1]]);
    const after = await rotated.consume(body, executor);
    expect(after.body["grant"]).not.toBe(before.body["grant"]);
    const verifier = createSigner({ keys: [sign[0], sign[1]], issuer: rig.url });
    const [old, fresh] = await Promise.all(
      [before, after].map((each) => verifier.verify("countersign-grant+jwt", String(each.body["grant"]))),
    );
    if (old?.ok !== true || fresh?.ok !== true) throw new Error("One of them cannot be verified");
    expect(fresh.claims).toEqual(old.claims);
    expect(fresh.kid).not.toBe(old.kid);
  });
});

test("items: one by one, by number", async () => {
  await using world = await openWorld();
  const { rig, executor, manager } = world;
  const items = [1, 2].map((n) => ({ ...ACTION, arguments: { n } }));
  await approvedItems(rig.durable, "pay-2", { items, approved: [1, 2] });
  const path = "/approvals/pay-2";
  const body = { audience: ACTION.audience, attempt: "job-1", arguments: { n: 2 } };
  expect((await rig.json("POST", `${path}/consume`, { ...body, item: 2 }, executor)).body).toMatchObject({
    use: 2,
  });
  expect(await rig.json("POST", `${path}/consume`, body, executor)).toMatchObject({
    status: 422,
    body: { errors: [{ field: "item", message: "must be the number of an item, from 1 to 2" }] },
  });
  const { arguments: _, ...without } = body;
  expect((await rig.json("POST", `${path}/consume`, { ...without, item: 2 }, executor)).status).toBe(422);
  const both = { ...body, items: [{ n: 1 }], item: 2 };
  expect((await rig.json("POST", `${path}/consume`, both, executor)).status).toBe(422);
  expect((await rig.json("POST", `${path}/revoke`, { item: 3 }, manager)).status).toBe(422);
  expect((await rig.json("POST", `${path}/revoke`, {}, manager)).body).toMatchObject({
    effective: true,
    uses: [
      { n: 1, state: "revoked" },
      { n: 2, state: "consumed" },
    ],
  });
  const history = await rig.json("GET", `${path}/history`, undefined, manager);
  const events = history.body["events"] as { readonly type: string; readonly item?: number }[];
  expect(events.flatMap(({ type, item }) => (item === undefined ? [] : [`${type} ${item}`]))).toEqual([
    "consumed 2",
    "revoked 1",
  ]);
});

describe("a revocation", () => {
  test("is told of everywhere, and nobody gets a grant any more", async () => {
    await using world = await openWorld();
    const { rig, executor, manager } = world;
    const key = { "idempotency-key": "r-1", ...manager };
    const first = await rig.json("POST", REVOKE, { reason: "Fraud" }, key);
    const uses = [{ n: 1, state: "revoked", reason: "Fraud", client: "desk" }];
    expect(first).toMatchObject({ status: 200, body: { approval: "pay-1", effective: true, uses } });
    expect((await rig.json("POST", REVOKE, { reason: "Fraud" }, key)).body).toEqual(first.body);
    expect(await rig.json("POST", REVOKE, {}, manager)).toMatchObject({
      status: 200,
      body: { effective: false, uses },
    });
    expect(await rig.json("POST", CONSUME, { ...WANTED, attempt: "job-1" }, executor)).toMatchObject({
      status: 410,
      body: { type: "/problems/no-longer-valid", approvalStatus: "revoked" },
    });
    const read = await rig.json("GET", "/approvals/pay-1", undefined, manager);
    expect(read.body).toMatchObject({ status: "approved", uses });
    const history = await rig.json("GET", "/approvals/pay-1/history", undefined, manager);
    expect(history.body["events"]).toContainEqual(
      expect.objectContaining({ type: "revoked", reason: "Fraud", client: "desk" }),
    );
    expect(rig.audit.map(({ what, outcome }) => `${what} ${outcome}`)).toEqual([
      "revoke stored",
      "revoke stored",
      "revoke stored",
      "consume revoked",
    ]);
  });

  test("comes too late for what was consumed, and is not needed for what is open", async () => {
    await using world = await openWorld();
    const { rig, executor, manager } = world;
    await rig.json("POST", CONSUME, { ...WANTED, attempt: "job-1" }, executor);
    expect(await rig.json("POST", REVOKE, {}, manager)).toMatchObject({
      status: 409,
      body: { type: "/problems/already-consumed", use: { client: "payments" } },
    });
    await askedAction(rig.durable, "pay-2");
    expect(await rig.json("POST", "/approvals/pay-2/revoke", {}, manager)).toMatchObject({
      status: 409,
      body: { type: "/problems/conflict", approvalStatus: "pending" },
    });
  });
});

test("from the question to the grant, with a worker and a person's press", async () => {
  await using rig = await openRig();
  const asked = await rig.json("POST", "/approvals", {
    id: "pay-1",
    title: "Pay the invoice",
    approvers: ["ana@example.com"],
    action: ACTION,
  });
  expect(asked.status).toBe(202);
  const body = { ...WANTED, attempt: "job-1" };
  expect((await rig.json("POST", CONSUME, body)).status).toBe(403);
  await rig.press(await rig.link("pay-1", "approve"));
  await rig.settled("pay-1");
  const before = await rig.json("GET", "/approvals/pay-1");
  const granted = await rig.json("POST", CONSUME, body);
  expect(granted.status).toBe(200);
  const { uses, ...after } = (await rig.json("GET", "/approvals/pay-1")).body;
  expect(uses).toHaveLength(1);
  // The workflow knows nothing of it.
  expect(after).toEqual(before.body);
  const digest = (before.body["outcome"] as { readonly action: { readonly digest: string } }).action.digest;
  expect(granted.body["digest"]).toBe(digest);
  await until(async () => (rig.mailed() === 1 ? true : undefined));
});

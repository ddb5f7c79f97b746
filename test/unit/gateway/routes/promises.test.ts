import { afterEach, describe, expect, test } from "vitest";
import type { Ballot, Decision } from "../../../../src/approval/approval.ts";
import { APPROVAL_SLACK_MS } from "../../../../src/approval/request.ts";
import { createAuthenticate } from "../../../../src/auth/authenticate.ts";
import { json, startTestGateway, type TestGateway } from "../../../support/gateway.ts";

let gateway: TestGateway | undefined;
afterEach(async () => {
  await gateway?.[Symbol.asyncDispose]();
  gateway = undefined;
});

async function start(options: Parameters<typeof startTestGateway>[0] = {}): Promise<TestGateway> {
  gateway = await startTestGateway(options);
  return gateway;
}

async function latent(g: TestGateway, id: string, tags: Record<string, string> = {}, timeoutMs = 60_000) {
  await g.durable.create({ id, param: undefined, timeoutAt: Date.now() + timeoutMs, tags });
}

describe("POST /promises/:id/resolve and /reject", () => {
  test.each([
    ["resolve", "resolved", { result: { paid: true } }],
    ["reject", "rejected", { error: '{"paid":true}' }],
  ])("%s: says that this call decided, and what stands", async (verb, status, told) => {
    const g = await start();
    await latent(g, "order:1");
    const answer = await g.request(`/promises/order:1/${verb}`, json({ paid: true }));
    expect(answer).toMatchObject({
      status: 200,
      body: { promise_id: "order:1", status, effective: true, ...told },
    });
    expect(await g.durable.read("order:1")).toMatchObject({ state: status, value: { paid: true } });
  });

  test("the same again is 200 and not effective, something else is 409 with what stands", async () => {
    const g = await start();
    await latent(g, "p");
    await g.request("/promises/p/resolve", json({ a: 1, b: 2 }));
    expect(await g.request("/promises/p/resolve", json({ b: 2, a: 1 }))).toMatchObject({
      status: 200,
      body: { effective: false, status: "resolved", result: { a: 1, b: 2 } },
    });
    for (const other of [
      await g.request("/promises/p/resolve", json({ a: 2 })),
      await g.request("/promises/p/reject", json({ a: 1, b: 2 })),
    ]) {
      expect(other).toMatchObject({ status: 409, body: { effective: false, result: { a: 1, b: 2 } } });
    }
  });

  test("of many at one moment one decides, and all are told the same", async () => {
    const g = await start();
    await latent(g, "p");
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        g.request(`/promises/p/${i % 2 === 0 ? "resolve" : "reject"}`, json(i % 3)),
      ),
    );
    const stands = await g.durable.read("p");
    expect(answers.filter(({ body }) => (body as { effective: boolean }).effective)).toHaveLength(1);
    for (const { body } of answers) expect(body).toMatchObject({ status: stands?.state });
  });

  test("past its time is 410", async () => {
    const g = await start();
    await latent(g, "p", {}, -1);
    expect(await g.request("/promises/p/resolve", json(1))).toMatchObject({
      status: 410,
      body: { effective: false, status: "timedout" },
    });
  });

  test("without a body the value is null", async () => {
    const g = await start();
    await latent(g, "p");
    await g.request("/promises/p/resolve", { method: "POST" });
    expect(await g.durable.read("p")).toMatchObject({ state: "resolved", value: null });
  });

  test("a wait for a webhook gets its answer in the form it knows", async () => {
    const g = await start();
    await latent(g, "w:0", { "countersign:kind": "webhook", "countersign:settle": "webhook:acme,api" });
    expect(await g.request("/promises/w:0/reject", json("lost"))).toMatchObject({ status: 200 });
    expect(await g.durable.read("w:0")).toMatchObject({
      state: "resolved",
      value: { kind: "webhook", outcome: "rejected", value: "lost" },
    });
  });

  test("what is not for outside is refused, and says why", async () => {
    const g = await start();
    await g.durable.start({ id: "wf", func: "foo", args: [], timeoutAt: Date.now() + 60_000 });
    await latent(g, "b", { "countersign:kind": "ballot" });
    await latent(g, "e", { "countersign:kind": "end" });
    await latent(g, "m", { "countersign:kind": "meeting" });
    await latent(g, "s", { "countersign:settle": "webhook:stripe" });
    for (const [id, why] of [
      ["wf", /run by a worker/],
      ["b", /ballots\/:n\/decide/],
      ["e", /approval or a webhook/],
      ["m", /approval or a webhook/],
      ["s", /webhook:stripe only/],
    ] as const) {
      expect(await g.request(`/promises/${id}/resolve`, json(1)), id).toMatchObject({
        status: 403,
        body: { type: "/problems/forbidden", detail: expect.stringMatching(why) },
      });
      expect(await g.durable.read(id)).toMatchObject({ state: "pending" });
    }
    for (const id of ["nobody", "a%00b", "x".repeat(500)]) {
      expect(await g.request(`/promises/${id}/resolve`, json(1))).toMatchObject({ status: 404 });
    }
    expect(await g.request("/promises/s/resolve")).toMatchObject({ status: 405 });
  });

  test("needs the scope promises:resolve, before any byte of the body is read", async () => {
    const callers = { reader: ["approvals:read"], settler: ["promises:resolve"] } as const;
    const authenticate = {
      ...createAuthenticate({ isOpen: () => false, find: () => undefined, live: () => undefined }),
      identify: async (bearer: string) =>
        bearer === "reader" || bearer === "settler"
          ? { id: `key:${bearer}`, scopes: callers[bearer] }
          : undefined,
    };
    const g = await start({ authenticate });
    await latent(g, "p");
    const call = (bearer?: string) =>
      g.request("/promises/p/resolve", {
        ...json(1),
        headers: {
          "content-type": "application/json",
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        },
      });
    expect(await call()).toMatchObject({ status: 401 });
    expect(await call("nobody")).toMatchObject({ status: 401 });
    expect(await call("reader")).toMatchObject({ status: 403 });
    expect(await g.durable.read("p")).toMatchObject({ state: "pending" });
    expect(await call("settler")).toMatchObject({ status: 200 });
    expect(g.log).toContainEqual(
      expect.objectContaining({ msg: "settled by program", caller: "key:settler" }),
    );
  });
});

describe("POST /approvals/:id/ballots/:n/decide", () => {
  /** An approval as its workflow leaves it when everybody is asked. */
  async function asked(g: TestGateway): Promise<void> {
    const created = await g.request(
      "/approvals",
      json({ id: "po-1", title: "Order", approvers: ["ana@example.com", "bo@example.com"] }),
    );
    expect(created.status).toBe(202);
    const root = await g.durable.read("po-1");
    const timeoutAt = root!.timeoutAt - APPROVAL_SLACK_MS;
    await g.durable.create({
      id: "po-1:0",
      param: undefined,
      timeoutAt,
      tags: { "countersign:kind": "end" },
    });
    for (const [i, email] of ["ana@example.com", "bo@example.com"].entries()) {
      const ballot: Ballot = {
        kind: "ballot",
        approval: "po-1",
        n: i + 1,
        approver: { email },
        recipient: "x".repeat(22),
        gen: 0,
      };
      await g.durable.create({
        id: `po-1:${i + 1}`,
        param: ballot,
        timeoutAt,
        tags: { "countersign:kind": "ballot" },
      });
    }
  }

  test("reads a vertical tab in a comment as a line break, and says where another control character is", async () => {
    const g = await start();
    await asked(g);
    const decide = (comment: string) =>
      g.request("/approvals/po-1/ballots/2/decide", json({ choice: "reject", comment }));
    expect(await decide("a\vb\u0007")).toMatchObject({
      status: 422,
      body: {
        errors: [{ field: "comment", message: expect.stringMatching(/: U\+0007 is character 4$/u) }],
      },
    });
    expect(await decide("too\vdear\f")).toMatchObject({
      status: 200,
      body: { stands: { comment: "too\ndear" } },
    });
  });

  test("answers the ballot in its approver's place, by the door api, and names the caller", async () => {
    const g = await start();
    await asked(g);
    const answer = await g.request(
      "/approvals/po-1/ballots/2/decide",
      json({ choice: "reject", comment: "too dear" }),
    );
    expect(answer).toMatchObject({
      status: 200,
      body: {
        approval: "po-1",
        ballot: 2,
        effective: true,
        stands: { kind: "decided", choice: "reject", by: "bo@example.com", comment: "too dear" },
      },
    });
    const decision = (await g.durable.read("po-1:2"))?.value as Decision;
    expect(decision).toMatchObject({ kind: "decision", door: "api", by: "bo@example.com", caller: "open" });
    expect(await g.durable.read("po-1:1")).toMatchObject({ state: "pending" });
  });

  test("later calls are told what stands", async () => {
    const g = await start();
    await asked(g);
    await g.request("/approvals/po-1/ballots/1/decide", json({ choice: "approve" }));
    expect(await g.request("/approvals/po-1/ballots/1/decide", json({ choice: "approve" }))).toMatchObject({
      status: 200,
      body: { effective: false, stands: { choice: "approve" } },
    });
    expect(await g.request("/approvals/po-1/ballots/1/decide", json({ choice: "reject" }))).toMatchObject({
      status: 409,
      body: { effective: false, stands: { choice: "approve" } },
    });
    await g.durable.settle("po-1:2", { kind: "withdrawn" });
    expect(await g.request("/approvals/po-1/ballots/2/decide", json({ choice: "reject" }))).toMatchObject({
      status: 409,
      body: { effective: false, stands: { kind: "closed", because: "closing" } },
    });
    await g.durable.settle("po-1:0", {
      kind: "closed",
      outcome: "approved",
      reason: "1 of 1",
      answered: [1],
    });
    expect(await g.request("/approvals/po-1/ballots/2/decide", json({ choice: "reject" }))).toMatchObject({
      status: 409,
      body: { effective: false, stands: { kind: "closed", because: "approved" } },
    });
  });

  test("unknown ballots are 404, wrong bodies 422", async () => {
    const g = await start();
    await asked(g);
    for (const place of [
      "po-1/ballots/3",
      "po-1/ballots/0",
      "po-1/ballots/01",
      "po-1/ballots/x",
      "po-2/ballots/1",
    ]) {
      expect(await g.request(`/approvals/${place}/decide`, json({ choice: "approve" })), place).toMatchObject(
        {
          status: 404,
        },
      );
    }
    for (const body of [{}, { choice: "maybe" }, { choice: "approve", by: "eve@example.com" }, null, []]) {
      expect(await g.request("/approvals/po-1/ballots/1/decide", json(body))).toMatchObject({ status: 422 });
    }
  });
});

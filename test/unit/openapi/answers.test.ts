/** Real answers of the real gateway, held against the document: to the last member, and the last type of problem. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OPERATIONS } from "../../../src/openapi/operations.ts";
import { approvedAction, askedAction, WANTED } from "../../support/approved-action.ts";
import { operationFor, undocumented } from "../../support/contract.ts";
import { openRig, type Rig } from "../gateway/rig.ts";

let rig: Rig;
const seen = new Set<string>();

beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await rig.json(method, path, body, headers);
  const operation = operationFor(method, path);
  expect(operation, `${method} ${path}`).toBeDefined();
  const told = { status: answer.status, type: answer.headers.get("content-type") ?? "", text: answer.text };
  expect(undocumented(operation!, told), `${method} ${path}`).toBeUndefined();
  seen.add(operation!.id);
  return answer;
}

const REQUEST = {
  title: "Order 40 laptops",
  summary: "For the **new** office",
  details: [{ label: "Amount", value: "41 200 €" }],
  requester: { email: "kim@example.com", name: "Kim" },
  approvers: [
    "ana@example.com",
    { email: "bo@example.com", name: "Bo", locale: "de", timeZone: "Europe/Berlin" },
  ],
  metadata: { order: 4711 },
};

describe("answers are as the document says", () => {
  test("of an approval that is asked for, seen, decided and seen again", async () => {
    expect((await call("POST", "/approvals", { id: "doc-1", ...REQUEST })).status).toBe(202);
    await call("POST", "/approvals", { id: "doc-1", ...REQUEST });
    expect((await call("POST", "/approvals", { id: "doc-1", ...REQUEST, title: "Other" })).status).toBe(409);
    expect((await call("POST", "/approvals", { approvers: "nobody" })).status).toBe(422);
    await rig.link("doc-1", "approve");
    expect((await call("GET", "/approvals/doc-1")).status).toBe(200);
    await call("GET", "/wait?id=doc-1");
    expect((await call("POST", "/approvals/doc-1/ballots/9/decide", { choice: "approve" })).status).toBe(404);
    const decided = await call("POST", "/approvals/doc-1/ballots/1/decide", {
      choice: "approve",
      comment: "Fine",
    });
    expect(decided.status).toBe(200);
    await rig.settled("doc-1");
    expect((await call("POST", "/approvals/doc-1/ballots/1/decide", { choice: "reject" })).status).toBe(409);
    expect((await call("POST", "/approvals/doc-1/ballots/2/decide", { choice: "reject" })).status).toBe(409);
    await call("GET", "/approvals/doc-1");
    expect((await call("GET", "/approvals/doc-1/ballots/1/receipt")).status).toBe(200);
    expect((await call("POST", "/approvals/doc-1/cancel", {})).status).toBe(409);
    await call("GET", "/wait?id=doc-1", undefined, { prefer: "wait=1" });
  });

  test("of an approval that is cancelled, and of one that nobody knows", async () => {
    await call("POST", "/approvals", { id: "doc-2", ...REQUEST });
    await rig.link("doc-2", "approve");
    expect((await call("POST", "/approvals/doc-2/cancel", { reason: "No budget" })).status).toBe(200);
    await call("GET", "/approvals/doc-2");
    expect((await call("GET", "/approvals/doc-2/receipt")).status).toBe(200);
    expect((await call("GET", "/approvals/nobody/receipt")).status).toBe(404);
    expect((await call("GET", "/approvals/doc-2/bundle")).status).toBe(200);
    expect((await call("GET", "/approvals/nobody/bundle")).status).toBe(404);
    expect((await call("GET", "/approvals/doc-2/attestation")).status).toBe(200);
    expect((await call("GET", "/approvals/nobody/attestation")).status).toBe(404);
    expect((await call("GET", "/approvals/doc-2/ballots/1/receipt")).status).toBe(409);
    expect((await call("GET", "/approvals/doc-2/ballots/9/receipt")).status).toBe(404);
    expect((await call("GET", "/approvals/nobody")).status).toBe(404);
    expect((await call("POST", "/approvals/nobody/cancel")).status).toBe(404);
  });

  test("of what is done with an open approval", async () => {
    await call("POST", "/approvals", { id: "doc-8", ...REQUEST, rounds: 2 });
    await rig.link("doc-8", "approve", 2);
    const ballot = "/approvals/doc-8/ballots/1";
    const dee = { to: "dee@example.com" };
    const { status, body } = await call("POST", `${ballot}/reassign`, dee);
    expect([status, body]).toEqual([200, { approval: "doc-8", ballot: 1, next: expect.any(Number) }]);
    expect((await call("POST", `${ballot}/reassign`, { to: "eve@example.com" })).status).toBe(409);
    expect((await call("POST", `/approvals/doc-8/ballots/2/reassign`, dee)).status).toBe(422);
    const next = `/approvals/doc-8/ballots/${String(body["next"])}`;
    expect((await call("POST", `${next}/recuse`, { reason: "Related" })).status).toBe(200);
    expect((await call("POST", "/approvals/doc-8/ballots/2/remind")).status).toBe(200);
    expect((await call("POST", "/approvals/doc-8/ballots/2/resend", { newLinks: true })).status).toBe(200);
    expect((await call("POST", "/approvals/doc-8/extend", { deadline: "P30D" })).status).toBe(200);
    expect((await call("POST", "/approvals/doc-8/change", { title: "Order 30 laptops" })).body).toMatchObject(
      {
        round: 2,
      },
    );
    expect((await call("POST", "/approvals/doc-8/change", { note: "Again" })).status).toBe(409);
    await call("GET", "/approvals/doc-8");
    expect((await call("GET", "/approvals?total=true&limit=1")).status).toBe(200);
    expect((await call("GET", "/approvals?limit=101")).status).toBe(422);
    expect((await call("GET", "/approvals/doc-8/history")).status).toBe(200);
    expect((await call("GET", "/approvals/nobody/history")).status).toBe(404);
    expect((await call("POST", "/approvals/nobody/extend", { deadline: "P30D" })).status).toBe(404);
  });

  test("of an action, its items, and arguments that an approver changes", async () => {
    const schema = { properties: { amount: { "x-countersign-editable": true } } };
    const action = { tool: "pay", arguments: { amount: 1 }, schema };
    expect((await call("POST", "/approvals", { id: "doc-edit", ...REQUEST, action })).status).toBe(202);
    await rig.link("doc-edit", "approve");
    const edit = (given: object) => call("POST", "/approvals/doc-edit/ballots/1/edit", { arguments: given });
    expect((await edit({ amount: 1, to: "Ana" })).status).toBe(422);
    expect((await edit({ amount: 2 })).body).toMatchObject({ round: 2 });
    expect((await edit({ amount: 3 })).status).toBe(409);
    expect((await call("GET", "/approvals/doc-edit")).body).toMatchObject({ proposed: { action } });
    expect(
      (await call("POST", "/approvals", { id: "doc-items", ...REQUEST, items: [action, action] })).status,
    ).toBe(202);
    await rig.link("doc-items", "approve");
    const answer = { choice: "approve", except: [2] };
    expect((await call("POST", "/approvals/doc-items/ballots/1/decide", answer)).status).toBe(200);
    await call("GET", "/approvals/doc-items");
    for (const id of ["doc-edit", "doc-items"]) {
      expect((await call("GET", `/approvals/${id}/history`)).status).toBe(200);
    }
  });

  test("of what is done about people who are away", async () => {
    const rule = { person: "ana@example.com", to: "bo@example.com", until: "P9D", note: "On leave" };
    const { status, body } = await call("POST", "/absences", rule);
    expect(status).toBe(201);
    expect((await call("POST", "/absences", rule)).status).toBe(422);
    expect((await call("GET", "/absences")).status).toBe(200);
    const id = String(body["id"]);
    expect((await call("POST", `/absences/${id}/remove`)).status).toBe(200);
    expect((await call("POST", `/absences/${id}/remove`)).status).toBe(404);
  });

  test("of an answer with a choice and fields of its own, taken back", async () => {
    const own = {
      approvers: ["eve@example.com"],
      undo: "PT10M",
      choices: [{ value: "release", effect: "approve" }],
      fields: { type: "object", properties: { build: { type: "integer" } }, required: ["build"] },
    };
    await call("POST", "/approvals", { id: "doc-9", title: "Release", ...own });
    await rig.link("doc-9", "release");
    const ballot = "/approvals/doc-9/ballots/1";
    expect((await call("POST", `${ballot}/decide`, { choice: "release" })).status).toBe(422);
    const { body } = await call("POST", `${ballot}/decide`, { choice: "release", fields: { build: 42 } });
    expect(body).toMatchObject({ stands: { effect: "approve", fields: { build: 42 } } });
    await call("GET", "/approvals/doc-9");
    expect((await call("POST", `${ballot}/undo`)).status).toBe(200);
    expect((await call("POST", `${ballot}/undo`)).status).toBe(409);
    const late = await call("POST", `${ballot}/decide`, { choice: "release" });
    expect(late).toMatchObject({ status: 409, body: { stands: { because: "undone" } } });
    await call("GET", "/approvals/doc-9");
  });

  test("of approved actions that are consumed or revoked", async () => {
    for (const id of ["doc-20", "doc-21"]) await approvedAction(rig.durable, id);
    const body = { ...WANTED, attempt: "job-1" };
    expect((await call("POST", "/approvals/doc-20/consume", body)).status).toBe(200);
    expect((await call("POST", "/approvals/doc-20/consume", { ...body, attempt: "job-2" })).status).toBe(409);
    expect((await call("POST", "/approvals/doc-20/consume", { ...body, arguments: {} })).status).toBe(412);
    expect((await call("POST", "/approvals/doc-20/revoke")).status).toBe(409);
    expect((await call("POST", "/approvals/doc-21/revoke", { reason: "Fraud" })).status).toBe(200);
    expect((await call("POST", "/approvals/doc-21/consume", body)).status).toBe(410);
    await askedAction(rig.durable, "doc-22");
    expect((await call("POST", "/approvals/doc-22/consume", body)).status).toBe(403);
    for (const id of ["doc-20", "doc-21"]) await call("GET", `/approvals/${id}`);
    for (const id of ["doc-20", "doc-21"]) await call("GET", `/approvals/${id}/history`);
  });

  test("of workflows that succeed, wait and fail", async () => {
    expect((await call("GET", "/workflows")).status).toBe(200);
    await call("POST", "/begin?id=doc-3&func=greet", "World");
    await rig.settled("doc-3");
    await call("GET", "/wait?id=doc-3");
    await call("POST", "/begin?id=doc-4&func=nobody_has_it", 1);
    await rig.settled("doc-4");
    await call("GET", "/wait?id=doc-4");
    await rig.rest();
    await call("POST", "/begin?id=doc-5&func=greet", "later");
    await call("GET", "/wait?id=doc-5");
    rig.work();
    expect((await call("POST", "/begin?id=doc-5&func=greet", "other")).status).toBe(409);
    expect((await call("POST", "/begin?id=a:b")).status).toBe(400);
    expect((await call("POST", "/begin", JSON.parse('{"__proto__":1}'))).status).toBe(422);
    expect((await call("GET", "/wait?id=nobody")).status).toBe(404);
  });

  test("of promises settled by program", async () => {
    const timeoutAt = Date.now() + 60_000;
    const tags = { "resonate:external": "true" };
    for (const id of ["doc-6", "doc-7"]) await rig.durable.create({ id, timeoutAt, tags, param: null });
    expect((await call("POST", "/promises/doc-6/resolve", { ok: true })).status).toBe(200);
    expect((await call("POST", "/promises/doc-6/reject", { ok: false })).status).toBe(409);
    expect((await call("POST", "/promises/doc-7/reject", { why: "no" })).status).toBe(200);
    expect((await call("POST", "/promises/nobody/resolve")).status).toBe(404);
    expect((await call("POST", "/promises/doc-1/resolve")).status).toBe(403);
  });

  test("of callbacks, webhooks and URLs handed out", async () => {
    await call("GET", "/callback-deliveries");
    expect((await call("GET", "/callback-deliveries?status=lost")).status).toBe(400);
    expect((await call("GET", "/callback-deliveries/nobody")).status).toBe(404);
    expect((await call("POST", "/callback-deliveries/nobody/replay")).status).toBe(404);
    expect((await call("POST", "/webhooks/nobody", {})).status).toBe(404);
    expect((await call("POST", "/callbacks/nonsense", {})).status).toBe(403);
  });

  test("of the log of events", async () => {
    await expect.poll(async () => (await rig.json("GET", "/log/approvals/doc-1")).status).toBe(200);
    for (const path of [
      "/log/approvals/doc-1",
      "/log/entries?limit=2",
      "/log/inclusion?index=0",
      "/log/consistency?older=1",
    ])
      expect((await call("GET", path)).status).toBe(200);
    expect((await call("GET", "/log/approvals/nobody")).status).toBe(404);
    expect((await call("GET", "/log/inclusion")).status).toBe(422);
  });

  test("of health", async () => {
    for (const path of ["/livez", "/readyz", "/openapi.json", "/.well-known/countersign-keys.json"])
      expect((await call("GET", path)).status).toBe(200);
  });

  test("and every operation was looked at", () => {
    expect(seen).toEqual(new Set(OPERATIONS.map(({ id }) => id)));
  });
});

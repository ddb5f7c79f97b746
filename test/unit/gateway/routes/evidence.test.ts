import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { signedIn } from "../inbox/browser.ts";
import { openRig, type Rig } from "../rig.ts";

const ANA = "ana@example.com";
const BOB = "bob@example.com";
const KIM = "kim@example.com";

const question = {
  title: "Pay invoice 7",
  summary: "To ACME",
  details: [{ label: "Amount", value: "12,000 EUR" }],
  approvers: [{ email: ANA, name: "Ana" }, { email: BOB }],
  require: "all",
};

async function ask(rig: Rig): Promise<void> {
  expect((await rig.json("POST", "/approvals", { id: "po-7", ...question })).status).toBe(202);
}

async function receiptOf(rig: Rig, path: string) {
  const { status, body } = await rig.json("GET", path);
  return { status, body, text: String(body["receipt"]) };
}

/** As a stranger reads it, with a library and the published keys. */
async function verified(rig: Rig, token: string): Promise<Record<string, unknown>> {
  const { body } = await rig.json("GET", "/.well-known/countersign-keys.json");
  const keys = createLocalJWKSet(body as unknown as JSONWebKeySet);
  const { payload } = await jwtVerify(token, keys, { issuer: rig.url, typ: "countersign-receipt+jwt" });
  return payload;
}

test("an answer and an outcome have receipts that a stranger's library verifies, the same each time", async () => {
  await using rig = await openRig();
  await ask(rig);
  const before = await receiptOf(rig, "/approvals/po-7/receipt");
  expect([before.status, before.body["detail"]]).toEqual([409, "There is no outcome to sign yet"]);
  expect((await receiptOf(rig, "/approvals/po-7/ballots/1/receipt")).status).toBe(409);
  expect((await receiptOf(rig, "/approvals/po-7/ballots/9/receipt")).status).toBe(404);
  expect((await receiptOf(rig, "/approvals/po-8/receipt")).status).toBe(404);

  await rig.press(await rig.link("po-7", "approve", 1), { confirm: "yes", comment: "fine" });
  const first = await receiptOf(rig, "/approvals/po-7/ballots/1/receipt");
  const { contentHash } =
    ((await rig.json("GET", "/approvals/po-7")).body["ballots"] as Record<string, unknown>[])[0] ?? {};
  const decision = {
    v: 1,
    kind: "decision",
    sub: "po-7",
    began: expect.any(String),
    ballot: 1,
    person: { email: ANA, name: "Ana" },
    choice: "approve",
    effect: "approve",
    comment: "fine",
    at: expect.any(String),
    door: "mail",
    authentication: { method: "mail-link" },
    title: "Pay invoice 7",
    contentHash,
    iss: rig.url,
  };
  expect(first).toMatchObject({ status: 200, body: { claims: decision } });
  expect(await verified(rig, first.text)).toEqual(decision);

  await rig.press(await rig.link("po-7", "approve", 2));
  await rig.settled("po-7");
  const last = await receiptOf(rig, "/approvals/po-7/receipt");
  expect(await verified(rig, last.text)).toEqual({
    v: 1,
    kind: "outcome",
    sub: "po-7",
    began: decision.began,
    ended: expect.any(String),
    outcome: "approved",
    reason: expect.any(String),
    why: expect.objectContaining({ because: "approvals" }),
    title: "Pay invoice 7",
    contentHash,
    decisions: [
      expect.objectContaining({ ballot: 1, person: { email: ANA, name: "Ana" }, choice: "approve" }),
      expect.objectContaining({ ballot: 2, person: { email: BOB }, authentication: { method: "mail-link" } }),
    ],
    evidence: expect.stringMatching(/^[0-9a-f]{64}$/),
    iss: rig.url,
  });
  expect((await receiptOf(rig, "/approvals/po-7/receipt")).text).toBe(last.text);
  expect((await receiptOf(rig, "/approvals/po-7/ballots/1/receipt")).text).toBe(first.text);
});

test("the page after a press has a link to the signed receipt, which the approver's press alone gives", async () => {
  await using rig = await openRig();
  await ask(rig);
  const link = await rig.link("po-7", "approve", 1);
  const { headers } = await rig.press(link);
  const page = await rig.call(new URL(headers.get("location") ?? "", rig.url).pathname);
  const href = /href="([^"]+\/signed)"/u.exec(page.text)?.[1] ?? "";
  const file = await rig.call(href);
  expect(file.headers.get("content-type")).toBe("application/jose");
  expect(file.headers.get("content-disposition")).toBe('attachment; filename="receipt-po-7-1.jws"');
  expect(await verified(rig, file.text)).toMatchObject({
    kind: "decision",
    person: { email: ANA },
    choice: "approve",
  });
  expect(file.text).toBe((await receiptOf(rig, "/approvals/po-7/ballots/1/receipt")).text);
  // A press that came too late has a page, and no signed receipt.
  const late = await rig.press(link);
  const shown = new URL(late.headers.get("location") ?? "", rig.url).pathname;
  expect((await rig.call(shown)).text).not.toContain("/signed");
  expect((await rig.call(`${shown}/signed`)).status).toBe(409);
});

test("a receipt names the program that answered in the approver's place", async () => {
  await using rig = await openRig();
  await ask(rig);
  await rig.link("po-7", "approve", 2);
  const answered = await rig.json("POST", "/approvals/po-7/ballots/2/decide", { choice: "reject" });
  expect(answered.status).toBe(200);
  const { body } = await receiptOf(rig, "/approvals/po-7/ballots/2/receipt");
  expect(body["claims"]).toMatchObject({
    door: "api",
    person: { email: BOB },
    authentication: { method: "none" },
  });
});

test("a receipt says how the approver had signed in", async () => {
  await using rig = await openRig();
  await ask(rig);
  await rig.link("po-7", "approve", 1);
  const browser = await signedIn(rig, ANA);
  await browser.get("/inbox/ballots/po-7:1");
  await browser.post("/inbox/ballots/po-7:1", { confirm: "yes", choice: "approve" });
  const { body } = await receiptOf(rig, "/approvals/po-7/ballots/1/receipt");
  expect(body["claims"]).toMatchObject({ door: "inbox", authentication: { method: "session-by-mail" } });
  const known = { door: "inbox", signedInBy: "mail" };
  expect((await rig.json("GET", "/approvals/po-7")).body["ballots"]).toEqual([
    expect.objectContaining(known),
    expect.not.objectContaining(known),
  ]);
  await rig.press(await rig.link("po-7", "approve", 2));
  expect((await rig.settled("po-7")).value).toMatchObject({
    decisions: [known, expect.not.objectContaining({ signedInBy: expect.anything() })],
  });
});

test("the requester downloads the outcome's signed receipt, by their link or signed in, once there is an outcome", async () => {
  await using rig = await openRig();
  expect(
    (await rig.json("POST", "/approvals", { id: "po-7", ...question, require: "any", requester: KIM }))
      .status,
  ).toBe(202);
  const press = await rig.link("po-7", "approve", 1);
  const root = await rig.durable.read("po-7");
  const token = rig.tokens.issueRequesterLink({
    approval: "po-7",
    recipient: rig.tokens.recipientId("po-7", KIM),
    bornAtMs: root?.createdAt ?? 0,
    expiresAtMs: root?.timeoutAt ?? 0,
  });
  const page = `/a/${token}`;
  expect((await rig.call(page)).text).not.toContain("/signed");
  expect((await rig.call(`${page}/signed`)).status).toBe(409);
  await rig.press(press);
  await rig.settled("po-7");
  expect((await rig.call(page)).text).toContain(`href="${page}/signed"`);
  const file = await rig.call(`${page}/signed`);
  expect(file.headers.get("content-disposition")).toBe('attachment; filename="receipt-po-7.jws"');
  expect(await verified(rig, file.text)).toMatchObject({ kind: "outcome", outcome: "approved" });
  expect(file.text).toBe((await receiptOf(rig, "/approvals/po-7/receipt")).text);

  const browser = await signedIn(rig, KIM);
  const inbox = "/inbox/requests/po-7";
  expect((await browser.get(inbox)).text).toContain(`href="${inbox}/signed"`);
  expect((await browser.get(`${inbox}/signed`)).text).toBe(file.text);
  // Nobody else.
  expect((await (await signedIn(rig, BOB)).get(`${inbox}/signed`)).status).toBe(404);
});

test("an approval that nobody answered has a receipt of its outcome", async () => {
  await using rig = await openRig();
  await rig.ask("po-7", question, 1);
  await rig.settled("po-7");
  const { text } = await receiptOf(rig, "/approvals/po-7/receipt");
  expect(await verified(rig, text)).toMatchObject({ outcome: "expired", decisions: [] });
});

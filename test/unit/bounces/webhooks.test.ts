/** Reports that a provider posts, in forms that are documented and signed, by the gateway's real routes. */
import { expect, test } from "vitest";
import { TestBrowser } from "../gateway/inbox/browser.ts";
import { openRig, type Rig, until } from "../gateway/rig.ts";
import { problemsOf, SENDERS, sourcesOf } from "../webhooks/senders.ts";
import { notification, OUT_OF_OFFICE, POSTFIX } from "./reports.ts";

const senderOf = (name: string) => SENDERS.find((sender) => sender.name === name)!;
const SENDGRID = senderOf("sendgrid");
const BASIC = senderOf("basic");
const HMAC = senderOf("hmac of the body");

/** Twilio SendGrid, Event Webhook reference: `bounce` and `deferred`, with the message's unique arguments among the fields. */
const sendgridEvent = (tag: string, more: object = {}) => ({
  email: "ana@example.com",
  timestamp: 1_796_000_000,
  "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
  bounce_classification: "Invalid Address",
  event: "bounce",
  sg_event_id: "6g4ZI7SA-xmRDv57GoPIPw==",
  sg_message_id: "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
  reason: "500 unknown recipient",
  status: "5.1.1",
  type: "bounce",
  return_path: tag,
  ...more,
});

/** Postmark, Bounce webhook: metadata that came as headers `X-PM-Metadata-…`. */
const postmarkEvent = (tag: string) => ({
  RecordType: "Bounce",
  Type: "HardBounce",
  TypeCode: 1,
  Metadata: { return: tag },
  Details: "smtp;550 5.1.1 The email account that you tried to reach does not exist",
  Email: "ana@example.com",
  From: "approvals@example.com",
  BouncedAt: "2026-11-30T09:00:00Z",
  Inactive: true,
  CanActivate: true,
});

const SOURCES = sourcesOf(
  {
    sendgrid: {
      ...SENDGRID.config,
      bounce: {
        address: "return_path",
        status: "status",
        failed: { path: "event", equals: "bounce" },
        delayed: { path: "event", equals: "deferred" },
      },
    },
    postmark: {
      ...BASIC.config,
      bounce: { address: "Metadata.return", failed: { path: "Type", in: ["HardBounce", "BadEmailAddress"] } },
    },
    mails: { ...HMAC.config, format: "mail" },
  },
  { ...BASIC.env, ...HMAC.env },
);

async function open(): Promise<Rig> {
  const rig = await openRig({ bounceAddress: "bounces@example.com", sources: SOURCES });
  const approval = {
    id: "po-1",
    title: "Order",
    requester: "kim@example.com",
    approvers: ["ana@example.com"],
  };
  expect((await rig.json("POST", "/approvals", approval)).status).toBe(202);
  return rig;
}

async function post(rig: Rig, source: string, sender: typeof SENDGRID, body: Buffer, key?: Buffer) {
  const url = `/webhooks/${source}`;
  const seconds = String(Math.floor(Date.now() / 1000));
  const sent = sender.send(body, { seconds, id: "m1", url: new URL(url, rig.url).href, ...(key && { key }) });
  const headers = Object.fromEntries(sent.headers.map(([name, value]) => [name, value]));
  return rig.call(url, { method: "POST", body: new Uint8Array(sent.body), headers });
}

const tagOf = async (rig: Rig) => /\+(.*)@/u.exec(await rig.returnPath("po-1"))?.[1] ?? "";
const statusOf = async (rig: Rig) => {
  const { body } = await rig.json("GET", "/approvals/po-1");
  return (body["ballots"] as { readonly mail: Record<string, unknown> }[])[0]?.mail;
};

test("an event of a provider that signs marks its person, once, and tells the requester", async () => {
  await using rig = await open();
  const body = Buffer.from(JSON.stringify([sendgridEvent(await tagOf(rig))]));
  expect((await post(rig, "sendgrid", SENDGRID, body, Buffer.alloc(32))).status).toBe(401);
  expect(await statusOf(rig)).toMatchObject({ status: "sent" });
  const taken = await post(rig, "sendgrid", SENDGRID, body);
  expect(taken.body["deliveries"]).toEqual([
    expect.objectContaining({ result: "settled", effective: true, promise: "po-1:1", duplicate: false }),
  ]);
  expect(await statusOf(rig)).toMatchObject({
    status: "undeliverable",
    reason: "The mail came back (5.1.1)",
  });
  const again = await post(rig, "sendgrid", SENDGRID, body);
  expect(again.body["deliveries"]).toEqual([expect.objectContaining({ duplicate: true })]);
  await until(async () => (rig.told.length > 0 ? true : undefined));
  expect(rig.told.map(({ kind }) => kind)).toEqual(["undeliverable"]);
});

test("the pages of operators say that the mail came back", async () => {
  await using rig = await open();
  const browser = new TestBrowser(rig);
  await browser.post("/admin/sign-in", {});
  const shown = async (path: string) => (await browser.get(path)).text.replaceAll(/<[^>]*>|\s+/gu, " ");
  const body = Buffer.from(JSON.stringify([sendgridEvent(await tagOf(rig))]));
  await post(rig, "sendgrid", SENDGRID, body);
  expect(await shown("/admin/approvals/po-1")).toContain(
    "Mail cannot be delivered: The mail came back (5.1.1)",
  );
  expect((await shown("/admin/overview")).replaceAll(/ +/gu, " ")).toMatch(
    /accepted by the relay 0 .* cannot be delivered 1 /u,
  );
});

test("an event that says less marks less: late, another kind, a tag of nobody, or none", async () => {
  await using rig = await open();
  const tag = await tagOf(rig);
  const send = async (id: string, event: object) => {
    const body = Buffer.from(JSON.stringify([{ ...event, sg_event_id: id }]));
    const { body: answer } = await post(rig, "sendgrid", SENDGRID, body);
    return (answer["deliveries"] as object[])[0];
  };
  expect(await send("1", sendgridEvent(tag, { event: "delivered" }))).toMatchObject({
    result: "ignored",
    why: "neither bounce.failed nor bounce.delayed holds",
  });
  expect(await send("2", sendgridEvent(tag.replace(/^./u, "0")))).toMatchObject({
    result: "ignored",
    why: "it names no return path of ours that is still good",
  });
  expect(await send("3", sendgridEvent(tag, { return_path: undefined }))).toMatchObject({
    result: "ignored",
  });
  expect(await statusOf(rig)).toEqual({ status: "sent", attempts: 1 });
  expect(await send("4", sendgridEvent(tag, { event: "deferred", status: "lots" }))).toMatchObject({
    effective: true,
  });
  expect(await statusOf(rig)).toMatchObject({
    status: "sent",
    reason: "The mail is late, and still under way",
  });
  await rig.press(await rig.link("po-1", "approve"));
  expect(await send("5", sendgridEvent(tag))).toMatchObject({
    result: "stands",
    why: "the ballot is closed",
  });
});

test("an event without a code, by a provider that only shows a password, marks its person", async () => {
  await using rig = await open();
  const body = Buffer.from(JSON.stringify(postmarkEvent(await tagOf(rig))));
  expect((await post(rig, "postmark", BASIC, body)).body).toMatchObject({
    result: "settled",
    effective: true,
  });
  expect(await statusOf(rig)).toMatchObject({ status: "undeliverable", reason: "The mail came back" });
});

test("a whole mail can be posted, and is read as one that came by SMTP", async () => {
  await using rig = await open();
  const path = await rig.returnPath("po-1");
  const send = async (mail: string) => (await post(rig, "mails", HMAC, Buffer.from(mail))).body;
  expect(await send(OUT_OF_OFFICE)).toMatchObject({ result: "ignored", why: "it is no report" });
  expect(await send(notification(POSTFIX, "bounces@example.com"))).toMatchObject({ result: "ignored" });
  expect(await statusOf(rig)).toMatchObject({ status: "sent" });
  expect(await send(notification(POSTFIX, `"Returns" <${path}>`))).toMatchObject({ result: "settled" });
  expect(await statusOf(rig)).toMatchObject({
    status: "undeliverable",
    reason: "The mail came back (5.1.1)",
  });
});

test("a source of reports settles nothing else, and what has no use is named", () => {
  const problems = (config: object) => problemsOf({ a: { ...HMAC.config, ...config } }, HMAC.env);
  const bounce = { address: "a", failed: { path: "b", equals: 1 } };
  expect(problems({ bounce, promise: "p" })).toEqual([
    expect.stringContaining("one of promise, match and bounce"),
  ]);
  expect(problems({ bounce, resolve: { path: "b", equals: 1 } })).toEqual([
    "sources.a.resolve has no use beside bounce",
  ]);
  expect(problems({ bounce: { address: "a" } })).toEqual([
    expect.stringContaining("sources.a.bounce.failed"),
  ]);
  expect(problems({ format: "mail", promise: "p" })).toEqual([expect.stringContaining("sources.a.format")]);
  expect(problems({ format: "mail", key: "id" })).toEqual(["sources.a.key has no use with format: mail"]);
});

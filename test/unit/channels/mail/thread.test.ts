import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import { createComposer } from "../../../../src/channels/mail/compose.ts";
import type { Mail } from "../../../../src/channels/mail/mailer.ts";
import { mimeMessage } from "../../../../src/channels/mail/mime.ts";
import { everyMail } from "./every-kind.ts";
import { mail, publicUrl, sender } from "./fixture.ts";

const composer = createComposer({ from: sender, publicUrl });
const mails = everyMail("en", { line: "Laptops", lines: "Laptops" });

async function headersOf(one: Mail) {
  const raw = mimeMessage(composer.compose(one), new Date(Date.UTC(2026, 10, 21)));
  const { messageId, inReplyTo, references } = await PostalMime.parse(raw);
  return { messageId, inReplyTo, references };
}

describe("threads", () => {
  test("the Message-ID of a request is what it was before there were other mails", async () => {
    // sha256("po-4711|rcp1|request|0|1795276800000"): the instant is the ballot's birth.
    expect((await headersOf({ kind: "request", ...mail })).messageId).toBe(
      "<6c7d96ed7cab0802a578ee217b0c495d@approvals.example.com>",
    );
  });

  test("all mails to an approver name the mail that first asked them", async () => {
    const first = await headersOf({ kind: "request", ...mail });
    expect(first).toEqual({ messageId: first.messageId, inReplyTo: undefined, references: undefined });
    for (const one of mails.filter((other) => "approver" in other)) {
      const { messageId, inReplyTo, references } = await headersOf({ ...one, recipient: mail.recipient });
      if (messageId === first.messageId) continue;
      expect([one.kind, inReplyTo, references]).toEqual([one.kind, first.messageId, first.messageId]);
    }
  });

  test("all mails to the requester name the same message", async () => {
    const own = await Promise.all(mails.filter((one) => "requester" in one).map(headersOf));
    expect(new Set(own.map(({ inReplyTo }) => inReplyTo)).size).toBe(1);
    for (const { messageId, inReplyTo, references } of own) {
      expect(references).toBe(inReplyTo);
      expect(messageId).not.toBe(inReplyTo);
    }
  });

  test("mails that are about something else have another Message-ID", async () => {
    const [request] = mails as [Extract<Mail, { kind: "request" }>];
    const first = { gen: 0, bornAtMs: request.bornAtMs };
    const own = mails.find((one) => one.kind === "changes-requested");
    const refused = mails.find((one) => one.kind === "undeliverable");
    if (own === undefined || refused === undefined) throw new Error("A kind is missing");
    const different: readonly Mail[] = [
      request,
      { ...request, approval: "po-4712" },
      { ...request, recipient: "rcp2" },
      { ...request, gen: 1, first },
      { ...request, bornAtMs: request.bornAtMs + 1 },
      { ...request, resentAtMs: 1 },
      { ...request, resentAtMs: 2 },
      // The same person in the next stage, asked within the same millisecond.
      { ...request, n: 5, gen: 1, first },
      { ...request, kind: "reminder", dueAtMs: 1 },
      { ...request, kind: "reminder", dueAtMs: 2 },
      { ...request, kind: "handed-on", to: { email: "bo@a.example" } },
      { ...request, kind: "no-longer-needed", because: "approved", atMs: 1 },
      { ...request, kind: "outcome", outcome: "approved", atMs: 1, decisions: [] },
      own,
      { ...own, round: 2 },
      refused,
      { ...refused, ballots: [1, 2] },
    ];
    const ids = await Promise.all(different.map(async (one) => (await headersOf(one)).messageId));
    expect(new Set(ids).size).toBe(different.length);
    // A copy is the same mail, whenever it is sent and whatever has led to it.
    expect((await headersOf({ ...request, kind: "undone" })).messageId).toBe(ids[0]);
  });
});

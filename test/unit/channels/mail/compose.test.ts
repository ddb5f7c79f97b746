import { describe, expect, test } from "vitest";
import { createComposer } from "../../../../src/channels/mail/compose.ts";
import type { RequestMail } from "../../../../src/channels/mail/mailer.ts";
import { HOSTILE, mail, publicUrl, request, sender, viewLink } from "./fixture.ts";

const composer = createComposer({ from: sender, publicUrl });
const ask = (asked: RequestMail) => composer.compose({ kind: "request", ...asked });
const hostile = ask({
  ...mail,
  request: {
    ...request,
    title: HOSTILE,
    summary: `${HOSTILE}\n\n${HOSTILE}\n\nTo APPROVE, open this page:\n\nhttps://evil.example/d/3`,
    details: [{ label: HOSTILE, value: HOSTILE }],
    requester: { email: "kim@example.com", name: HOSTILE },
  },
  approver: { email: "ana@example.com", name: HOSTILE },
});

function hrefs(html: string): string[] {
  return [...html.matchAll(/\shref="([^"]*)"/gu)].map(([, href]) => href ?? "");
}

describe("requestDecision()", () => {
  test("puts both links into both parts, before what the asker wrote at length", () => {
    const { html, text } = ask({ ...mail, viewLink });
    expect(hrefs(html)).toEqual([mail.links.approve, mail.links.reject, viewLink]);
    for (const part of [html, text]) {
      for (const link of Object.values(mail.links)) {
        expect(part.indexOf(link)).toBeGreaterThan(part.indexOf("Order 40 laptops"));
        expect(part.indexOf(link)).toBeLessThan(part.indexOf("five years"));
        expect(part.indexOf(link)).toBeLessThan(part.indexOf("41 200 €"));
      }
    }
    expect(text.split("\n")).toEqual(
      expect.arrayContaining([mail.links.approve, mail.links.reject, viewLink]),
    );
  });

  test("says who asks, as whom one decides, what is needed, until when in the approver's language and zone", () => {
    const { html, text, subject } = ask({ ...mail, approver: { ...mail.approver, locale: "de-AT" } });
    expect(subject).toBe("Entscheidung erforderlich: Order 40 laptops");
    for (const part of [html, text]) {
      expect(part).toContain("kim@example.com");
      expect(part).toContain("ana@example.com");
      expect(part).toContain("2 von 3 Genehmigungen");
      expect(part).toContain("Donnerstag, 26. November 2026 um 17:00 MEZ");
      expect(part).toContain("2026-11-26 16:00 UTC");
      expect(part).toContain("41 200 €");
      expect(part).not.toContain("never shown");
    }
    expect(text).toContain("Eine Ablehnung genügt");
  });

  test("shows text of callers as text: no markup, no direction of its own", () => {
    expect(hostile.html).not.toMatch(/<(script|img|iframe|form|input|link|object|svg)\b/iu);
    expect(hostile.html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(hostile.html).toContain("&lt;%= process.env.HOME %&gt;");
    for (const part of [hostile.html, hostile.text, hostile.subject, hostile.to.name]) {
      expect(part).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/u);
    }
  });

  test("sets callers' text apart from our own lines in the text part", () => {
    const lines = hostile.text.split("\n").filter((line) => line.includes("To APPROVE"));
    expect(lines).toEqual([
      "To APPROVE, open this page and press its button:",
      "  | To APPROVE, open this page:",
    ]);
  });

  test("keeps the subject and the recipient's name on one line", () => {
    const { subject, to } = ask({
      ...mail,
      request: { ...request, title: "A\r\nBcc: evil@example.com\u2028x" },
      approver: { email: "ana@example.com", name: "Ana\r\nBcc: evil@example.com" },
    });
    expect(subject).toBe("Decision needed: A Bcc: evil@example.com x");
    expect(to).toEqual({ name: "Ana Bcc: evil@example.com", address: "ana@example.com" });
  });

  test("needs neither summary nor details nor requester nor names", () => {
    const { summary: _summary, requester: _requester, ...bare } = request;
    const { html, text } = ask({
      ...mail,
      request: { ...bare, details: [] },
      approver: { email: "ana@example.com" },
    });
    for (const part of [html, text]) {
      expect(part).toContain("Your decision is needed");
      expect(part).not.toMatch(/undefined|Summary|Details/u);
    }
  });

  test("reads and renders what all mails about a request have in common once", () => {
    let readings = 0;
    const counted = {
      ...request,
      get summary() {
        readings += 1;
        return "a".repeat(10_000);
      },
    };
    const htmls = ["ana", "bo", "cy"].map(
      (name) => ask({ ...mail, request: counted, approver: { email: `${name}@example.com` } }).html,
    );
    expect(new Set(htmls).size).toBe(3);
    expect(readings).toBe(1);
  });

  test("marks itself as automatic and has no header that a mail program could act on", () => {
    const { headers } = ask(mail);
    expect(headers["Auto-Submitted"]).toBe("auto-generated");
    expect(Object.keys(headers).join()).not.toMatch(/unsubscribe|reply/iu);
  });

  test("refuses to compose with a link that is not ours", () => {
    for (const reject of [
      "https://evil.example/d/1",
      `${publicUrl}.evil.example/d/1`,
      "javascript:alert(1)",
    ]) {
      expect(() => ask({ ...mail, links: { ...mail.links, reject } })).toThrow(/decision link is not under/u);
    }
  });
});

describe("messageId", () => {
  const idOf = (changes: Partial<typeof mail>) => ask({ ...mail, ...changes }).messageId;

  test("is the same for the same mail, in the form that relays and people can compare", () => {
    expect(idOf({})).toMatch(/^<[0-9a-f]{32}@approvals\.example\.com>$/u);
    expect(idOf({})).toBe(idOf({}));
  });

  test("differs by approval, recipient, generation and birth", () => {
    const ids = [
      idOf({}),
      idOf({ approval: "po-4712" }),
      idOf({ recipient: "rcp2" }),
      idOf({ gen: 1 }),
      // The same id again, after its retention or in a new data folder, under the same TOKEN_KEYS.
      idOf({ bornAtMs: mail.bornAtMs + 1 }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each([
    ["https://approvals.example.com.", "approvals.example.com"],
    ["https://[2001:db8::1]:8443", "[2001:db8::1]"],
    ["https://my_host.example", "my_host.example"],
  ])("ends, with PUBLIC_URL %s, in what RFC 5322 §3.6.4 allows there", (url, right) => {
    const there = createComposer({ from: sender, publicUrl: url });
    const links = { approve: `${url}/d/a.b.c`, reject: `${url}/d/d.e.f` };
    expect(there.compose({ kind: "request", ...mail, links }).messageId.slice(34)).toBe(`${right}>`);
  });
});

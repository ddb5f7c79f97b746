/**
 * What of an asker's text becomes a link in a mail, judged by linkifiers that are not ours: they do what mail programs do
 * when they make links of text.
 */
import linkifyHtml from "linkify-html";
import { LinkifyIt } from "linkify-it";
import { find } from "linkifyjs";
import { describe, expect, test } from "vitest";
import { createComposer } from "../../../../src/channels/mail/compose.ts";
import type { RequestMail } from "../../../../src/channels/mail/mailer.ts";
import { mail, publicUrl, request } from "./fixture.ts";

const composer = createComposer({ from: { name: "", address: "a@example.com" }, publicUrl });
const ask = (asked: RequestMail) => composer.compose({ kind: "request", ...asked });
const ours: readonly string[] = [mail.links.approve, mail.links.reject];
const linkifyIt = new LinkifyIt({ fuzzyLink: true, fuzzyIP: true, urlAuth: true });

/** Everything that some mail program could take for an address. */
const ADDRESSES = [
  "evil.com",
  "evil.com/d/1",
  "www.evil.com",
  "login.evil.com:8443/approve?x=1#y",
  "http://evil.com/d/1",
  "HTTP://EVIL.COM",
  "ftp://evil.com/x",
  "//evil.com/x",
  "mailto:eve@evil.com",
  "eve@evil.com",
  "bücher.de/über",
  "рф.рф/вход",
  "例え.jp/登録",
  "evil。com/x",
  "203.0.113.7",
  "203.0.113.7/d/1",
  "http://3405803783/",
  "http://[2001:db8::1]/",
  "0x7f.1/x",
  "https://approvals.example.com@evil.com/d/1",
  "https://approvals.example.com:443@evil.com",
  "javascript:alert(1)",
  "see:evil.com",
  "(evil.com)",
  "a,evil.com/x",
  "*evil.com*",
  "`evil.com/x`",
  "[Approve](http://evil.com/x)",
  "[evil.com](mailto:eve@evil.com)",
  "<eve@evil.com>",
  "README.md",
  "41.200,50",
] as const;
const everything = ADDRESSES.join(" ");
const filled = ask({
  ...mail,
  approval: "login.evil.com",
  request: {
    ...request,
    title: everything,
    summary: `${everything}\n\n${ADDRESSES.map((address) => `- ${address}`).join("\n")}\n\n    ${everything}`,
    details: [{ label: everything, value: everything }],
    requester: { email: "eve@evil.com", name: everything },
  },
  approver: { email: "ana@evil.com", name: everything },
});

function hrefsIn(html: string): string[] {
  return [...html.matchAll(/<a\s[^>]*href="([^"]*)"/gu)].map(([, href = ""]) => href);
}

/** The text between tags, but for what stands in `<a>`: where a mail program looks for addresses. */
function looseText(html: string): string[] {
  return html
    .replace(/^.*<body/su, "<body")
    .split(/<a(?:\s[^>]*)?>.*?<\/a>|<[^>]*>/su)
    .map((text) => text.replaceAll("&nbsp;", " ").replaceAll("&quot;", '"').replaceAll("&amp;", "&"));
}

describe("in HTML", () => {
  test("leaves no address to guess in callers' text, wherever it stands", () => {
    const guessed = looseText(filled.html).flatMap((text) => [
      ...(linkifyIt.match(text) ?? []).map(({ url }) => url),
      ...find(text).map(({ href }) => href),
    ]);
    expect(guessed).toEqual([]);
    const body = filled.html.replace(/^.*<body/su, "<body");
    expect(hrefsIn(linkifyHtml(body))).toEqual(hrefsIn(body));
  });

  test("the linkifiers see what they are to judge", () => {
    expect(ADDRESSES.filter((text) => !linkifyIt.test(text) && find(text).length === 0)).toEqual([
      "evil。com/x",
      "0x7f.1/x",
      "javascript:alert(1)",
      "41.200,50",
    ]);
  });

  test("has no link but ours where no https address is", () => {
    expect(hrefsIn(filled.html)).toEqual(ours);
  });

  test.each([
    ["https://erp.example/inv/1", "https://erp.example/inv/1"],
    ["https://erp.example", "https://erp.example"],
    ["(https://erp.example/inv/1).", "https://erp.example/inv/1"],
    ["https://erp.example/a_(b)", "https://erp.example/a_(b)"],
    ["<https://erp.example/inv/1>", "https://erp.example/inv/1"],
    ["[Approve](https://erp.example/inv/1)", "https://erp.example/inv/1"],
    ["https://bücher.example/über", "https://xn--bcher-kva.example/%C3%BCber"],
    ["https://pay\u200Bpal.example/", "https://paypal.example/"],
    ["HTTPS://ERP.example/?a=1&amp;b", "https://erp.example/?a=1&b"],
  ])("makes a link of %s whose words are its target, and marks it as the asker's", (summary, target) => {
    const { html } = ask({ ...mail, request: { ...request, summary } });
    const written = target.replaceAll("&", "&amp;");
    expect(hrefsIn(html)).toEqual([...ours, written]);
    const link = `<a class="link" href="${written}" rel="noopener noreferrer nofollow">${written}</a>`;
    const mark = `<span class="mark">asker&#39;s link</span>`;
    expect([`${link} (${mark})`, `(${mark}: ${link})`].some((marked) => html.includes(marked))).toBe(true);
  });

  test("makes links in details too, and never in what stands among our own words", () => {
    const text = "https://erp.example/x";
    const { html } = ask({
      ...mail,
      request: {
        ...request,
        title: text,
        details: [{ label: text, value: text }],
        requester: { email: "kim@example.com", name: text },
      },
      approver: { email: "ana@example.com", name: text },
    });
    expect(hrefsIn(html)).toEqual([...ours, text]);
    expect(html.indexOf(`href="${text}"`)).toBeGreaterThan(html.indexOf(mail.links.reject));
  });
});

describe("in plain text", () => {
  const askers = filled.text.split("\n").filter((line) => line.startsWith("  | "));
  const own = filled.text.split("\n").filter((line) => !line.startsWith("  | "));

  test("everything that a linkifier finds is ours, but for lines that are marked as the asker's", () => {
    const found = [...(linkifyIt.match(own.join("\n")) ?? []), ...find(own.join("\n"))].map(
      ({ url, href }: { url?: string; href?: string }) => url ?? href,
    );
    expect(new Set(found)).toEqual(new Set([...ours, "http://approvals.example.com"]));
    expect(filled.text).toContain(
      'Lines that begin with "|" were written by the people or the program that asked or answered.',
    );
  });

  test("marks every line of the asker's, whatever ends it", () => {
    const breaks = ["\n", "\r\n", "\r", "\v", "\f", "\u0085", "\u2028", "\u2029"];
    const { text } = ask({
      ...mail,
      request: { ...request, summary: `a${breaks.map((end) => `${end}To REJECT, open evil.com`).join("")}` },
    });
    expect(text.split("\n").filter((line) => line.includes("evil.com"))).toEqual(
      breaks.map(() => "  | To REJECT, open evil.com"),
    );
  });

  test("is what the asker wrote, character for character, so that what is copied is what was meant", () => {
    for (const address of ADDRESSES) expect(askers.join("\n")).toContain(address);
    for (const part of [filled.text, filled.html, filled.subject]) {
      expect(part).not.toMatch(/[\u200B-\u200D\u2060\uFEFF\u00AD]/u);
    }
  });
});

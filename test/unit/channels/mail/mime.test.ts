import * as fc from "fast-check";
import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import type { ComposedMail } from "../../../../src/channels/mail/message.ts";
import { mimeMessage } from "../../../../src/channels/mail/mime.ts";
import { HOSTILE } from "./fixture.ts";

const date = new Date(Date.UTC(2026, 10, 21, 9, 5, 7));
const mail: ComposedMail = {
  from: { name: "Approvals", address: "approvals@example.com" },
  to: { name: "", address: "ana@example.com" },
  subject: "Decision needed: Order 40 laptops",
  text: "Approve: https://approvals.example.com/d/aaa.bbb.ccc\n",
  html: '<p><a href="https://approvals.example.com/d/aaa.bbb.ccc">Approve…</a></p>',
  messageId: "<0123@approvals.example.com>",
  headers: { "Auto-Submitted": "auto-generated" },
};

/** Header lines, unfolded, and the body as it comes over the wire. */
function taken(message: string) {
  const end = message.indexOf("\r\n\r\n");
  return { head: message.slice(0, end).replaceAll("\r\n ", " ").split("\r\n"), body: message.slice(end) };
}

test("writes these headers, and no others", () => {
  expect(taken(mimeMessage(mail, date)).head).toEqual([
    "Auto-Submitted: auto-generated",
    "From: Approvals <approvals@example.com>",
    "To: ana@example.com",
    "Subject: Decision needed: Order 40 laptops",
    "Message-ID: <0123@approvals.example.com>",
    "Date: Sat, 21 Nov 2026 09:05:07 +0000",
    "MIME-Version: 1.0",
    'Content-Type: multipart/alternative; boundary="=_countersign"',
  ]);
});

test("puts the text first and the HTML last, which mail programs prefer", () => {
  const { body } = taken(mimeMessage(mail, date));
  expect(body.match(/Content-Type: .*/gu)).toEqual([
    "Content-Type: text/plain; charset=utf-8",
    "Content-Type: text/html; charset=utf-8",
  ]);
});

test.each([
  ["Kim", "Kim <"],
  ["Kim_2 Lee", "Kim_2 Lee <"],
  ["Lee, Kim", '"Lee, Kim" <'],
  ['Kim "K" Lee', '"Kim \\"K\\" Lee" <'],
  ["Jürgen", "=?UTF-8?Q?J=C3=BCrgen?= <"],
  ["=?utf-8?q?evil=40example=2Ecom=2C?=", "=?UTF-8?Q?=3D=3Futf-8=3Fq=3F"],
])("writes the name %s as mail programs read it", async (name, written) => {
  const message = mimeMessage({ ...mail, to: { name, address: "ana@example.com" } }, date);
  expect(taken(message).head.find((line) => line.startsWith("To: "))).toContain(`To: ${written}`);
  expect((await PostalMime.parse(message)).to).toEqual([{ name, address: "ana@example.com" }]);
});

/** What callers write, more often than chance would: what means something to mail programs. */
const MEANINGFUL = [
  "=?",
  "?=",
  "=?utf-8?q?a?=",
  "=_countersign",
  "--=_countersign--",
  "=3D",
  "=\n",
  '"',
  "<",
  ">",
  ",",
  "@",
  ".",
  "é",
  "🦊",
  HOSTILE,
];
const chunk = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom(...MEANINGFUL));
const lines = fc
  .array(fc.oneof(chunk, fc.constantFrom("\n", "\n.\n", " \n", "\t\n", " ".repeat(90))))
  .map((parts) => parts.join(""));
const line = fc.array(chunk).map((parts) =>
  parts
    .join("")
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim(),
);

test("whatever is in it is read back as it was, and nothing of it becomes a header, a part or a long line", async () => {
  await fc.assert(
    fc.asyncProperty(line, line, lines, lines, async (subject, name, text, html) => {
      const message = mimeMessage({ ...mail, subject, to: { ...mail.to, name }, text, html }, date);
      const { head, body } = taken(message);
      expect(head.map((field) => field.slice(0, field.indexOf(":")))).toEqual([
        "Auto-Submitted",
        "From",
        "To",
        "Subject",
        "Message-ID",
        "Date",
        "MIME-Version",
        "Content-Type",
      ]);
      expect(body.split("--=_countersign")).toHaveLength(4);
      expect(message).toMatch(/^(?:[\t -~]*\r\n)*$/u);
      expect(Math.max(...body.split("\r\n").map(({ length }) => length))).toBeLessThanOrEqual(76);
      const seen = await PostalMime.parse(message);
      expect(seen.subject ?? "").toBe(subject);
      expect(seen.to).toEqual([{ name, address: "ana@example.com" }]);
      expect(seen.attachments).toEqual([]);
      // The parser takes the line break of the delimiter for the part's.
      expect(seen.text).toBe(`${text}\n`);
      expect(seen.html).toBe(`${html}\n`);
    }),
    { numRuns: 300 },
  );
});

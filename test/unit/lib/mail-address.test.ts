import { describe, expect, test } from "vitest";
import { isMailAddress, parseMailbox } from "../../../src/lib/mail-address.ts";

describe("isMailAddress()", () => {
  test.each([
    "ana@example.com",
    "a.b+tag@mail.example.co.uk",
    "o'neil@xn--bcher-kva.example",
    `${"a".repeat(64)}@example.com`,
    "ana_b{c}|d~e=f@example.museum",
    "ana@3com.example.co",
  ])("takes %s", (text) => {
    expect(isMailAddress(text)).toBe(true);
  });

  test.each([
    "",
    "ana",
    "ana@localhost",
    "a@example.com, b@evil.example",
    "a@example.com b@evil.example",
    "a@example.com;b@evil.example",
    "Ana <ana@example.com>",
    '"ana"@example.com',
    '"a@evil.example, b"@example.com',
    "ana(comment)@example.com",
    "group: ana@example.com;",
    "=?utf-8?q?ana=40evil.example=2C?=@example.com",
    "ana@[127.0.0.1]",
    "ana@example.com\r\nBcc: b@evil.example",
    "ana@example.com\n",
    "änä@example.com",
    "ana@exämple.com",
    "ana@-example.com",
    "ana@example..com",
    "ana@example.com.",
    "ana@ex_ample.com",
    // RFC 5321 §4.1.2: atoms between single dots.
    "a..b@example.com",
    ".ana@example.com",
    "ana.@example.com",
    // An address in place of a domain: only in brackets, and those are refused.
    "a@127.0.0.1",
    "a@1.2",
    "a@example.123",
    // Source routes: another recipient to the servers that know them.
    "user%evil.example@example.com",
    "evil.example!user@example.com",
    "@evil.example:user@example.com",
    `${"a".repeat(65)}@example.com`,
    `a@${`${"b".repeat(60)}.`.repeat(5)}com`,
  ])("refuses %j", (text) => {
    expect(isMailAddress(text)).toBe(false);
  });
});

describe("parseMailbox()", () => {
  test.each([
    ["approvals@example.com", { name: "", address: "approvals@example.com" }],
    ["Approvals <approvals@example.com>", { name: "Approvals", address: "approvals@example.com" }],
    ["Freigaben ✅ <approvals@example.com>", { name: "Freigaben ✅", address: "approvals@example.com" }],
    // As mail programs show it: the quotes are no part of the name (RFC 5322 §3.2.4).
    ['"Approvals" <approvals@example.com>', { name: "Approvals", address: "approvals@example.com" }],
    ['"Doe, Jo: @work" <jo@example.com>', { name: "Doe, Jo: @work", address: "jo@example.com" }],
    ['"The \\"A\\" \\\\ team" <jo@example.com>', { name: 'The "A" \\ team', address: "jo@example.com" }],
  ])("reads %s", (text, mailbox) => {
    expect(parseMailbox(text)).toEqual(mailbox);
  });

  test.each([
    "approvals",
    "foo@localhost",
    "a..b@example.com",
    "a@127.0.0.1",
    "ä@example.com",
    "a@example.com, b@example.com",
    "A <a@example.com> <b@example.com>",
    "A <foo@localhost>",
    "A <a@example.com> x",
    "A\n<a@example.com>",
    "A\t <a@example.com>",
    "A\u0000 <a@example.com>",
    "b@example.com <a@example.com>",
    "<a@example.com>",
    '"A" <a@example.com>, "B" <b@example.com>',
    '"A <a@example.com>',
    '"A\\" <a@example.com>',
    '"A\n" <a@example.com>',
    '"A" "B" <a@example.com> x',
    `"${"x".repeat(101)}" <a@example.com>`,
    `${"x".repeat(101)} <a@example.com>`,
  ])("refuses %j", (text) => {
    expect(parseMailbox(text)).toBeUndefined();
  });
});

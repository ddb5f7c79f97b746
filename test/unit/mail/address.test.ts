import { describe, expect, test } from "vitest";
import { isMailAddress, parseMailbox } from "../../../src/mail/address.ts";

describe("isMailAddress()", () => {
  test.each([
    "ana@example.com",
    "a.b+tag@mail.example.co.uk",
    "o'neil@xn--bcher-kva.example",
    `${"a".repeat(64)}@example.com`,
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
  ])("reads %s", (text, mailbox) => {
    expect(parseMailbox(text)).toEqual(mailbox);
  });

  test("refuses anything else, naming the setting", () => {
    for (const text of ["approvals", "a@example.com, b@example.com", "A <a@example.com> <b@example.com>"]) {
      expect(() => parseMailbox(text)).toThrow(/MAIL_FROM/u);
    }
  });
});

import { describe, expect, test } from "vitest";
import { problemsOf, SMTP } from "./problems.ts";

describe("mailConfig()", () => {
  test.each([
    "smtps://user:100%pure@mail.example.com",
    "smtps://pure@mail.example.com",
    "smtp://user:pure@mail.example.com:0",
    "smtp://user:pure/@mail.example.com",
    "pure",
  ])("refuses SMTP_URL=%s by its name, without repeating it", (url) => {
    const problems = problemsOf({ ...SMTP, SMTP_URL: url });
    expect(problems).toEqual([expect.stringMatching(/^SMTP_URL must /)]);
    expect(problems.join()).not.toContain("pure");
  });

  test.each([
    "a",
    "a@",
    "foo@localhost",
    "a..b@example.com",
    "a@127.0.0.1",
    "user%x@example.com",
    "ä@example.com",
    "a@b.example, c@d.example",
    "A <a@b.example",
    "a@b.example\r\nBcc: c@d.example",
    "A <a@b.example> x",
    "A\n<a@b.example>",
  ])("refuses %j as MAIL_FROM", (from) => {
    expect(problemsOf({ ...SMTP, MAIL_FROM: from })).toEqual([expect.stringContaining("MAIL_FROM")]);
  });

  test("wants SMTP_URL and MAIL_FROM together", () => {
    expect(problemsOf({ SMTP_URL: SMTP.SMTP_URL })).toEqual([
      expect.stringContaining("MAIL_FROM is not set"),
    ]);
    expect(problemsOf({ MAIL_FROM: SMTP.MAIL_FROM })).toEqual([
      expect.stringContaining("SMTP_URL is not set"),
    ]);
    expect(problemsOf(SMTP)).toEqual([]);
  });
});

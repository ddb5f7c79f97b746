import type { ApprovalRequest } from "../../../../src/approval/approval.ts";
import type { RequestMail } from "../../../../src/channels/mail/mailer.ts";

export const publicUrl = "https://approvals.example.com";
export const from = "Approvals <approvals@example.com>";
export const sender = { name: "Approvals", address: "approvals@example.com" };

export const request: ApprovalRequest = {
  title: "Order 40 laptops",
  summary: "They are **five years** old.",
  details: [{ label: "Amount", value: "41 200 €" }],
  requester: { email: "kim@example.com", name: "Kim" },
  approvers: [{ email: "ana@example.com" }, { email: "bo@example.com" }, { email: "cy@example.com" }],
  require: 2,
  rejection: "veto",
  deadline: "P5D",
  onDeadline: "expire",
  metadata: { secretOfTheCaller: "never shown" },
};

export const mail: RequestMail = {
  approval: "po-4711",
  request,
  approver: { email: "ana@example.com", name: "Ana", locale: "en-GB", timeZone: "Europe/Vienna" },
  n: 1,
  recipient: "rcp1",
  gen: 0,
  bornAtMs: Date.UTC(2026, 10, 21, 16, 0),
  deadlineAtMs: Date.UTC(2026, 10, 26, 16, 0),
  links: { approve: `${publicUrl}/d/aaa.bbb.ccc`, reject: `${publicUrl}/d/ddd.eee.fff` },
};

/** The link that preselects nothing. */
export const viewLink = `${publicUrl}/d/ggg.hhh.iii`;

/** Text that wants to be markup, a header, a link, or another reading direction. */
export const HOSTILE = [
  `<script>alert(1)</script><img src=x onerror=alert(1)>`,
  `"'\`> <a href="https://evil.example/approve">Approve</a>`,
  `[Approve](https://evil.example/d/1) https://evil.example/d/2 www.evil.example`,
  `\u202Etcejer\u202C \u2066x\u2069`,
  `<%= process.env.HOME %> <%- 1 %>`,
].join(" ");

import type { ApprovalRequest } from "../../src/approval/approval.ts";
import type { RequestMail } from "../../src/channels/mail/mailer.ts";
import type { Page } from "../../src/gateway/pages/pages.ts";

/** Pages and mails as they are in everyday use, in every state, for people to look at. */

const request: ApprovalRequest = {
  title: "Order 40 laptops",
  summary: [
    "The old ones are **six years** old, and their maker stops mending them in March.",
    "",
    "- 40 × ThinkPad T14, 32 GB, three years of service",
    "- delivery before Christmas if ordered by Friday",
    "",
    "The offer is at [the shop](https://shop.example.com/offers/4711).",
  ].join("\n"),
  details: [
    { label: "Amount", value: "41 200 €" },
    { label: "Cost centre", value: "4711 IT equipment" },
  ],
  requester: { email: "kim@example.com", name: "Kim Novak" },
  approvers: [{ email: "ana@example.com", name: "Ana Souza" }, { email: "bo@example.com" }],
  require: "any",
  rejection: "veto",
  deadline: "P5D",
  onDeadline: "expire",
  metadata: {},
};

const ana = { email: "ana@example.com", name: "Ana Souza", locale: "de", timeZone: "Europe/Berlin" } as const;
const deadlineAtMs = Date.UTC(2026, 10, 26, 16, 0);
const atMs = Date.UTC(2026, 10, 21, 9, 12);
const asked = { request, approver: ana, deadlineAtMs };
const approved = {
  kind: "decided",
  choice: "approve",
  by: ana.email,
  door: "mail",
  atMs,
  comment: "Go ahead.",
} as const;
const rejected = { kind: "decided", choice: "reject", by: ana.email, door: "mail", atMs } as const;

/** All that callers may send, at its longest, and in a script that runs the other way. */
const long: ApprovalRequest = {
  ...request,
  title: "Donaudampfschifffahrtsgesellschaftskapitänsmütze".repeat(4),
  summary: `${"# Heading\n\n".repeat(2)}| A | B | C |\n|---|---|---|\n| ${"wide ".repeat(30)}| ${"x".repeat(80)} | c |\n\n\`\`\`\n${"code ".repeat(40)}\n\`\`\`\n\n> ${"quoted ".repeat(40)}\n\n1. one\n   1. inner\n\nhttps://example.com/${"path/".repeat(40)}`,
  details: [
    { label: "L".repeat(100), value: "V".repeat(300) },
    { label: "Long words", value: "wörter ".repeat(60) },
  ],
  requester: { email: `${"a".repeat(64)}@${"sub.".repeat(40)}example.com`, name: "N".repeat(100) },
};
const rightToLeft: ApprovalRequest = {
  ...request,
  title: "طلب شراء 40 حاسوبًا محمولًا",
  summary: "الأجهزة القديمة عمرها **ست سنوات**.\n\n- الأولى\n- الثانية",
  details: [{ label: "المبلغ", value: "41 200 €" }],
  requester: { email: "kim@example.com", name: "كيم" },
};

export const gallery: Readonly<Record<string, Page & { readonly status: number }>> = {
  "decide approve": { status: 200, view: "decide", data: { ...asked, choice: "approve" } },
  "decide reject": { status: 200, view: "decide", data: { ...asked, choice: "reject" } },
  "decide again": {
    status: 422,
    view: "decide",
    data: {
      ...asked,
      choice: "reject",
      problem: "The comment has 2001 characters, and 2000 at most fit.",
      comment: "Too dear. ".repeat(20),
    },
  },
  "decide long": { status: 200, view: "decide", data: { ...asked, request: long, choice: "approve" } },
  "decide right to left": {
    status: 200,
    view: "decide",
    data: { ...asked, request: rightToLeft, choice: "approve" },
  },
  "decide short": {
    status: 200,
    view: "decide",
    data: {
      request: {
        title: "Deploy?",
        details: [],
        approvers: [ana],
        require: 1,
        rejection: "veto",
        onDeadline: "reject",
      },
      approver: { email: "ana@example.com" },
      deadlineAtMs,
      choice: "reject",
    },
  },
  "standing decided": {
    status: 200,
    view: "standing",
    data: { ...asked, choice: "approve", stands: approved },
  },
  "standing expired": {
    status: 410,
    view: "standing",
    data: { ...asked, choice: "approve", stands: { kind: "closed", because: "expired", atMs } },
  },
  "standing cancelled": {
    status: 200,
    view: "standing",
    data: {
      ...asked,
      choice: "approve",
      stands: {
        kind: "closed",
        because: "cancelled",
        reason: "Bought elsewhere",
        outcome: "cancelled",
        atMs,
      },
    },
  },
  "standing approved by others": {
    status: 200,
    view: "standing",
    data: { ...asked, choice: "reject", stands: { kind: "closed", because: "approved", atMs } },
  },
  "standing closing": {
    status: 200,
    view: "standing",
    data: { ...asked, choice: "approve", stands: { kind: "closed", because: "closing", atMs } },
  },
  "standing decided by a program": {
    status: 200,
    view: "standing",
    data: {
      ...asked,
      choice: "reject",
      stands: { ...rejected, door: "api", caller: "9f1c20ab", outcome: "approved" },
    },
  },
  "receipt approved": {
    status: 200,
    view: "receipt",
    data: { ...asked, choice: "approve", stands: approved, effective: true },
  },
  "receipt that decides": {
    status: 200,
    view: "receipt",
    data: { ...asked, choice: "approve", stands: { ...approved, outcome: "approved" }, effective: true },
  },
  "receipt overruled by a veto": {
    status: 200,
    view: "receipt",
    data: { ...asked, choice: "approve", stands: { ...approved, outcome: "rejected" }, effective: true },
  },
  "receipt rejected": {
    status: 200,
    view: "receipt",
    data: { ...asked, choice: "reject", stands: rejected, effective: true },
  },
  "receipt same answer before": {
    status: 200,
    view: "receipt",
    data: { ...asked, choice: "approve", stands: approved, effective: false },
  },
  "receipt other answer before": {
    status: 409,
    view: "receipt",
    data: { ...asked, choice: "reject", stands: approved, effective: false },
  },
  "receipt expired": {
    status: 410,
    view: "receipt",
    data: {
      ...asked,
      choice: "approve",
      stands: { kind: "closed", because: "expired", atMs },
      effective: false,
    },
  },
  "receipt long": {
    status: 200,
    view: "receipt",
    data: {
      ...asked,
      request: long,
      choice: "approve",
      stands: { ...approved, comment: `${"comment ".repeat(200)}\n\n${"c".repeat(300)}` },
      effective: true,
    },
  },
  refused: { status: 403, view: "refused" },
  "not recorded": { status: 503, view: "notRecorded" },
  error: {
    status: 404,
    view: "error",
    data: {
      title: "Not found",
      message: "There is nothing at /nowhere",
      requestId: "6d83c1f9-0fd4-41a9-b225",
    },
  },
  home: { status: 200, view: "home", data: { mailbox: true } },
  "home in production": { status: 200, view: "home", data: { mailbox: false } },
};

const everyday: RequestMail = {
  approval: "po-4711",
  request,
  approver: ana,
  n: 1,
  recipient: "AAAAAAAAAAAAAAAAAAAAAA",
  gen: 0,
  bornAtMs: deadlineAtMs - 7 * 24 * 3_600_000,
  deadlineAtMs,
  links: {
    approve: "https://approvals.example.com/d/aaa.bbb.ccc",
    reject: "https://approvals.example.com/d/ddd.eee.fff",
  },
};

export const mails: Readonly<Record<string, RequestMail>> = {
  everyday,
  short: {
    ...everyday,
    request: {
      title: "Deploy?",
      details: [],
      approvers: [ana],
      require: 1,
      rejection: "veto",
      deadline: "PT1H",
      onDeadline: "reject",
      metadata: {},
    },
    approver: { email: "ana@example.com" },
  },
  long: { ...everyday, request: long },
  "right to left": { ...everyday, request: rightToLeft },
};

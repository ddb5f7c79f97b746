import type { ApprovalRequest } from "../../../src/approval/approval.ts";
import type { Page } from "../../../src/gateway/pages/pages.ts";

/** Text that wants to be markup, an attribute, a template, or another reading direction. */
const HOSTILE = [
  `<script>alert(1)</script><img src=x onerror=alert(1)></title></textarea></main>`,
  `" onfocus="alert(1)" x='y' \` autofocus`,
  `<%= process.env.HOME %>`,
  `\u202Etcejer\u202C \u2066x\u2069 \u0007`,
].join(" ");

const request: ApprovalRequest = {
  title: HOSTILE,
  summary: `${HOSTILE}\n\n[go](https://ok.example/x "t") [bad](javascript:alert(1)) ![pic](https://pic.example/p.png)`,
  details: [{ label: HOSTILE, value: HOSTILE }],
  requester: { email: "kim@example.com", name: HOSTILE },
  approvers: [{ email: "ana@example.com" }, { email: "bo@example.com" }],
  require: "all",
  rejection: "majority",
  deadline: "P5D",
  onDeadline: "reject",
  metadata: { hidden: "never shown" },
};

const asked = {
  request,
  approver: { email: "ana@example.com", name: HOSTILE, locale: "de-AT", timeZone: "Europe/Vienna" },
  deadlineAtMs: Date.UTC(2026, 10, 26, 16, 0),
} as const;

const atMs = Date.UTC(2026, 10, 21, 9, 12);
const decided = {
  kind: "decided",
  choice: "approve",
  by: "ana@example.com",
  door: "mail",
  atMs,
  comment: HOSTILE,
} as const;

/** Every view in every state, filled with hostile text wherever text can come from outside. */
export const PAGES: Readonly<Record<string, Page & { readonly status: number }>> = {
  "decide approve": { status: 200, view: "decide", data: { ...asked, choice: "approve" } },
  "decide reject": { status: 200, view: "decide", data: { ...asked, choice: "reject" } },
  "decide with a problem": {
    status: 422,
    view: "decide",
    data: { ...asked, choice: "reject", problem: HOSTILE, comment: HOSTILE },
  },
  "standing decided": {
    status: 200,
    view: "standing",
    data: { ...asked, choice: "reject", stands: decided },
  },
  "standing decided by another": {
    status: 200,
    view: "standing",
    data: { ...asked, choice: "reject", stands: { ...decided, by: HOSTILE } },
  },
  "standing decided by a program": {
    status: 200,
    view: "standing",
    data: {
      ...asked,
      choice: "reject",
      stands: { ...decided, door: "api", caller: HOSTILE, outcome: "rejected" },
    },
  },
  "standing cancelled for a reason": {
    status: 200,
    view: "standing",
    data: {
      ...asked,
      choice: "approve",
      stands: { kind: "closed", because: "cancelled", reason: HOSTILE, outcome: "cancelled" },
    },
  },
  "receipt decides": {
    status: 200,
    view: "receipt",
    data: { ...asked, choice: "approve", effective: true, stands: { ...decided, outcome: "approved" } },
  },
  ...Object.fromEntries(
    (["approved", "rejected", "expired", "cancelled", "closing"] as const).flatMap((because) => [
      [
        `standing ${because}`,
        {
          status: 200,
          view: "standing",
          data: { ...asked, choice: "approve", stands: { kind: "closed", because } },
        },
      ],
      [
        `receipt ${because}`,
        {
          status: 409,
          view: "receipt",
          data: { ...asked, choice: "approve", effective: false, stands: { kind: "closed", because, atMs } },
        },
      ],
    ]),
  ),
  "receipt effective": {
    status: 200,
    view: "receipt",
    data: { ...asked, choice: "approve", effective: true, stands: decided },
  },
  "receipt same": {
    status: 200,
    view: "receipt",
    data: { ...asked, choice: "approve", effective: false, stands: decided },
  },
  "receipt other": {
    status: 409,
    view: "receipt",
    data: { ...asked, choice: "reject", effective: false, stands: decided },
  },
  refused: { status: 403, view: "refused" },
  "not recorded": { status: 503, view: "notRecorded" },
  error: { status: 404, view: "error", data: { title: HOSTILE, message: HOSTILE, requestId: HOSTILE } },
  home: { status: 200, view: "home", data: { mailbox: true } },
  "home in production": { status: 200, view: "home", data: { mailbox: false } },
};

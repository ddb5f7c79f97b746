import type { ApprovalRequest } from "../../../src/approval/approval.ts";
import { choicesOf } from "../../../src/approval/rule.ts";
import { editRows } from "../../../src/gateway/pages/edit-form.ts";
import type { Asked } from "../../../src/gateway/pages/page.ts";
import type { Page } from "../../../src/gateway/pages/pages.ts";
import { adminPages } from "../../support/admin-gallery.ts";
import { inboxPages } from "../../support/inbox-gallery.ts";

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
  details: [
    { label: HOSTILE, value: HOSTILE },
    { label: "Links", value: `https://ok.example/x"onclick=y javascript:alert(1) https://a@evil.example/` },
  ],
  requester: { email: "kim@example.com", name: HOSTILE },
  approvers: [{ email: "ana@example.com" }, { email: "bo@example.com" }],
  require: "all",
  rejection: "majority",
  deadline: "P5D",
  onDeadline: "reject",
  metadata: { hidden: "never shown" },
};

const ana = { email: "ana@example.com", name: HOSTILE, locale: "en-AT", timeZone: "Europe/Vienna" };
const approve = { value: "approve", effect: "approve", label: HOSTILE } as const;
const atMs = Date.UTC(2026, 10, 21, 9, 12);

const asked: Asked = {
  request,
  reference: HOSTILE,
  approver: ana,
  choices: choicesOf({}),
  deadlineAtMs: Date.UTC(2026, 10, 26, 16, 0),
  onDeadline: "reject",
  nowMs: atMs,
  people: [
    { person: ana, isReader: true, state: { kind: "open" } },
    {
      person: { email: "bo@example.com", name: HOSTILE },
      isReader: false,
      state: { kind: "answered", answer: approve, atMs, comment: HOSTILE },
    },
  ],
};
/** What was accepted holds no control of writing direction; a page does not rely on that. */
const acting: Asked = {
  ...asked,
  request: {
    ...request,
    action: {
      tool: HOSTILE,
      target: HOSTILE,
      audience: HOSTILE,
      arguments: { [HOSTILE]: [HOSTILE, { [HOSTILE]: 1 }] },
      reversible: "no",
      validFor: "P1D",
    },
  },
};
const standing = {
  limits: {
    [`/${HOSTILE}`]: { fixed: HOSTILE },
    "/a": { oneOf: [HOSTILE, { [HOSTILE]: HOSTILE }] },
    "/b": { max: 500 },
    "/c": { maxLength: 140 },
  },
  uses: 3,
  total: { argument: "/b", max: 900 },
};
const lasting = { tool: HOSTILE, standing, reversible: "costly", validFor: "P1D" } as const;
const granted = {
  reader: ana,
  title: HOSTILE,
  back: "/d/a.b.c",
  granted: {
    approval: HOSTILE,
    action: lasting,
    standing,
    untilMs: atMs + 60_000,
    grantedBy: [{ n: 1, email: HOSTILE }],
  },
  nowMs: atMs,
  form: {
    values: new Map([["reason", HOSTILE]]),
    faults: new Map(),
    press: "AAAAAAAAAAAAAAAAAAAAAA",
  },
} as const;
const refusedInAdvance = { until: new Date(atMs + 60_000).toISOString(), limits: standing.limits } as const;
const revocation = { kind: "revoked", n: 1, door: "mail", nonce: "x", by: HOSTILE, reason: HOSTILE } as const;
const refusal = {
  reader: ana,
  title: HOSTILE,
  back: "/d/a.b.c",
  refusal: {
    approval: HOSTILE,
    sinceMs: atMs,
    untilMs: atMs + 60_000,
    said: [
      { n: 1, email: HOSTILE, doNotAsk: refusedInAdvance },
      { n: 2, email: HOSTILE, doNotAsk: { until: refusedInAdvance.until, same: [HOSTILE] } },
    ],
    actions: [
      { tool: HOSTILE, target: HOSTILE, audience: HOSTILE, arguments: {}, reversible: "no", validFor: "P1D" },
    ],
    digest: HOSTILE,
  },
  nowMs: atMs,
  isTheirs: true,
  isLate: false,
  form: {
    values: new Map([["reason", HOSTILE]]),
    faults: new Map(),
    press: "AAAAAAAAAAAAAAAAAAAAAA",
  },
} as const;
const lastUse = {
  atMs,
  use: {
    kind: "use",
    n: 3,
    attempt: HOSTILE,
    arguments: { [HOSTILE]: HOSTILE, b: 300 },
    argumentsHash: HOSTILE,
    used: { uses: 3, total: "900" },
    client: HOSTILE,
  },
} as const;
const own: Asked = {
  ...asked,
  choices: [{ value: "go", effect: "approve", label: HOSTILE, comment: "required" }],
  request: {
    ...request,
    fields: {
      type: "object",
      properties: {
        line: { type: "string", title: HOSTILE, description: HOSTILE },
        text: { type: "string", title: HOSTILE, maxLength: 1_000 },
        options: { enum: [HOSTILE], title: HOSTILE },
      },
    },
  },
};

const decided = {
  kind: "decided",
  answer: { value: "approve", effect: "approve" },
  by: "ana@example.com",
  door: "mail",
  atMs,
  comment: HOSTILE,
} as const;

const requested = {
  request,
  requester: ana,
  reference: HOSTILE,
  deadlineAtMs: asked.deadlineAtMs,
  onDeadline: asked.onDeadline,
  stage: 0,
  nowMs: atMs,
  press: "AAAAAAAAAAAAAAAAAAAAAA",
  people: asked.people,
  timeline: [
    { kind: "requested", atMs },
    { kind: "asked", atMs, people: [ana, { email: "bo@example.com", name: HOSTILE }] },
    { kind: "answered", atMs, who: ana, answer: approve, comment: HOSTILE },
    { kind: "undone", atMs, who: ana },
    { kind: "reassigned", atMs, who: ana, to: { email: "bo@example.com", name: HOSTILE }, comment: HOSTILE },
    { kind: "recused", atMs, who: ana, comment: HOSTILE },
    { kind: "extended", atMs, untilMs: atMs + 60_000, comment: HOSTILE },
    { kind: "changed", atMs, comment: HOSTILE },
    { kind: "cancelled", atMs, comment: HOSTILE },
    { kind: "ended", atMs, outcome: "cancelled" },
  ],
} as const;

const act = {
  reader: ana,
  title: HOSTILE,
  reference: HOSTILE,
  back: "/d/a.b.c",
  press: "AAAAAAAAAAAAAAAAAAAAAA",
  values: new Map([
    ["email", HOSTILE],
    ["name", HOSTILE],
    ["reason", HOSTILE],
  ]),
};

/** Every view in every state, filled with hostile text wherever text can come from outside. */
export const PAGES: Readonly<Record<string, Page & { readonly status: number }>> = {
  ...inboxPages(asked),
  // Operators see what people do not.
  ...adminPages({ ...request, metadata: { [HOSTILE]: HOSTILE } }, atMs),
  "decide approve": { status: 200, view: "decide", data: { ...asked, suggested: "approve" } },
  "decide reject": { status: 200, view: "decide", data: { ...asked, suggested: "reject" } },
  "decide an action": { status: 200, view: "decide", data: acting },
  "edit of arguments": {
    status: 422,
    view: "edit",
    data: {
      reader: ana,
      title: HOSTILE,
      reference: HOSTILE,
      back: "/d/a.b.c",
      press: "AAAAAAAAAAAAAAAAAAAAAA",
      rows: editRows({
        action: {
          tool: HOSTILE,
          arguments: { [HOSTILE]: HOSTILE, short: "5", lines: "a\nb" },
          reversible: "no",
          validFor: "P1D",
          schema: { "x-countersign-editable": true },
        },
      }),
      values: new Map([["note", HOSTILE]]),
      faults: new Map(),
      wrong: new Set(["argument.0.1"]),
    },
  },
  "receipt of an action": {
    status: 200,
    view: "receipt",
    data: { ...acting, pressed: "approve", effective: true, stands: decided },
  },
  "decide a standing approval": {
    status: 200,
    view: "decide",
    data: { ...asked, request: { ...request, action: lasting } },
  },
  "granted, unused": {
    status: 200,
    view: "standingApproval",
    data: { ...granted, uses: { used: { uses: 0 } }, isLate: false },
  },
  "granted, used up": {
    status: 422,
    view: "standingApproval",
    data: {
      ...granted,
      form: { ...granted.form, faults: new Map([["reason", { kind: "characters" }]]) },
      uses: { used: lastUse.use.used, last: lastUse },
      isLate: false,
    },
  },
  "granted, over": {
    status: 409,
    view: "standingApproval",
    data: { ...granted, nowMs: atMs + 60_000, uses: { used: { uses: 0 } }, isLate: true },
  },
  "granted, revoked": {
    status: 200,
    view: "standingApproval",
    data: {
      ...granted,
      uses: {
        used: lastUse.use.used,
        last: lastUse,
        revoked: {
          atMs,
          revocation: { kind: "revoked", n: 4, door: "mail", nonce: "x", by: HOSTILE, reason: HOSTILE },
        },
      },
      isLate: false,
    },
  },
  "decide, and refuse in advance": {
    status: 422,
    view: "decide",
    data: {
      ...acting,
      program: HOSTILE,
      rejected: {
        problem: { kind: "doNotAskFull" },
        comment: HOSTILE,
        fields: new Map(),
        fieldProblems: [],
        doNotAsk: { for: "P7D", arguments: "any" },
      },
    },
  },
  "receipt of what is refused in advance": {
    status: 200,
    view: "receipt",
    data: {
      ...acting,
      pressed: "reject",
      effective: true,
      stands: { ...decided, doNotAsk: refusedInAdvance },
    },
  },
  ...Object.fromEntries(
    [{}, { nowMs: atMs + 60_000 }, { revoked: { atMs, revocation } }].map((more, n) => [
      `refused in advance ${n + 1}`,
      { status: 200, view: "standingRefusal", data: { ...refusal, ...more } } as const,
    ]),
  ),
  "standing of an answer that granted something for more than once": {
    status: 200,
    view: "standing",
    data: { ...asked, stands: decided, standingApproval: "/d/a.b.c/standing" },
  },
  "decide view": {
    status: 200,
    view: "decide",
    data: { ...asked, acts: { reassign: "/d/a.b.c/reassign", recuse: "/d/a.b.c/recuse" } },
  },
  "decide what has changed": {
    status: 200,
    view: "decide",
    data: {
      ...asked,
      changed: {
        note: HOSTILE,
        changes: [
          { part: "title", before: HOSTILE, after: HOSTILE },
          { part: "detail", label: HOSTILE, before: HOSTILE, after: HOSTILE },
          { part: "detail", label: HOSTILE, after: HOSTILE },
          { part: "summary", before: HOSTILE },
        ],
      },
    },
  },
  "decide with a problem": {
    status: 422,
    view: "decide",
    data: {
      ...own,
      suggested: "go",
      rejected: {
        problem: { kind: "comment", choice: own.choices[0]! },
        comment: HOSTILE,
        fields: new Map([
          ["line", HOSTILE],
          ["text", HOSTILE],
          ["options", HOSTILE],
        ]),
        fieldProblems: [{ name: "line", fault: { kind: "characters" } }],
      },
    },
  },
  "standing decided": {
    status: 200,
    view: "standing",
    data: { ...asked, stands: decided },
  },
  "standing decided by another": {
    status: 200,
    view: "standing",
    data: { ...asked, stands: { ...decided, by: HOSTILE } },
  },
  "standing decided by a program": {
    status: 200,
    view: "standing",
    data: {
      ...asked,
      stands: { ...decided, door: "api", caller: HOSTILE, outcome: "rejected" },
    },
  },
  "standing cancelled for a reason": {
    status: 200,
    view: "standing",
    data: {
      ...asked,
      stands: { kind: "closed", because: "cancelled", reason: HOSTILE, outcome: "cancelled" },
    },
  },
  "receipt with fields": {
    status: 200,
    view: "receipt",
    data: {
      ...own,
      pressed: "go",
      effective: true,
      stands: { ...decided, answer: approve, fields: { line: HOSTILE, gone: HOSTILE } },
    },
  },
  "receipt decides": {
    status: 200,
    view: "receipt",
    data: { ...asked, pressed: "approve", effective: true, stands: { ...decided, outcome: "approved" } },
  },
  ...Object.fromEntries(
    (["approved", "rejected", "expired", "cancelled", "closing"] as const).flatMap((because) => [
      [
        `standing ${because}`,
        {
          status: 200,
          view: "standing",
          data: { ...asked, stands: { kind: "closed", because } },
        },
      ],
      [
        `receipt ${because}`,
        {
          status: 409,
          view: "receipt",
          data: { ...asked, pressed: "approve", effective: false, stands: { kind: "closed", because, atMs } },
        },
      ],
    ]),
  ),
  "standing that can be taken back": {
    status: 409,
    view: "standing",
    data: {
      ...asked,
      stands: { ...decided, undoUntilMs: atMs + 60_000 },
      undo: "/d/a.b.c/undo",
      tried: "undo",
    },
  },
  "act reassign": {
    status: 422,
    view: "act",
    data: {
      act: "reassign",
      ...act,
      faults: new Map([
        ["email", { kind: "email" }],
        ["reason", { kind: "required" }],
      ]),
    },
  },
  "act recuse": {
    status: 422,
    view: "act",
    data: { act: "recuse", ...act, faults: new Map(), refused: "ended", outcome: "rejected" },
  },
  "act cancel": { status: 200, view: "act", data: { act: "cancel", ...act, faults: new Map() } },
  "act extend": {
    status: 422,
    view: "act",
    data: {
      act: "extend",
      ...act,
      faults: new Map([["more", { kind: "option" }]]),
      refused: "deadline-too-late",
    },
  },
  "request open": {
    status: 409,
    view: "request",
    data: {
      ...requested,
      status: "pending",
      changes: { by: ana, comment: HOSTILE },
      notice: { kind: "change" },
      acts: {
        cancel: "/a/x.y.z/cancel",
        change: "/a/x.y.z/change",
        extend: "/a/x.y.z/extend",
        remind: "/a/x.y.z/remind",
      },
    },
  },
  "request cancelled": {
    status: 200,
    view: "request",
    data: { ...requested, status: "cancelled", reason: HOSTILE },
  },
  "change previewed": {
    status: 200,
    view: "change",
    data: {
      requester: ana,
      title: HOSTILE,
      reference: HOSTILE,
      back: "/a/x.y.z",
      press: "AAAAAAAAAAAAAAAAAAAAAA",
      changes: { by: ana, comment: HOSTILE },
      values: new Map([
        ["title", HOSTILE],
        ["summary", HOSTILE],
        ["note", HOSTILE],
        ["label.0", HOSTILE],
        ["value.0", HOSTILE],
      ]),
      faults: new Map(),
      preview: { content: request, note: HOSTILE },
    },
  },
  "receipt effective": {
    status: 200,
    view: "receipt",
    data: { ...asked, pressed: "approve", effective: true, stands: decided },
  },
  "receipt same": {
    status: 200,
    view: "receipt",
    data: { ...asked, pressed: "approve", effective: false, stands: decided },
  },
  "receipt other": {
    status: 409,
    view: "receipt",
    data: { ...asked, pressed: "reject", effective: false, stands: decided },
  },
  refused: { status: 403, view: "refused" },
  "not recorded": { status: 503, view: "notRecorded" },
  error: { status: 404, view: "error", data: { title: HOSTILE, message: HOSTILE, requestId: HOSTILE } },
  home: { status: 200, view: "home", data: { mailbox: true, inbox: true, admin: true } },
  "home in production": { status: 200, view: "home", data: { mailbox: false } },
};

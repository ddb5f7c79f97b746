import type { Action } from "../../src/approval/action-schema.ts";
import type { ApprovalRequest } from "../../src/approval/approval.ts";
import type { FieldsSpec } from "../../src/approval/fields.ts";
import { choicesOf } from "../../src/approval/rule.ts";
import type { ChoiceRule } from "../../src/approval/schema.ts";
import type { RequestMail } from "../../src/channels/mail/mailer.ts";
import { editRows } from "../../src/gateway/pages/edit-form.ts";
import type { Asked, RequestPage } from "../../src/gateway/pages/page.ts";
import type { Page } from "../../src/gateway/pages/pages.ts";
import { adminPages } from "./admin-gallery.ts";
import { inboxPages } from "./inbox-gallery.ts";

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
    { label: "Offer", value: "https://shop.example.com/offers/4711.pdf (valid until Friday)" },
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
const nowMs = Date.UTC(2026, 10, 21, 9, 30);
const bo = { email: "bo@example.com" };
const payment: Action = {
  tool: "payments.transfer",
  arguments: {
    amount: 41_200,
    to: { name: "Müller & Söhne GmbH", iban: "DE89370400440532013000" },
    note: "Invoice 7\nof 21 November",
    reference: `INV-${"7".repeat(80)}`,
  },
  target: "ERP, company 12",
  audience: "payment-runner",
  reversible: "no",
  validFor: "P1D",
  schema: { "x-countersign-editable": true },
};
const acting: ApprovalRequest = { ...request, action: payment };

const asked: Asked = {
  request,
  reference: "po-4711",
  approver: ana,
  choices: choicesOf({}),
  deadlineAtMs,
  onDeadline: "expire",
  nowMs,
  people: [
    { person: ana, isReader: true, state: { kind: "open" } },
    { person: bo, isReader: false, state: { kind: "open" } },
  ],
};
const approve = { value: "approve", effect: "approve" } as const;
const reject = { value: "reject", effect: "reject" } as const;
const approved = {
  kind: "decided",
  answer: approve,
  by: ana.email,
  door: "mail",
  atMs,
  comment: "Go ahead.",
} as const;
const rejected = { kind: "decided", answer: reject, by: ana.email, door: "mail", atMs } as const;
const english = { email: "ana@example.com", name: "Ana Souza" };
const inAdvance = {
  until: new Date(nowMs + 7 * 86_400_000).toISOString(),
  limits: { "/amount": { max: 50_000 } },
};
const acts = { reassign: "/d/a.b.c/reassign", recuse: "/d/a.b.c/recuse" };
const act = {
  reader: english,
  title: request.title,
  reference: "po-4711",
  back: "/d/a.b.c",
  values: new Map<string, string>(),
  faults: new Map(),
  press: "AAAAAAAAAAAAAAAAAAAAAA",
};
const kim = { email: "kim@example.com", name: "Kim Novak" };
const explanation = {
  round: 1,
  rounds: 3,
  stage: 1,
  stages: 1,
  waitingFor: [{ needed: 1, people: [ana, bo] }],
  approved: [],
  revising: false,
};
const requested: RequestPage = {
  request,
  requester: kim,
  reference: "po-4711",
  status: "pending",
  explanation,
  deadlineAtMs,
  onDeadline: "expire",
  stage: 0,
  nowMs,
  press: "AAAAAAAAAAAAAAAAAAAAAA",
  people: [
    {
      person: ana,
      isReader: false,
      state: { kind: "reassigned", to: { email: "dee@example.com", name: "Dee" } },
    },
    { person: bo, isReader: false, state: { kind: "unreached", replace: "/a/a.b.c/replace/2" } },
    { person: { email: "dee@example.com", name: "Dee" }, isReader: false, state: { kind: "open" } },
  ],
  timeline: [
    { kind: "requested", atMs },
    { kind: "asked", atMs: atMs + 200, people: [ana, bo] },
    {
      kind: "reassigned",
      atMs: atMs + 600_000,
      who: ana,
      to: { email: "dee@example.com", name: "Dee" },
      comment: "I am away until Monday.",
    },
    { kind: "asked", atMs: atMs + 600_100, people: [{ email: "dee@example.com", name: "Dee" }] },
    { kind: "extended", atMs: atMs + 700_000, untilMs: deadlineAtMs },
  ],
  acts: {
    cancel: "/a/a.b.c/cancel",
    change: "/a/a.b.c/change",
    extend: "/a/a.b.c/extend",
    remind: "/a/a.b.c/remind",
  },
};
const { acts: _, explanation: __, ...closed } = requested;
const ended: RequestPage = {
  ...closed,
  status: "rejected",
  people: [
    {
      person: bo,
      isReader: false,
      state: { kind: "answered", answer: reject, atMs, comment: "We have 40 in store." },
    },
  ],
  timeline: [
    ...requested.timeline,
    { kind: "answered", atMs: atMs + 900_000, who: bo, answer: reject, comment: "We have 40 in store." },
    { kind: "ended", atMs: atMs + 900_100, outcome: "rejected" },
  ],
};
/** Both have answered, and Bo said no. */
const overruled: Asked = {
  ...asked,
  people: [
    { person: ana, isReader: true, state: { kind: "answered", answer: approve, atMs, comment: "Go ahead." } },
    {
      person: bo,
      isReader: false,
      state: { kind: "answered", answer: reject, atMs: atMs + 90_000, comment: "We have 40 in store." },
    },
  ],
};

/** A request with choices and fields of its own. */
const choices: readonly ChoiceRule[] = [
  { value: "release", effect: "approve", label: "Release it", comment: "optional" },
  { value: "fix", effect: "changes", comment: "required" },
  { value: "stop", effect: "reject", label: "Stop the release", comment: "required" },
];
const fields: FieldsSpec = {
  type: "object",
  properties: {
    costCentre: { type: "string", title: "Cost centre", description: "As on the invoice", maxLength: 10 },
    amount: { type: "number", title: "Amount in euros", minimum: 0, maximum: 50_000 },
    screens: { type: "integer", title: "Screens", minimum: 1 },
    budgeted: { type: "boolean", title: "In the budget?" },
    supplier: { enum: ["Acme", "Another supplier"], title: "Supplier" },
    due: { type: "string", format: "date", title: "Needed on" },
    invoice: { type: "string", format: "email", title: "Invoice to" },
    why: { type: "string", title: "Why this one", maxLength: 1_000 },
  },
  required: ["costCentre", "amount"],
};
const own: Asked = {
  ...asked,
  request: { ...request, choices, fields },
  choices,
  people: [{ person: ana, isReader: true, state: { kind: "open" } }],
};

/** Those pages of the inbox and of operators that look like no other. */
const DRAWN: ReadonlySet<string> = new Set([
  "sign in code again",
  "inbox",
  "inbox done",
  "inbox confirm",
  "inbox results",
  "admin sign in",
  "admin list",
  "admin overview",
  "admin approval",
  "admin reassign",
]);

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

const FILLED: readonly (readonly [string, string])[] = [
  ["costCentre", "IT equipment and more"],
  ["amount", "41200"],
  ["screens", "1.5"],
  ["budgeted", "true"],
  ["supplier", "Acme"],
  ["why", "Short delivery"],
];

const refused = {
  reader: english,
  title: request.title,
  back: "/d/a.b.c",
  refusal: {
    approval: "po-4711",
    sinceMs: atMs,
    untilMs: Date.parse(inAdvance.until),
    said: [{ n: 1, email: ana.email, doNotAsk: inAdvance }],
    actions: [payment],
    digest: "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg",
  },
  nowMs,
  isTheirs: true,
  isLate: false,
  form: { values: new Map(), faults: new Map(), press: "AAAAAAAAAAAAAAAAAAAAAA" },
} as const;

export const gallery: Readonly<Record<string, Page & { readonly status: number }>> = {
  "decide approve": { status: 200, view: "decide", data: { ...asked, suggested: "approve" } },
  "decide reject": { status: 200, view: "decide", data: { ...asked, suggested: "reject" } },
  "decide view": { status: 200, view: "decide", data: asked },
  "decide English": {
    status: 200,
    view: "decide",
    data: { ...asked, approver: english, acts, suggested: "approve" },
  },
  "decide what has changed": {
    status: 200,
    view: "decide",
    data: {
      ...asked,
      approver: english,
      request: { ...request, title: "Order 30 laptops" },
      changed: {
        note: "Thirty, from the other shop.",
        changes: [
          { part: "title", before: "Order 40 laptops", after: "Order 30 laptops" },
          { part: "detail", label: "Amount", before: "41 200 €", after: "30 900 €" },
          { part: "detail", label: "Offer", after: "https://shop.example.com/offers/4712.pdf" },
          { part: "summary", before: request.summary ?? "", after: "The old ones are **six years** old." },
        ],
      },
    },
  },
  "act reassign again": {
    status: 422,
    view: "act",
    data: {
      act: "reassign",
      ...act,
      values: new Map([
        ["email", "dee@example"],
        ["name", "Dee"],
      ]),
      faults: new Map([
        ["email", { kind: "email" }],
        ["reason", { kind: "required" }],
      ]),
    },
  },
  "act recuse": { status: 200, view: "act", data: { act: "recuse", ...act, outcome: "rejected" } },
  "standing that can be taken back": {
    status: 200,
    view: "standing",
    data: { ...asked, undo: "/d/a.b.c/undo", stands: { ...approved, undoUntilMs: nowMs + 420_000 } },
  },
  "standing passed on": {
    status: 200,
    view: "standing",
    data: {
      ...asked,
      approver: english,
      explanation: {
        round: 1,
        rounds: 1,
        stage: 1,
        stages: 1,
        waitingFor: [{ needed: 1, people: [bo, { email: "dee@example.com", name: "Dee" }] }],
        approved: [],
        revising: false,
      },
      people: [
        {
          person: ana,
          isReader: true,
          state: { kind: "reassigned", to: { email: "dee@example.com", name: "Dee" } },
        },
        { person: bo, isReader: false, state: { kind: "open" } },
      ],
      stands: {
        kind: "closed",
        because: "reassigned",
        to: { email: "dee@example.com", name: "Dee" },
        reason: "I am away until Monday.",
        atMs,
      },
    },
  },
  "act cancel": {
    status: 200,
    view: "act",
    data: { act: "cancel", ...act, reader: kim, back: "/a/a.b.c" },
  },
  "act replace": {
    status: 200,
    view: "act",
    data: { act: "replace", ...act, reader: kim, back: "/a/a.b.c", instead: bo },
  },
  "request open": {
    status: 200,
    view: "request",
    data: { ...requested, notice: { kind: "reminded", people: 1 } },
  },
  "request asked to change": {
    status: 200,
    view: "request",
    data: {
      ...requested,
      explanation: { ...explanation, waitingFor: [], revising: true },
      changes: { by: english, comment: "Thirty would do, and from another shop." },
    },
  },
  "request rejected": {
    status: 409,
    view: "request",
    data: { ...ended, notice: { kind: "cancel" } },
  },
  "change previewed": {
    status: 200,
    view: "change",
    data: {
      requester: kim,
      title: request.title,
      reference: "po-4711",
      back: "/a/a.b.c",
      changes: { by: english, comment: "Thirty would do, and from another shop." },
      values: new Map([
        ["note", "Thirty, from the other shop."],
        ["title", "Order 30 laptops"],
        ["summary", request.summary ?? ""],
        ["label.0", "Amount"],
        ["value.0", "30 900 €"],
      ]),
      faults: new Map(),
      press: "AAAAAAAAAAAAAAAAAAAAAA",
      preview: {
        content: { ...request, title: "Order 30 laptops", details: [{ label: "Amount", value: "30 900 €" }] },
        note: "Thirty, from the other shop.",
      },
    },
  },
  "decide an action": { status: 200, view: "decide", data: { ...asked, request: acting } },
  "decide an action, and refuse it in advance": {
    status: 422,
    view: "decide",
    data: {
      ...asked,
      approver: english,
      program: "erp",
      request: acting,
      suggested: "approve",
      rejected: {
        problem: { kind: "doNotAsk" },
        comment: "",
        fields: new Map(),
        fieldProblems: [],
        doNotAsk: { for: "P7D", arguments: "any" },
      },
    },
  },
  "receipt of an action that is refused in advance": {
    status: 200,
    view: "receipt",
    data: {
      ...asked,
      request: acting,
      pressed: "reject",
      effective: true,
      stands: { ...rejected, doNotAsk: inAdvance },
    },
  },
  "standing of an answer that refuses in advance": {
    status: 200,
    view: "standing",
    data: {
      ...asked,
      approver: english,
      request: acting,
      stands: { ...rejected, doNotAsk: inAdvance, outcome: "rejected" },
      standingRefusal: "/d/a.b.c/refusal",
    },
  },
  "refusal that holds": { status: 200, view: "standingRefusal", data: refused },
  "refusal that is revoked": {
    status: 200,
    view: "standingRefusal",
    data: {
      ...refused,
      reader: ana,
      revoked: {
        atMs: nowMs,
        revocation: {
          kind: "revoked",
          n: 1,
          door: "mail",
          nonce: "x",
          by: ana.email,
          reason: "The account is the right one after all.",
        },
      },
    },
  },
  "decide items again": {
    status: 422,
    view: "decide",
    data: {
      ...asked,
      request: { ...request, items: [payment, { ...payment, reversible: "yes" }] },
      rejected: {
        problem: { kind: "allStruck" },
        comment: "",
        fields: new Map(),
        fieldProblems: [],
        struck: [1, 2],
      },
    },
  },
  "receipt of an action": {
    status: 200,
    view: "receipt",
    data: {
      ...asked,
      request: acting,
      pressed: "approve",
      effective: true,
      stands: {
        kind: "decided",
        answer: { value: "approve", effect: "approve" },
        by: ana.email,
        door: "mail",
        atMs: nowMs,
        except: [2],
      },
    },
  },
  "edit arguments": {
    status: 422,
    view: "edit",
    data: {
      reader: ana,
      title: request.title,
      reference: "po-4711",
      back: "/d/a.b.c",
      press: "AAAAAAAAAAAAAAAAAAAAAA",
      rows: editRows(acting),
      values: new Map([["argument.0.0", "50000"]]),
      faults: new Map(),
      wrong: new Set(["argument.0.0"]),
    },
  },
  "decide again": {
    status: 422,
    view: "decide",
    data: {
      ...asked,
      suggested: "reject",
      rejected: {
        problem: { kind: "long", is: 2_001, max: 2_000 },
        comment: "Too dear. ".repeat(20),
        fields: new Map(),
        fieldProblems: [],
      },
    },
  },
  "decide own choices": { status: 200, view: "decide", data: { ...own, suggested: "release" } },
  "decide own choices again": {
    status: 422,
    view: "decide",
    data: {
      ...own,
      suggested: "release",
      rejected: {
        problem: { kind: "fields" },
        comment: "Fine",
        fields: new Map(FILLED),
        fieldProblems: [
          { name: "costCentre", fault: { kind: "tooLong", limit: 10 } },
          { name: "screens", fault: { kind: "integer" } },
        ],
      },
    },
  },
  "decide in stages": {
    status: 200,
    view: "decide",
    data: {
      ...asked,
      request: {
        ...request,
        approvers: [],
        stages: [
          {
            name: "Legal and finance",
            groups: [
              { name: "Legal", approvers: [ana, bo], require: "any" },
              { name: "Finance", approvers: [{ email: "cy@example.com", name: "Cy" }], require: "any" },
            ],
          },
          { name: "CFO", approvers: [{ email: "cfo@example.com" }] },
        ],
      },
      explanation: {
        round: 1,
        rounds: 1,
        stage: 1,
        stages: 2,
        stageName: "Legal and finance",
        waitingFor: [{ group: "Legal", needed: 1, people: [ana, bo] }],
        approved: ["Finance"],
        revising: false,
        next: { name: "CFO", people: [{ email: "cfo@example.com" }] },
      },
      people: [
        { person: ana, isReader: true, state: { kind: "open" } },
        { person: bo, isReader: false, state: { kind: "reassigned", to: { email: "di@example.com" } } },
        {
          person: { email: "cy@example.com", name: "Cy" },
          isReader: false,
          state: { kind: "answered", answer: approve, atMs },
        },
        { person: { email: "ed@example.com" }, isReader: false, state: { kind: "recused" } },
      ],
    },
  },
  "decide six choices": {
    status: 200,
    view: "decide",
    data: {
      ...asked,
      choices: [...choices, ...choices].map((choice, i) => ({ ...choice, value: `${choice.value}${i}` })),
    },
  },
  "decide long": {
    status: 200,
    view: "decide",
    data: { ...asked, request: long, reference: "r".repeat(64), suggested: "approve" },
  },
  "decide right to left": {
    status: 200,
    view: "decide",
    data: { ...asked, request: rightToLeft, suggested: "approve" },
  },
  "decide short": {
    status: 200,
    view: "decide",
    data: {
      ...asked,
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
      onDeadline: "reject",
      approver: { email: "ana@example.com" },
      people: [{ person: ana, isReader: true, state: { kind: "open" } }],
      suggested: "reject",
    },
  },
  "standing decided": { status: 200, view: "standing", data: { ...overruled, stands: approved } },
  "standing expired": {
    status: 410,
    view: "standing",
    data: { ...asked, stands: { kind: "closed", because: "expired", outcome: "expired", atMs } },
  },
  "standing cancelled": {
    status: 200,
    view: "standing",
    data: {
      ...asked,
      stands: {
        kind: "closed",
        because: "cancelled",
        reason: "Bought elsewhere",
        caller: "purchasing",
        outcome: "cancelled",
        atMs,
      },
    },
  },
  "standing approved by others": {
    status: 200,
    view: "standing",
    data: {
      ...asked,
      people: [
        { person: ana, isReader: true, state: { kind: "open" } },
        { person: bo, isReader: false, state: { kind: "answered", answer: approve, atMs } },
      ],
      stands: { kind: "closed", because: "approved", outcome: "approved", atMs },
    },
  },
  "standing closing": {
    status: 200,
    view: "standing",
    data: { ...asked, stands: { kind: "closed", because: "closing", atMs } },
  },
  "standing decided by a program": {
    status: 200,
    view: "standing",
    data: {
      ...asked,
      stands: { ...rejected, door: "api", caller: "key:9f1c20ab", client: "erp", outcome: "approved" },
    },
  },
  "receipt approved": {
    status: 200,
    view: "receipt",
    data: { ...asked, pressed: "approve", stands: approved, effective: true },
  },
  "receipt that decides": {
    status: 200,
    view: "receipt",
    data: { ...asked, pressed: "approve", stands: { ...approved, outcome: "approved" }, effective: true },
  },
  "receipt with fields": {
    status: 200,
    view: "receipt",
    data: {
      ...own,
      pressed: "release",
      stands: {
        ...approved,
        answer: choices[0]!,
        fields: { costCentre: "4711", amount: 41_200, budgeted: true, why: "Short\ndelivery" },
      },
      effective: true,
    },
  },
  "receipt of an answer that can be taken back": {
    status: 200,
    view: "receipt",
    data: {
      ...asked,
      request: { ...request, undo: "PT10M" },
      approver: english,
      pressed: "approve",
      undo: "/r/a.b.c/undo",
      stands: { ...approved, undoUntilMs: nowMs + 420_000 },
      effective: true,
    },
  },
  "receipt overruled by a veto": {
    status: 200,
    view: "receipt",
    data: { ...overruled, pressed: "approve", stands: { ...approved, outcome: "rejected" }, effective: true },
  },
  "receipt rejected": {
    status: 200,
    view: "receipt",
    data: { ...asked, pressed: "reject", stands: rejected, effective: true },
  },
  "receipt same answer before": {
    status: 200,
    view: "receipt",
    data: { ...asked, pressed: "approve", stands: approved, effective: false },
  },
  "receipt other answer before": {
    status: 409,
    view: "receipt",
    data: { ...asked, pressed: "reject", stands: approved, effective: false },
  },
  "receipt expired": {
    status: 410,
    view: "receipt",
    data: {
      ...asked,
      pressed: "approve",
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
      pressed: "approve",
      stands: { ...approved, comment: `${"comment ".repeat(200)}\n\n${"c".repeat(300)}` },
      effective: true,
    },
  },
  ...Object.fromEntries(
    [
      ...Object.entries(inboxPages({ ...asked, approver: english })),
      ...Object.entries(adminPages(request, nowMs)),
    ].filter(([name]) => DRAWN.has(name)),
  ),
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
  "error at a long address": {
    status: 404,
    view: "error",
    data: {
      title: "Not found",
      message: `Nothing exists at /d/${"eyJhbGciOiJIUzI1NiIsInR5cCI6".repeat(4).slice(0, 97)}`,
      requestId: "6d83c1f9-0fd4-41a9-b225",
    },
  },
  home: { status: 200, view: "home", data: { mailbox: true, inbox: true, admin: true } },
  "home in production": { status: 200, view: "home", data: { mailbox: false } },
};

/** Pages of operators and of passkeys, drawn or not. */
export const operatorPages: Readonly<Record<string, Page & { readonly status: number }>> = Object.fromEntries(
  [
    ...Object.entries(inboxPages({ ...asked, approver: english })).filter(
      ([, { view }]) => view === "passkeys",
    ),
    ...Object.entries(adminPages(request, nowMs)),
  ],
);

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

import type { ApprovalRequest, Ballot } from "../../src/approval/approval.ts";
import { courseOf } from "../../src/approval/course.ts";
import { explained } from "../../src/approval/explained.ts";
import { historyOf } from "../../src/approval/history.ts";
import { KIND_TAG } from "../../src/approval/ids.ts";
import { operatorCaller } from "../../src/approval/operator.ts";
import type { StoredRecord } from "../../src/approval/stored.ts";
import { summarize } from "../../src/approval/view.ts";
import { explanationText } from "../../src/approval/wording.ts";
import type { Page } from "../../src/gateway/pages/pages.ts";
import { messagesFor } from "../../src/lib/messages.ts";
import { entry } from "./ledger.ts";

type Shown = Page & { readonly status: number };

const DAY_MS = 24 * 3_600_000;
const FILTER = {
  status: "",
  stands: "",
  approver: "",
  requester: "",
  tags: [],
  q: "",
  createdFrom: "",
  createdTo: "",
  dueFrom: "",
  dueTo: "",
  sort: "",
};

/** An approval as stored: the first approver has handed the question on, by an operator; the second has answered. */
function records(request: ApprovalRequest, nowMs: number, words: string) {
  const id = "po-4711";
  const bornAtMs = nowMs - DAY_MS;
  const endsAtMs = nowMs + 2 * DAY_MS;
  const base = { param: undefined, value: undefined, createdAt: bornAtMs + 20, timeoutAt: endsAtMs };
  const root: StoredRecord = {
    ...base,
    id,
    state: "pending",
    param: {
      func: "approval",
      version: 2,
      args: [request, { startedAtMs: bornAtMs, deadlineAtMs: endsAtMs }],
    },
    tags: { [KIND_TAG]: "approval" },
    createdAt: bornAtMs,
  };
  const ballot = (n: number, more: Partial<Ballot> = {}, over: Partial<StoredRecord> = {}): StoredRecord => ({
    ...base,
    id: `${id}:${n}`,
    state: "pending",
    param: {
      kind: "ballot",
      approval: id,
      n,
      approver: { email: `person${n}@example.com`, name: words },
      recipient: "A".repeat(22),
      gen: 0,
      ...more,
    } satisfies Ballot,
    tags: { [KIND_TAG]: "ballot" },
    ...over,
  });
  const settled = (value: unknown, atMs: number) => ({ state: "resolved" as const, value, settledAt: atMs });
  const mail = (at: number, n: number, delivery: object): StoredRecord => ({
    ...base,
    id: `${id}:${at}`,
    ...settled({ kind: "mail", n, delivery }, bornAtMs + 900),
    tags: {},
  });
  const act = { door: "api", nonce: "n", caller: operatorCaller("Kim Novak") } as const;
  const to = { email: "zoe@example.com", name: "Zoe" };
  const children: StoredRecord[] = [
    { ...base, id: `${id}:0`, state: "pending", tags: { [KIND_TAG]: "end" } },
    ballot(1, {}, settled({ kind: "reassigned", to, reason: words, ...act }, nowMs - 3_600_000)),
    ballot(
      2,
      {},
      settled(
        {
          kind: "decision",
          choice: "approve",
          by: "person2@example.com",
          comment: words,
          door: "mail",
          nonce: "n",
        },
        nowMs - 7_200_000,
      ),
    ),
    ballot(3),
    mail(4, 1, { status: "sent", messageId: "<1@example.com>" }),
    mail(5, 2, { status: "sent", messageId: "<2@example.com>" }),
    mail(6, 3, { status: "deferred", reason: "the relay answered 451 4.7.1 Greylisted, try again later" }),
    { ...base, id: `${id}:7`, state: "pending", timeoutAt: nowMs + 600_000, tags: { [KIND_TAG]: "alarm" } },
    ballot(8, { approver: to, via: { kind: "reassigned", from: 1 } }),
  ];
  return { root, children };
}

/** The pages of operators, in each state, about what `request` asks. */
export function adminPages(request: ApprovalRequest, nowMs: number): Readonly<Record<string, Shown>> {
  const words = request.title;
  const operator = { name: "Kim Novak", role: "operator", form: "A".repeat(22) } as const;
  const viewer = { ...operator, name: words, role: "viewer" } as const;
  const { root, children } = records(request, nowMs, words);
  const course = courseOf(root, children);
  const view = summarize(root, children, (found) =>
    explained(found, nowMs, (explanation) => explanationText(explanation, messagesFor("en"), {})),
  );
  if (course === undefined || view === undefined) throw new TypeError("This is no approval");
  const approval = {
    operator,
    course,
    view,
    history:
      historyOf(
        root,
        children,
        [],
        [
          { n: 2, by: "scanner", atMs: nowMs - 8_000_000 },
          { n: 2, by: "person", atMs: nowMs - 7_300_000 },
        ],
      ) ?? [],
    truncated: true,
    callbacks: [
      {
        id: "po-4711:callback~1",
        type: "approval.requested",
        about: "po-4711",
        to: "https://ops.example.com/hook",
        status: "failed",
        attempts: 10,
        result: words,
        createdAt: new Date(nowMs).toISOString(),
      },
    ],
    timers: [
      { kind: "alarm", atMs: nowMs + 600_000 },
      { kind: "end", atMs: nowMs + 2 * DAY_MS },
    ],
    nowMs,
  } as const;
  const isoIn = (days: number) => new Date(nowMs + days * DAY_MS).toISOString();
  const items = (["pending", "approved", "rejected", "failed"] as const).map((status, i) =>
    entry({
      id: `po-${4711 + i}`,
      title: words,
      status,
      requester: { email: "dee@example.com", name: words },
      stage: 1,
      stages: 3,
      waitingFor: Array.from({ length: status === "pending" ? 5 : 0 }, (_, n) => `person${n}@example.com`),
      deadline: new Date(nowMs + DAY_MS).toISOString(),
      tags: { team: "ops", reason: words.slice(0, 100) },
      ...(status === "approved" ? { stands: { kind: "approval", until: isoIn(9) } } : {}),
      ...(status === "rejected" ? { stands: { kind: "refusal", until: isoIn(-1) } } : {}),
    }),
  );
  const list = { operator, filter: FILTER, problems: [], items, nowMs };
  const form = { values: new Map(), faults: new Map(), press: operator.form };
  const about = { operator, title: words, reference: "po-4711" };
  return {
    "admin sign in": {
      status: 401,
      view: "adminSignIn",
      data: {
        key: "needed",
        provider: true,
        problem: "This is no API key of this service, or it was revoked.",
      },
    },
    "admin sign in open": { status: 200, view: "adminSignIn", data: { key: "not needed", provider: false } },
    "admin signed out": { status: 200, view: "adminSignedOut" },
    "admin list": {
      status: 200,
      view: "adminList",
      data: {
        ...list,
        filter: { ...FILTER, status: "pending", stands: "approval", q: words, tags: [words] },
        total: { count: 1_000, isExact: false },
        next: "/admin?cursor=2",
        previous: "/admin",
      },
    },
    "admin list wrong": {
      status: 422,
      view: "adminList",
      data: {
        ...list,
        items: [],
        problems: [{ field: "approver", message: "must be one plain mail address" }],
      },
    },
    "admin list away": {
      status: 503,
      view: "adminList",
      data: { ...list, items: [], unavailable: "Cannot list approvals: this installation keeps no index" },
    },
    "admin overview": {
      status: 200,
      view: "adminOverview",
      data: {
        operator,
        overview: {
          openByAge: [
            { label: "under 1 hour", count: 12 },
            { label: "1 hour to 1 day", count: 40 },
            { label: "1 to 3 days", count: 1_000, isLeast: true },
            { label: "3 to 7 days", count: 0 },
          ],
          timeToDecide: [
            { label: "under 5 minutes", count: 60 },
            { label: "5 minutes to 1 hour", count: 30 },
          ],
          decided: 90,
          mails: [
            { label: "accepted by the relay", count: 48 },
            { label: "cannot be delivered", count: 2 },
          ],
          stands: { approvals: { count: 12 }, refusals: { count: 1_000, isLeast: true } },
          mailed: 50,
        },
        halted: {
          named: [
            { id: words, isApproval: false },
            { id: "po-4711", isApproval: true },
          ],
          isLeast: true,
        },
      },
    },
    "admin overview away": {
      status: 503,
      view: "adminOverview",
      data: {
        operator,
        unavailable: "Cannot list approvals: this installation keeps no index",
        halted: { named: [], isLeast: false },
      },
    },
    "admin callbacks": {
      status: 200,
      view: "adminCallbacks",
      data: { operator, callbacks: approval.callbacks, lookedAt: 1_000 },
    },
    "admin callbacks unknown": { status: 200, view: "adminCallbacks", data: { operator } },
    "admin approval": { status: 200, view: "adminApproval", data: approval },
    "admin approval of a viewer": {
      status: 200,
      view: "adminApproval",
      data: { ...approval, operator: viewer },
    },
    "admin remind": {
      status: 200,
      view: "adminAct",
      data: { ...about, ...form, act: "remind", person: words },
    },
    "admin reassign": {
      status: 422,
      view: "adminAct",
      data: {
        ...about,
        act: "reassign",
        person: words,
        press: operator.form,
        values: new Map([["name", words]]),
        faults: new Map([["email", { kind: "required" }]]),
      },
    },
    "admin extend late": {
      status: 409,
      view: "adminAct",
      data: { ...about, ...form, act: "extend", problem: "Cannot extend: the approval has ended" },
    },
    "admin change": {
      status: 200,
      view: "adminChange",
      data: {
        ...about,
        ...form,
        requester: { email: "dee@example.com" },
        back: "/admin",
        values: new Map([["title", words]]),
        preview: { content: request, note: words },
      },
    },
  };
}

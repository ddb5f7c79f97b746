import type { Explanation } from "../../src/approval/evaluate/evaluation.ts";
import type { Asked } from "../../src/gateway/pages/page.ts";
import type { Page } from "../../src/gateway/pages/pages.ts";
import type { InboxItem } from "../../src/service/inbox/list.ts";
import { entry } from "./ledger.ts";

type Shown = Page & { readonly status: number };

const email = "ana@example.com";
const visitor = { email, form: "AAAAAAAAAAAAAAAAAAAAAA" };
const attempt = { email, form: visitor.form };

const waits: Explanation = {
  round: 1,
  rounds: 1,
  stage: 0,
  stages: 2,
  waitingFor: [
    { group: "Legal", needed: 1, people: [{ email, name: "Ana Souza" }, { email: "bo@example.com" }] },
  ],
  approved: ["Kim Novak"],
  revising: false,
  next: { name: "Board", people: [] },
};

/** @param words what askers wrote */
function itemsOf(words: string): readonly InboxItem[] {
  const requester = { email: "kim@example.com", name: words };
  const items = ["po-4711", "po-4712", "po-4713"].map((id, i) => ({
    entry: entry({ id, title: words, requester, deadline: `2026-11-2${4 + i}T16:00:00.000Z` }),
    ballots: [`${id}:1`],
    explanation: waits,
    isPlain: i < 2,
  }));
  return items;
}

/** The pages of signing in and of the inbox, in each state, about what `asked` asks. */
export function inboxPages(asked: Asked): Readonly<Record<string, Shown>> {
  const { nowMs } = asked;
  const words = asked.request.title;
  const ended = (status: "approved" | "rejected" | "expired" | "failed", i: number): InboxItem => ({
    entry: entry({ id: `po-${i}`, title: words, status, endedAt: `2026-11-1${i}T09:00:00.000Z` }),
    ballots: [`po-${i}:1`],
    isPlain: false,
  });
  const question = { pid: "po-4711:1", asked };
  const away = { id: "202611-1", fromMs: nowMs, untilMs: nowMs + 864_000_000, note: words };
  const stands = { kind: "closed", because: "approved", outcome: "approved" } as const;
  return {
    "sign in": { status: 200, view: "signIn", data: { email: "" } },
    "sign in again": { status: 422, view: "signIn", data: { email: "ana@", problem: "address" } },
    "sign in code": { status: 200, view: "signInCode", data: attempt },
    "sign in code again": { status: 422, view: "signInCode", data: { ...attempt, left: 3 } },
    "sign in link": { status: 200, view: "signInLink", data: attempt },
    "sign in elsewhere": { status: 200, view: "signInElsewhere" },
    "sign in over": { status: 403, view: "signInOver", data: { because: "spent" } },
    "signed out": { status: 200, view: "signedOut" },
    inbox: {
      status: 200,
      view: "inbox",
      data: { visitor, list: "waiting", items: itemsOf(words), nowMs, next: "/inbox?cursor=2" },
    },
    "inbox empty": { status: 200, view: "inbox", data: { visitor, list: "asked", items: [], nowMs } },
    "inbox done": {
      status: 200,
      view: "inbox",
      data: {
        visitor,
        list: "done",
        items: [ended("approved", 1), ended("rejected", 2), ended("expired", 3), ended("failed", 4)],
        nowMs,
        previous: "/inbox?list=done",
      },
    },
    "inbox passkeys": {
      status: 409,
      view: "passkeys",
      data: {
        visitor,
        passkeys: [{ n: 0, label: words, addedAtMs: nowMs, endsAtMs: nowMs + 864_000_000 }],
        limit: "full",
        values: new Map([["label", words]]),
        faults: new Map([["label", { kind: "required" }]]),
        problem: "full",
      },
    },
    "inbox absences": {
      status: 422,
      view: "absence",
      data: {
        visitor,
        person: { email, name: words, timeZone: "Europe/Berlin" },
        own: [{ ...away, person: { email }, to: { email: "bo@example.com", name: words } }],
        others: [{ ...away, person: { email: "bo@example.com", name: words }, to: { email } }],
        values: new Map([["to", words]]),
        faults: new Map([["to", { kind: "email" }]]),
        problem: "until",
        press: visitor.form,
      },
    },
    "inbox decide": { status: 200, view: "decide", data: { ...asked, visitor } },
    "inbox confirm": {
      status: 422,
      view: "inboxConfirm",
      data: {
        visitor,
        nonce: visitor.form,
        questions: [question, { ...question, pid: "po-4712:1" }],
        left: 1,
        isEmpty: true,
      },
    },
    "inbox results": {
      status: 200,
      view: "inboxResults",
      data: {
        visitor,
        results: [
          {
            ...question,
            pressed: "approve",
            stands: {
              kind: "decided",
              answer: { value: "approve", effect: "approve" },
              by: email,
              door: "inbox",
              atMs: nowMs,
            },
            effective: true,
          },
          { ...question, pressed: "reject", stands, effective: false },
          { ...question, pressed: "reject", effective: false },
        ],
        unknown: ["po-4713:1"],
      },
    },
  };
}

/** What `countersign doctor` says of promises that another program has settled: each kind, each kind of junk. */
import { afterEach, describe, expect, test } from "vitest";
import type { StoredPromise } from "../../../src/durable/durable.ts";
import { findOdd, type OddPromises } from "../../../src/service/promises/odd.ts";
import { openRig, type Rig } from "../gateway/rig.ts";

const NOW = 1_000_000;
const DAY_MS = 86_400_000;
const NOBODY: readonly StoredPromise[] = [];

function look(promises: readonly StoredPromise[], limit = 20): OddPromises {
  const byId = new Map(promises.map((promise) => [promise.id, promise]));
  const settled = () => promises.filter(({ state }) => state !== "pending");
  const decode = (it: StoredPromise) => it;
  return findOdd({ settled, read: (id) => byId.get(id), decode }, { nowMs: NOW, limit });
}

function promise(id: string, more: Partial<StoredPromise> = {}): StoredPromise {
  const times = { createdAt: 1, settledAt: 2, timeoutAt: NOW + 1 };
  return { id, state: "resolved", param: undefined, value: undefined, tags: {}, ...times, ...more };
}

const tagged = (kind: string) => ({ tags: { "countersign:kind": kind } });
const step = (func: string) => ({ tags: { "resonate:scope": "local" }, param: { func, version: 1 } });
const workflow = (id: string, more: Partial<StoredPromise> = {}) =>
  promise(id, { state: "pending", param: { func: "order", args: [], version: 1 }, ...more });
const approval = promise("a", { state: "pending", ...tagged("approval") });
const callback = "a:callback~01-02";
const answer = { kind: "webhook", outcome: "resolved", value: 1 };
const request = { title: "t", approvers: [{ email: "a@x.org" }], deadline: "P1D" };

interface Case {
  readonly it: StoredPromise;
  /** What else is stored. */
  readonly beside?: readonly StoredPromise[];
  /** Values that the product writes there. */
  readonly right: readonly unknown[];
  /** Whether it may also end by the clock, with nothing. */
  readonly isTimer?: boolean;
  readonly means: string;
}

const CASES: Readonly<Record<string, Case>> = {
  approval: {
    it: promise("a", tagged("approval")),
    right: [{ approval: "a", outcome: "approved", reason: "r", decisions: [], metadata: {} }],
    means: "state is failed",
  },
  "end of an approval": {
    it: promise("a:0", tagged("end")),
    beside: [approval],
    right: [
      { kind: "cancelled", nonce: "n" },
      { kind: "closed", outcome: "expired", reason: "r", answered: [] },
      { kind: "closed", outcome: "expired", reason: "r" },
    ],
    isTimer: true,
    means: "like a cancellation",
  },
  ballot: {
    it: promise("a:1", tagged("ballot")),
    beside: [approval],
    right: [
      { kind: "decision", choice: "reject", by: "a@x.org", door: "mail", nonce: "n" },
      { kind: "withdrawn" },
    ],
    means: "does not count as an answer",
  },
  "use of an approved action": {
    it: promise("a:use~1", tagged("use")),
    beside: [approval],
    right: [],
    means: "It stays what it was",
  },
  "retry timer": {
    it: promise("a:9", tagged("retry")),
    beside: [approval],
    right: [null],
    isTimer: true,
    means: "The next try was made at once",
  },
  "step that mails": {
    it: promise("a:2", step("mail_ballot")),
    beside: [approval],
    right: [{ kind: "mail", n: 1, delivery: { status: "skipped" } }],
    means: "sent again",
  },
  "step that judges": {
    it: promise("a:3", step("judge")),
    beside: [approval],
    right: [{ verdict: { kind: "wait" }, settled: 0, retryDue: false, decisions: [] }],
    means: "The judgement runs again",
  },
  "step that checks a request": {
    it: promise("n:0", step("check_request")),
    beside: [workflow("n", { param: { func: "approval", args: [{}] } })],
    right: [
      { ok: true, value: request, deadlineAtMs: 1 },
      { ok: false, problems: [] },
    ],
    means: "Nobody was asked",
  },
  callback: {
    it: promise(callback, tagged("callback")),
    right: [{ kind: "callback", status: "gone", attempts: 1, result: "4xx" }],
    means: "counts as failed",
  },
  "step that attempts a callback": {
    it: promise(`${callback}.0`, step("attempt_callback")),
    right: [
      {
        kind: "attempt",
        n: 1,
        at: "2026-01-01T00:00:00Z",
        ms: 1,
        result: "2xx",
        next: { kind: "end", status: "delivered" },
      },
    ],
    means: "counts as an attempt",
  },
  "step that reads a workflow's end for a callback": {
    it: promise("w:callback.1", step("read_completion")),
    right: [{ type: "workflow.completed", timestamp: "t", data: { workflow: "w", status: "resolved" } }],
    means: "The callback has failed",
  },
  "wait for a webhook": {
    it: promise("w:0", tagged("webhook")),
    right: [answer, null],
    isTimer: true,
    means: "The wait is over",
  },
  "step that brings a wait to its meeting": {
    it: promise("w:1", step("join_meeting")),
    beside: [workflow("w"), promise("w:0", { state: "pending", ...tagged("webhook") })],
    right: [{ kind: "joined" }, { kind: "refused", because: "b" }],
    means: "brought to its meeting again",
  },
  "step that checks an argument": {
    it: promise("w:0", step("check_argument")),
    beside: [workflow("w"), promise("w:1", { state: "pending", ...step("check_argument") })],
    right: [{ ok: true }, { ok: false, problems: [{ field: "f", message: "m" }] }],
    means: "checked again",
  },
  "meeting of an event and a wait": {
    it: promise("meeting.s.h", tagged("meeting")),
    right: [
      { kind: "waiter", waiter: "w:0" },
      { kind: "event", delivery: "d", answer },
    ],
    means: "skipped",
  },
  "delivery of a webhook": {
    it: promise("webhook.s.h", tagged("delivery")),
    right: [{ result: "ignored", effective: false }],
    means: "counts as processed",
  },
};

const JUNK: readonly unknown[] = [
  undefined,
  null,
  "approve",
  7,
  [{ kind: "decision" }],
  {},
  { kind: "decision", choice: "approve" },
  { kind: "decision", choice: "maybe", by: "a@x.org", door: "mail", nonce: "n" },
  { kind: "mail", n: 1 },
  { verdict: {} },
  { ok: "yes" },
  { ok: false },
  { kind: "event" },
  { kind: { toString: 1 } },
];

describe.each(Object.entries(CASES))("of %s", (kind, { it, beside = NOBODY, right, isTimer, means }) => {
  test.each(right.map((value) => [value]))("nothing is said that holds %j", (value) => {
    expect(look([{ ...it, value }, ...beside])).toEqual({ number: 0, open: 0, promises: [] });
  });

  test("nothing is said while it is pending, and when its time is over", () => {
    expect(look([{ ...it, state: "pending" }, ...beside]).number).toBe(0);
    const over = { ...it, state: isTimer ? "resolved" : "timedout", settledAt: it.timeoutAt } as const;
    expect(look([over, ...beside]).number).toBe(0);
  });

  test.each(JUNK.filter((junk) => !right.includes(junk)).map((junk) => [junk]))(
    "is said that it holds %j, and what follows",
    (value) => {
      const found = look([{ ...it, value }, ...beside]);
      expect(found).toMatchObject({ number: 1, open: 1, promises: [{ id: it.id, kind, isOver: false }] });
      expect(found.promises[0]?.means).toContain(means);
    },
  );

  test("is said that it was rejected, canceled, or holds what cannot be decoded", () => {
    for (const state of ["rejected", "canceled"] as const) {
      expect(look([{ ...it, state, value: "no" }, ...beside]).promises[0]?.wrong).toMatch(
        `${state} with a string`,
      );
    }
    expect(look([{ ...it, unreadable: "value" }, ...beside]).promises).toMatchObject([
      {
        wrong: "resolved with a value that cannot be decoded",
        means: expect.stringContaining("is rejected"),
      },
    ]);
  });
});

test("a value is told by its shape, and by nothing that it says", () => {
  const { it, beside = NOBODY } = CASES["ballot"] as Case;
  const value = {
    kind: "decision",
    choice: "approve",
    "\u001b[31mred": "secret",
    a: 1,
    b: 2,
    c: 3,
    d: 4,
    e: 5,
    f: 6,
    g: 7,
  };
  expect(look([{ ...it, value }, ...beside]).promises[0]?.wrong).toBe(
    'resolved with an object of the kind "decision" (kind, choice, a, b, c, d, e, f, …), which is no decision (kind, choice, by, door, nonce), and nothing else that closes a ballot',
  );
});

test("what a worker rejects with an error is a failure of its own, and a ballot that is rejected is not", () => {
  const failed = { state: "rejected", value: new Error("no such relay") } as const;
  const { it: root } = CASES["approval"] as Case;
  const { it: ballot } = CASES["ballot"] as Case;
  expect(look([{ ...root, ...failed }]).number).toBe(0);
  expect(look([{ ...ballot, ...failed }]).number).toBe(1);
});

test("steps of users that have names of the product's are nobody's business", () => {
  const others = Object.keys({
    mail_ballot: 0,
    judge: 0,
    check_request: 0,
    join_meeting: 0,
    check_argument: 0,
  });
  const steps = others.map((func, n) => promise(`w:${n}`, { ...step(func), value: "theirs" }));
  expect(look([workflow("w"), ...steps]).number).toBe(0);
  expect(look([promise("w:9", { value: "theirs" }), workflow("w")]).number).toBe(0);
});

test("the check of a request is named once its workflow says what it found there", () => {
  const check = promise("w:4", { ...step("check_request"), value: null });
  const error = new Error("Cannot request an approval: another program settled its check");
  expect(look([check, workflow("w", { state: "rejected", value: error })]).number).toBe(1);
  expect(look([check, workflow("w", { state: "rejected", value: new Error("else") })]).number).toBe(0);
});

test("a promise that another program created below an approval is named", () => {
  expect(look([approval, promise("a:2", { value: { kind: "mail" } })]).promises).toMatchObject([
    { id: "a:2", kind: "promise in the place of one of the product's own" },
  ]);
});

test("those whose deadline has passed are named behind the others, do not count as open, and the list is bounded", () => {
  const ballots = Array.from({ length: 50 }, (_, n) =>
    promise(`a:${n + 1}`, { ...tagged("ballot"), timeoutAt: n < 40 ? NOW : NOW + 1 }),
  );
  const { number, open, promises } = look([approval, ...ballots], 12);
  expect({ number, open, listed: promises.length }).toEqual({ number: 50, open: 10, listed: 12 });
  expect(promises.map(({ isOver }) => isOver)).toEqual([...Array(10).fill(false), true, true]);
});

describe("on a real engine and worker", () => {
  let rig: Rig;
  afterEach(() => rig[Symbol.asyncDispose]());

  test("nothing is said of approvals as they run, and the ballot without `by` is named", async () => {
    rig = await openRig();
    await rig.ask("a", { title: "Order", approvers: ["a@x.org", "b@x.org"] }, DAY_MS);
    await rig.ask("b", { title: "Order", approvers: ["a@x.org"] }, DAY_MS);
    await rig.ask("c", { title: "Order", approvers: ["a@x.org"] }, DAY_MS);
    const order = { item: "a lathe", amount: 9, buyer: "bo@x.org", approvers: ["ana@x.org"] };
    const timeoutAt = Date.now() + 90 * DAY_MS;
    await rig.durable.start({ id: "p", func: "purchase", args: [order], timeoutAt });
    await rig.durable.start({
      id: "n",
      func: "approval",
      args: [{ title: "T", approvers: ["a@x.org"] }],
      timeoutAt,
    });
    await rig.press(await rig.link("a", "approve"));
    await rig.press(await rig.link("p:2", "reject"));
    await rig.link("n:1", "approve");
    await rig.json("POST", "/approvals/b/cancel", {});
    for (const id of ["a", "b", "p"]) await rig.settled(id);
    expect(look(await everything(rig, "a", "b", "p", "n")).promises).toEqual([]);

    await rig.link("c", "approve");
    await rig.durable.settle("c:1", { kind: "decision", choice: "approve" });
    const found = look(await everything(rig, "c"));
    expect(found.promises).toMatchObject([{ id: "c:1", kind: "ballot", isOver: false }]);
    expect((await rig.durable.read("c"))?.state).toBe("pending");
  });
});

async function everything(rig: Rig, ...ids: string[]): Promise<StoredPromise[]> {
  const families = await Promise.all(ids.map((id) => rig.durable.family(id)));
  return families.flatMap(({ promises }) => promises);
}

import { describe, expect, test } from "vitest";
import type { Cancellation, Closed, Decision, Outcome, Withdrawal } from "../../../src/approval/approval.ts";
import type { Returns } from "../../../src/approval/bounce.ts";
import { courseOf } from "../../../src/approval/course.ts";
import { outcomeOfCancelled, standingIn, standingOf } from "../../../src/approval/standing.ts";
import { ballotOf, requestOf, type StoredRecord } from "../../../src/approval/stored.ts";
import { statusOf, summarize } from "../../../src/approval/view.ts";

const decision: Decision = {
  kind: "decision",
  choice: "approve",
  by: "ana@example.com",
  door: "mail",
  nonce: "n",
};
const withdrawal: Withdrawal = { kind: "withdrawn" };
const cancellation: Cancellation = { kind: "cancelled", reason: "no budget", nonce: "c" };
const closed: Closed = {
  kind: "closed",
  outcome: "approved",
  reason: "1 of 1 needed approvals were given",
  answered: [1],
};
const outcome: Outcome = { approval: "a", outcome: "expired", reason: "late", decisions: [], metadata: {} };

const request = {
  title: "Order",
  details: [],
  approvers: [{ email: "ana@example.com" }],
  require: "any",
  rejection: "veto",
  deadline: "P7D",
  onDeadline: "expire",
  metadata: {},
};

function record(id: string, settled?: Partial<StoredRecord>): StoredRecord {
  const param = { func: "approval", args: [request], version: 1 };
  const tags = { "countersign:kind": "approval" };
  return { id, state: "pending", param, value: undefined, tags, createdAt: 1, timeoutAt: 1_000, ...settled };
}

const resolved = (value: unknown, settledAt: number) => ({ state: "resolved", value, settledAt }) as const;

function standing(ballot?: Partial<StoredRecord>, end?: Partial<StoredRecord>, root?: Partial<StoredRecord>) {
  return standingOf({
    n: 1,
    ballot: record("a:1", ballot),
    end: record("a:0", end),
    root: record("a", root),
  });
}

describe("standingOf()", () => {
  test("is open while nothing is settled, also before the workflow has begun", () => {
    expect(standing()).toEqual({ kind: "open" });
    expect(standingOf({ n: 1, ballot: undefined, end: undefined, root: record("a") })).toEqual({
      kind: "open",
    });
  });

  test("is the stored decision, with the outcome once that is recorded", () => {
    const decided = { kind: "decided", decision, atMs: 50 };
    expect(standing(resolved(decision, 50))).toEqual(decided);
    expect(standing(resolved(decision, 50), resolved(closed, 51))).toEqual({
      ...decided,
      outcome: "approved",
    });
    const rejected = resolved({ ...outcome, outcome: "rejected" }, 52);
    expect(standing(resolved(decision, 50), resolved(cancellation, 51), rejected)).toEqual({
      ...decided,
      outcome: "rejected",
    });
  });

  test("counts what the verdict lists, whatever the times say, and else what was stored no later than the end", () => {
    expect(standing(resolved(decision, 60), resolved(closed, 50))).toMatchObject({ kind: "decided" });
    expect(standing(resolved(decision, 40), resolved({ ...closed, answered: [2] }, 50))).toMatchObject({
      kind: "closed",
      because: "approved",
    });
    const { answered: _, ...older } = closed;
    expect(standing(resolved(decision, 50), resolved(older, 50))).toMatchObject({ kind: "decided" });
    expect(standing(resolved(decision, 51), resolved(older, 50))).toMatchObject({ kind: "closed" });
    expect(standing(resolved(decision, 50), resolved(cancellation, 50))).toMatchObject({ kind: "decided" });
    expect(standing(resolved(decision, 51), resolved(cancellation, 50))).toMatchObject({ kind: "closed" });
    expect(standing(resolved(decision, 51), resolved(undefined, 50))).toMatchObject({
      kind: "closed",
      because: "expired",
    });
    // A server that has not looked at the clock: the end's time is over all the same.
    expect(standing({ ...resolved(decision, 1_001), timeoutAt: 2_000 }, {})).not.toMatchObject({
      kind: "decided",
    });
  });

  test("is closing while it is not certain how the approval ends", () => {
    const cancelled = resolved(cancellation, 50);
    expect(standing({}, cancelled)).toEqual({ kind: "closed", because: "closing", atMs: 50 });
    expect(standing(resolved(withdrawal, 60))).toEqual({ kind: "closed", because: "closing", atMs: 60 });
    expect(
      standingOf({
        n: 1,
        ballot: record("a:1"),
        end: record("a:0", cancelled),
        root: record("a"),
        outcome: "approved",
      }),
    ).toEqual({ kind: "closed", because: "approved", atMs: 50, outcome: "approved" });
  });

  test("is closed for whatever the approval ended as, with the reason of a cancellation", () => {
    expect(standing(resolved(withdrawal, 40), resolved(closed, 50))).toEqual({
      kind: "closed",
      because: "approved",
      atMs: 50,
      outcome: "approved",
    });
    const ended = resolved({ ...outcome, outcome: "cancelled" }, 60);
    expect(standing(resolved(withdrawal, 55), resolved(cancellation, 50), ended)).toEqual({
      kind: "closed",
      because: "cancelled",
      reason: "no budget",
      atMs: 50,
      outcome: "cancelled",
    });
    expect(standing({}, {}, ended)).toMatchObject({ because: "cancelled" });
    expect(standing({}, {}, { state: "canceled", settledAt: 50 })).toMatchObject({ because: "cancelled" });
    expect(standing({}, {}, { state: "rejected", settledAt: 50 })).toMatchObject({ because: "cancelled" });
  });

  test("is closed with the end's timer, although the ballot's own time is not quite over", () => {
    expect(standing({}, resolved(undefined, 50))).toEqual({ kind: "closed", because: "expired", atMs: 50 });
    const counted = resolved({ ...outcome, outcome: "rejected" }, 60);
    expect(standing({}, resolved(undefined, 50), counted)).toMatchObject({
      because: "expired",
      outcome: "rejected",
    });
  });

  test("has expired with the ballot's own deadline", () => {
    expect(standing({ state: "timedout", settledAt: 1_000 })).toEqual({
      kind: "closed",
      because: "expired",
      atMs: 1_000,
    });
  });

  test("takes a settlement that is no answer of ours for none", () => {
    expect(standing(resolved({ choice: "approve" }, 50))).toMatchObject({ kind: "closed" });
    expect(standing(resolved({ ...decision, choice: "maybe" }, 50))).toMatchObject({ kind: "closed" });
    expect(standing({ state: "rejected", value: decision, settledAt: 50 })).toMatchObject({ kind: "closed" });
  });
});

describe("outcomeOfCancelled()", () => {
  const two = { ...request, approvers: [{ email: "ana@example.com" }, { email: "bo@example.com" }] };
  const of = (...ballots: Partial<StoredRecord>[]) => {
    const root = { ...record("a"), param: { func: "approval", args: [two], version: 1 } };
    const children = [
      { ...record("a:0", resolved(cancellation, 50)), tags: { "countersign:kind": "end" } },
      ...ballots.map((ballot, i) => ({
        ...record(`a:${i + 1}`, ballot),
        tags: { "countersign:kind": "ballot" },
        param: {
          kind: "ballot",
          approval: "a",
          n: i + 1,
          approver: two.approvers[i],
          recipient: "r",
          gen: 0,
        },
      })),
    ];
    const course = courseOf(root, children);
    if (course === undefined) throw new Error("no course");
    return outcomeOfCancelled(course);
  };

  test("is known once each ballot is settled, and follows from the answers that were in time", () => {
    expect(of(resolved(withdrawal, 60), {})).toBeUndefined();
    expect(of(resolved(withdrawal, 60), resolved(withdrawal, 60))).toBe("cancelled");
    expect(of(resolved(decision, 50), resolved(withdrawal, 60))).toBe("approved");
    expect(of(resolved(decision, 51), resolved(withdrawal, 60))).toBe("cancelled");
    const veto = { ...decision, choice: "reject", by: "bo@example.com" } as const;
    expect(of(resolved(decision, 50), resolved(veto, 50))).toBe("rejected");
    expect(of(resolved(decision, 50), resolved(veto, 51))).toBe("approved");
  });
});

describe("standingIn(), of an approval whose course went on", () => {
  const stage = { approvers: [{ email: "ana@example.com" }], deadline: "PT1M" };
  const tagged = (kind: string, id: string, more: Partial<StoredRecord>) => ({
    ...record(id, more),
    tags: { "countersign:kind": kind },
  });
  const ballot = (n: number, more: object = {}) => ({
    kind: "ballot",
    approval: "a",
    n,
    approver: { email: "ana@example.com" },
    recipient: "r",
    gen: 0,
    ...more,
  });
  const of = (
    n: number,
    fields: object,
    children: readonly StoredRecord[],
    root: Partial<StoredRecord> = {},
  ) => {
    const param = { func: "approval", args: [{ ...request, ...fields }], version: 2 };
    const course = courseOf({ ...record("a", root), param }, children);
    if (course === undefined) throw new Error("no course");
    return standingIn(course, n);
  };
  const act = { door: "api", nonce: "x" } as const;

  test("keeps the answer of a round that is over, whatever the approval comes to", () => {
    const changed = { kind: "changed", content: { title: "Two", details: [] }, ...act };
    const ended = { ...outcome, outcome: "rejected" as const };
    const children = [
      tagged("end", "a:0", resolved(changed, 50)),
      tagged("ballot", "a:1", { ...resolved(decision, 40), param: ballot(1) }),
      tagged("ballot", "a:2", { ...resolved({ ...decision, nonce: "late" }, 51), param: ballot(2) }),
      tagged("end", "a:3", resolved({ ...closed, outcome: "rejected", answered: [4] }, 90)),
      tagged("ballot", "a:4", { ...resolved(decision, 80), param: ballot(4, { round: 2 }) }),
    ];
    const root = resolved(ended, 91);
    expect(of(1, {}, children, root)).toMatchObject({ kind: "decided", atMs: 40, outcome: "rejected" });
    expect(of(2, {}, children, root)).toMatchObject({ kind: "closed", because: "round-over" });
  });

  test("does not count an answer after its stage's time, or after a new deadline, before a worker has looked", () => {
    const asked = (atMs: number) =>
      tagged("ballot", "a:1", { ...resolved(decision, atMs), param: ballot(1) });
    const open = tagged("end", "a:0", { timeoutAt: 100_000 });
    const stages = { stages: [stage] };
    // Opened at 1, so its time is over at 60,001.
    expect(of(1, stages, [open, asked(60_000)])).toMatchObject({ kind: "decided" });
    expect(of(1, stages, [open, asked(60_001)])).toMatchObject({ kind: "closed", because: "closing" });
    const extended = tagged("end", "a:0", resolved({ kind: "extended", untilMs: 2_000, ...act }, 500));
    expect(of(1, {}, [extended, asked(1_999)])).toMatchObject({ kind: "decided" });
    expect(of(1, {}, [extended, asked(2_000)])).toMatchObject({ kind: "closed", because: "closing" });
  });

  test("knows at once how a cancelled approval ends whose answers can be taken back", () => {
    const children = (answer: Partial<StoredRecord>, undo: Partial<StoredRecord>) => [
      tagged("end", "a:0", resolved(cancellation, 50)),
      tagged("ballot", "a:1", { ...answer, param: ballot(1, { undo: true }) }),
      tagged("undo", "a:2", undo),
    ];
    const param = { func: "approval", args: [{ ...request, undo: "PT1H" }], version: 2 };
    const foreseen = (answer: Partial<StoredRecord>, undo: Partial<StoredRecord>) => {
      const course = courseOf({ ...record("a"), param }, children(answer, undo));
      return course && outcomeOfCancelled(course);
    };
    expect(foreseen({}, {})).toBe("cancelled");
    expect(foreseen(resolved(decision, 40), {})).toBe("cancelled");
    expect(foreseen(resolved(decision, 40), resolved({ kind: "final" }, 60))).toBe("cancelled");
    expect(foreseen(resolved(decision, 40), resolved({ kind: "undone", ...act }, 45))).toBe("cancelled");
  });
});

describe("requestOf()", () => {
  test("reads only approvals: by tag, function and shape", () => {
    expect(requestOf(record("a"))).toEqual(request);
    expect(requestOf(record("a", { tags: {} }))).toBeUndefined();
    expect(requestOf(record("a", { param: { func: "foo", args: [request] } }))).toBeUndefined();
    expect(requestOf(record("a", { param: { func: "approval", args: [{ title: 1 }] } }))).toBeUndefined();
  });

  test("reads requests that today's rules would refuse", () => {
    const older = { ...request, title: "x".repeat(500), deadline: "P1M" };
    expect(requestOf(record("a", { param: { func: "approval", args: [older] } }))).toEqual(older);
  });
});

describe("ballotOf()", () => {
  test("reads only promises that are tagged as ballots, whatever their parameter looks like", () => {
    const ballot = {
      kind: "ballot",
      approval: "a",
      n: 1,
      approver: { email: "a@b.cd" },
      recipient: "r",
      gen: 0,
    };
    const tagged = { param: ballot, tags: { "countersign:kind": "ballot" } };
    expect(ballotOf(record("a:1", tagged))).toEqual(ballot);
    expect(ballotOf(record("a:1", { param: ballot }))).toBeUndefined();
    expect(ballotOf(record("a:1", { ...tagged, param: { ...ballot, gen: "0" } }))).toBeUndefined();
  });
});

describe("statusOf()", () => {
  test("reads outcomes of before doors were told", () => {
    const older = { n: 1, email: "ana@example.com", choice: "approve", at: "2026-11-21T10:00:00.000Z" };
    const approved = { ...outcome, outcome: "approved", decisions: [older] };
    expect(statusOf(record("a", resolved(approved, 50)))).toMatchObject({ status: "approved" });
  });

  test.each<[Partial<StoredRecord>, object]>([
    [{}, { status: "pending" }],
    [resolved(outcome, 50), { status: "expired", outcome }],
    [{ state: "timedout" }, { status: "expired" }],
    [{ state: "canceled" }, { status: "cancelled" }],
    [
      { state: "rejected", value: new TypeError("Cannot ask") },
      { status: "failed", error: "Cannot ask" },
    ],
    [resolved("done", 50), { status: "failed", error: "Unknown result" }],
  ])("of %o is %o", (root, expected) => {
    expect(statusOf(record("a", root))).toEqual(expected);
  });
});

describe("summarize()", () => {
  const mail = (position: number, delivery: object) =>
    record(`a:${position}`, { tags: {}, ...resolved({ kind: "mail", n: 1, delivery }, 10) });
  const mailOf = (...mails: StoredRecord[]) =>
    summarize(record("a"), [record("a:0"), record("a:1"), ...mails])?.ballots[0]?.mail;

  test("shows the last that is known of a mail, how often it was tried, and when it is tried again", () => {
    const deferred = mail(2, { status: "deferred", reason: "greylisted", nextTryAtMs: 60_000 });
    const busy = mail(5, { status: "deferred", reason: "busy", nextTryAtMs: 360_000 });
    const timer = (position: number, settled?: Partial<StoredRecord>) =>
      record(`a:${position}`, { tags: { "countersign:kind": "retry" }, timeoutAt: 61_000, ...settled });
    const sent = mail(5, { status: "sent", messageId: "<m>" });
    expect(mailOf()).toEqual({ status: "pending", attempts: 0 });
    expect(mailOf(deferred)).toEqual({ status: "deferred", reason: "greylisted", attempts: 1 });
    expect(mailOf(deferred, timer(3))).toEqual({
      status: "deferred",
      reason: "greylisted",
      attempts: 1,
      nextTryAt: "1970-01-01T00:01:01.000Z",
    });
    expect(mailOf(deferred, timer(3, resolved(undefined, 61_000)), busy)).toEqual({
      status: "deferred",
      reason: "busy",
      attempts: 2,
    });
    expect(mailOf(deferred, timer(3, resolved(undefined, 61_000)), sent)).toEqual({
      status: "sent",
      attempts: 2,
    });
    expect(mailOf(deferred, mail(5, { status: "undeliverable", reason: "gone" }))).toEqual({
      status: "undeliverable",
      reason: "gone",
      attempts: 2,
    });
    expect(mailOf(mail(2, { status: "sent", messageId: "<m>" }), mail(5, { status: "skipped" }))).toEqual({
      status: "sent",
      attempts: 1,
    });
    expect(mailOf(mail(2, { status: "skipped" }))).toEqual({ status: "skipped", attempts: 0 });
  });

  test("shows the next try of each person's mail, whatever else the timer is for", () => {
    const alarm = record("a:3", { tags: { "countersign:kind": "alarm" }, timeoutAt: 61_000 });
    const late = mail(2, { status: "deferred", reason: "greylisted", nextTryAtMs: 900_000 });
    expect(mailOf(late, alarm)).toMatchObject({ nextTryAt: "1970-01-01T00:15:00.000Z" });
  });

  test("shows what came back of a mail that a relay took", () => {
    const sent = mail(2, { status: "sent", messageId: "<m>", canBounce: true });
    const children = [record("a:0"), record("a:1"), sent];
    const shown = (returns: Returns) =>
      summarize(record("a"), children, undefined, new Map([[1, returns]]))?.ballots[0]?.mail;
    expect(shown({})).toEqual({ status: "sent", attempts: 1 });
    expect(shown({ delay: { atMs: 1000, status: "4.4.1" } })).toEqual({
      status: "sent",
      reason: "The mail is late, and still under way (4.4.1)",
      attempts: 1,
      delayedAt: "1970-01-01T00:00:01.000Z",
    });
    expect(shown({ delay: { atMs: 1000 }, bounce: { atMs: 2000 } })).toEqual({
      status: "undeliverable",
      reason: "The mail came back",
      attempts: 1,
      bouncedAt: "1970-01-01T00:00:02.000Z",
    });
  });

  test("is nothing for what is no approval", () => {
    expect(summarize(record("a", { tags: {} }), [])).toBeUndefined();
  });
});

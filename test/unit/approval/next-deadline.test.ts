import { describe, expect, test } from "vitest";
import type { ApprovalRequest } from "../../../src/approval/approval.ts";
import { nextDeadline } from "../../../src/approval/next-deadline.ts";
import { ruleOf } from "../../../src/approval/rule.ts";
import { noticeIn } from "../../../src/approval/stored-notice.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const ana = { email: "ana@example.com" };
const bo = { email: "bo@example.com" };

const plain: ApprovalRequest = {
  title: "Order",
  details: [],
  approvers: [ana],
  require: 1,
  rejection: "veto",
  deadline: "P9D",
  onDeadline: "expire",
  metadata: {},
};

function next(
  request: Partial<ApprovalRequest>,
  { stage = 0, escalations = 0, sinceMs = 0, endAtMs = 9 * DAY_MS, phase = "asking" as const } = {},
) {
  const { atMs, onDeadline } = nextDeadline(
    ruleOf({ ...plain, ...request }),
    { stage, escalations, phase },
    sinceMs,
    endAtMs,
  );
  return [atMs, onDeadline];
}

describe("without a stage's own time", () => {
  test("it is the approval's, with what the request says", () => {
    expect(next({})).toEqual([9 * DAY_MS, "expire"]);
    expect(next({ onDeadline: "reject" })).toEqual([9 * DAY_MS, "reject"]);
    expect(next({ onDeadline: "approve" })).toEqual([9 * DAY_MS, "approve"]);
  });

  test("silence approves only in the last stage, and not while changes are to be made", () => {
    const stages = [{ approvers: [ana] }, { approvers: [bo] }];
    expect(next({ onDeadline: "approve", stages })).toEqual([9 * DAY_MS, "expire"]);
    expect(next({ onDeadline: "approve", stages }, { stage: 1 })).toEqual([9 * DAY_MS, "approve"]);
    const revising = { stage: 0, escalations: 0, phase: "revising" } as const;
    const rule = ruleOf({ ...plain, onDeadline: "approve" });
    expect(nextDeadline(rule, revising, 0, 9)).toEqual({ atMs: 9, onDeadline: "expire" });
  });
});

describe("in a stage with its own time", () => {
  const stages = [{ approvers: [ana], deadline: "PT1M", onDeadline: "reject" as const }];

  test("it is the stage's, if that comes first, with what the stage says", () => {
    expect(next({ stages })).toEqual([MINUTE_MS, "reject"]);
    expect(next({ stages }, { sinceMs: DAY_MS })).toEqual([DAY_MS + MINUTE_MS, "reject"]);
  });

  test("it is the approval's, if that comes first or at the same moment, with what the request says", () => {
    expect(next({ stages }, { endAtMs: 1_000 })).toEqual([1_000, "expire"]);
    expect(next({ stages }, { endAtMs: MINUTE_MS })).toEqual([MINUTE_MS, "expire"]);
  });

  test("while changes are to be made, the stage's time does not run", () => {
    const place = { stage: 0, escalations: 0, phase: "revising" } as const;
    expect(nextDeadline(ruleOf({ ...plain, stages }), place, 0, 9 * DAY_MS).atMs).toBe(9 * DAY_MS);
  });

  test("before its first ballot, only the approval's deadline is known", () => {
    const place = { stage: 0, escalations: 0 };
    expect(nextDeadline(ruleOf({ ...plain, stages }), place, undefined, 9).atMs).toBe(9);
  });
});

describe("with a chain of people to escalate to", () => {
  const chain = { onDeadline: "escalate" as const, escalateTo: [[bo], [bo]] };

  test("more people are asked only while somebody is left, and then the approval expires", () => {
    const request = { ...chain, deadline: "PT1M" };
    const endAtMs = 3 * MINUTE_MS;
    const turns = [0, 1, 2].map((escalations) =>
      next(request, { escalations, sinceMs: escalations * MINUTE_MS, endAtMs }),
    );
    expect(turns).toEqual([
      [MINUTE_MS, "escalate"],
      [2 * MINUTE_MS, "escalate"],
      [3 * MINUTE_MS, "expire"],
    ]);
  });

  test("a stage ends by its own time after the last of them", () => {
    const stages = [{ approvers: [ana], deadline: "PT1M", ...chain }];
    expect(next({ stages }, { escalations: 1 })).toEqual([MINUTE_MS, "escalate"]);
    expect(next({ stages }, { escalations: 2 })).toEqual([MINUTE_MS, "expire"]);
  });

  test("who is to be asked at night is asked in the morning", () => {
    const hours = { timeZone: "UTC", days: "Mo-Fr", from: "09:00", to: "17:00" };
    const [atMs, onDeadline] = next({ ...chain, deadline: "PT1M", hours });
    expect([new Date(Number(atMs)).toISOString(), onDeadline]).toEqual([
      "1970-01-01T09:00:00.000Z",
      "escalate",
    ]);
  });
});

test("a notice that does not say how far the stage had come can still be read", () => {
  const says = { mail: "resend", n: 1, first: 1, end: "po-1.0", deadlineAtMs: 9, atMs: 1 };
  const notice = { kind: "notice", approval: "po-1", startedAtMs: 0, says };
  expect(noticeIn(notice)).toEqual(notice);
  const place = { stage: 1, escalations: 0, sinceMs: 5 };
  expect(noticeIn({ ...notice, says: { ...says, place } })).toEqual({ ...notice, says: { ...says, place } });
});

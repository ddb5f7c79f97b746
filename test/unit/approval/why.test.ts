import { expect, test } from "vitest";
import type { OutcomeKind } from "../../../src/approval/approval.ts";
import { type Progress, reasonOf, type Why, whySchema } from "../../../src/approval/why.ts";
import { whyText } from "../../../src/approval/wording.ts";
import { messagesFor } from "../../../src/lib/messages.ts";
import { rehearse } from "../../../worker/testing/index.ts";

const atMs = Date.UTC(2026, 10, 30, 17);
const progress = (more: Partial<Progress> = {}): Progress => ({
  of: "approvals",
  given: 1,
  needed: 2,
  people: 3,
  rejections: 0,
  answered: 1,
  stage: 1,
  stages: 1,
  ...more,
});
const groups = progress({ of: "groups", stage: 2, stages: 3 });
const silence = progress({ given: 0, answered: 0 });

test.each<[Why, OutcomeKind, string, string | undefined]>([
  [{ because: "veto" }, "rejected", "An approver rejected it", "One rejection was enough."],
  [
    { because: "approvals", progress: progress({ given: 2 }) },
    "approved",
    "2 of 2 needed approvals were given",
    "2 of 3 had to approve, and 2 did.",
  ],
  [
    { because: "approvals", progress: progress({ given: 1, needed: 1, people: 1 }) },
    "approved",
    "1 of 1 needed approvals were given",
    undefined,
  ],
  [
    { because: "approvals", progress: groups },
    "approved",
    "All 3 stages approved it",
    "All 3 stages approved.",
  ],
  [
    { because: "out-of-reach", progress: progress({ rejections: 2 }) },
    "rejected",
    "2 of 3 approvers rejected it, so 2 approvals are no longer possible",
    "2 of 3 had to approve, and 2 rejected.",
  ],
  [
    { because: "approvals", progress: groups, isConsent: true },
    "approved",
    "All 3 stages are done",
    "All 3 stages are done.",
  ],
  [
    { because: "out-of-reach", progress: progress({ needed: 3, people: 2, rejections: 1 }) },
    "rejected",
    "Too few people are left who can approve it",
    "Too few people are left who can approve it.",
  ],
  [
    { because: "deadline", progress: progress({ needed: 3, people: 2 }), atMs },
    "expired",
    "The deadline passed with 1 of 3 needed approvals",
    "3 approvals were needed, and by Monday, 30 November 2026 at 17:00 UTC 1 had been given.",
  ],
  [
    { because: "out-of-reach", progress: { ...groups, rejections: 1 } },
    "rejected",
    "The approvals that stage 2 needs are no longer possible",
    "Stage 2 of 3: So many rejected it that the others could not approve it.",
  ],
  [
    { because: "deadline", progress: silence, atMs },
    "expired",
    "The deadline passed with 0 of 2 needed approvals",
    "Nobody answered by Monday, 30 November 2026 at 17:00 UTC.",
  ],
  [
    { because: "deadline", progress: progress(), atMs },
    "rejected",
    "The deadline passed with 1 of 2 needed approvals",
    "2 of 3 had to approve, and by Monday, 30 November 2026 at 17:00 UTC 1 had. The request was made so that it then counts as rejected (onDeadline: reject).",
  ],
  [
    { because: "deadline", progress: silence, atMs, isConsent: true },
    "approved",
    "The deadline passed with 0 of 2 needed approvals, and silence counts as approval",
    "Nobody answered by Monday, 30 November 2026 at 17:00 UTC. The request was made so that silence counts as approval (onDeadline: approve).",
  ],
  [
    { because: "stage-time", progress: groups, atMs },
    "expired",
    "The time of stage 2 was over with 1 of 2 needed groups in stage 2",
    "Stage 2 of 3: 2 groups had to approve, and by Monday, 30 November 2026 at 17:00 UTC 1 had.",
  ],
  [
    { because: "deadline", progress: progress(), atMs, isRevising: true },
    "expired",
    "The deadline passed with 1 of 2 needed approvals",
    "Changes were requested, and nobody made them by Monday, 30 November 2026 at 17:00 UTC.",
  ],
  [
    { because: "nobody-left" },
    "rejected",
    "Nobody is left who could approve it",
    "Nobody is left who could approve it.",
  ],
  [
    { because: "no-rounds" },
    "rejected",
    "Changes were requested, and no further round is allowed",
    "Changes were requested in the last round.",
  ],
  [{ because: "cancelled", reason: "Bought" }, "cancelled", "It was cancelled: Bought", undefined],
])("%j, %s", (why, outcome, reason, text) => {
  expect(reasonOf(why)).toBe(reason);
  expect(whyText(why, outcome, messagesFor("en-GB"), { timeZone: "UTC" })).toBe(text);
  expect(whySchema.parse(JSON.parse(JSON.stringify(why)))).toEqual(why);
});

test("in the reader's language and zone", () => {
  const why: Why = { because: "deadline", progress: silence, atMs, isConsent: true };
  const text = (locale: string) =>
    whyText(why, "approved", messagesFor(locale), { timeZone: "Europe/Vienna" }) ?? "";
  expect(text("de-AT")).toMatch(/^Bis Montag, 30\. November 2026 .*18:00 .* hat niemand geantwortet\. /u);
  expect(text("fr")).toMatch(/^Personne n’a répondu avant le lundi 30 novembre 2026 /u);
  expect(text("es")).toMatch(/^Nadie respondió antes del lunes, 30 de noviembre de 2026/u);
});

const THREE = {
  title: "Buy 40 laptops",
  approvers: ["ana@example.com", "bo@example.com", "cy@example.com"],
  require: 2,
  deadline: "P2D",
  requester: "kim@example.com",
};

/** The mails that tell people of the end, by their addresses. */
async function toldOf(request: object, people: Record<string, "approve" | "reject">) {
  const { mails, outcome } = await rehearse({ ...THREE, ...request }, { people, mayApproveByDeadline: true });
  const ends = mails.filter(({ kind }) => kind === "outcome" || kind === "requester-outcome");
  return { outcome, told: new Map(ends.map(({ to, text, html }) => [to, { text, html }])) };
}

test("mails tell those who asked and those who answered why it ended", async () => {
  const silent = await toldOf({}, {});
  expect(silent.outcome).toMatchObject({ outcome: "expired", why: { because: "deadline" } });
  for (const part of Object.values(silent.told.get("kim@example.com") ?? {}))
    expect(part).toContain("Nobody answered by Thursday, 3 January 2030 at 09:00 UTC.");

  const lost = await toldOf(
    { rejection: "majority" },
    { "ana@example.com": "reject", "bo@example.com": "reject" },
  );
  for (const to of ["kim@example.com", "ana@example.com", "bo@example.com"])
    expect(lost.told.get(to)?.text).toContain("2 of 3 had to approve, and 2 rejected.");

  const consent = await toldOf({ onDeadline: "approve" }, { "ana@example.com": "approve" });
  expect(consent.outcome.outcome).toBe("approved");
  expect(consent.told.get("ana@example.com")?.text.replaceAll(/\s+/gu, " ")).toContain(
    "2 of 3 had to approve, and by Thursday, 3 January 2030 at 09:00 UTC 1 had. The request was made so that silence counts as approval (onDeadline: approve).",
  );
});

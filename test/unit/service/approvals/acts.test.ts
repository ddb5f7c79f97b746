import { describe, expect, test } from "vitest";
import type { ApprovalRequest } from "../../../../src/approval/approval.ts";
import { courseOf } from "../../../../src/approval/course.ts";
import { ballotId, KIND_TAG } from "../../../../src/approval/ids.ts";
import { parseApprovalRequest } from "../../../../src/approval/request.ts";
import { scheduledCall } from "../../../../src/approval/starting.ts";
import type { RequestMail } from "../../../../src/channels/mail/message.ts";
import type { Durable } from "../../../../src/durable/durable.ts";
import {
  reassignBallot,
  recuseBallot,
  reissueBallot,
  undoDecision,
} from "../../../../src/service/approvals/ballot-acts.ts";
import { answerBallot } from "../../../../src/service/approvals/decide.ts";
import { changeApproval, extendApproval } from "../../../../src/service/approvals/end-acts.ts";
import { failureOf } from "../../../../src/service/approvals/failure.ts";
import { remindBallot, resendBallot } from "../../../../src/service/approvals/mail-acts.ts";
import { readCourse } from "../../../../src/service/approvals/question.ts";
import { openRig, until } from "../../gateway/rig.ts";
import { partsOf } from "../../tokens/forgeries.ts";

import { actor, asked, bound, cancel, dee, optionsOf, press } from "./acting.ts";

function parsed(request: Record<string, unknown>) {
  const read = parseApprovalRequest(
    { title: "Order", ...request },
    { nowMs: Date.now(), callbackUrlProblem: () => undefined },
  );
  return read.ok ? read : undefined;
}

/** As earlier builds stored it. */
function earlierScheduledCall(request: ApprovalRequest) {
  return { func: "approval", args: [request], version: 2, timeoutMs: 6 * 86_400_000 } as const;
}

describe("reassign", () => {
  test("gives the ballot to somebody else, whose answer counts in its place", async () => {
    await using rig = await openRig();
    await asked(rig);
    const by = actor({ by: "ana@example.com", door: "mail" });
    const first = await reassignBallot(
      optionsOf(rig),
      { approval: "po-1", n: 1 },
      { to: dee, reason: "Away", ...by },
    );
    expect(first).toMatchObject({
      kind: "stands",
      effective: true,
      isDone: true,
      standing: { kind: "closed", because: "reassigned", to: dee, reason: "Away", by: "ana@example.com" },
    });
    const again = await reassignBallot(
      optionsOf(rig),
      { approval: "po-1", n: 1 },
      { to: dee, reason: "Away", ...by },
    );
    expect(again).toMatchObject({ kind: "stands", effective: true, isDone: true });
    const course = await readCourse(rig.durable, "po-1");
    const follow = course?.ballots.filter(({ ballot }) => ballot.via?.from === 1) ?? [];
    expect(follow.map(({ ballot }) => [ballot.approver.email, ballot.gen])).toEqual([["dee@example.com", 1]]);
    await press(rig, 2);
    await press(rig, follow[0]?.ballot.n ?? 0);
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
  });

  test("the same nonce for somebody else is refused", async () => {
    await using rig = await openRig();
    await asked(rig);
    const by = actor();
    await reassignBallot(optionsOf(rig), { approval: "po-1", n: 1 }, { to: dee, ...by });
    const other = { to: { email: "eve@example.com" }, ...by };
    expect(await reassignBallot(optionsOf(rig), { approval: "po-1", n: 1 }, other)).toEqual({
      kind: "other-content",
    });
  });

  test("the same nonce finds what an earlier version stored without the name of the key", async () => {
    await using rig = await openRig();
    await asked(rig);
    const by = actor({ caller: "key:1a2b3c4d" });
    await rig.durable.settle("po-1:1", { kind: "reassigned", to: dee, ...by });
    const again = { ...by, client: "erp" };
    const named = { approval: "po-1", n: 1 };
    expect(await reassignBallot(optionsOf(rig), named, { to: dee, ...again })).toMatchObject({
      kind: "stands",
      effective: true,
    });
    const other = { to: { email: "eve@example.com" }, ...again };
    expect(await reassignBallot(optionsOf(rig), named, other)).toEqual({ kind: "other-content" });
  });

  test.each([
    ["to-requester", "KIM@example.com"],
    ["to-same", "Ana@example.com"],
    ["to-member", "bo@example.com"],
  ])("refuses %s", async (why, email) => {
    await using rig = await openRig();
    await asked(rig, { requester: "kim@example.com" });
    const result = await reassignBallot(
      optionsOf(rig),
      { approval: "po-1", n: 1 },
      { to: { email }, ...actor() },
    );
    expect(result).toMatchObject({ kind: "refused", why });
    expect((await rig.durable.read("po-1:1"))?.state).toBe("pending");
  });

  test("refuses a person of the group who has answered, and takes one who is asked in another group", async () => {
    await using rig = await openRig();
    const groups = [
      { name: "Legal", approvers: ["ana@example.com", "bo@example.com"], require: "all" },
      { name: "Finance", approvers: ["cy@example.com"] },
    ];
    await asked(rig, { approvers: undefined, require: undefined, stages: [{ groups }] });
    await press(rig, 2);
    const to = (email: string) =>
      reassignBallot(optionsOf(rig), { approval: "po-1", n: 1 }, { to: { email }, ...actor() });
    expect(await to("bo@example.com")).toMatchObject({ kind: "refused", why: "to-member" });
    expect(await to("cy@example.com")).toMatchObject({ kind: "stands", effective: true });
  });

  test("refuses somebody else's ballot, and knows no other", async () => {
    await using rig = await openRig();
    await asked(rig);
    const by = actor({ by: "bo@example.com", door: "mail" });
    expect(
      await reassignBallot(optionsOf(rig), { approval: "po-1", n: 1 }, { to: dee, ...by }),
    ).toMatchObject({ kind: "refused", why: "not-theirs" });
    for (const [approval, n] of [
      ["po-1", 9],
      ["po-2", 1],
    ] as const) {
      expect(await reassignBallot(optionsOf(rig), { approval, n }, { to: dee, ...actor() })).toEqual({
        kind: "unknown",
      });
    }
  });

  test("is stored and not done while no worker runs", async () => {
    await using rig = await openRig();
    await asked(rig);
    await rig.rest();
    const result = await reassignBallot(
      optionsOf(rig, 20),
      { approval: "po-1", n: 1 },
      { to: dee, ...actor() },
    );
    expect(result).toMatchObject({ kind: "stands", effective: true, isDone: false });
  });
});

test("someone who recuses themselves leaves the count", async () => {
  await using rig = await openRig();
  await asked(rig);
  const result = await recuseBallot(
    optionsOf(rig),
    { approval: "po-1", n: 1 },
    { reason: "My cousin", ...actor() },
  );
  expect(result).toMatchObject({
    effective: true,
    isDone: true,
    standing: { because: "recused", reason: "My cousin" },
  });
  await press(rig, 2);
  expect((await rig.settled("po-1")).value).toMatchObject({
    outcome: "approved",
    reason: "1 of 1 needed approvals were given",
  });
});

test("new links go to the same person, on a ballot of the next generation", async () => {
  await using rig = await openRig();
  await asked(rig);
  const old = await rig.link("po-1", "approve", 1);
  const result = await reissueBallot(optionsOf(rig), { approval: "po-1", n: 1 }, actor());
  expect(result).toMatchObject({ effective: true, isDone: true, standing: { because: "reissued" } });
  const course = await readCourse(rig.durable, "po-1");
  expect(course?.ballots.find(({ ballot }) => ballot.via?.from === 1)?.ballot).toMatchObject({
    approver: { email: "ana@example.com" },
    gen: 1,
  });
  expect((await rig.press(old)).result).not.toContain("true");
});

describe("mails by hand", () => {
  test("it names the deadline of the stage, and what follows then", async () => {
    const mails: RequestMail[] = [];
    await using rig = await openRig({
      deliver: (mail) => {
        mails.push(mail);
        return { status: "sent", messageId: "<m@test>" };
      },
    });
    const stages = [
      { approvers: ["ana@example.com", "bo@example.com"], deadline: "PT2H", onDeadline: "reject" },
    ];
    await asked(rig, { approvers: undefined, require: undefined, deadline: "P9D", stages });
    await remindBallot(optionsOf(rig), { approval: "po-1", n: 1 }, actor());
    await resendBallot(optionsOf(rig), { approval: "po-1", n: 2 }, actor());
    const [first, , reminder, resent] = mails;
    for (const mail of [first, reminder, resent]) {
      const leftMs = (mail?.deadlineAtMs ?? 0) - Date.now();
      expect([mail?.onDeadline, Math.round(leftMs / 60_000)]).toEqual(["reject", 120]);
    }
    // The links are the same.
    expect(reminder?.links).toEqual(first?.links);
  });

  test("go to those who have not answered, say who is waited for, and are in their thread", async () => {
    const mails: RequestMail[] = [];
    await using rig = await openRig({
      deliver: (mail) => {
        mails.push(mail);
        return { status: "sent", messageId: "<m@test>" };
      },
    });
    await asked(rig, { requester: "kim@example.com" });
    const options = optionsOf(rig);
    const by = actor({ by: "Kim@example.com", door: "mail" });
    expect(await remindBallot(options, { approval: "po-1", n: 1 }, by)).toMatchObject({
      effective: true,
      isDone: true,
      standing: { kind: "open" },
      mailed: { status: "sent" },
    });
    expect(await resendBallot(options, { approval: "po-1", n: 2 }, actor())).toMatchObject({
      effective: true,
      mailed: { status: "sent" },
    });
    const [ana, bo, reminder, resent] = mails;
    expect(reminder).toMatchObject({
      kind: "reminder",
      approver: { email: "ana@example.com" },
      links: ana?.links,
      explanation: { waitingFor: [{ needed: 2 }] },
    });
    expect(resent).toMatchObject({ kind: "request", links: bo?.links });
    expect(resent?.resentAtMs).toBeGreaterThan(0);
    const again = { ...options, clock: () => Date.now() + 3_600_001 };
    const durable = new Proxy(rig.durable, {
      get: (target, name) => (name === "engineTime" ? undefined : bound(target, name)),
    });
    const repeated = await remindBallot({ ...again, durable }, { approval: "po-1", n: 1 }, by);
    expect(repeated).toMatchObject({ effective: true });
    expect(mails).toHaveLength(4);
    const later = await remindBallot({ ...again, durable }, { approval: "po-1", n: 1 }, actor());
    expect(later).toMatchObject({ effective: true, mailed: { status: "sent" } });
    expect(mails).toHaveLength(5);
  });

  test("are for programs and the requester", async () => {
    await using rig = await openRig();
    await asked(rig, { requester: "kim@example.com" });
    for (const email of ["ana@example.com", "bo@example.com"]) {
      const result = await remindBallot(
        optionsOf(rig),
        { approval: "po-1", n: 1 },
        actor({ by: email, door: "mail" }),
      );
      expect(result).toMatchObject({ kind: "refused", why: "not-theirs" });
    }
  });

  test("a stranger is refused before anything else is looked up", async () => {
    await using rig = await openRig();
    await asked(rig, { requester: "kim@example.com" });
    const read: string[] = [];
    const durable = new Proxy(rig.durable, {
      get: (target, name) =>
        name === "read"
          ? (id: string) => {
              read.push(id);
              return target.read(id);
            }
          : bound(target, name),
    });
    const by = actor({ by: "bo@example.com", door: "mail" });
    await remindBallot({ ...optionsOf(rig), durable }, { approval: "po-1", n: 1 }, by);
    expect(read).toEqual(["po-1"]);
  });

  test("end after fifty to one person, and the refusal is about mails", async () => {
    await using rig = await openRig();
    await asked(rig, { requester: "kim@example.com", deadline: "P30D" });
    let hours = 0;
    const durable = new Proxy(rig.durable, {
      get: (target, name) => (name === "engineTime" ? undefined : bound(target, name)),
    });
    const options = { ...optionsOf(rig, 0), durable, clock: () => Date.now() + hours * 3_600_000 };
    for (; hours < 50; hours += 1)
      expect(await remindBallot(options, { approval: "po-1", n: 1 }, actor())).toMatchObject({
        effective: true,
      });
    const refused = await resendBallot(options, { approval: "po-1", n: 1 }, actor());
    expect(refused).toMatchObject({ kind: "refused", why: "too-many-mails" });
    expect(failureOf("resend", refused, { unknown: "", lost: () => "" })?.message).toBe(
      "Cannot resend: the same person was sent 50 mails by hand about this approval, which is the most",
    );
  });

  test("are not ordered by two at once", async () => {
    await using rig = await openRig();
    await asked(rig);
    const results = await Promise.all(
      [1, 2, 3].map(() => remindBallot(optionsOf(rig), { approval: "po-1", n: 1 }, actor())),
    );
    expect(results.map((result) => (result.kind === "refused" ? result.why : result.kind)).sort()).toEqual([
      "stands",
      "too-soon",
      "too-soon",
    ]);
  });

  test("wait for no worker, and are under way then", async () => {
    await using rig = await openRig();
    await asked(rig);
    await rig.rest();
    expect(await remindBallot(optionsOf(rig, 20), { approval: "po-1", n: 1 }, actor())).toMatchObject({
      effective: true,
      isDone: false,
      mailed: { status: "pending" },
    });
  });

  test("go to nobody whose answer comes first, who is told, as is the one who ordered it", async () => {
    const mails: RequestMail[] = [];
    await using rig = await openRig({
      deliver: (mail) => {
        mails.push(mail);
        return { status: "sent", messageId: "<m@test>" };
      },
    });
    await asked(rig);
    await rig.rest();
    // The mail is ordered, and the press comes before a worker sends it.
    const reminding = remindBallot(optionsOf(rig), { approval: "po-1", n: 1 }, actor());
    await until(async () => {
      const orders = await rig.durable.search({ [KIND_TAG]: "notice" }, 10);
      return orders?.promises.length === 1 ? true : undefined;
    });
    expect(await press(rig, 1)).toMatchObject({ effective: true });
    rig.work();
    expect(await reminding).toMatchObject({
      kind: "stands",
      effective: false,
      standing: { kind: "decided", decision: { choice: "approve" } },
    });
    expect(await remindBallot(optionsOf(rig), { approval: "po-1", n: 1 }, actor())).toMatchObject({
      kind: "stands",
      effective: false,
      standing: { kind: "decided" },
    });
    expect(mails).toHaveLength(2);
  });

  test("still go out when the deadline is moved before their turn", async () => {
    await using rig = await openRig();
    await asked(rig, { deadline: "P2D" });
    const durable = new Proxy(rig.durable, {
      get: (target, name) =>
        name === "start"
          ? async (...call: Parameters<Durable["start"]>) => {
              await rig.rest();
              const started = await target.start(...call);
              await extendApproval(optionsOf(rig, 0), "po-1", { deadline: "P9D", ...actor() });
              rig.work();
              return started;
            }
          : bound(target, name),
    });
    expect(
      await remindBallot({ ...optionsOf(rig), durable }, { approval: "po-1", n: 1 }, actor()),
    ).toMatchObject({ effective: true, mailed: { status: "sent" } });
  });
});

describe("undo", () => {
  test("takes an answer back, and the same person is asked again", async () => {
    await using rig = await openRig();
    await asked(rig, { undo: "PT10M" });
    await press(rig, 1, "reject");
    const by = actor({ by: "ana@example.com", door: "mail" });
    const result = await undoDecision(optionsOf(rig), { approval: "po-1", n: 1 }, by);
    expect(result).toMatchObject({ effective: true, isDone: true, standing: { because: "undone" } });
    expect(await undoDecision(optionsOf(rig), { approval: "po-1", n: 1 }, by)).toMatchObject({
      effective: true,
    });
    const other = await undoDecision(optionsOf(rig), { approval: "po-1", n: 1 }, actor());
    expect(other).toMatchObject({ kind: "refused", why: "undo-over" });
    const course = await readCourse(rig.durable, "po-1");
    const again = course?.ballots.find(({ ballot }) => ballot.via?.kind === "undo")?.ballot;
    expect(again?.approver.email).toBe("ana@example.com");
  });

  test("refuses where no answer can be taken back, where none was given, and where it is another's", async () => {
    await using rig = await openRig();
    await asked(rig);
    await press(rig, 1);
    expect(await undoDecision(optionsOf(rig), { approval: "po-1", n: 1 }, actor())).toMatchObject({
      why: "no-undo",
    });

    await using other = await openRig();
    await asked(other, { undo: "PT10M" });
    expect(await undoDecision(optionsOf(other), { approval: "po-1", n: 1 }, actor())).toMatchObject({
      why: "undo-over",
    });
    await press(other, 1);
    const by = actor({ by: "bo@example.com" });
    expect(await undoDecision(optionsOf(other), { approval: "po-1", n: 1 }, by)).toMatchObject({
      why: "not-theirs",
    });
  });
});

describe("extend", () => {
  test("moves the deadline, and answers the same for the same nonce", async () => {
    await using rig = await openRig();
    await asked(rig, { deadline: "P2D" });
    const by = actor();
    const before = Date.now();
    const result = await extendApproval(optionsOf(rig), "po-1", { deadline: "P9D", reason: "Fair", ...by });
    expect(result).toMatchObject({ kind: "stands", effective: true, isDone: true });
    const course = await readCourse(rig.durable, "po-1");
    expect(course?.deadlineAtMs).toBeGreaterThanOrEqual(before + 9 * 86_400_000);
    expect(course?.end?.state).toBe("pending");
    expect(
      await extendApproval(optionsOf(rig), "po-1", { deadline: "P9D", reason: "Fair", ...by }),
    ).toMatchObject({
      effective: true,
    });
    expect((await readCourse(rig.durable, "po-1"))?.ends).toHaveLength(2);
    expect(await extendApproval(optionsOf(rig), "po-1", { deadline: "P9D", ...by })).toEqual({
      kind: "other-content",
    });
    await press(rig, 1);
    await press(rig, 2);
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
  });

  test.each([
    ["deadline-earlier", "P1D"],
    ["deadline-earlier", "2020-01-01T00:00:00Z"],
    ["deadline-too-late", "P401D"],
  ])("refuses %s", async (why, deadline) => {
    await using rig = await openRig();
    await asked(rig, { deadline: "P2D" });
    expect(await extendApproval(optionsOf(rig), "po-1", { deadline, ...actor() })).toMatchObject({
      kind: "refused",
      why,
    });
  });

  test.each([
    ["a year, where a schedule started it", scheduledCall, undefined],
    // Started by a schedule of an earlier version, its promise ends a day after the deadline.
    ["a day, where a schedule of an earlier version started it", earlierScheduledCall, "deadline-too-late"],
  ] as const)("goes on for %s", async (_, callOf, why) => {
    await using rig = await openRig();
    const { value } = parsed({ approvers: ["ana@example.com"], deadline: "P5D" })!;
    const { timeoutMs, ...call } = callOf(value);
    const startedAtMs = Date.now();
    const tags = { [KIND_TAG]: "approval" };
    await rig.durable.start({ id: "po-1", ...call, timeoutAt: startedAtMs + timeoutMs, tags });
    await until(async () => (rig.mailed() === 1 ? true : undefined));
    const shown = (await rig.json("GET", "/approvals/po-1")).body;
    expect(Date.parse(String(shown["deadline"]))).toBe(startedAtMs + 5 * 86_400_000);
    const result = await extendApproval(optionsOf(rig), "po-1", { deadline: "P300D", ...actor() });
    if (why !== undefined) return expect(result).toMatchObject({ kind: "refused", why });
    expect(result).toMatchObject({ kind: "stands", effective: true, isDone: true });
    const course = await readCourse(rig.durable, "po-1");
    expect(Math.round(((course?.deadlineAtMs ?? 0) - startedAtMs) / 86_400_000)).toBe(300);
    expect(await press(rig, 2)).toMatchObject({ effective: true });
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
  });

  test("beyond the life of the links that people have, it mails them fresh ones for the same ballot", async () => {
    const mails: RequestMail[] = [];
    await using rig = await openRig({
      deliver: (mail) => {
        mails.push(mail);
        return { status: "sent", messageId: "<m@test>" };
      },
    });
    await asked(rig, { approvers: ["ana@example.com", "bo@example.com", "cy@example.com"], deadline: "P2D" });
    await until(async () => (mails.length === 3 ? true : undefined));
    await press(rig, 3);
    const endOf = ({ links }: RequestMail) =>
      Number(partsOf(new URL(links.approve).pathname.slice("/d/".length)).claims["exp"]) * 1_000;
    const extend = async (deadline: string) => {
      const result = await extendApproval(optionsOf(rig), "po-1", { deadline, ...actor() });
      expect(result).toMatchObject({ effective: true, isDone: true });
      return (result.kind === "stands" && result.course.deadlineAtMs) || 0;
    };
    const day = 86_400_000;
    // Links of two days and seven more reach as far, also after two steps.
    await extend("P5D");
    await extend("P8D");
    expect(mails).toHaveLength(3);
    const deadlineAtMs = await extend("P12D");
    await until(async () => (mails.length === 5 ? true : undefined));
    expect(
      mails
        .slice(3)
        .map(({ approver }) => approver.email)
        .toSorted(),
    ).toEqual(["ana@example.com", "bo@example.com"]);
    for (const mail of mails.slice(3)) {
      expect([mail.gen, mail.deadlineAtMs]).toEqual([0, deadlineAtMs]);
      expect(Math.abs(endOf(mail) - (deadlineAtMs + 7 * day))).toBeLessThan(1_000);
    }
    // Those reach as far as this.
    await extend("P18D");
    await extend("P40D");
    await until(async () => (mails.length === 7 ? true : undefined));
    // A link of the last mail answers the ballot that was asked first.
    const link = mails.findLast(({ approver }) => approver.email === "ana@example.com")?.links.approve ?? "";
    expect((await rig.press(new URL(link).pathname)).status).toBe(303);
    expect((await rig.durable.read("po-1:1"))?.state).toBe("resolved");
  });

  test("before a worker has begun it, everybody is mailed all the same, with the new deadline", async () => {
    const mails: RequestMail[] = [];
    await using rig = await openRig({
      work: false,
      deliver: (mail) => {
        mails.push(mail);
        return { status: "sent", messageId: "<m@test>" };
      },
    });
    const request = { title: "Order", approvers: ["ana@example.com", "bo@example.com"], deadline: "P2D" };
    expect((await rig.json("POST", "/approvals", { id: "po-1", ...request })).status).toBe(202);
    expect(await extendApproval(optionsOf(rig, 0), "po-1", { deadline: "P5D", ...actor() })).toMatchObject({
      effective: true,
      isDone: false,
    });
    rig.work();
    await until(async () => (mails.length === 2 ? true : undefined));
    const { deadlineAtMs } = (await readCourse(rig.durable, "po-1"))!;
    expect(mails.map(({ deadlineAtMs: named }) => named)).toEqual([deadlineAtMs, deadlineAtMs]);
  });

  test("an answer can be taken back, and a ballot handed on, before a worker has acted on it", async () => {
    await using rig = await openRig();
    await asked(rig, { deadline: "P2D", undo: "PT10M" });
    await press(rig, 1);
    await rig.rest();
    await extendApproval(optionsOf(rig, 0), "po-1", { deadline: "P9D", ...actor() });
    const undone = await undoDecision(optionsOf(rig, 0), { approval: "po-1", n: 1 }, actor());
    expect(undone).toMatchObject({ kind: "stands", effective: true });
    const handed = await reassignBallot(
      optionsOf(rig, 0),
      { approval: "po-1", n: 3 },
      { to: dee, ...actor() },
    );
    expect(handed).toMatchObject({ kind: "stands", effective: true });
    expect(await extendApproval(optionsOf(rig, 0), "po-1", { deadline: "P12D", ...actor() })).toMatchObject({
      why: "under-way",
    });
  });

  test("an approval can be cancelled after it was extended", async () => {
    await using rig = await openRig();
    await asked(rig, { deadline: "P2D" });
    await extendApproval(optionsOf(rig), "po-1", { deadline: "P9D", ...actor() });
    expect((await cancel(rig.durable)).value).toMatchObject({ outcome: "cancelled" });
  });
});

describe("change", () => {
  const CHANGES = {
    requester: "kim@example.com",
    choices: [
      { value: "approve", effect: "approve" },
      { value: "changes", effect: "changes" },
    ],
  };

  test("begins a new round with the changed question, once changes were requested", async () => {
    await using rig = await openRig();
    await asked(rig, CHANGES);
    // As the request's page does.
    const approver = { email: "ana@example.com" };
    const answer = { choice: "changes", effect: "changes", door: "mail", nonce: actor().nonce } as const;
    await until(async () => answerBallot(rig.durable, ballotId("po-1", 1), { approver }, answer));
    await until(async () =>
      (await readCourse(rig.durable, "po-1"))?.state.phase === "revising" ? true : undefined,
    );
    const by = actor({ by: "kim@example.com", door: "mail" });
    const call = { content: { title: "Order 30 laptops" }, note: "Fewer", ...by };
    expect(await changeApproval(optionsOf(rig), "po-1", call)).toMatchObject({
      effective: true,
      isDone: true,
    });
    expect(await changeApproval(optionsOf(rig), "po-1", call)).toMatchObject({
      effective: true,
      isDone: true,
    });
    const course = await readCourse(rig.durable, "po-1");
    expect(course?.request.title).toBe("Order 30 laptops");
    expect(course?.state).toMatchObject({ round: 2, phase: "asking" });
    expect(course?.end?.state).toBe("pending");
    const open = course?.ballots.filter(({ record }) => record.state === "pending") ?? [];
    expect(open.map(({ ballot }) => [ballot.approver.email, ballot.round])).toEqual([
      ["ana@example.com", 2],
      ["bo@example.com", 2],
    ]);
  });

  test("never lets what was approved become something else: after a change, answers that could be taken back decide nothing", async () => {
    await using rig = await openRig();
    await asked(rig, { undo: "PT10M", rounds: 3 });
    await press(rig, 1);
    await press(rig, 2);
    const call = { content: { title: "Order 1000 laptops" }, ...actor() };
    expect(await changeApproval(optionsOf(rig), "po-1", call)).toMatchObject({ effective: true });
    const course = await until(async () => {
      const read = await readCourse(rig.durable, "po-1");
      return read?.state.round === 2 ? read : undefined;
    });
    expect(course.root.state).toBe("pending");
    const open = course.ballots.filter(({ record }) => record.state === "pending");
    expect(open.map(({ ballot }) => [ballot.approver.email, ballot.round])).toEqual([
      ["ana@example.com", 2],
      ["bo@example.com", 2],
    ]);
  });

  test("refuses without rounds left, and somebody who is not the requester", async () => {
    await using rig = await openRig();
    await asked(rig, { requester: "kim@example.com" });
    const content = { title: "Order 30 laptops" };
    expect(await changeApproval(optionsOf(rig), "po-1", { content, ...actor() })).toMatchObject({
      why: "no-rounds",
    });
    const by = actor({ by: "ana@example.com" });
    expect(await changeApproval(optionsOf(rig), "po-1", { content, ...by })).toMatchObject({
      why: "not-theirs",
    });
  });
});

test("approvals of workflow version 1 take none of these", async () => {
  await using rig = await openRig({ work: false });
  await rig.ask("po-1", { title: "Order", approvers: ["ana@example.com"] }, 60_000);
  const root = await rig.durable.read("po-1");
  expect(root && courseOf(root, [])?.call.version).toBe(1);
  expect(root?.tags[KIND_TAG]).toBe("approval");
  expect(await extendApproval(optionsOf(rig), "po-1", { deadline: "P9D", ...actor() })).toMatchObject({
    kind: "refused",
    why: "version",
  });
});

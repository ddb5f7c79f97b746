import type { Context } from "@resonatehq/sdk";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../src/approval/approval.ts";
import { requestApproval } from "../../../worker/authoring/request-approval.ts";
import { type Approver, type People, rehearse, testWorkflow } from "../../../worker/testing/index.ts";

const asks = {
  name: "asks",
  *run(ctx: Context, request: unknown): Generator<unknown, Outcome> {
    return yield* requestApproval(ctx, request);
  },
};

async function play(request: Record<string, unknown>, approver: Approver) {
  const { value, asked } = await testWorkflow(asks, {
    input: { title: "Order", deadline: "P30D", ...request },
    approver,
    timeout: "P400D",
  });
  const start = asked[0]?.askedAt.getTime() ?? 0;
  const hours = (at: Date) => Math.round((at.getTime() - start) / 3_600_000);
  return { outcome: value, mails: asked.map(({ approver: { email }, askedAt }) => [email, hours(askedAt)]) };
}

const TWO_STAGES = {
  stages: [
    {
      groups: [
        { name: "Legal", approvers: ["ana@x.org", "bo@x.org"] },
        { name: "Finance", approvers: ["cy@x.org"] },
      ],
    },
    { name: "CFO", approvers: ["cfo@x.org"] },
  ],
};

describe("an approval in stages", () => {
  it("asks the next stage once the one before has approved, and tells of all answers", async () => {
    const { outcome, mails } = await play(TWO_STAGES, ({ approver: { email } }) =>
      email === "bo@x.org" ? "ignore" : { choice: "approve", after: email === "cy@x.org" ? "P2D" : "P1D" },
    );
    expect(outcome).toMatchObject({ outcome: "approved", reason: "All 2 stages approved it" });
    expect(outcome.decisions.map(({ email, stage }) => [email, stage])).toEqual([
      ["ana@x.org", 1],
      ["cy@x.org", 1],
      ["cfo@x.org", 2],
    ]);
    expect(mails).toEqual([
      ["ana@x.org", 0],
      ["bo@x.org", 0],
      ["cy@x.org", 0],
      ["cfo@x.org", 48],
    ]);
  });

  it("ends with a veto in the first stage, and asks nobody further", async () => {
    const { outcome, mails } = await play(TWO_STAGES, ({ approver: { email } }) =>
      email === "cy@x.org" ? { choice: "reject", after: "P1D" } : "approve",
    );
    expect(outcome).toMatchObject({ outcome: "rejected" });
    expect(mails).toHaveLength(3);
  });

  it("counts an answer that could still be taken back when its stage's time is over", async () => {
    const stage = { approvers: ["ana@x.org"], deadline: "P2D" };
    const { outcome } = await play({ stages: [stage], undo: "PT1H" }, () => ({
      choice: "approve",
      after: "P1DT23H30M",
    }));
    expect(outcome).toMatchObject({ outcome: "approved", decisions: [{ email: "ana@x.org" }] });
  });

  it("escalates when a stage's time is over, and goes on with the answer of the person who was added", async () => {
    const stage = {
      approvers: ["ana@x.org", "bo@x.org"],
      require: "all",
      deadline: "P2D",
      onDeadline: "escalate",
      escalateTo: ["boss@x.org", ["ceo@x.org"]],
    };
    const { outcome, mails } = await play({ stages: [stage] }, ({ approver: { email } }) =>
      email === "bo@x.org" || email === "boss@x.org" ? "ignore" : { choice: "approve", after: "P1D" },
    );
    expect(outcome).toMatchObject({ outcome: "approved" });
    expect(outcome.decisions.map(({ email }) => email)).toEqual(["ana@x.org", "ceo@x.org"]);
    expect(mails).toEqual([
      ["ana@x.org", 0],
      ["bo@x.org", 0],
      ["boss@x.org", 48],
      ["ceo@x.org", 96],
    ]);
  });

  it("expires when the chain is at its end, long before the approval's deadline", async () => {
    const { outcome } = await play(
      { approvers: ["ana@x.org"], deadline: "P2D", onDeadline: "escalate", escalateTo: ["boss@x.org"] },
      () => "ignore",
    );
    expect(outcome).toMatchObject({ outcome: "expired" });
  });

  it("counts an answer that can be taken back when that time is over", async () => {
    const { outcome } = await play({ approvers: ["ana@x.org"], undo: "PT10M" }, () => "approve");
    expect(outcome).toMatchObject({ outcome: "approved" });
  });

  it("reminds those who have not answered, and stops with their answer", async () => {
    const { outcome, mails } = await rehearse(
      {
        title: "Order",
        approvers: ["ana@x.org", "bo@x.org"],
        require: "all",
        deadline: "P30D",
        reminders: { after: ["P1D", "P3D", "P7D"] },
        requester: "kim@x.org",
      },
      {
        people: {
          "ana@x.org": { choice: "approve", after: "P2D" },
          "bo@x.org": { choice: "approve", after: "P4D" },
        },
      },
    );
    expect(outcome).toMatchObject({ outcome: "approved" });
    const told = mails.map(({ to, kind, at }) => [to, kind, at.slice(8, 10)]);
    expect(told.filter(([, kind]) => kind === "reminder")).toEqual([
      ["ana@x.org", "reminder", "02"],
      ["bo@x.org", "reminder", "02"],
      ["bo@x.org", "reminder", "04"],
    ]);
    expect(
      told.filter(([, kind]) => kind !== "reminder" && kind !== "request").map(([to, kind]) => [to, kind]),
    ).toEqual(
      expect.arrayContaining([
        ["ana@x.org", "outcome"],
        ["bo@x.org", "outcome"],
        ["kim@x.org", "requester-outcome"],
      ]),
    );
  });

  it("tells those who need not answer any more, with the reason", async () => {
    const { mails } = await rehearse(
      { title: "Order", ...TWO_STAGES, deadline: "P30D" },
      { people: { "ana@x.org": "approve", "cy@x.org": "approve", "cfo@x.org": "approve" } },
    );
    expect(mails.map(({ to, kind }) => [to, kind])).toEqual(
      expect.arrayContaining([
        ["bo@x.org", "no-longer-needed"],
        ["cfo@x.org", "request"],
      ]),
    );
  });

  /** Who was told that their answer is no longer needed, and by what the others were asked. */
  async function toldAndAsked(request: Record<string, unknown>, people: People) {
    const { mails } = await rehearse({ title: "Order", deadline: "P30D", ...request }, { people });
    const of = (...kinds: string[]) => mails.filter(({ kind }) => kinds.includes(kind)).map(({ to }) => to);
    return { told: of("no-longer-needed"), asked: of("request", "escalated", "next-round") };
  }

  it("tells nobody that they are not needed whom the changed question asks again", async () => {
    const change = { do: "change", on: "start", after: "P1D", content: { title: "Fewer" } } as const;
    const people: People = { "kim@x.org": change, "*": { choice: "approve", nth: 2 } };
    const request = {
      approvers: ["ana@x.org", "bo@x.org"],
      require: "all",
      rounds: 2,
      requester: "kim@x.org",
    };
    expect(await toldAndAsked(request, people)).toEqual({
      told: [],
      asked: ["ana@x.org", "bo@x.org", "ana@x.org", "bo@x.org"],
    });
  });

  it("tells nobody so whom the next stage asks, but everybody else", async () => {
    const stages = [
      { approvers: ["ana@x.org", "bo@x.org", "cy@x.org"] },
      { approvers: ["Bo@x.org", "ana@x.org"], require: "all" },
    ];
    const people: People = { "ana@x.org": "approve", "bo@x.org": { choice: "approve", nth: 2 } };
    expect(await toldAndAsked({ stages }, people)).toEqual({
      told: ["cy@x.org"],
      asked: ["ana@x.org", "bo@x.org", "cy@x.org", "Bo@x.org", "ana@x.org"],
    });
  });

  it("tells nobody so whom the escalation asks that replaces their ballot", async () => {
    const stage = {
      approvers: ["ana@x.org", "bo@x.org"],
      deadline: "P2D",
      onDeadline: "escalate",
      escalateTo: [["bo@x.org", "boss@x.org"]],
      replace: true,
    };
    const people: People = { "boss@x.org": "approve" };
    const { told, asked } = await toldAndAsked({ stages: [stage] }, people);
    expect(asked).toEqual(["ana@x.org", "bo@x.org", "bo@x.org", "boss@x.org"]);
    // Bo is told at the end, of his second ballot.
    expect(told).toEqual(["ana@x.org", "bo@x.org"]);
  });

  it("tells somebody who has answered in two stages of the end once, and of nothing else", async () => {
    const stages = [
      { approvers: ["ana@x.org", "bo@x.org"], require: "all" },
      { approvers: ["ana@x.org", "bo@x.org"] },
    ];
    const people: People = { "ana@x.org": "approve", "bo@x.org": { choice: "approve", nth: 1 } };
    const { mails } = await rehearse({ title: "Order", deadline: "P30D", stages }, { people });
    const last = mails.filter(({ kind }) => kind !== "request");
    expect(last.map(({ to, kind }) => `${to} ${kind}`).sort()).toEqual([
      "ana@x.org outcome",
      "bo@x.org outcome",
    ]);
  });

  it("escalates when the hours open, if a stage's time is over while they are closed", async () => {
    // A Tuesday, ten o'clock in Vienna; four days later it is Saturday.
    const hours = { timeZone: "Europe/Vienna", days: "Mo-Fr", from: "09:00", to: "17:00" };
    const stage = {
      approvers: ["ana@x.org"],
      deadline: "P4D",
      onDeadline: "escalate",
      escalateTo: ["boss@x.org"],
    };
    const { mails } = await rehearse({ title: "Order", stages: [stage], hours, deadline: "P30D" }, {});
    const escalated = mails.find(({ kind }) => kind === "escalated");
    expect([escalated?.to, escalated?.at]).toEqual(["boss@x.org", "2030-01-07T08:00:00.000Z"]);
  });

  it.each([
    // From Friday at three: Monday at nine, then Tuesday at nine, since the time is over when the hours are.
    ["PT8H", ["66h boss@x.org", "90h cfo@x.org"], 98],
    ["P2D", ["66h boss@x.org", "114h cfo@x.org"], 162],
  ])(
    "has time for its whole chain where escalations wait for the hours (%s)",
    async (deadline, asked, ends) => {
      const hours = { timeZone: "UTC", days: "Mo-Fr", from: "09:00", to: "17:00" };
      const chain = { onDeadline: "escalate", escalateTo: ["boss@x.org", "cfo@x.org"] };
      const request = { title: "Order", approvers: ["ana@x.org"], deadline, hours, ...chain };
      const { mails, outcome, startedAt, endedAt } = await rehearse(request, { now: "2030-01-04T15:00:00Z" });
      const hoursFrom = (at: string) => (Date.parse(at) - Date.parse(startedAt)) / 3_600_000;
      const escalated = mails.filter(({ kind }) => kind === "escalated");
      expect(escalated.map(({ at, to }) => `${hoursFrom(at)}h ${to}`)).toEqual(asked);
      expect([outcome.outcome, hoursFrom(endedAt)]).toEqual(["expired", ends]);
      // A round that begins later has time for all of it, too.
      const changed = await rehearse(
        { ...request, rounds: 2, requester: "kim@x.org" },
        {
          now: "2030-01-03T15:00:00Z",
          people: { "kim@x.org": { do: "change", on: "start", after: "P1D", content: { title: "Fewer" } } },
        },
      );
      const again = changed.mails.filter(({ kind, at }) => kind === "escalated" && at > "2030-01-04T15:00");
      expect(again.map(({ to }) => to)).toEqual(["boss@x.org", "cfo@x.org"]);
      expect((Date.parse(changed.endedAt) - Date.parse("2030-01-04T15:00:00Z")) / 3_600_000).toBe(ends);
    },
  );

  const EXTENDED = {
    approvers: ["ana@x.org"],
    deadline: "P2D",
    onDeadline: "escalate",
    escalateTo: ["boss@x.org"],
  };

  it.each([
    ["before anybody else is asked", "P1D"],
    ["when the chain is at its end", "P3D"],
  ])("lasts until the deadline that it was given %s", async (_, after) => {
    const { outcome, mails, startedAt } = await rehearse(
      { title: "Order", ...EXTENDED },
      {
        people: {
          "kim@x.org": { do: "extend", until: "P10D", on: "start", after },
          "boss@x.org": { choice: "approve", after: "P5D" },
        },
      },
    );
    expect(outcome).toMatchObject({ outcome: "approved", decisions: [{ email: "boss@x.org" }] });
    const escalated = mails.find(({ kind }) => kind === "escalated");
    expect(Date.parse(escalated?.at ?? "") - Date.parse(startedAt)).toBe(48 * 3_600_000);
  });

  it("asks others in place of those whose ballots it replaces, and needs all who are left", async () => {
    const stage = {
      approvers: ["ana@x.org", "bo@x.org", "cy@x.org"],
      require: "all",
      deadline: "P2D",
      onDeadline: "escalate",
      escalateTo: [["boss@x.org", "ceo@x.org"]],
      replace: true,
    };
    const script = { "ana@x.org": "approve", "boss@x.org": "approve" };
    const { outcome } = await rehearse(
      { title: "Order", deadline: "P30D", stages: [stage] },
      { people: { ...script, "ceo@x.org": { choice: "approve", after: "P1D" } } },
    );
    expect(outcome).toMatchObject({ outcome: "approved" });
    expect(outcome.decisions.map(({ email }) => email)).toEqual(["ana@x.org", "boss@x.org", "ceo@x.org"]);
    const open = await rehearse({ title: "Order", deadline: "P30D", stages: [stage] }, { people: script });
    expect(open.outcome).toMatchObject({ outcome: "expired" });
  });

  it("closes no ballot for an entry of which nobody can be asked", async () => {
    const stage = {
      approvers: ["ana@x.org", "bo@x.org"],
      require: "all",
      deadline: "P2D",
      onDeadline: "escalate",
      escalateTo: ["ana@x.org", "boss@x.org"],
      replace: true,
    };
    const people = { "ana@x.org": "approve", "bo@x.org": { choice: "approve", after: "P3D" } };
    const { outcome } = await rehearse({ title: "Order", deadline: "P30D", stages: [stage] }, { people });
    expect(outcome).toMatchObject({ outcome: "approved" });
    expect(outcome.decisions.map(({ email }) => email)).toEqual(["ana@x.org", "bo@x.org"]);
  });
});

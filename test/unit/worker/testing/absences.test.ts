import { describe, expect, it } from "vitest";
import {
  type People,
  RehearsalRefused,
  type RehearsedAbsence,
  rehearse,
} from "../../../../worker/testing/index.ts";

const [ana, bo, cy, di, kim] = ["ana", "bo", "cy", "di", "kim"].map((name) => `${name}@example.com`) as [
  string,
  string,
  string,
  string,
  string,
];
const ASKING = ["request", "escalated", "reassigned", "next-round"];

const away = (person: string, to: string, more: Partial<RehearsedAbsence> = {}): RehearsedAbsence => ({
  person,
  to,
  until: "P30D",
  ...more,
});

/** Who is asked, by which kind of mail and how many days after the beginning. */
async function asked(request: object, absences: readonly RehearsedAbsence[], people: People = {}) {
  const { mails, startedAt, outcome } = await rehearse(
    { title: "Order", deadline: "P20D", ...request },
    { absences, people },
  );
  const days = (at: string) => Math.round((Date.parse(at) - Date.parse(startedAt)) / 86_400_000);
  const asking = mails.filter(({ kind }) => ASKING.includes(kind));
  return {
    asked: asking.map(({ to, kind, at }) => `${days(at)} ${to.split("@")[0]} ${kind}`),
    mails: asking,
    outcome,
  };
}

describe("while somebody is away", () => {
  it("another person is asked in their place, and mail and page say so", async () => {
    const rule = away(ana, bo, { note: "Parental leave", until: "2030-01-20", timeZone: "Europe/Vienna" });
    const {
      asked: who,
      mails,
      outcome,
    } = await asked({ approvers: [ana, cy], require: "all" }, [rule], {
      "*": "approve",
    });
    expect(who).toEqual(["0 bo request", "0 cy request"]);
    expect(outcome.decisions.map(({ email }) => email)).toEqual([bo, cy]);
    for (const part of [mails[0]?.text, mails[0]?.html]) {
      expect(part).toContain(ana);
      expect(part).toContain("You are asked in place of somebody who is away");
      expect(part).toContain("away until");
      expect(part).toContain("20 January 2030 at 23:00 UTC");
      expect(part).toContain("Parental leave");
    }
    expect(mails[1]?.text).not.toContain("away");
  });

  it("the person who asked is told who was asked, which is not whom the request names", async () => {
    const request = {
      title: "Order",
      approvers: [ana, cy],
      requester: kim,
      follow: true,
      deadline: "P2D",
    };
    const { mails } = await rehearse(request, { absences: [away(ana, bo)] });
    const told = mails.find(({ kind }) => kind === "requested")?.text;
    expect(told).toMatch(/bo@example\.com, cy@example\.com\n/u);
    expect(told).not.toContain(ana);
  });

  it("three may follow on one another", async () => {
    const chain = [away(ana, bo), away(bo, cy), away(cy, di)];
    expect((await asked({ approvers: [ana] }, chain)).asked).toEqual(["0 di request"]);
  });

  it("a fourth is refused, and so is a circle", async () => {
    const chain = [away(ana, bo), away(bo, cy), away(cy, di)];
    const refused = async (absences: readonly RehearsedAbsence[]) => {
      const error = await asked({ approvers: [ana] }, absences).catch((thrown: unknown) => thrown);
      return error instanceof RehearsalRefused ? error.problems.map(({ field }) => field) : error;
    };
    expect(await refused([...chain, away(di, kim)])).toEqual(["[3].to"]);
    expect(await refused([...chain, away(kim, ana)])).toEqual(["[3].to"]);
    expect(await refused([away(ana, bo), away(bo, ana)])).toEqual(["[1].to"]);
    expect(await refused([away(ana, bo), away(bo, cy), away(cy, ana)])).toEqual(["[2].to"]);
    expect(await refused([away(ana, ana)])).toEqual(["[0].to"]);
    // Where the times do not meet, neither is one.
    const later = { from: "P31D", until: "P40D" };
    expect((await asked({ approvers: [ana] }, [away(ana, bo), away(bo, ana, later)])).asked).toEqual([
      "0 bo request",
    ]);
  });

  it("they are asked themselves where it would be the requester", async () => {
    const request = { approvers: [ana], requester: kim };
    expect((await asked(request, [away(ana, kim)])).asked).toEqual(["0 ana request"]);
    expect((await asked(request, [away(ana, bo), away(bo, kim)])).asked).toEqual(["0 ana request"]);
  });

  it("and where the other sits in the same group; for another group, one mail asks them for both", async () => {
    expect((await asked({ approvers: [ana, bo], require: "all" }, [away(ana, bo)])).asked).toEqual([
      "0 ana request",
      "0 bo request",
    ]);
    const groups = [
      { name: "Legal", approvers: [ana] },
      { name: "Finance", approvers: [bo] },
    ];
    const { asked: who, outcome } = await asked({ stages: [{ groups }] }, [away(ana, bo)], {
      [bo]: "approve",
    });
    expect(who).toEqual(["0 bo request"]);
    expect(outcome).toMatchObject({ outcome: "approved" });
    expect((await asked({ stages: [{ groups }] }, [away(ana, cy), away(bo, cy)])).asked).toEqual([
      "0 cy request",
    ]);
    // Of two in one group, one stand-in can be asked for the first alone.
    expect((await asked({ approvers: [ana, bo] }, [away(ana, cy), away(bo, cy)])).asked).toEqual([
      "0 cy request",
      "0 bo request",
    ]);
  });

  it("a rule that begins or ends between two stages counts for the stage that opens then", async () => {
    const request = { stages: [{ approvers: [di] }, { approvers: [ana, bo], require: "all" }] };
    const rules = [away(ana, cy, { from: "P1D" }), away(bo, kim, { until: "P1D" })];
    const people: People = { [di]: { choice: "approve", after: "P2D" }, "*": "approve" };
    expect((await asked(request, rules, people)).asked).toEqual([
      "0 di request",
      "2 cy request",
      "2 bo request",
    ]);
  });

  it("what was asked before a rule begins stays with the person", async () => {
    const { asked: who, outcome } = await asked({ approvers: [ana] }, [away(ana, bo, { from: "P1D" })], {
      [ana]: { choice: "approve", after: "P2D" },
    });
    expect(who).toEqual(["0 ana request"]);
    expect(outcome.decisions.map(({ email }) => email)).toEqual([ana]);
  });

  it("counts for escalations, for those to whom a question is handed on, and for new rounds", async () => {
    const stage = { approvers: [di], deadline: "P2D", onDeadline: "escalate", escalateTo: [ana] };
    expect((await asked({ stages: [stage] }, [away(ana, bo)])).asked).toEqual([
      "0 di request",
      "2 bo escalated",
    ]);

    const handed = await asked({ approvers: [di] }, [away(ana, bo)], {
      [di]: { do: "reassign", to: ana, after: "P1D", comment: "Yours" },
    });
    expect(handed.asked).toEqual(["0 di request", "1 bo reassigned"]);
    expect(handed.mails[1]?.text).toContain("In place of");
    // Who hands a question on does not get it back because of that.
    const back = await asked({ approvers: [di] }, [away(ana, di)], {
      [di]: { do: "reassign", to: ana, after: "P1D" },
    });
    expect(back.asked).toEqual(["0 di request", "1 ana reassigned"]);

    const change = { do: "change", on: "start", after: "P3D", content: { title: "Fewer" } } as const;
    const round = await asked(
      { approvers: [ana], rounds: 2, requester: kim },
      [away(ana, bo, { from: "P1D" })],
      {
        [kim]: change,
      },
    );
    expect(round.asked).toEqual(["0 ana request", "3 bo next-round"]);
    expect(round.mails[1]?.text).toContain("away until");
  });

  it.each([
    [{ person: ana, to: bo, until: "2030-01-20" }, "[0].timeZone"],
    [{ person: ana, to: bo, until: "2030-02-30", timeZone: "Europe/Vienna" }, "[0].until"],
    [{ person: ana, to: bo, until: "P1Y" }, "[0].until"],
    [{ person: ana, to: bo, until: "P400D" }, "[0].until"],
    [{ person: ana, to: bo, until: "P2D", from: "P3D" }, "[0].until"],
    [{ person: ana, to: bo, until: "2029-12-24T00:00:00Z" }, "[0].until"],
    [{ person: "ana", to: bo, until: "P2D" }, "[0].person"],
    [{ person: ana, to: bo }, "[0].until"],
  ])("%j is refused for %s", async (absence, field) => {
    const error = await asked({ approvers: [ana] }, [absence as RehearsedAbsence]).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(RehearsalRefused);
    expect((error as RehearsalRefused).problems.map((problem) => problem.field)).toEqual([field]);
  });
});

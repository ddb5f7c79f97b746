import { describe, expect, it } from "vitest";
import { type People, RehearsalRefused, rehearse } from "../../../../worker/testing/index.ts";

const THREE = {
  title: "Buy 40 laptops",
  approvers: ["ana@example.com", "bo@example.com", "cy@example.com"],
  require: 2,
  deadline: "P30D",
};

/** What happened, in few words. */
async function story(request: object, people: People): Promise<string[]> {
  const { timeline } = await rehearse({ ...THREE, ...request }, { people });
  const hours = (ms: number) => `${ms / 3_600_000}h`;
  return timeline.flatMap((entry) => {
    const after = hours(entry.afterMs);
    switch (entry.what) {
      case "begun":
      case "mail":
      case "stands":
        return [];
      case "answer":
        return [`${after} ${entry.who} ${entry.choice}${entry.effective ? "" : " in vain"}`];
      case "act":
        return [`${after} ${entry.who} ${entry.did}s${entry.effective ? "" : " in vain"}`];
      case "callback":
        return [`${after} ${entry.event}`];
      case "ended":
        return [`${after} ${entry.outcome}`];
    }
  });
}

describe("rehearse()", () => {
  it("plays thirty days without waiting for them, with each mail as it would go out", async () => {
    const { outcome, mails, startedAt, endedAt } = await rehearse(THREE);
    expect(outcome).toMatchObject({ outcome: "expired", decisions: [] });
    expect([startedAt, endedAt]).toEqual(["2030-01-01T09:00:00.000Z", "2030-01-31T09:00:00.000Z"]);
    expect(mails.map(({ to, kind, at }) => [to, kind, at])).toEqual([
      ...THREE.approvers.map((to) => [to, "request", startedAt]),
      ...THREE.approvers.map((to) => [to, "no-longer-needed", endedAt]),
    ]);
    const [mail] = mails;
    expect(mail?.subject).toBe("Decision needed: Buy 40 laptops");
    expect(mail?.html).toContain("<!doctype html>");
    expect(mail?.html).toMatch(/href="http:\/\/countersign\.test\/d\/[\w.-]+"/u);
    expect(mail?.text).toContain("31 January 2030 at 09:00 UTC");
  });

  it.each([
    ["requested changes that nobody made", "changes", "expired", true],
    ["said no", "reject", "rejected", false],
    ["said yes", "approve", "approved", false],
  ] as const)(
    "tells the only person who was asked, and %s, how it ended, unless their receipt has said it",
    async (_, choice, outcome, isTold) => {
      const request = {
        title: "Buy 40 laptops",
        approvers: ["ana@example.com"],
        deadline: "P30D",
        choices: [
          { value: "approve", label: "Approve", effect: "approve" },
          { value: "reject", label: "Reject", effect: "reject" },
          { value: "changes", label: "Request changes", effect: "changes" },
        ],
      };
      const { outcome: how, mails } = await rehearse(request, {
        people: { "*": { choice, comment: "Why so many?" } },
      });
      expect(how).toMatchObject({ outcome });
      expect(mails.some(({ to, kind }) => kind === "outcome" && to === "ana@example.com")).toBe(isTold);
    },
  );

  it("shows an action, and lets people leave items out", async () => {
    const pay = { tool: "pay", arguments: { to: "Ana" } };
    const one = await rehearse({ ...THREE, require: 1, action: pay }, { people: { "*": "approve" } });
    expect(one.outcome).toMatchObject({ outcome: "approved", action: { arguments: { to: "Ana" } } });
    expect(one.mails[0]?.text).toContain("This cannot be undone once it is run.");
    const items = [pay, { ...pay, arguments: { to: "Bo" } }];
    const people = { "*": { choice: "approve", except: [1] } };
    const two = await rehearse({ ...THREE, require: 1, items }, { people });
    expect(two.outcome).toMatchObject({ action: { items: [{ n: 2, arguments: { to: "Bo" } }] } });
    const wrong = rehearse({ ...THREE, action: pay }, { people });
    await expect(wrong).rejects.toThrow(
      "except must have numbers of items that can be left out, of which there are 0",
    );
  });

  it("lets people press on the real pages, and tells what these say", async () => {
    const people = {
      "Ana@Example.com": { choice: "approve", after: "PT1H" },
      "bo@example.com": [
        { choice: "approve", after: "PT2H", comment: "Fine" },
        { choice: "reject", after: "PT3H" },
      ],
      "cy@example.com": { choice: "reject", after: "PT4H" },
    };
    expect(await story({}, people)).toEqual([
      "1h ana@example.com approve",
      "2h bo@example.com approve",
      "2h approved",
      "3h bo@example.com reject in vain",
      "4h cy@example.com reject in vain",
    ]);
  });

  it("tells what the page said to those who press, also when they come too late", async () => {
    const people = {
      "ana@example.com": { choice: "reject", comment: "Too dear" },
      "bo@example.com": { choice: "approve", after: "P1D" },
      "cy@example.com": { choice: "approve", after: "P60D" },
    };
    const { timeline } = await rehearse(THREE, { people });
    const told = timeline.flatMap((entry) => (entry.what === "answer" ? [entry.told] : []));
    // Each another page: recorded, ended without this answer, and a link whose time is over.
    expect(new Set(told).size).toBe(3);
    for (const headline of told) expect(headline).toMatch(/^[A-Z][\w :]+$/u);
  });

  it("lets everybody whom the script does not name do the same", async () => {
    const people = { "ana@example.com": "ignore", "*": { choice: "approve", after: "P1D" } };
    const { outcome } = await rehearse(THREE, { people });
    expect(outcome.decisions.map(({ email }) => email)).toEqual(["bo@example.com", "cy@example.com"]);
  });

  it.each([
    ["veto", ["24h ana@example.com reject", "24h rejected"]],
    ["majority", ["24h ana@example.com reject", "48h bo@example.com reject", "48h rejected"]],
  ])("ends with a rejection as the rule says: %s", async (rejection, told) => {
    const people = {
      "ana@example.com": { choice: "reject", after: "P1D" },
      "bo@example.com": { choice: "reject", after: "P2D" },
    };
    const lines = await story({ rejection }, people);
    expect(lines.slice(0, told.length)).toEqual(told);
  });

  it("goes by the deadline to the millisecond", async () => {
    const at = (after: string) =>
      rehearse(
        { ...THREE, require: 1, onDeadline: "reject" },
        { people: { "ana@example.com": { choice: "approve", after } } },
      );
    expect((await at("P29DT23H59M59.999S")).outcome.outcome).toBe("approved");
    expect((await at("P30D")).outcome).toMatchObject({ outcome: "rejected", decisions: [] });
    expect((await at("P30DT0.001S")).outcome.outcome).toBe("rejected");
  });

  it("cancels for whoever does, with the reason, and only while it is open", async () => {
    const people = {
      "kim@example.com": { do: "cancel", on: "start", after: "P1D", comment: "No budget" },
      "ana@example.com": { choice: "approve", after: "P2D" },
    } as const;
    expect(await story({}, people)).toEqual([
      "24h kim@example.com cancels",
      "24h cancelled",
      "48h ana@example.com approve in vain",
    ]);
    const late = {
      "*": "approve",
      "kim@example.com": { do: "cancel", on: "start", after: "P1D" },
    } as const;
    expect((await story({}, late)).at(-1)).toBe("24h kim@example.com cancels in vain");
  });

  it("lets people hand the question on, take no part, and take an answer back", async () => {
    const people = {
      "ana@example.com": { do: "reassign", to: "dora@example.com", comment: "Not mine", after: "PT1H" },
      "dora@example.com": { choice: "approve", after: "PT1H" },
      "bo@example.com": { do: "recuse", after: "PT3H" },
      "cy@example.com": [
        { choice: "reject", nth: 1 },
        { do: "undo", nth: 1, after: "PT5M" },
        { choice: "approve", nth: 2, after: "PT4H" },
      ],
    } as const;
    expect(await story({ undo: "PT10M" }, people)).toEqual([
      "0h cy@example.com reject",
      expect.stringMatching(/^0\.08\d*h cy@example.com undos$/u),
      "1h ana@example.com reassigns",
      "2h dora@example.com approve",
      "3h bo@example.com recuses",
      expect.stringMatching(/^4\.08\d*h cy@example.com approve$/u),
      expect.stringMatching(/^4\.\d*h approved$/u),
    ]);
  });

  it("tells the requester who wants changes, not who has taken that back", async () => {
    const choices = ["approve", "reject", "changes"].map((effect) => ({ value: effect, effect }));
    const request = { ...THREE, requester: "kim@example.com", choices, undo: "PT10M" };
    const { mails } = await rehearse(request, {
      people: {
        "ana@example.com": [
          { choice: "changes", nth: 1, comment: "Fewer" },
          { do: "undo", nth: 1, after: "PT5M" },
        ],
        "bo@example.com": { choice: "changes", after: "PT1H", comment: "Cheaper" },
      },
    });
    const told = mails.filter(({ kind }) => kind === "changes-requested");
    expect(told).toHaveLength(1);
    expect(told[0]?.text).toContain("Cheaper");
    expect(told[0]?.text).not.toContain("Fewer");
  });

  it("moves the deadline, and asks anew when the request is changed", async () => {
    const people = {
      "kim@example.com": [
        { do: "extend", until: "P9D", on: "start", after: "P1D" },
        { do: "change", content: { title: "Buy 30 laptops" }, on: "start", after: "P2D" },
      ],
    } as const;
    const { outcome, mails, timeline } = await rehearse(
      { ...THREE, requester: "kim@example.com", rounds: 2, deadline: "P5D" },
      { people },
    );
    expect(timeline.filter(({ what }) => what === "act")).toMatchObject([
      { did: "extend", effective: true },
      { did: "change", effective: true },
    ]);
    expect(outcome).toMatchObject({ outcome: "expired", round: 2 });
    const asked = mails.filter(({ kind }) => kind === "next-round");
    expect(asked.map(({ to, subject, at }) => [to, subject, at])).toEqual(
      THREE.approvers.map((to) => [
        to,
        "Changed, decision needed: Buy 30 laptops",
        "2030-01-03T09:00:00.000Z",
      ]),
    );
    // Each is in the thread that the person's first mail began.
    const first = mails.filter(({ kind }) => kind === "request");
    expect(asked.map(({ to, headers }) => [to, headers["In-Reply-To"]])).toEqual(
      first.map(({ to, messageId }) => [to, messageId]),
    );
  });

  it("tells only those of dead links who had some: not the person who got somebody else's question", async () => {
    const people = {
      "ana@example.com": { do: "reassign", to: "dora@example.com", after: "PT1H" },
    } as const;
    const { mails } = await rehearse({ ...THREE, reminders: { after: ["P1D"] } }, { people });
    const toDora = mails.filter(({ to }) => to === "dora@example.com");
    expect(toDora.map(({ kind }) => kind)).toEqual(["reassigned", "reminder", "no-longer-needed"]);
    for (const { text } of toDora) expect(text).not.toContain("no longer work");
    expect(mails.find(({ kind }) => kind === "handed-on")?.text).toContain("no longer work");
  });

  it("tells why the question or the deadline cannot be changed", async () => {
    const people = {
      "ana@example.com": { do: "change", content: { title: "Buy 30 laptops" } },
      "kim@example.com": [
        { do: "change", content: { title: "Buy 30 laptops" }, on: "start", after: "PT1H" },
        { do: "extend", until: "P1D", on: "start", after: "PT2H" },
      ],
    } as const;
    const { timeline } = await rehearse({ ...THREE, requester: "kim@example.com" }, { people });
    expect(timeline.flatMap((entry) => (entry.what === "act" ? [entry.told] : []))).toEqual([
      "it belongs to somebody else",
      "no further round is allowed (rounds)",
      "deadline must be at least a minute later than the present one",
    ]);
  });

  it("tells who was too late to hand the question on, or to take an answer back", async () => {
    const people = {
      "ana@example.com": [
        { choice: "approve", nth: 1 },
        { do: "reassign", to: "dora@example.com", after: "PT1H" },
        { do: "undo", after: "PT1H" },
      ],
    } as const;
    expect(await story({ undo: "PT10M", require: 1 }, people)).toEqual([
      "0h ana@example.com approve",
      expect.stringMatching(/approved$/u),
      "1h ana@example.com reassigns in vain",
      "1h ana@example.com undos in vain",
    ]);
  });

  it("says how the approval stands, each time that this changes", async () => {
    const request = {
      ...THREE,
      approvers: undefined,
      require: undefined,
      stages: [
        {
          groups: [
            { name: "Legal", approvers: ["ana@example.com"] },
            { name: "IT", approvers: ["bo@example.com"] },
          ],
        },
        { name: "CFO", approvers: ["cy@example.com"] },
      ],
    };
    const people = {
      "*": { choice: "approve", after: "PT1H" },
      "bo@example.com": { choice: "approve", after: "PT2H" },
    };
    const { timeline } = await rehearse(JSON.parse(JSON.stringify(request)), { people });
    const stood = timeline.flatMap((entry) => (entry.what === "stands" ? [entry.explanation] : []));
    expect(
      stood.map(({ waitingFor, approved }) => [
        waitingFor.map(({ people: who }) => who.map(({ email }) => email)),
        approved,
      ]),
    ).toEqual([
      [[["ana@example.com"], ["bo@example.com"]], []],
      [[["bo@example.com"]], ["Legal"]],
      [[["cy@example.com"]], expect.any(Array)],
    ]);
  });

  it("shows the callbacks that would go out, and sends none", async () => {
    const told = await story({ callbackUrl: "https://example.com/hook", deadline: "P1D" }, {});
    expect(told).toEqual(["0h approval.requested", "24h approval.expired", "24h expired"]);
  });

  it("has the same mails each time, at any time that you choose", async () => {
    const now = "2026-03-29T00:30:00Z";
    const [first, second] = [await rehearse(THREE, { now }), await rehearse(THREE, { now })];
    expect(second.mails).toEqual(first.mails);
    expect(first.mails[0]?.at).toBe("2026-03-29T00:30:00.000Z");
    expect((await rehearse(THREE)).mails[0]?.messageId).not.toBe(first.mails[0]?.messageId);
  });

  it("names those in the script who never came into play", async () => {
    const people = { "anna@example.com": "approve", "ana@example.com": "ignore" };
    expect((await rehearse(THREE, { people })).unused).toEqual(["anna@example.com"]);
  });

  it("names every field that cannot be used", async () => {
    const refused = async (request: object, people: object) => {
      const error = await rehearse(request, { people: people as People }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RehearsalRefused);
      const { of, problems } = error as RehearsalRefused;
      return problems.map(({ field, message }) => `${of}: ${field} ${message}`);
    };
    expect(await refused({ titel: "x" }, {})).toEqual([
      "spec: title is required",
      "spec: titel is not a known field",
      "spec: approvers is required, unless you give stages",
    ]);
    expect(
      await refused(THREE, {
        "ana@example.com": [
          { choice: "approve", after: "2h" },
          { choice: "approve", onn: 1 },
        ],
      }),
    ).toEqual([
      "people: ana@example.com[0].after must be an ISO 8601 duration such as PT2H, P1D or P1DT12H",
      "people: ana@example.com[1].onn is not a known field",
    ]);
    expect(
      await refused(THREE, {
        "ana@example.com": "maybe",
        "bo@example.com": [{ choice: "maybe" }, { after: "P1D" }, { choice: "approve", do: "cancel" }],
        bo: "approve",
        "BO@example.com": { choice: "approve", on: "start" },
        "*": { do: "cancel", on: "start" },
      }),
    ).toEqual([
      'people: ana@example.com must be one of approve, reject, ignore, cancel, reassign, recuse, undo, change, extend, not "maybe"',
      'people: bo@example.com[0].choice must be one of approve, reject, ignore, not "maybe"',
      "people: bo@example.com[1] must have either choice (approve, reject, ignore) or do (cancel, reassign, recuse, undo, change, extend)",
      "people: bo@example.com[2] must have either choice (approve, reject, ignore) or do (cancel, reassign, recuse, undo, change, extend)",
      "people: bo must be one plain mail address, such as ana@example.com, or *",
      "people: BO@example.com must be named once",
      "people: BO@example.com.on must be a mail, because this needs the mail's link",
      "people: *.on must not be start for *: name the person",
    ]);
    await expect(rehearse(THREE, { now: "soon" })).rejects.toThrow(TypeError);
  });
});

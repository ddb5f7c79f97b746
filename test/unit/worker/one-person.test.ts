/** One person by several addresses, over the real gateway, engine and worker: who is asked, who counts, and what is refused. */
import { describe, expect, test } from "vitest";
import type { ApprovalRequest } from "../../../src/approval/approval.ts";
import { KIND_TAG } from "../../../src/approval/ids.ts";
import { parseApprovalRequest } from "../../../src/approval/request.ts";
import { KnownPeople, NO_KNOWN_PEOPLE } from "../../../src/approval/same-person.ts";
import { approvalCall, scheduledCall, termsWith } from "../../../src/approval/starting.ts";
import { addAbsence } from "../../../src/service/absences/absences.ts";
import { openAbsenceBook } from "../../../src/service/absences/book.ts";
import { type People, rehearse } from "../../../worker/testing/index.ts";
import { openRig, type Rig, until } from "../gateway/rig.ts";

const ALIASES = {
  areTagsPeople: false,
  people: [["kim@example.com", "k.mueller@example.org"]],
  domains: [["example.com", "example.de"]],
};

const ask = (rig: Rig, body: object) =>
  rig.json("POST", "/approvals", { id: "po-1", title: "Order", ...body });

async function asked(rig: Rig, body: object): Promise<void> {
  expect(await ask(rig, body)).toMatchObject({ status: 202 });
  await until(async () =>
    (await view(rig)).ballots.every(({ mail }) => mail.status === "sent") ? true : undefined,
  );
}

interface View {
  readonly status: string;
  readonly explanation?: { readonly outOfReach?: readonly object[] };
  readonly ballots: readonly {
    readonly n: number;
    readonly approver: { readonly email: string };
    readonly state: string;
    readonly mail: { readonly status: string };
  }[];
}

const view = async (rig: Rig) => (await rig.json("GET", "/approvals/po-1")).body as unknown as View;
const askedOf = async (rig: Rig) => (await view(rig)).ballots.map(({ approver }) => approver.email);

describe("the requester never decides, by whatever address:", () => {
  test.each([
    ["a tag", "kim+boss@example.com"],
    ["upper case", "KIM@example.com"],
    ["a domain of the list", "kim@example.de"],
    ["an address of the list", "k.mueller@example.org"],
    ["an address of the list, with a tag", "K.Mueller+x@example.org"],
  ])("%s is refused as an approver, in a later stage and in a chain", async (_, alias) => {
    await using rig = await openRig({ known: new KnownPeople(ALIASES) });
    const requester = "kim@example.com";
    for (const [field, body] of [
      ["approvers[1]", { approvers: ["ana@example.com", alias] }],
      ["stages[1].approvers[0]", { stages: [{ approvers: ["ana@example.com"] }, { approvers: [alias] }] }],
      ["escalateTo[0]", { approvers: ["ana@example.com"], onDeadline: "escalate", escalateTo: [alias] }],
    ] as const) {
      const { status, body: problem } = await ask(rig, { requester, ...body });
      expect(status).toBe(422);
      expect(problem["errors"]).toEqual([
        { field, message: expect.stringMatching(/^must not be the requester, who may not decide/u) },
      ]);
    }
  });

  test("nobody can hand a question to them", async () => {
    await using rig = await openRig({ known: new KnownPeople(ALIASES) });
    await asked(rig, { requester: "kim@example.com", approvers: ["ana@example.com"] });
    for (const to of ["kim+x@example.com", "k.mueller@example.org", "kim@example.de"]) {
      const { status, body } = await rig.json("POST", "/approvals/po-1/ballots/1/reassign", { to });
      expect(status).toBe(422);
      expect(JSON.stringify(body)).toContain("must not be the requester");
    }
    // A program that settles the ballot by itself does not get past the rule either.
    const to = { email: "k.mueller@example.org" };
    await rig.durable.settle("po-1:1", { kind: "reassigned", to, door: "api", nonce: "1" });
    await until(async () => ((await view(rig)).ballots[0]?.state === "reassigned" ? true : undefined));
    expect(await askedOf(rig)).toEqual(["ana@example.com"]);
  });

  test("nor is a stand-in of theirs asked who is they", async () => {
    const { mails } = await rehearse(
      { title: "Order", requester: "kim@example.com", approvers: ["ana@example.com"], deadline: "P1D" },
      {
        aliases: ALIASES,
        absences: [{ person: "ana@example.com", to: "kim+office@example.de", until: "P30D" }],
      },
    );
    expect(mails.filter(({ kind }) => kind === "request").map(({ to }) => to)).toEqual(["ana@example.com"]);
  });
});

describe("in an approval that a schedule starts,", () => {
  /** Ana is away, and Kim's other address stands in for her. */
  async function occurred(rig: Rig, request: object): Promise<void> {
    const { durable } = rig;
    const absences = openAbsenceBook((id) => durable.read(id));
    await addAbsence(
      { durable, absences, clock: Date.now },
      { person: "ana@example.com", to: "k.mueller@example.org", until: "P9D" },
      { door: "api", nonce: "away" },
    );
    const value = { title: "Access", require: 1, deadline: "P5D", ...request } as ApprovalRequest;
    const { timeoutMs, ...call } = scheduledCall(value);
    const tags = { [KIND_TAG]: "approval" };
    await durable.start({ id: "po-1", ...call, timeoutAt: Date.now() + timeoutMs, tags });
    await until(async () => {
      const { ballots } = await view(rig);
      return ballots.length > 0 && ballots.every(({ mail }) => mail.status === "sent") ? true : undefined;
    });
  }
  const kim = { email: "kim@example.com" };
  const ana = { email: "ana@example.com" };

  test("a stand-in who is the requester is not asked", async () => {
    await using rig = await openRig({ known: new KnownPeople(ALIASES) });
    await occurred(rig, { requester: kim, approvers: [ana] });
    expect(await askedOf(rig)).toEqual(["ana@example.com"]);
  });

  test("a stand-in who is asked already gets no second vote", async () => {
    await using rig = await openRig({ known: new KnownPeople(ALIASES) });
    await occurred(rig, { approvers: [kim, ana], require: 2 });
    expect(await askedOf(rig)).toEqual(["kim@example.com", "ana@example.com"]);
  });
});

describe("one person counts once, by whatever address:", () => {
  test("in one group they are named once", async () => {
    await using rig = await openRig();
    const { status, body } = await ask(rig, {
      approvers: ["ana@example.com", "ana+2@example.com"],
      require: 2,
    });
    expect(status).toBe(422);
    expect(body["errors"]).toEqual([
      {
        field: "approvers[1]",
        message:
          "must be somebody else: ana+2@example.com is another address of approvers[0] (ana@example.com)",
      },
    ]);
  });

  test("in two groups they are asked once, and their answer fills both", async () => {
    await using rig = await openRig();
    const groups = [
      { name: "Legal", approvers: ["ana@example.com"] },
      { name: "Finance", approvers: ["ana+finance@example.com"] },
    ];
    await asked(rig, { stages: [{ groups }] });
    expect(await askedOf(rig)).toEqual(["ana@example.com"]);
    await rig.press(await rig.link("po-1", "approve"));
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
  });

  test("who was asked cannot get a second vote from somebody else", async () => {
    await using rig = await openRig();
    await asked(rig, { approvers: ["ana@example.com", "bo@example.com"], require: 2 });
    await rig.press(await rig.link("po-1", "approve"));
    const { status } = await rig.json("POST", "/approvals/po-1/ballots/2/reassign", {
      to: "Ana+bo@example.com",
    });
    expect(status).toBe(422);
    const to = { email: "ana+bo@example.com" };
    await rig.durable.settle("po-1:2", { kind: "reassigned", to, door: "api", nonce: "1" });
    const n = await until(
      async () => (await view(rig)).ballots.find(({ approver }) => approver.email === to.email)?.n,
    );
    await rig.press(await rig.link("po-1", "approve", n));
    const { status: stands, explanation } = await view(rig);
    expect([stands, explanation?.outOfReach]).toEqual(["pending", [{ needed: 1, people: [] }]]);
  });

  test("but a tag can be another person, if the operator says so", async () => {
    await using rig = await openRig({ known: new KnownPeople({ ...ALIASES, areTagsPeople: true }) });
    await asked(rig, {
      requester: "me+kim@example.com",
      approvers: ["me+ana@example.com", "me+bo@example.com"],
      require: "all",
    });
    expect(await askedOf(rig)).toEqual(["me+ana@example.com", "me+bo@example.com"]);
  });
});

describe("those who are asked later, and whom the request does not name,", () => {
  const KIM = ["kim@example.com", "k.mueller@example.org"] as const;
  const away = (person: string, to: string) => ({ person, to, until: "P30D" });
  const BOTH_AWAY = [away("bo@example.com", KIM[0]), away("cy@example.com", KIM[1])];

  const GROUPS = [{ approvers: ["bo@example.com"] }, { approvers: ["cy@example.com"] }];

  async function approvedBy(rig: Rig, email: string): Promise<void> {
    const n = (await view(rig)).ballots.find(({ approver }) => approver.email === email)?.n;
    await rig.press(await rig.link("po-1", "approve", n));
  }

  /** Bo hands his question to one address of Kim, and Cy hers to the other. */
  async function handedToKim(rig: Rig): Promise<void> {
    for (const [i, to] of KIM.entries()) {
      const path = `/approvals/po-1/ballots/${i + 1}/reassign`;
      await until(async () => ((await rig.json("POST", path, { to })).status === 200 ? true : undefined));
      await until(async () => ((await askedOf(rig)).includes(to) ? true : undefined));
    }
  }

  /** Everybody who is asked, as a stage after Ana's opens; who has the question approves. */
  async function askedAfterAna(stage: object, people: People = { "*": "approve" }) {
    const { mails, outcome } = await rehearse(
      { title: "Order", stages: [{ approvers: ["ana@example.com"] }, stage], deadline: "P9D" },
      { people, absences: BOTH_AWAY, aliases: ALIASES },
    );
    const asked = mails.filter(({ kind }) => ["request", "reassigned", "escalated"].includes(kind));
    return { asked: asked.map(({ to }) => to).slice(1), outcome: outcome.outcome };
  }

  test("get no second vote in a group as stand-ins", async () => {
    const stage = { approvers: ["bo@example.com", "cy@example.com"], require: 2 };
    expect(await askedAfterAna(stage)).toEqual({
      asked: [KIM[0], "cy@example.com"],
      outcome: "approved",
    });
  });

  test("are asked once for two groups", async () => {
    expect(await askedAfterAna({ groups: GROUPS })).toEqual({
      asked: [KIM[0]],
      outcome: "approved",
    });
  });

  test("get no second vote by an escalation, nor by standing in for somebody of another entry", async () => {
    const stage = {
      approvers: ["bo@example.com"],
      deadline: "P1D",
      onDeadline: "escalate",
      escalateTo: [["cy@example.com", "di@example.com"]],
    };
    const { asked } = await askedAfterAna(stage, { "ana@example.com": "approve" });
    expect(asked).toEqual([KIM[0], "cy@example.com", "di@example.com"]);
  });

  test("answer for both groups in which others handed them the question", async () => {
    await using rig = await openRig({ known: new KnownPeople(ALIASES) });
    await asked(rig, { stages: [{ groups: GROUPS }] });
    await handedToKim(rig);
    await approvedBy(rig, KIM[0]);
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
  });

  test("count by each address in an approval of an earlier version, which did not settle whose they are", async () => {
    await using rig = await openRig({ known: new KnownPeople(ALIASES) });
    const nowMs = Date.now();
    const parsed = parseApprovalRequest(
      { title: "Order", stages: [{ groups: GROUPS }] },
      { nowMs, callbackUrlProblem: () => undefined, mayApproveByDeadline: false },
    );
    if (!parsed.ok) throw new Error("The request is wrong");
    const { people: _, ...terms } = termsWith(parsed, { awayAt: () => undefined, known: NO_KNOWN_PEOPLE });
    const { args: __, ...call } = approvalCall(parsed.value, parsed.terms);
    const tags = { [KIND_TAG]: "approval" };
    await rig.durable.start({ id: "po-1", ...call, args: [parsed.value, terms], tags });
    await handedToKim(rig);
    await approvedBy(rig, KIM[0]);
    const { status, ballots } = await view(rig);
    expect([status, ballots.at(-1)?.state]).toEqual(["pending", "open"]);
  });
});

test("an address gives nobody the rights of another: links and the requester's acts stay with the address itself", async () => {
  await using rig = await openRig();
  await asked(rig, { requester: "kim@example.com", approvers: ["ana@example.com"] });
  const [mine, alias] = ["ana@example.com", "ana+x@example.com"].map((email) =>
    rig.tokens.recipientId("po-1", email),
  );
  expect(mine).not.toBe(alias);
});

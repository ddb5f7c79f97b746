/** Too few people are left for the approvals that a stage needs: the requester is told once, and the API says so. */
import { describe, expect, test } from "vitest";
import type { Delivery } from "../../../src/approval/approval.ts";
import type { Mail, MailOf } from "../../../src/channels/mail/message.ts";
import { openRig, type Rig, until } from "../gateway/rig.ts";

const ORDER = {
  id: "po-1",
  title: "Order",
  requester: "kim@x.org",
  approvers: ["ana@x.org", "bo@x.org", "cy@x.org"],
  require: 2,
};

/** A relay that refuses these addresses. */
const refusing =
  (refused: ReadonlySet<string>) =>
  ({ approver: { email }, recipient }: Pick<MailOf<"request">, "approver" | "recipient">): Delivery =>
    refused.has(email)
      ? { status: "undeliverable", reason: "550 No such user" }
      : { status: "sent", messageId: `<${recipient}@test>` };
const ANA_REFUSED = { deliver: refusing(new Set(["ana@x.org"])) };

async function asked(rig: Rig, request: Record<string, unknown> = {}): Promise<void> {
  expect((await rig.json("POST", "/approvals", { ...ORDER, ...request })).status).toBe(202);
  await rig.link("po-1", "approve");
}

async function act(rig: Rig, what: string, body: object = {}): Promise<void> {
  expect((await rig.json("POST", `/approvals/po-1/${what}`, body)).status).toBe(200);
}

const toldOf = (rig: Rig, kind: Mail["kind"]) => rig.told.filter((mail) => mail.kind === kind);

const explanationOf = async (rig: Rig) =>
  (await rig.json("GET", "/approvals/po-1")).body["explanation"] as {
    readonly outOfReach?: unknown;
    readonly text: string;
  };

/** Once the requester has got so many mails about it. */
const mailed = (rig: Rig, times: number) =>
  until(async () => (toldOf(rig, "out-of-reach").length === times ? true : undefined));

describe("too few people are left", () => {
  test("by recusals: the requester gets one mail, whatever happens later, and API and page say so", async () => {
    await using rig = await openRig();
    await asked(rig);
    await act(rig, "ballots/1/recuse");
    expect(await explanationOf(rig)).not.toHaveProperty("outOfReach");
    await act(rig, "ballots/2/recuse");
    await mailed(rig, 1);
    const [mail] = toldOf(rig, "out-of-reach");
    expect(mail).toMatchObject({ requester: { email: "kim@x.org" }, mayChange: false });
    const explanation = await explanationOf(rig);
    expect(explanation.outOfReach).toEqual([{ needed: 2, people: [{ email: "cy@x.org" }] }]);
    expect(explanation.text).toContain("Too few people are left who can approve it.");
    const link = mail !== undefined && "link" in mail ? new URL(mail.link ?? "").pathname : "";
    expect((await rig.call(link)).text).toContain("Too few people are left who can approve it.");
    // These are judged, and it is still so.
    await act(rig, "extend", { deadline: "P20D" });
    await act(rig, "ballots/3/reassign", { to: "dee@x.org" });
    await act(rig, "cancel");
    await until(async () => toldOf(rig, "requester-outcome")[0]);
    expect(toldOf(rig, "out-of-reach")).toHaveLength(1);
  });

  test("by mails that are refused, and once more when others were asked in their place", async () => {
    const refused = new Set(["ana@x.org", "dee@x.org"]);
    await using rig = await openRig({ deliver: refusing(refused) });
    await asked(rig, { approvers: ["ana@x.org", "bo@x.org"] });
    await mailed(rig, 1);
    expect((await explanationOf(rig)).outOfReach).toEqual([{ needed: 2, people: [{ email: "bo@x.org" }] }]);
    await act(rig, "ballots/1/reassign", { to: "dee@x.org" });
    await mailed(rig, 2);
    await act(rig, "ballots/2/remind");
    refused.clear();
    const { body } = await rig.json("GET", "/approvals/po-1");
    const open = (body["ballots"] as { n: number; state: string }[]).filter(({ state }) => state === "open");
    await act(rig, `ballots/${open.at(-1)?.n}/reassign`, { to: "eve@x.org" });
    await until(async () => ((await explanationOf(rig)).outOfReach === undefined ? true : undefined));
    expect(toldOf(rig, "out-of-reach")).toHaveLength(2);
  });

  test("in a group of a stage: the mail names both", async () => {
    await using rig = await openRig();
    const groups = [
      { name: "Legal", approvers: ["ana@x.org", "bo@x.org"], require: 2 },
      { name: "Finance", approvers: ["cy@x.org"] },
    ];
    const stages = [{ name: "Both", groups }, { approvers: ["dee@x.org"] }];
    await asked(rig, { approvers: undefined, require: undefined, stages, rounds: 2 });
    await act(rig, "ballots/1/recuse");
    await mailed(rig, 1);
    expect(toldOf(rig, "out-of-reach")).toMatchObject([
      {
        explanation: {
          stage: 1,
          stageName: "Both",
          outOfReach: [{ group: "Legal", needed: 2, people: [{ email: "bo@x.org" }] }],
        },
        mayChange: true,
      },
    ]);
  });

  test.each<[string, Record<string, unknown>]>([
    ["others will be asked", { deadline: "P1D", onDeadline: "escalate", escalateTo: ["boss@x.org"] }],
    [
      "the stage can do without the group",
      {
        approvers: undefined,
        require: undefined,
        stages: [{ groups: [{ approvers: ["ana@x.org"] }, { approvers: ["bo@x.org"] }], require: "any" }],
      },
    ],
    ["silence counts", { onDeadline: "approve", require: "all", approvers: ["ana@x.org", "bo@x.org"] }],
  ])("no mail while %s", async (_, request) => {
    await using rig = await openRig({
      mayApproveByDeadline: true,
      ...ANA_REFUSED,
    });
    await asked(rig, request);
    await until(async () => toldOf(rig, "undeliverable")[0]);
    expect(await explanationOf(rig)).not.toHaveProperty("outOfReach");
    await act(rig, "cancel");
    await until(async () => toldOf(rig, "requester-outcome")[0]);
    expect(toldOf(rig, "out-of-reach")).toEqual([]);
  });

  test("of the only person, whose mail was refused, one mail says enough", async () => {
    await using rig = await openRig(ANA_REFUSED);
    await asked(rig, { approvers: ["ana@x.org"], require: "any" });
    await until(async () => toldOf(rig, "undeliverable")[0]);
    expect((await explanationOf(rig)).outOfReach).toEqual([{ needed: 1, people: [] }]);
    await act(rig, "cancel");
    await until(async () => toldOf(rig, "requester-outcome")[0]);
    expect(toldOf(rig, "out-of-reach")).toEqual([]);
  });
});

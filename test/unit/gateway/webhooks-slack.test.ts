import { createHmac } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { askedApproval } from "../webhooks/approval.ts";
import { type Rig, startRig } from "../webhooks/rig.ts";
import { sourcesOf } from "../webhooks/senders.ts";

const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const SLACK = {
  scheme: "slack",
  secrets: [{ env: "S1" }],
  ballots: { team: "T1", approvers: { U0ANA: "Ana@example.com", U0BO: "bo@example.com" } },
};

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.[Symbol.asyncDispose]();
  rig = undefined;
});

async function start(): Promise<Rig> {
  rig = await startRig({ sources: sourcesOf({ acme: SLACK }, { S1: SECRET }) });
  await askedApproval(rig.durable, "po-1", ["ana@example.com", "bo@example.com"]);
  return rig;
}

interface Pressed {
  readonly user?: string;
  readonly action?: string;
  readonly ballot?: unknown;
  readonly team?: unknown;
  readonly enterprise?: unknown;
  readonly workspace?: string;
  readonly type?: string;
  /** Slack's payloads are never twice the same. */
  readonly trigger?: string;
}

function press({
  user = "U0ANA",
  action = "approve",
  ballot = "po-1:1",
  team = { id: "T1" },
  ...rest
}: Pressed = {}) {
  const { type = "block_actions", trigger = crypto.randomUUID(), enterprise = null, workspace } = rest;
  return signed(
    `payload=${encodeURIComponent(
      JSON.stringify({
        type,
        team,
        enterprise,
        is_enterprise_install: team === null,
        user: { id: user, ...(workspace === undefined ? {} : { team_id: workspace }) },
        trigger_id: trigger,
        actions: [{ action_id: action, value: ballot }],
      }),
    )}`,
  );
}

function signed(text: string) {
  const time = String(Math.floor(Date.now() / 1000));
  const value = createHmac("sha256", SECRET).update(`v0:${time}:${text}`).digest("hex");
  const headers = [
    ["x-slack-request-timestamp", time],
    ["x-slack-signature", `v0=${value}`],
  ] as const;
  return { body: Buffer.from(text), headers };
}

describe("Slack's buttons", () => {
  test("the ballot's own approver decides, by the door webhook", async () => {
    const r = await start();
    expect(await r.send(press())).toMatchObject({
      status: 200,
      body: { result: "settled", effective: true, promise: "po-1:1" },
    });
    expect(await r.read("po-1:1")).toMatchObject({
      state: "resolved",
      value: { kind: "decision", choice: "approve", by: "ana@example.com", door: "webhook", caller: "acme" },
    });
    expect(await r.read("po-1:2")).toMatchObject({ state: "pending" });
  });

  test("a press that comes later is told what stands", async () => {
    const r = await start();
    await r.send(press());
    expect(await r.send(press({ action: "reject" }))).toMatchObject({
      status: 200,
      body: { result: "stands", effective: false, why: "the answer is approve" },
    });
    await r.durable.settle("po-1:2", { kind: "withdrawn" });
    await r.durable.settle("po-1:0", {
      kind: "closed",
      outcome: "approved",
      reason: "1 of 1",
      answered: [1],
    });
    expect(await r.send(press({ user: "U0BO", ballot: "po-1:2" }))).toMatchObject({
      status: 200,
      body: { result: "stands", effective: false, why: "it ended as approved" },
    });
  });

  test("a press on a ballot that somebody else has now is told so, and of no end", async () => {
    const r = await start();
    const act = { door: "api", nonce: "n1" };
    await r.durable.settle("po-1:1", { kind: "reassigned", to: { email: "dee@example.com" }, ...act });
    await r.durable.settle("po-1:2", { kind: "recused", ...act });
    expect(await r.send(press())).toMatchObject({
      body: { result: "stands", effective: false, why: "the ballot was handed to somebody else" },
    });
    expect(await r.send(press({ user: "U0BO", ballot: "po-1:2" }))).toMatchObject({
      body: { result: "stands", why: "its approver takes no part" },
    });
  });

  test.each([
    ["the person's workspace is the configured one", { workspace: "T1", enterprise: { id: "E1" } }, "T1"],
    ["the organization is the configured one", { workspace: "T7", enterprise: { id: "E1" } }, "E1"],
    ["nothing is configured", { enterprise: { id: "E1" } }, undefined],
  ])("an app that is installed for the whole organization has no team: %s", async (_, pressed, team) => {
    const { approvers } = SLACK.ballots;
    const ballots = { approvers, ...(team === undefined ? {} : { team }) };
    rig = await startRig({ sources: sourcesOf({ acme: { ...SLACK, ballots } }, { S1: SECRET }) });
    await askedApproval(rig.durable, "po-1", ["ana@example.com", "bo@example.com"]);
    expect(await rig.send(press({ ...pressed, team: null }))).toMatchObject({
      status: 200,
      body: { result: "settled", effective: true, promise: "po-1:1" },
    });
  });

  test("the same press sent again is a duplicate", async () => {
    const r = await start();
    const once = press();
    await r.send(once);
    expect(await r.send(once)).toMatchObject({ status: 200, body: { duplicate: true, effective: true } });
  });

  test.each([
    ["another approver's ballot", { user: "U0BO" }, 403],
    ["a user who is no approver", { user: "U0EVE" }, 422],
    ["another workspace", { team: { id: "T2" } }, 422],
    ["another workspace, though the person is of ours", { team: { id: "T2" }, workspace: "T1" }, 422],
    [
      "a person of another workspace, org-wide",
      { team: null, workspace: "T2", enterprise: { id: "E2" } },
      422,
    ],
    ["nobody's workspace", { team: null }, 422],
    ["no ballot's id", { ballot: 5 }, 422],
    ["an unknown ballot", { ballot: "po-1:9" }, 404],
    ["a promise that is no ballot", { ballot: "po-1:0" }, 404],
    ["the approval itself", { ballot: "po-1" }, 404],
  ] as const)("%s decides nothing", async (_, pressed, status) => {
    const r = await start();
    expect(await r.send(press(pressed))).toMatchObject({ status });
    for (const id of ["po-1", "po-1:0", "po-1:1", "po-1:2"]) {
      expect(await r.read(id)).toMatchObject({ state: "pending" });
    }
  });

  test.each([
    ["another button", { action: "details" }],
    ["something else than a button", { type: "view_submission" }],
  ])("%s is acknowledged and ignored", async (_, pressed) => {
    const r = await start();
    expect(await r.send(press(pressed))).toMatchObject({ status: 200, body: { result: "ignored" } });
  });

  test("Slack's question for a new address is answered with its word, if it is Slack that asks", async () => {
    const r = await start();
    const question = signed(JSON.stringify({ type: "url_verification", challenge: "3eZbrw1aB" }));
    expect(await r.send(question)).toMatchObject({ status: 200, text: "3eZbrw1aB" });
    expect(await r.send({ ...question, headers: [] })).toMatchObject({ status: 401 });
  });
});

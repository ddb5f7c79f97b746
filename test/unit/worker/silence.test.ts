/** `onDeadline: "approve"`, which the setting `ALLOW_APPROVE_BY_DEADLINE` allows. */
import { expect, test } from "vitest";
import { KIND_TAG } from "../../../src/approval/ids.ts";
import { parseApprovalRequest } from "../../../src/approval/request.ts";
import { approvalCall } from "../../../src/approval/starting.ts";
import { RehearsalRefused, rehearse } from "../../../worker/testing/index.ts";
import { callbackUrlProblem } from "../../support/callbacks.ts";
import { openRig, type Rig } from "../gateway/rig.ts";

const SILENT = { title: "Order", approvers: ["ana@x.org"], deadline: "PT1M", onDeadline: "approve" };
const STAGES = {
  title: "Order",
  deadline: "P30D",
  stages: [
    { approvers: ["ana@x.org"], deadline: "P2D", onDeadline: "approve" },
    { approvers: ["cfo@x.org"], deadline: "P2D", onDeadline: "approve" },
  ],
};
const NOT_ALLOWED = expect.stringContaining("only where the setting ALLOW_APPROVE_BY_DEADLINE is on");

/** Starts it with a deadline that is a moment away. */
async function ask(rig: Rig): Promise<void> {
  const nowMs = Date.now() - 59_500;
  const parsed = parseApprovalRequest(SILENT, { nowMs, callbackUrlProblem, mayApproveByDeadline: true });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const call = approvalCall(parsed.value, parsed.terms);
  await rig.durable.start({ id: "po-1", ...call, tags: { [KIND_TAG]: "approval" } });
}

const outcomeOf = async (rig: Rig) => (await rig.settled("po-1")).value;

test("a request for it is refused where the setting is off, with the name of the setting", async () => {
  await using rig = await openRig({ work: false });
  const answer = await rig.json("POST", "/approvals", { id: "po-1", ...SILENT });
  const errors = [{ field: "onDeadline", message: NOT_ALLOWED }];
  expect(answer).toMatchObject({ status: 422, body: { errors } });
  const staged = await rig.json("POST", "/approvals", { id: "po-1", ...STAGES });
  expect(staged.body["errors"]).toEqual([
    { field: "stages[0].onDeadline", message: NOT_ALLOWED },
    { field: "stages[1].onDeadline", message: NOT_ALLOWED },
  ]);
  expect(await rig.durable.read("po-1")).toBeUndefined();
});

test("it is taken where the setting is on, and silence approves at the deadline", async () => {
  await using rig = await openRig({ mayApproveByDeadline: true });
  expect(await rig.json("POST", "/approvals", { id: "po-2", ...SILENT })).toMatchObject({ status: 202 });
  await ask(rig);
  expect(await outcomeOf(rig)).toMatchObject({
    outcome: "approved",
    reason: "The deadline passed with 0 of 1 needed approvals, and silence counts as approval",
    decisions: [],
  });
});

test("one that is open when the setting is switched off expires", async () => {
  await using rig = await openRig({ mayApproveByDeadline: false });
  await ask(rig);
  expect(await outcomeOf(rig)).toMatchObject({ outcome: "expired" });
});

test("the silence of somebody who was never reached approves nothing", async () => {
  await using rig = await openRig({
    mayApproveByDeadline: true,
    deliver: () => ({ status: "undeliverable", reason: "550 No such user" }),
  });
  await ask(rig);
  expect(await outcomeOf(rig)).toMatchObject({ outcome: "expired" });
});

test("a rejection before the deadline stands", async () => {
  await using rig = await openRig({ mayApproveByDeadline: true });
  await ask(rig);
  await rig.press(await rig.link("po-1", "reject"));
  expect(await outcomeOf(rig)).toMatchObject({ outcome: "rejected" });
});

test("a stage in silence opens the next, and a rehearsal plays it", async () => {
  const { outcome, mails } = await rehearse(STAGES, { mayApproveByDeadline: true });
  expect(outcome).toMatchObject({ outcome: "approved" });
  expect(mails.filter(({ kind }) => kind === "request").map(({ to, at }) => [to, at.slice(0, 10)])).toEqual([
    ["ana@x.org", "2030-01-01"],
    ["cfo@x.org", "2030-01-03"],
  ]);
});

test("a rehearsal without the setting refuses it", async () => {
  const refused = await rehearse(SILENT).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RehearsalRefused);
  expect(refused).toMatchObject({ problems: [{ field: "onDeadline", message: NOT_ALLOWED }] });
});

/**
 * Any program that reaches the engine can settle any promise. Whatever it writes, what the promise belongs to stays open
 * or ends by the rules of docs/reliability.md, and is never tried again and again over a value that cannot change.
 */
import { afterEach, describe, expect, test } from "vitest";
import type { Delivery } from "../../../src/approval/approval.ts";
import { ballotId, childId, endId } from "../../../src/approval/ids.ts";
import { eventually } from "../../support/eventually.ts";
import { openRig, type Rig } from "../gateway/rig.ts";

const DAY_MS = 86_400_000;
let rig: Rig;
afterEach(() => rig[Symbol.asyncDispose]());

const JUNK: readonly (readonly [string, unknown])[] = [
  ["nothing", undefined],
  ["null", null],
  ["a text", "approve"],
  ["a list", [{ kind: "decision" }]],
  ["a decision by nobody", { kind: "decision", choice: "approve" }],
  [
    "a decision for something else",
    { kind: "decision", choice: "maybe", by: "a@x.org", door: "mail", nonce: "n" },
  ],
  ["a mail result of nothing", { kind: "mail", n: 1 }],
  ["a verdict of nothing", { verdict: {} }],
];

const TWO = { title: "Order", approvers: ["a@x.org", "b@x.org"] };

describe.each(JUNK)("%s", (_, junk) => {
  test("in a ballot is no answer: the approval waits for the others", async () => {
    rig = await openRig();
    await rig.ask("a", TWO, DAY_MS);
    await mailed(2);
    await rig.durable.settle(ballotId("a", 1), junk);
    const { body } = await rig.json("GET", "/approvals/a");
    expect(body).toMatchObject({ status: "pending", ballots: [{ state: "withdrawn" }, { state: "open" }] });
    expect((await rig.call(await rig.link("a", "approve", 1))).status).toBe(200);
    await rig.press(await rig.link("a", "approve", 2));
    expect((await rig.settled("a")).value).toMatchObject({ outcome: "approved", decisions: [{ n: 2 }] });
  });

  test("in every ballot leaves the approval to its deadline, or to a cancellation", async () => {
    rig = await openRig();
    await rig.ask("a", { title: "Order", approvers: ["a@x.org"] }, DAY_MS);
    await mailed(1);
    await rig.durable.settle(ballotId("a", 1), junk);
    expect((await rig.json("POST", "/approvals/a/cancel", {})).status).toBe(200);
    expect((await rig.settled("a")).value).toMatchObject({ outcome: "cancelled" });
  });

  test("in the end promise ends the approval without an answer", async () => {
    rig = await openRig();
    await rig.ask("a", TWO, DAY_MS);
    await mailed(2);
    await rig.durable.settle(endId("a"), junk);
    const outcome = junk === undefined ? "expired" : "cancelled";
    expect((await rig.settled("a")).value).toMatchObject({ outcome });
  });

  test("in a mail's step is no mail: it is sent again", async () => {
    rig = await openRig({ work: false });
    await rig.ask("a", { title: "Order", approvers: ["a@x.org"] }, DAY_MS);
    await createStep(childId("a", 2));
    await rig.durable.settle(childId("a", 2), junk);
    rig.work();
    await mailed(1);
    await rig.press(await rig.link("a", "approve"));
    expect((await rig.settled("a")).value).toMatchObject({ outcome: "approved" });
  });

  test("in a judgement's step is no verdict: it is judged again", async () => {
    rig = await openRig({ work: false });
    await rig.ask("a", { title: "Order", approvers: ["a@x.org"] }, DAY_MS);
    await createStep(childId("a", 3));
    await rig.durable.settle(childId("a", 3), junk);
    rig.work();
    await mailed(1);
    await rig.press(await rig.link("a", "approve"));
    expect((await rig.settled("a")).value).toMatchObject({ outcome: "approved" });
  });

  test("as the workflow's own result is a failure, told as one", async () => {
    rig = await openRig({ work: false });
    await rig.ask("a", { title: "Order", approvers: ["a@x.org"] }, DAY_MS);
    await rig.durable.settle("a", junk);
    expect((await rig.json("GET", "/approvals/a")).body).toMatchObject({ status: "failed" });
  });
});

test("a ballot that was rejected is no answer", async () => {
  rig = await openRig();
  await rig.ask("a", TWO, DAY_MS);
  await mailed(2);
  await rig.durable.settle(ballotId("a", 1), "no", "rejected");
  await rig.press(await rig.link("a", "approve", 2));
  expect((await rig.settled("a")).value).toMatchObject({ outcome: "approved", decisions: [{ n: 2 }] });
});

test("a retry timer that is settled early brings the next try at once", async () => {
  let tries = 0;
  const deferred: Delivery = { status: "deferred", reason: "451", nextTryAtMs: Date.now() + DAY_MS };
  rig = await openRig({ deliver: () => (++tries === 1 ? deferred : { status: "sent", messageId: "<m@x>" }) });
  await rig.ask("a", { title: "Order", approvers: ["a@x.org"] }, DAY_MS);
  await settledAtLast(childId("a", 3), { kind: "closed" });
  await eventually("the second try", () => tries === 2);
  await rig.press(await rig.link("a", "approve"));
  expect((await rig.settled("a")).value).toMatchObject({ outcome: "approved" });
});

test("a workflow that asks for an approval gets an error for an outcome that is none", async () => {
  rig = await openRig();
  const order = { item: "a lathe", amount: 9, buyer: "bo@x.org", approvers: ["ana@x.org"] };
  await rig.durable.start({ id: "p", func: "purchase", args: [order], timeoutAt: Date.now() + 90 * DAY_MS });
  await settledAtLast(childId("p", 2), { outcome: "approved" });
  const { state, value } = await rig.settled("p");
  expect(state).toBe("rejected");
  expect(String(value)).toContain("The approval has no outcome: another program settled it");
});

/** Settles the promise once it is there. */
async function settledAtLast(id: string, value: unknown): Promise<void> {
  await eventually("it is settled", async () => (await rig.durable.settle(id, value)) !== undefined);
}

async function createStep(id: string): Promise<void> {
  const timeoutAt = Date.now() + DAY_MS;
  await rig.durable.create({ id, param: undefined, timeoutAt, tags: {} });
}

async function mailed(count: number): Promise<void> {
  await eventually("mails", () => rig.mailed() >= count);
}

/** An action on its way through the service: asked for, stored, shown by the API, and told of with the outcome. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { digestOf } from "../../../src/approval/action.ts";
import { ACTION_VERSION, approvalCall } from "../../../src/approval/starting.ts";
import { callOf } from "../../../src/approval/stored.ts";
import { openRig, type Rig } from "./rig.ts";

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

const action = { tool: "payments.transfer", arguments: { amount: 4120, to: ["Ana", "Bo"] }, target: "ERP" };
const request = { title: "Pay invoice 7", approvers: ["ana@example.com"], action };
const ask = (id: string, more: object = {}) => rig.json("POST", "/approvals", { id, ...request, ...more });

test("an action is stored as it was given, shown, and told of with the outcome once it is approved", async () => {
  expect((await ask("act-1")).status).toBe(202);
  const shown = { ...action, reversible: "no", validFor: "P1D" };
  expect((await rig.json("GET", "/approvals/act-1")).body).toMatchObject({ action: shown });
  await rig.press(await rig.link("act-1", "approve"));
  const root = await rig.settled("act-1");
  const call = callOf(root);
  const digest = call && digestOf(call.request, { approval: "act-1", ...call.terms });
  expect(root.value).toMatchObject({ outcome: "approved", action: { digest, arguments: action.arguments } });
  const { body } = await rig.json("GET", "/approvals/act-1");
  expect(body["outcome"]).toMatchObject({ action: { digest, arguments: action.arguments } });
  const [ballot] = (await rig.durable.children("act-1")).filter(
    ({ tags }) => tags["countersign:kind"] === "ballot",
  );
  expect(ballot?.param).toMatchObject({ digest });
});

test("a rejected action has no arguments that could be run", async () => {
  await ask("act-2");
  await rig.press(await rig.link("act-2", "reject"));
  const { value } = await rig.settled("act-2");
  expect(value).toMatchObject({
    outcome: "rejected",
    action: { digest: expect.stringMatching(/^[0-9a-f]{64}$/u) },
  });
  expect(value).not.toHaveProperty("action.arguments");
});

test("the same call is the same approval, and another argument is a conflict", async () => {
  expect((await ask("act-3")).status).toBe(202);
  expect((await ask("act-3", { action: { ...action, validFor: "PT24H" } })).status).toBe(202);
  const other = await ask("act-3", { action: { ...action, arguments: { amount: 4121 } } });
  expect(other.status).toBe(409);
  expect(other.body["detail"]).toContain("(action)");
});

test("arguments that do not fit their schema are refused by JSON Pointer, and nobody is mailed", async () => {
  const before = rig.asks.length;
  const schema = { properties: { amount: { maximum: 1000 }, to: { items: { const: "Ana" } } } };
  const { status, body } = await ask("act-4", { action: { ...action, schema } });
  expect(status).toBe(422);
  const fields = (body["errors"] as { field: string }[]).map(({ field }) => field);
  expect(fields).toEqual(["/action/arguments/amount", "/action/arguments/to/1"]);
  const raw = await rig.call("/approvals", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id: "act-5", ...request }).replace("4120", "9007199254740993"),
  });
  expect(raw.status).toBe(422);
  expect(raw.text).toContain("/action/arguments/amount");
  expect((await rig.json("GET", "/approvals/act-4")).status).toBe(404);
  expect(rig.asks.length).toBe(before);
});

test("a worker that knows no actions is not given such an approval", () => {
  const people = [{ email: "ana@example.com" }];
  const stored = callOf({
    id: "x",
    state: "pending",
    param: { func: "approval", version: 2, args: [{ ...request, approvers: people }] },
    value: undefined,
    tags: { "countersign:kind": "approval" },
    createdAt: 0,
    timeoutAt: 9,
  });
  if (stored === undefined) throw new Error("not read");
  const { action: asked, ...plain } = stored.request;
  expect(asked).toBeDefined();
  const terms = { startedAtMs: 0, deadlineAtMs: 1 };
  expect(approvalCall(stored.request, terms).version).toBe(ACTION_VERSION);
  expect(approvalCall(plain, terms).version).toBeLessThan(ACTION_VERSION);
});

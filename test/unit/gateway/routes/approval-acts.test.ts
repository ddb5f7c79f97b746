import { expect, test } from "vitest";
import { LINK_VIEW_MS } from "../../../../src/approval/approval.ts";
import type { Ballot } from "../../../../src/client/api-types.ts";
import { partsOf } from "../../tokens/forgeries.ts";
import { openRig, until } from "../rig.ts";

async function asked(rig: Awaited<ReturnType<typeof openRig>>) {
  const request = { id: "po-1", title: "Order", approvers: ["ana@example.com", "bo@example.com"], rounds: 2 };
  await rig.json("POST", "/approvals", request);
  await until(async () => (rig.mailed() === 2 ? true : undefined));
}

const DETAILS = [{ label: "Number", value: "40" }];

test("a ballot is handed on, once for one key", async () => {
  await using rig = await openRig();
  await asked(rig);
  const path = "/approvals/po-1/ballots/1/reassign";
  const body = { to: "dee@example.com", reason: "Away" };
  for (const _ of [1, 2]) {
    const answer = await rig.json("POST", path, body, { "idempotency-key": "k1" });
    expect(answer).toMatchObject({ status: 200, body: { approval: "po-1", ballot: 1 } });
    const { ballots } = (await rig.json("GET", "/approvals/po-1")).body as { ballots: Ballot[] };
    const next = ballots.find(({ n }) => n === answer.body["next"]);
    expect(next).toMatchObject({ approver: { email: "dee@example.com" }, state: "open" });
  }
  const late = await rig.json("POST", path, body);
  expect([late.status, late.body["detail"]]).toEqual([
    409,
    "Cannot reassign: the ballot is closed already (reassigned)",
  ]);
  const other = await rig.json("POST", path, { to: "eve@example.com" }, { "idempotency-key": "k1" });
  expect(other).toMatchObject({ status: 409, body: { type: "/problems/conflict" } });
  const recorded = rig.audit.filter(({ what }) => what === "reassign");
  expect(recorded.map(({ about, outcome }) => `${about} ${outcome}`)).toEqual([
    "po-1:1 stored",
    "po-1:1 stored",
    "po-1:1 too late",
    "po-1:1 other content",
  ]);
  expect(JSON.stringify(recorded)).not.toMatch(/@|Away/);
});

test.each([
  ["ballots/1/reassign", {}, "to"],
  ["ballots/1/reassign", { to: "nobody" }, "to"],
  ["ballots/1/reassign", { to: "bo@example.com" }, "to"],
  ["ballots/1/recuse", { resaon: "Away" }, "resaon"],
  ["ballots/1/remind", { text: "Hurry" }, "text"],
  ["ballots/1/resend", { newLinks: "yes" }, "newLinks"],
  ["extend", {}, "deadline"],
  ["extend", { deadline: "P1M" }, "deadline"],
  ["extend", { deadline: "P1D" }, "deadline"],
  ["extend", { deadline: "P500D" }, "deadline"],
  ["change", {}, "body"],
  ["change", { title: "" }, "title"],
])("%s %j names the field %s", async (path, body, field) => {
  await using rig = await openRig();
  await asked(rig);
  const answer = await rig.json("POST", `/approvals/po-1/${path}`, body);
  expect(answer).toMatchObject({ status: 422, body: { errors: [{ field }] } });
});

test("an approval or ballot that there is not is 404, and a bad key is named", async () => {
  await using rig = await openRig();
  await asked(rig);
  for (const path of ["po-1/ballots/9/recuse", "po-1/ballots/x/recuse", "po-2/ballots/1/resend"])
    expect((await rig.json("POST", `/approvals/${path}`)).status, path).toBe(404);
  expect((await rig.json("POST", "/approvals/po-2/extend", { deadline: "P9D" })).status).toBe(404);
  const headers = { "idempotency-key": "k".repeat(256) };
  expect(await rig.json("POST", "/approvals/po-1/ballots/1/resend", undefined, headers)).toMatchObject({
    status: 422,
    body: { errors: [{ field: "Idempotency-Key" }] },
  });
});

test("while no worker runs, it is stored: 202", async () => {
  await using rig = await openRig({ outcomeWaitMs: 0 });
  await asked(rig);
  await rig.rest();
  const answer = await rig.json("POST", "/approvals/po-1/ballots/1/resend", { newLinks: true });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([202, "1"]);
  expect(answer.body).toEqual({ approval: "po-1", ballot: 1 });
});

test("a reminder by hand goes out once an hour and person, and once for one key", async () => {
  const kinds: string[] = [];
  await using rig = await openRig({
    deliver: (mail) => {
      kinds.push(`${"kind" in mail ? String(mail.kind) : ""} ${mail.approver.email}`);
      return { status: "sent", messageId: "<m@test>" };
    },
  });
  await asked(rig);
  const remind = (n: number, key: string, verb = "remind") =>
    rig.json("POST", `/approvals/po-1/ballots/${n}/${verb}`, undefined, { "idempotency-key": key });
  for (const _ of [1, 2]) {
    const answer = await remind(1, "k1");
    expect(answer).toMatchObject({ status: 200, body: { ballot: 1, mail: { status: "sent" } } });
  }
  for (const verb of ["remind", "resend"]) {
    const early = await remind(1, "k2", verb);
    const again = /possible again at (\S+)$/u.exec(String(early.body["detail"]))?.[1] ?? "";
    const inMinutes = (Date.parse(again) - Date.now()) / 60_000;
    expect([early.status, Math.round(inMinutes)], verb).toEqual([409, 60]);
    expect(Number(early.headers.get("retry-after")), verb).toBeCloseTo(3_600, -2);
  }
  expect(await remind(1, "k1", "resend")).toMatchObject({ status: 409 });
  expect(await remind(2, "k3", "resend")).toMatchObject({ status: 200, body: { mail: { status: "sent" } } });
  expect(kinds).toEqual([
    "request ana@example.com",
    "request bo@example.com",
    "reminder ana@example.com",
    "request bo@example.com",
  ]);
  const recorded = rig.audit.filter(({ what }) => what === "remind");
  expect(recorded.map(({ about, outcome }) => `${about} ${outcome}`)).toEqual([
    "po-1:1 stored",
    "po-1:1 stored",
    "po-1:1 too-soon",
  ]);
});

test("a reminder after the deadline was moved has links that last as long as the new one", async () => {
  await using rig = await openRig();
  await asked(rig);
  const expiryOf = async () => {
    const { claims } = partsOf((await rig.link("po-1", "approve", 1)).slice("/d/".length));
    return Number(claims["exp"]) * 1_000;
  };
  const before = await expiryOf();
  const moved = await rig.json("POST", "/approvals/po-1/extend", { deadline: "P60D" });
  const deadlineMs = Date.parse(String(moved.body["deadline"]));
  expect(deadlineMs + LINK_VIEW_MS).toBeGreaterThan(before + 50 * 86_400_000);
  for (const verb of ["remind", "resend"]) {
    const n = verb === "remind" ? 1 : 2;
    expect((await rig.json("POST", `/approvals/po-1/ballots/${n}/${verb}`)).status).toBe(200);
    const { claims } = partsOf((await rig.link("po-1", "approve", n)).slice("/d/".length));
    expect([verb, Math.abs(Number(claims["exp"]) * 1_000 - deadlineMs - LINK_VIEW_MS) < 2_000]).toEqual([
      verb,
      true,
    ]);
  }
});

test("recuse, resend, extend and change", async () => {
  await using rig = await openRig();
  await asked(rig);
  for (const [path, body] of [
    ["ballots/1/recuse", {}],
    ["ballots/2/resend", { newLinks: true }],
    ["extend", { deadline: "P20D" }],
    ["change", { title: "Order fewer" }],
  ] as const) {
    const answer = await rig.json("POST", `/approvals/po-1/${path}`, body);
    expect(answer, path).toMatchObject({ status: 200, body: { approval: "po-1" } });
  }
  expect((await rig.json("GET", "/approvals/po-1")).body).toMatchObject({ title: "Order fewer", round: 2 });
});

test("an answer is taken back while its time lasts, once for one key", async () => {
  await using rig = await openRig();
  const request = { id: "po-1", title: "Order", approvers: ["ana@example.com"], undo: "PT10M" };
  await rig.json("POST", "/approvals", request);
  await until(async () => (rig.mailed() === 1 ? true : undefined));
  const undo = (key: string) =>
    rig.json("POST", "/approvals/po-1/ballots/1/undo", undefined, { "idempotency-key": key });
  expect(await undo("early")).toMatchObject({
    status: 409,
    body: { detail: "Cannot undo: there is no answer that can be taken back any more" },
  });
  await rig.json("POST", "/approvals/po-1/ballots/1/decide", { choice: "reject" });
  for (const _ of [1, 2]) {
    const answer = await undo("k1");
    expect(answer).toMatchObject({ status: 200, body: { approval: "po-1", ballot: 1 } });
    const { ballots } = (await rig.json("GET", "/approvals/po-1")).body as { ballots: Ballot[] };
    expect(ballots.map(({ n, state }) => [n, state])).toEqual([
      [1, "undone"],
      [answer.body["next"], "open"],
    ]);
  }
  expect(await undo("k2")).toMatchObject({ status: 409 });
  const other = { id: "po-2", title: "Order", approvers: ["bo@example.com"] };
  await rig.json("POST", "/approvals", other);
  await until(async () => (rig.mailed() === 2 ? true : undefined));
  expect(await rig.json("POST", "/approvals/po-2/ballots/1/undo")).toMatchObject({
    status: 409,
    body: { detail: "Cannot undo: answers of this approval cannot be taken back" },
  });
});

test.each<[string, object]>([
  ["the same title", { title: "Order" }],
  ["everything as it was", { title: "Order", summary: "Forty **laptops**", details: DETAILS }],
  ["the same details in members of another order", { details: [{ value: "40", label: "Number" }] }],
  ["blanks around it", { title: " Order " }],
])("a change that changes nothing is refused, and begins no round: %s", async (_, body) => {
  await using rig = await openRig();
  const request = {
    id: "po-1",
    title: "Order",
    summary: "Forty **laptops**",
    details: DETAILS,
    approvers: ["ana@example.com"],
    rounds: 3,
  };
  await rig.json("POST", "/approvals", request);
  await until(async () => (rig.mailed() === 1 ? true : undefined));
  const refused = await rig.json("POST", "/approvals/po-1/change", body);
  expect(refused).toMatchObject({
    status: 422,
    body: {
      errors: [
        {
          field: "note",
          message: "must say why everybody is asked again: title, summary and details are as they were",
        },
      ],
    },
  });
  expect((await rig.json("GET", "/approvals/po-1")).body["round"] ?? 1).toBe(1);
  expect(rig.audit.at(-1)).toMatchObject({ what: "change", outcome: "unchanged" });
  // With a word about it, it is asked again.
  const noted = await rig.json("POST", "/approvals/po-1/change", { ...body, note: "Please look again" });
  expect(noted).toMatchObject({ status: 200, body: { round: 2 } });
});

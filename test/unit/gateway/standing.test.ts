/** A standing approval on its way through the service: asked for, used, told of by mail, and revoked by those who granted it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grantedStanding } from "../../../src/approval/limits/granted.ts";
import { createLastSlots } from "../../../src/service/approvals/last-slots.ts";
import { type UseOutcome, useStanding } from "../../../src/service/approvals/use-standing.ts";
import { openRig, type Rig, until } from "./rig.ts";

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

const standing = {
  limits: { "/amount": { max: 500 }, "/currency": { fixed: "EUR" } },
  uses: 5,
  total: { argument: "/amount", max: 1_000 },
};
const action = { tool: "refunds.pay", standing, reversible: "costly", validFor: "P30D" };
const request = {
  title: "Small refunds",
  requester: "kim@example.com",
  approvers: ["ana@example.com", "bo@example.com", "cleo@example.com"],
  require: 2,
  rejection: "majority",
  action,
};

/** Approved by Ana and Bo; Cleo rejected before. */
async function granted(id: string): Promise<void> {
  expect((await rig.json("POST", "/approvals", { id, ...request })).status).toBe(202);
  await rig.press(await rig.link(id, "reject", 3));
  await rig.press(await rig.link(id, "approve", 1));
  await rig.press(await rig.link(id, "approve", 2));
  expect((await rig.settled(id)).value).toMatchObject({ outcome: "approved" });
}

async function use(id: string, attempt: string, amount = 1): Promise<UseOutcome> {
  const root = await rig.durable.read(id);
  const given = root && grantedStanding(root);
  if (given === undefined) throw new Error("It is not granted");
  const options = { durable: rig.durable, clock: Date.now, slots: createLastSlots(rig.durable) };
  return await useStanding(options, given, {
    attempt,
    arguments: { amount, currency: "EUR" },
    client: "pay",
  });
}

/** To whom, and about what: `ana@example.com first 1`. */
function mailsAbout(id: string): string[] {
  return rig.told.flatMap((mail) => {
    if (mail.approval !== id) return [];
    if (mail.kind === "standing-used") return [`${mail.approver.email} ${mail.told} ${mail.slot}`];
    if (mail.kind !== "requester-standing-used") return [];
    return [`${mail.requester.email} ${mail.told} ${mail.slot}`];
  });
}

/** The path of the page that a person was mailed. */
function mailedPage(id: string, email: string): string {
  for (const mail of rig.told) {
    if (mail.approval !== id) continue;
    const isTheirs =
      (mail.kind === "standing-used" && mail.approver.email === email) ||
      (mail.kind === "requester-standing-used" && mail.requester.email === email);
    if (isTheirs && mail.link !== undefined) return new URL(mail.link).pathname;
  }
  throw new Error(`${email} was not mailed`);
}

const FIRST = ["ana@example.com first 1", "bo@example.com first 1", "kim@example.com first 1"];
const mailed = (id: string, n: number) =>
  until(async () => (mailsAbout(id).length >= n ? mailsAbout(id).toSorted() : undefined));

test("people see before they answer what they grant, in words", async () => {
  await rig.json("POST", "/approvals", { id: "see-1", ...request });
  const { text } = await rig.call(await rig.link("see-1", "approve", 1));
  for (const words of [
    "up to 5 times within 30 days without asking again",
    "from 0 to 500",
    "always &quot;EUR&quot;",
    "amount, all uses together</dt>",
    "at most 1000 over all uses",
  ]) {
    expect(text).toContain(words);
  }
});

describe("mails", () => {
  test("tell those who granted it, and the requester, of the first use and of four fifths of the uses, once each", async () => {
    await granted("use-1");
    expect(await use("use-1", "a")).toMatchObject({ kind: "used", use: { n: 1 } });
    expect(await mailed("use-1", 3)).toEqual(FIRST);
    for (const attempt of ["a", "b", "c"]) await use("use-1", attempt);
    await use("use-1", "d");
    await use("use-1", "e");
    const near = FIRST.map((mail) => mail.replace("first 1", "near 4"));
    expect(await mailed("use-1", 6)).toEqual([...FIRST, ...near].toSorted());
  });

  test("go once to a person whose answers granted it in two stages", async () => {
    const stages = [{ approvers: ["ana@example.com", "bo@example.com"] }, { approvers: ["ana@example.com"] }];
    const { approvers: _, require: __, rejection: ___, ...rest } = request;
    const asked = await rig.json("POST", "/approvals", { id: "use-3", ...rest, stages });
    expect([asked.status, asked.text]).toEqual([202, expect.anything()]);
    await rig.press(await rig.link("use-3", "approve", 1));
    const second = async () =>
      ((await rig.json("GET", "/approvals/use-3")).body["ballots"] as { n: number; stage?: number }[]).find(
        ({ stage = 1 }) => stage === 2,
      )?.n;
    await expect.poll(second).toBeDefined();
    await rig.press(await rig.link("use-3", "approve", (await second()) ?? 0));
    await rig.settled("use-3");
    await use("use-3", "a");
    const told = until(async () => {
      const end = await rig.durable.read("use-3:use~1");
      return end?.state === "resolved" ? end.value : undefined;
    });
    expect(await told).toMatchObject({ mails: 2 });
    expect(await mailed("use-3", 2)).toEqual(["ana@example.com first 1", "kim@example.com first 1"]);
  });

  test("go out after a worker was away when it was used", async () => {
    await granted("use-2");
    await rig.rest();
    await use("use-2", "a", 500);
    // The gateway knows nothing more of it.
    rig.work();
    expect(await mailed("use-2", 3)).toEqual(FIRST);
    await use("use-2", "b", 300);
    const near = FIRST.map((mail) => mail.replace("first 1", "near 2"));
    expect(await mailed("use-2", 6)).toEqual([...FIRST, ...near].toSorted());
  });
});

describe("POST /approvals/:id/consume", () => {
  let odd = 0;
  const consume = (id: string, attempt: string, more: object = {}) =>
    rig.json("POST", `/approvals/${id}/consume`, {
      arguments: { amount: 400, currency: "EUR" },
      attempt,
      ...more,
    });

  test("gives a grant for each use, with its own arguments; the same attempt gets the same", async () => {
    await granted("api-1");
    const first = await consume("api-1", "a");
    expect(first.body).toMatchObject({ approval: "api-1", use: 1, digest: expect.any(String) });
    expect((await consume("api-1", "a")).body).toEqual(first.body);
    const second = await consume("api-1", "b", { arguments: { currency: "EUR", amount: 600 - 500 } });
    expect(second.body).toMatchObject({ use: 2 });
    const claims = JSON.parse(
      Buffer.from(String(second.body["grant"]).split(".")[1] ?? "", "base64url").toString(),
    ) as object;
    expect(claims).toMatchObject({
      sub: "api-1",
      jti: "api-1:use~2",
      tool: "refunds.pay",
      arguments: { amount: 100, currency: "EUR" },
      reversible: "costly",
      approvedBy: ["bo@example.com", "ana@example.com"].toSorted(),
    });
    expect((await rig.json("GET", "/approvals/api-1")).body["uses"]).toMatchObject([
      { n: 2, state: "consumed", used: { uses: 2, total: "500" } },
    ]);
  });

  test("refuses by the name of the limit", async () => {
    await granted("api-2");
    await consume("api-2", "a");
    for (const [given, status, limit] of [
      [{ amount: 501, currency: "EUR" }, 412, { name: "max", pointer: "/amount" }],
      [{ amount: 1, currency: "USD" }, 412, { name: "fixed", pointer: "/currency" }],
      [{ amount: 1, currency: "EUR", to: "Mallory" }, 412, { name: "named", pointer: "/to" }],
      [{ amount: 1 }, 412, { name: "present", pointer: "/currency" }],
    ] as const) {
      const answer = await consume("api-2", "b", { arguments: given });
      expect([answer.status, answer.body["limit"]]).toEqual([status, limit]);
    }
    await consume("api-2", "b");
    const over = await consume("api-2", "c");
    expect([over.status, over.body["limit"]]).toEqual([409, { name: "total", pointer: "/amount" }]);
    expect((await consume("api-2", "a", { arguments: { amount: 1, currency: "EUR" } })).status).toBe(409);
    expect((await consume("api-2", "d", { audience: "other" })).status).toBe(412);
    for (const attempt of ["e", "f", "g"]) {
      await consume("api-2", attempt, { arguments: { amount: 1, currency: "EUR" } });
    }
    const last = await consume("api-2", "h", { arguments: { amount: 1, currency: "EUR" } });
    expect([last.status, last.body["limit"]]).toEqual([409, { name: "uses" }]);
  });

  test.each([
    ["half a surrogate pair", { note: "\ud800" }, "/arguments/note"],
    ["a control of writing direction", { note: "abc\u202etxt" }, "/arguments/note"],
    ["NUL", { note: "a\u0000" }, "/arguments/note"],
    ["NUL in a value that has a fixed one", { currency: "EUR\u0000" }, "/arguments/currency"],
    ["a name that cannot be shown", { "no\u0000te": 1 }, "/arguments/no\u0000te"],
    ["more than people can read", { note: Array.from({ length: 501 }, () => ({ a: 1 })) }, "/arguments"],
  ])(
    "refuses %s in its arguments as a request does, by its place, and counts nothing",
    async (_, more, at) => {
      const id = `odd-${(odd += 1)}`;
      await rig.json("POST", "/approvals", {
        id,
        ...request,
        approvers: ["ana@example.com"],
        require: 1,
        rejection: undefined,
        action: {
          ...action,
          standing: { ...standing, limits: { ...standing.limits, "/note": { maxLength: 20 } } },
        },
      });
      await rig.press(await rig.link(id, "approve", 1));
      await rig.settled(id);
      const fine = { amount: 1, currency: "EUR", note: "x" };
      const answer = await consume(id, "a", { arguments: { ...fine, ...more } });
      expect([answer.status, answer.body["errors"]]).toMatchObject([422, [{ field: at }]]);
      expect(rig.audit.filter(({ about, what }) => about === id && what === "consume")).toMatchObject([
        { outcome: "invalid" },
      ]);
      expect((await consume(id, "a", { arguments: fine })).body).toMatchObject({ use: 1 });
    },
  );

  test("refuses after a revocation, also what was granted before", async () => {
    await granted("api-3");
    await consume("api-3", "a");
    const revoked = await rig.json("POST", "/approvals/api-3/revoke", { reason: "It pays twice" });
    expect(revoked.body).toMatchObject({ effective: true, uses: [{ n: 2, state: "revoked" }] });
    for (const attempt of ["a", "b"]) {
      const answer = await consume("api-3", attempt);
      expect([answer.status, answer.body["approvalStatus"]]).toEqual([410, "revoked"]);
    }
    expect((await rig.json("POST", "/approvals/api-3/revoke", {})).body).toMatchObject({ effective: false });
    const { body } = await rig.json("GET", "/approvals/api-3/history");
    expect(JSON.stringify(body)).toContain("It pays twice");
  });
});

describe("the page", () => {
  test("shows what became of it, and revokes it by a press, from the next use on", async () => {
    await granted("page-1");
    await use("page-1", "a", 120);
    await mailed("page-1", 3);
    const page = mailedPage("page-1", "ana@example.com");
    const shown = await rig.call(page);
    expect(shown.status).toBe(200);
    for (const words of ["refunds.pay", "1 of 5 times", "120 of 1000", "from 0 to 500", "Revoke it"]) {
      expect(shown.text).toContain(words);
    }
    // To look, or to press without the confirmation, revokes nothing.
    expect((await rig.press(page, {})).status).toBe(422);
    expect(await use("page-1", "b")).toMatchObject({ kind: "used" });
    const pressed = await rig.press(page, { confirm: "yes", reason: "The agent pays twice" });
    expect([pressed.status, pressed.headers.get("location")]).toEqual([303, page]);
    expect(await use("page-1", "c")).toMatchObject({
      kind: "revoked",
      revocation: { by: "ana@example.com", door: "mail", reason: "The agent pays twice" },
    });
    const after = await rig.call(page);
    expect(after.text).toContain("The agent pays twice");
    expect(after.text).toContain("It is revoked");
    expect(after.text).not.toContain("<form");
    // Another press finds it as it is.
    expect((await rig.press(page)).status).toBe(303);
    expect(
      rig.audit.filter(({ what, approval }) => what === "revoke" && approval === "page-1"),
    ).toMatchObject([{ outcome: "stored" }, { outcome: "too late" }]);
  });

  test("is the requester's, too", async () => {
    await granted("page-2");
    await use("page-2", "a");
    await mailed("page-2", 3);
    const page = mailedPage("page-2", "kim@example.com");
    expect((await rig.call(page)).text).toContain("Revoke it");
    await rig.press(page);
    expect(await use("page-2", "b")).toMatchObject({
      kind: "revoked",
      revocation: { by: "kim@example.com" },
    });
  });

  test("is linked from the page of the answer", async () => {
    await granted("page-3");
    const link = await rig.link("page-3", "approve", 1);
    expect((await rig.call(link)).text).toContain(`href="${link}/standing"`);
    expect((await rig.call(`${link}/standing`)).text).toContain("0 of 5 times");
  });

  test("is not there for who did not grant it, nor before it is granted", async () => {
    await granted("page-4");
    const cleo = await rig.link("page-4", "approve", 3);
    for (const answer of [await rig.call(`${cleo}/standing`), await rig.press(`${cleo}/standing`)]) {
      expect([answer.status, answer.headers.get("location")]).toEqual([303, cleo]);
    }
    expect((await rig.call(cleo)).text).not.toContain("/standing");
    await rig.json("POST", "/approvals", { id: "page-5", ...request });
    const early = await rig.link("page-5", "approve", 1);
    expect((await rig.press(`${early}/standing`)).headers.get("location")).toBe(early);
    expect(await use("page-4", "a")).toMatchObject({ kind: "used" });
  });
});

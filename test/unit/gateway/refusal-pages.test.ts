/** What people refuse in advance on their pages: said with a rejection, shown on the receipt and in the mail, and taken back. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MailOf } from "../../../src/channels/mail/message.ts";
import { Keys } from "./admin/rig.ts";
import { signedIn } from "./inbox/browser.ts";
import { openRig, type Rig, until } from "./rig.ts";

const ANA = "ana@example.com";
const BO = "bo@example.com";

const keys = new Keys();
const agent = { authorization: `Bearer ${keys.make("ops-agent", ["approvals:create", "approvals:read"])}` };

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ authenticate: keys.authenticate });
});
afterAll(() => rig[Symbol.asyncDispose]());

let asked = 0;
/** Each test asks for a tool of its own. @returns the approval's id, and the tool */
async function ask(more: object = {}): Promise<{ readonly id: string; readonly tool: string }> {
  asked += 1;
  const tool = `shell-${asked}`;
  const id = `run-${asked}`;
  const { status, text } = await again(tool, { id, ...more });
  expect([status, text]).toEqual([202, expect.anything()]);
  return { id, tool };
}

const again = (tool: string, more: object = {}) =>
  rig.json(
    "POST",
    "/approvals",
    { title: "Run it", approvers: [ANA], action: { tool, target: "db-1", arguments: { n: 1 } }, ...more },
    agent,
  );

const REJECTS = { confirm: "yes", choice: "reject" };
const sevenDays = { ...REJECTS, doNotAsk: "P7D" };

/** The mail that tells this person how it ended. */
const outcomeMail = (id: string, email: string) =>
  until(async () =>
    rig.told.find(
      (mail): mail is MailOf<"outcome"> =>
        mail.kind === "outcome" && mail.approval === id && mail.approver.email === email,
    ),
  );

/** Rejected by Ana, who refuses it for a week. @returns the page where that is taken back */
async function refused(fields: Record<string, string> = sevenDays, more: object = {}) {
  const { id, tool } = await ask(more);
  const link = await rig.link(id, "reject");
  const receipt = await rig.press(link, fields);
  await rig.settled(id);
  return { id, tool, link, receipt, page: `${link}/refusal` };
}

/** The fields that a form on this page sends by itself. */
const hidden = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/gu)].map(
      ([, name = "", value = ""]) => [name, value],
    ),
  );

describe("the page with the question", () => {
  test("says which program, tool and target would be refused, and for how long", async () => {
    const { id, tool } = await ask();
    const { text } = await rig.call(await rig.link(id, "reject"));
    expect(text).toContain("Reject, and do not ask again");
    expect(text).toContain("ops-agent is refused at once");
    expect(text).toContain(`${tool} · db-1`);
    for (const time of ["P1D", "P7D", "P30D"]) expect(text).toContain(`<option value="${time}"`);
  });

  test.each([
    ["asks for no action", { action: undefined }],
    [
      "has no answer that rejects",
      {
        choices: [
          { value: "yes", label: "Yes", effect: "approve" },
          { value: "later", label: "Later", effect: "changes" },
        ],
      },
    ],
  ])("does not offer it where the request %s", async (_, more) => {
    const { id } = await ask(more);
    const [choice] = "choices" in more ? ["yes"] : ["reject"];
    const { status, text } = await rig.call(await rig.link(id, choice ?? ""));
    expect(status).toBe(200);
    expect(text).not.toContain("do not ask again");
  });

  test("does not offer it where nobody knows which program asks, and a form that says it nevertheless only rejects", async () => {
    await using open = await openRig();
    const action = { tool: "shell", arguments: { n: 1 } };
    await open.json("POST", "/approvals", { id: "run", title: "Run it", approvers: [ANA], action });
    const link = await open.link("run", "reject");
    expect((await open.call(link)).text).not.toContain("do not ask again");
    expect((await open.press(link, sevenDays)).status).toBe(303);
    expect((await open.settled("run")).value).toMatchObject({ outcome: "rejected" });
    const { ballots } = (await open.json("GET", "/approvals/run")).body as { ballots: object[] };
    expect(ballots[0]).not.toHaveProperty("doNotAsk");
  });

  test("does not record an approval with it: the form comes again, with the choice kept and the reason told", async () => {
    const { id, tool } = await ask();
    const link = await rig.link(id, "approve");
    const { status, text } = await rig.press(link, { ...sevenDays, choice: "approve" });
    expect(status).toBe(422);
    expect(text).toContain("That goes with a rejection only");
    expect(text).toMatch(/<option value="P7D" selected/u);
    expect((await again(tool)).status).toBe(202);
    // Nothing was recorded, so the answer can still be given.
    expect((await rig.press(link)).text).toMatch(/^See \/r\//u);
  });
});

describe("a rejection with it", () => {
  test("refuses the program that asks again, with any arguments if so chosen; the receipt and the mail say so", async () => {
    const { id, tool, receipt } = await refused({ ...sevenDays, "doNotAsk.which": "any" });
    expect(receipt.status).toBe(303);
    const action = { tool, target: "db-1", arguments: { n: 2 } };
    expect((await again(tool, { action })).status).toBe(403);
    const shown = await rig.call(receipt.headers.get("location") ?? "");
    expect(shown.text).toContain("Not to be asked again");
    expect(shown.text).toContain("with any arguments");
    const mail = await outcomeMail(id, ANA);
    expect(mail.link).toMatch(/\/refusal$/u);
  });

  test("is about the same arguments unless the person chooses otherwise", async () => {
    const { tool } = await refused();
    const other = { tool, target: "db-1", arguments: { n: 2 } };
    expect([(await again(tool)).status, (await again(tool, { action: other })).status]).toEqual([403, 202]);
  });

  test("works in the inbox", async () => {
    const { id, tool } = await ask();
    await rig.link(id, "reject");
    const browser = await signedIn(rig, ANA);
    const path = `/inbox/ballots/${encodeURIComponent(`${id}:1`)}`;
    const { text } = await browser.get(path);
    expect(text).toContain("Reject, and do not ask again");
    const sent = await browser.post(path, { ...hidden(text), ...sevenDays });
    expect(sent.status).toBe(303);
    await rig.settled(id);
    expect((await again(tool)).status).toBe(403);
    const page = await browser.get(`${path}/refusal`);
    expect(page.text).toContain("Let it ask again");
    await browser.post(`${path}/refusal`, { ...hidden(page.text), confirm: "yes" });
    expect((await again(tool)).status).toBe(202);
  });
});

describe("the page of a refusal", () => {
  test("is not revoked by the requester, whose page has no form for it", async () => {
    const { id, tool } = await refused(sevenDays, { requester: "kim@example.com" });
    const mail = await until(async () =>
      rig.told.find((each) => each.kind === "requester-outcome" && each.approval === id),
    );
    const own = new URL((mail as MailOf<"requester-outcome">).link ?? "").pathname;
    expect((await rig.press(`${own}/refusal`, { confirm: "yes" })).status).toBe(422);
    expect((await again(tool)).status).toBe(403);
  });

  test("takes it back by its form alone, and then says who did and why", async () => {
    const { tool, page } = await refused();
    const shown = await rig.call(page);
    expect(shown.text).toContain("it is refused at once, and nobody is asked");
    expect((await again(tool)).status).toBe(403);
    const form = { ...hidden(shown.text), reason: "The disk is back" };
    expect((await rig.press(page, { reason: "x" })).status).toBe(422);
    expect((await again(tool)).status).toBe(403);
    expect((await rig.press(page, { ...form, confirm: "yes" })).status).toBe(303);
    expect((await again(tool)).status).toBe(202);
    const after = await rig.call(page);
    expect(after.text).toContain("It is revoked. The program can ask again.");
    expect(after.text).toContain("The disk is back");
    expect(after.text).not.toContain("<form");
    // A second press of the same form finds it done.
    expect((await rig.press(page, { ...form, confirm: "yes" })).status).toBe(303);
  });

  test("shows the requester what holds, without the form", async () => {
    const { id } = await refused(sevenDays, { requester: "kim@example.com", follow: true });
    const mail = await until(async () =>
      rig.told.find((each) => each.kind === "requester-outcome" && each.approval === id),
    );
    const own = new URL((mail as MailOf<"requester-outcome">).link ?? "").pathname;
    expect((await rig.call(own)).text).toContain(`href="${own}/refusal"`);
    const { text } = await rig.call(`${own}/refusal`);
    expect(text).toContain("Refused in advance");
    expect(text).not.toContain("<form");
  });

  test("leads back where nobody refused anything, or not everybody who rejected", async () => {
    const { page, link } = await refused(REJECTS);
    const back = await rig.call(page);
    expect([back.status, back.headers.get("location")]).toEqual([303, link]);
    const two = await ask({ approvers: [ANA, BO], rejection: "majority", require: 1 });
    await rig.press(await rig.link(two.id, "reject", 1), sevenDays);
    await rig.press(await rig.link(two.id, "reject", 2), REJECTS);
    await rig.settled(two.id);
    const first = await rig.link(two.id, "reject", 1);
    expect((await rig.call(`${first}/refusal`)).headers.get("location")).toBe(first);
    expect((await again(two.tool)).status).toBe(202);
  });
});

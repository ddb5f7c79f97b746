/** People who are signed in say when they are away, over the real gateway, engine and worker. */
import { describe, expect, test } from "vitest";
import { ballotId } from "../../../../src/approval/ids.ts";
import { ballotOf } from "../../../../src/approval/stored.ts";
import { openRig, type Rig, until } from "../rig.ts";
import { signedIn, type TestBrowser } from "./browser.ts";

const ANA = "ana@example.com";
const BO = "bo@example.com";
const PAGE = "/inbox/absences";
const DAY_MS = 86_400_000;

/** A day so many days from now, in UTC. */
const day = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
const AWAY = { confirm: "yes", to: BO, name: "Bo", until: day(5), timeZone: "Europe/Berlin", note: "At sea" };

async function asked(rig: Rig, id: string, approvers: readonly unknown[] = [ANA]): Promise<string> {
  const body = { id, title: `Order ${id}`, approvers };
  expect((await rig.json("POST", "/approvals", body)).status).toBe(202);
  const record = await until(() => rig.durable.read(ballotId(id, 1)));
  return ballotOf(record)?.approver.email ?? "";
}

async function open() {
  const rig = await openRig();
  await asked(rig, "po-1", [{ email: ANA, name: "Ana Souza", timeZone: "Asia/Tokyo" }, BO]);
  const browser: TestBrowser = await signedIn(rig, ANA);
  return { rig, browser, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

const rules = async (rig: Rig) =>
  (await rig.json("GET", "/absences")).body["absences"] as readonly { readonly id: string }[];

describe("the page of absences", () => {
  test("stores one, without a script: the other person is asked, and is told so on their page", async () => {
    await using at = await open();
    const { rig, browser } = at;
    expect((await browser.get("/inbox")).text).toContain(`href="${PAGE}"`);
    const empty = await browser.get(PAGE);
    expect([empty.status, empty.text.includes("<script")]).toEqual([200, false]);
    // The zone that approvals know of her is chosen.
    expect(empty.text).toContain('<option value="Asia/Tokyo" selected>');
    expect(await browser.post(PAGE, AWAY)).toMatchObject({ status: 303, location: PAGE });
    expect((await browser.get(PAGE)).text).toMatch(/Asked in your place[^]*Bo[^]*At sea[^]*Remove/u);
    expect(await rules(rig)).toMatchObject([
      {
        person: { email: ANA, name: "Ana Souza" },
        to: { email: BO, name: "Bo" },
        note: "At sea",
        until: new Date(
          Temporal.ZonedDateTime.from(`${day(6)}T00:00[Europe/Berlin]`).epochMilliseconds,
        ).toISOString(),
      },
    ]);
    expect(await asked(rig, "po-2")).toBe(BO);
    const bo = await signedIn(rig, BO);
    expect((await bo.get(PAGE)).text).toMatch(/You are asked for others[^]*Ana Souza[^]*At sea/u);
    expect(rig.audit.filter(({ what }) => what === "absence.add")).toMatchObject([
      { who: expect.stringMatching(/^person:/u) as string, outcome: "stored" },
    ]);
  });

  test("takes one away, and only one's own", async () => {
    await using at = await open();
    const { rig, browser } = at;
    await browser.get(PAGE);
    await browser.post(PAGE, AWAY);
    const [{ id } = { id: "" }] = await rules(rig);
    const bo = await signedIn(rig, BO);
    await bo.get(PAGE);
    expect((await bo.post(`${PAGE}/${id}/remove`, { confirm: "yes" })).status).toBe(303);
    expect(await rules(rig)).toHaveLength(1);
    await browser.get(PAGE);
    for (const form of ["", "x"]) {
      expect((await browser.post(`${PAGE}/${id}/remove`, { confirm: "yes", form })).status).toBe(403);
    }
    expect((await browser.post(`${PAGE}/${id}/remove`, {})).status).toBe(303);
    expect(await rules(rig)).toHaveLength(1);
    // As by a double click.
    for (const _ of ["first", "again"]) {
      expect((await browser.post(`${PAGE}/${id}/remove`, { confirm: "yes" })).status).toBe(303);
    }
    expect(await rules(rig)).toEqual([]);
    expect(await asked(rig, "po-2")).toBe(ANA);
  });

  test("sent twice stores one", async () => {
    await using at = await open();
    const { rig, browser } = at;
    const press = /name="press" value="([^"]+)"/u.exec((await browser.get(PAGE)).text)?.[1] ?? "";
    const answers = [
      await browser.post(PAGE, { ...AWAY, press }),
      await browser.post(PAGE, { ...AWAY, press }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([303, 303]);
    expect(await rules(rig)).toHaveLength(1);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ["nobody", { to: "" }, /Fill this in/u],
    ["no address", { to: "Bo" }, /This is not|address/u],
    ["oneself", { to: "ANA@example.com" }, /cannot be asked in your place/u],
    ["a day that does not exist", { until: "2027-02-30" }, /date/u],
    ["a day that is over", { until: day(-2) }, /must not be before/u],
    ["an end before the beginning", { from: day(5), until: day(4) }, /must not be before/u],
    ["more than a year", { until: day(400) }, /within a year/u],
    ["a zone that there is not", { timeZone: "Mars/Olympus" }, /Choose one of the options/u],
    ["a note of two lines", { note: "a\u0007b" }, /cannot be kept/u],
    ["no confirmation", { confirm: "" }, /Add an absence/u],
  ])("gives the form back with what was filled in: %s", async (_, wrong, says) => {
    await using at = await open();
    const { rig, browser } = at;
    await browser.get(PAGE);
    const { status, text } = await browser.post(PAGE, { ...AWAY, ...wrong });
    expect([status, says.test(text), text.includes('value="Bo"')]).toEqual([422, true, true]);
    expect(await rules(rig)).toEqual([]);
  });

  test("tells of a circle and of an overlap", async () => {
    await using at = await open();
    const { rig, browser } = at;
    await rig.json("POST", "/absences", { person: BO, to: ANA, until: "P9D" });
    await browser.get(PAGE);
    expect((await browser.post(PAGE, AWAY)).text).toContain("lead back to you");
    await browser.post(PAGE, { ...AWAY, to: "dee@example.com" });
    expect((await browser.post(PAGE, { ...AWAY, to: "eve@example.com" })).text).toContain(
      "overlaps with one",
    );
    expect(await rules(rig)).toHaveLength(2);
  });

  test("is for who is signed in, by a form of their session, from this site", async () => {
    await using at = await open();
    const { rig, browser } = at;
    expect((await rig.call(PAGE)).headers.get("location")).toBe("/inbox/sign-in");
    expect((await rig.press(PAGE, AWAY)).headers.get("location")).toBe("/inbox/sign-in");
    await browser.get(PAGE);
    for (const form of ["", "x"]) expect((await browser.post(PAGE, { ...AWAY, form })).status).toBe(403);
    expect((await browser.post(PAGE, AWAY, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect(await rules(rig)).toEqual([]);
  });
});

/** The pages of a person who is signed in, over the real gateway, engine and worker. */
import { describe, expect, test, vi } from "vitest";
import { ballotId } from "../../../../src/approval/ids.ts";
import { decisionOf } from "../../../../src/approval/stored.ts";
import type { Entry } from "../../../../src/ledger/entry.ts";
import { ServiceError } from "../../../../src/lib/errors.ts";
import { personHash } from "../../../../src/service/sign-in/person.ts";
import { entry, ledgerOf } from "../../../support/ledger.ts";
import { openRig, type Rig, until } from "../rig.ts";
import { signedIn, TestBrowser } from "./browser.ts";

const ANA = "ana@example.com";
const BO = "bo@example.com";

/** What the read model says of approvals that the rig has. */
const entries = (...ids: readonly string[]): Entry[] => ids.map((id) => entry({ id, title: `Order ${id}` }));

async function ask(rig: Rig, id: string, more: Record<string, unknown> = {}): Promise<string> {
  const body = { id, title: `Order ${id}`, summary: `The *summary* of ${id}`, approvers: [ANA, BO], ...more };
  expect((await rig.json("POST", "/approvals", body)).status).toBe(202);
  const pid = ballotId(id, 1);
  await until(() => rig.durable.read(pid));
  return pid;
}

const path = (pid: string) => `/inbox/ballots/${encodeURIComponent(pid)}`;
const decision = async (rig: Rig, pid: string) => {
  const record = await rig.durable.read(pid);
  return record && decisionOf(record);
};
const titlesOf = (text: string) =>
  [...text.matchAll(/<h2 id="title-\d+"[^>]*>(?:<a[^>]*>)?([^<]*)/gu)].map(([, t]) => t);

describe("the lists", () => {
  test("show what waits with the soonest deadline first, and what the rule waits for", async () => {
    const list = [
      entry({ id: "po-1", title: "Order po-1", deadline: "2030-01-02T00:00:00Z" }),
      entry({ id: "po-2", title: "Order po-2", deadline: "2030-01-01T00:00:00Z" }),
      entry({ id: "po-3", title: "Not Ana's", waitingFor: [BO], ballots: [] }),
    ];
    await using rig = await openRig({ ledger: ledgerOf(list) });
    await ask(rig, "po-1", { require: "all" });
    const pid = await ask(rig, "po-2");
    const browser = await signedIn(rig, ANA);
    const { text, status } = await browser.get("/inbox");
    expect(status).toBe(200);
    expect(titlesOf(text)).toEqual(["Order po-2", "Order po-1"]);
    expect(text).toContain("Waiting for ana@example.com, bo@example.com.");
    expect(text).toContain("Waiting for 1 of ana@example.com, bo@example.com.");
    expect(text).toContain(`href="${path(pid)}"`);
  });

  test("go by the deadline that comes next, which may be that of a stage, page by page, as do programs' lists", async () => {
    await using rig = await openRig();
    const stages = (deadline: object) => ({
      approvers: undefined,
      stages: [
        { name: "One", approvers: [ANA], ...deadline },
        { name: "Two", approvers: [ANA, "cy@example.com"], deadline: "P4D" },
      ],
    });
    await ask(rig, "late", { deadline: "P10D", approvers: [ANA] });
    await ask(rig, "middle", { deadline: "P2D", approvers: [ANA] });
    // Of these two, the approvals' own deadlines come last.
    const soon = await ask(rig, "soon", { deadline: "P20D", ...stages({ deadline: "P1D" }) });
    await ask(rig, "third", { deadline: "P21D", ...stages({ deadline: "P3D" }) });
    const browser = await signedIn(rig, ANA);
    const shown = async () => titlesOf((await browser.get("/inbox")).text).map((title) => title?.slice(6));
    expect(await shown()).toEqual(["soon", "middle", "third", "late"]);
    const paged = async () => {
      const ids: string[] = [];
      let cursor = "";
      do {
        const from = `/approvals?waitingFor=${ANA}&sort=due&limit=1${cursor && `&cursor=${cursor}`}`;
        const { body } = await rig.json("GET", from);
        ids.push(...(body["items"] as Entry[]).map(({ id }) => id));
        cursor = (body["nextCursor"] as string | undefined) ?? "";
      } while (cursor !== "");
      return ids;
    };
    expect(await paged()).toEqual(["soon", "middle", "third", "late"]);
    const due = async (to: string) =>
      (await rig.json("GET", `/approvals?due=..${to}&sort=due`)).body["items"] as Entry[];
    const inTwoDays = new Date(Date.now() + 36 * 3_600_000).toISOString();
    expect((await due(inTwoDays)).map(({ id, nextDeadline }) => [id, nextDeadline?.length])).toEqual([
      ["soon", 24],
    ]);
    // Its next stage has more time: it is asked again, and moves.
    await rig.json("POST", "/approvals/soon/ballots/1/decide", { choice: "approve" });
    await until(async () =>
      (await shown()).at(-1) === "late" && (await shown())[0] === "middle" ? true : undefined,
    );
    expect(await shown()).toEqual(["middle", "third", "soon", "late"]);
    expect(await paged()).toEqual(["middle", "third", "soon", "late"]);
    expect(soon).toBe("soon:1");
  });

  test("follow each answer, and know whoever was asked or asks, by the engine's own index", async () => {
    await using rig = await openRig();
    const pid = await ask(rig, "po-1", { requester: "kim@example.com" });
    await ask(rig, "po-2", { approvers: [BO] });
    const [ana, kim] = [await signedIn(rig, "ANA@example.com"), await signedIn(rig, "kim@example.com")];
    const lists = async (browser: TestBrowser) =>
      await Promise.all(
        ["waiting", "asked", "done"].map(async (list) =>
          titlesOf((await browser.get(`/inbox?list=${list}`)).text),
        ),
      );
    // However she typed it, the mail goes to her address as she was asked at it: another spelling may be another mailbox.
    expect(rig.signInMails.map(({ to }) => to.email)).toEqual([ANA, "kim@example.com"]);
    expect(await lists(ana)).toEqual([["Order po-1"], [], []]);
    expect(await lists(kim)).toEqual([[], ["Order po-1"], []]);
    await ana.get(path(pid));
    await ana.post(path(pid), { confirm: "yes", choice: "approve" });
    expect(await lists(ana)).toEqual([[], [], ["Order po-1"]]);
    // Nobody has ever asked anything of Eve.
    await new TestBrowser(rig).post("/inbox/sign-in", { email: "eve@example.com" });
    expect(rig.audit.at(-1)).toMatchObject({ what: "sign-in", outcome: "not mailed" });
  });

  test("show what the person asked for, and what is done", async () => {
    const list = [
      entry({
        id: "po-1",
        title: "Mine",
        requester: { email: "ANA@example.com" },
        waitingFor: [BO],
        ballots: [],
      }),
      entry({
        id: "po-2",
        title: "Answered",
        status: "rejected",
        waitingFor: [],
        endedAt: "2026-11-25T12:00:00Z",
        ballots: [{ n: 1, approver: { email: ANA }, state: "rejected" }],
      }),
    ];
    await using rig = await openRig({ ledger: ledgerOf(list) });
    const browser = await signedIn(rig, ANA);
    expect(titlesOf((await browser.get("/inbox")).text)).toEqual([]);
    expect(titlesOf((await browser.get("/inbox?list=asked")).text)).toEqual(["Mine"]);
    const done = await browser.get("/inbox?list=done");
    expect(titlesOf(done.text)).toEqual(["Answered"]);
    expect(done.text).toContain("The request is rejected.");
  });

  test("have pages of 25, with a way on and all the way back", async () => {
    const list = Array.from({ length: 60 }, (_, i) =>
      entry({
        id: `po-${i}`,
        title: `Order ${String(i).padStart(2, "0")}`,
        deadline: new Date(1e12 + i * 1e6).toISOString(),
      }),
    );
    await using rig = await openRig({ ledger: ledgerOf(list) });
    const browser = await signedIn(rig, ANA);
    const seen: (string | undefined)[][] = [];
    const linkTo = (text: string, rel: string) =>
      new RegExp(`rel="${rel}" href="([^"]+)"`, "u").exec(text)?.[1]?.replaceAll("&amp;", "&");
    let page = await browser.get("/inbox");
    for (;;) {
      seen.push(titlesOf(page.text));
      const next = linkTo(page.text, "next");
      if (next === undefined) break;
      page = await browser.get(next);
    }
    expect(seen.map((titles) => titles.length)).toEqual([25, 25, 10]);
    expect(new Set(seen.flat()).size).toBe(60);
    for (const titles of seen.slice(0, -1).toReversed()) {
      page = await browser.get(linkTo(page.text, "prev") ?? "");
      expect(titlesOf(page.text)).toEqual(titles);
    }
    expect(linkTo(page.text, "prev")).toBeUndefined();
  });
});

describe("the time to answer", () => {
  test("is that of the deadline which comes next: the stage's, where it is sooner", async () => {
    await using rig = await openRig();
    const stages = [
      { approvers: [ANA], deadline: "P1D", onDeadline: "reject" },
      { approvers: [BO], deadline: "P1D" },
    ];
    await ask(rig, "po-1", { approvers: undefined, stages, deadline: "P9D" });
    const browser = await signedIn(rig, ANA);
    const dateIn = (text: string) => /<time datetime="([^"]+)"/u.exec(text)?.[1] ?? "";
    const [list, page] = [await browser.get("/inbox"), await browser.get(path(ballotId("po-1", 1)))];
    expect(Date.parse(dateIn(list.text))).toBeLessThan(Date.now() + 86_500_000);
    expect(dateIn(list.text)).toBe(dateIn(page.text));
  });
});

describe("what the person asked for", () => {
  const KIM = "kim@example.com";
  const request = "/inbox/requests/po-1";

  test("has a page, from which they remind, extend, change and cancel, signed in and without a link", async () => {
    await using rig = await openRig();
    await ask(rig, "po-1", { requester: KIM, rounds: 3 });
    const browser = await signedIn(rig, KIM);
    const list = await browser.get("/inbox?list=asked");
    expect(list.text).toContain(`href="${request}"`);
    const page = await browser.get(request);
    expect([page.status, page.text.includes("Order po-1"), page.text.includes('href="/inbox"')]).toEqual([
      200,
      true,
      true,
    ]);
    expect(page.text).not.toContain("/a/");
    expect((await browser.post(`${request}/remind`, { confirm: "yes" })).text).toContain(
      "2 people get a reminder",
    );
    await browser.get(`${request}/extend`);
    expect(await browser.post(`${request}/extend`, { confirm: "yes", more: "P3D" })).toMatchObject({
      status: 303,
      location: request,
    });
    await browser.get(`${request}/change`);
    const changed = { confirm: "yes", title: "Order fewer", step: "send" };
    expect((await browser.post(`${request}/change`, changed)).status).toBe(303);
    await browser.get(`${request}/cancel`);
    expect((await browser.post(`${request}/cancel`, { confirm: "yes", reason: "No need" })).status).toBe(303);
    expect((await rig.json("GET", "/approvals/po-1")).body).toMatchObject({
      title: "Order fewer",
      status: "cancelled",
      cancellation: { reason: "No need", by: KIM },
    });
    const acts = rig.audit.filter(({ about }) => about === "po-1");
    expect(acts.map(({ what, outcome }) => `${what} ${outcome}`)).toEqual([
      "request pending",
      "remind stored",
      "extend stored",
      "change stored",
      "cancel stored",
    ]);
    expect(new Set(acts.slice(1).map(({ who }) => who))).toEqual(new Set([`person:${personHash(KIM)}`]));
  });

  test("is not there for others, nor for who is not in; another session's form does nothing", async () => {
    await using rig = await openRig();
    await ask(rig, "po-1", { requester: KIM });
    const [kim, ana] = [await signedIn(rig, KIM), await signedIn(rig, ANA)];
    await ana.get("/inbox");
    for (const act of ["", "/cancel", "/extend", "/change", "/remind"]) {
      expect([act, (await ana.get(`${request}${act}`)).status]).toEqual([act, 404]);
      if (act === "") continue;
      expect([act, (await ana.post(`${request}${act}`, { confirm: "yes" })).status]).toEqual([act, 404]);
      for (const form of ["", "x"]) {
        const posted = await kim.post(`${request}${act}`, { confirm: "yes", form, more: "P1D" });
        expect([act, posted.status]).toEqual([act, 403]);
      }
      const anonymous = await rig.press(`${request}${act}`, { confirm: "yes" });
      expect(anonymous.headers.get("location")).toBe("/inbox/sign-in");
    }
    for (const id of ["po-1:0", "po-2", "a\u0000b", "po-1%3A1"]) {
      expect([id, (await kim.get(`/inbox/requests/${encodeURIComponent(id)}`)).status]).toEqual([id, 404]);
    }
    expect((await rig.json("GET", "/approvals/po-1")).body).toMatchObject({ status: "pending" });
  });
});

describe("a ballot's page", () => {
  test("offers to take an answer back while that is possible, and calls it final only then", async () => {
    await using rig = await openRig({ ledger: ledgerOf(entries("po-1", "po-2")) });
    const [pid, other] = [
      await ask(rig, "po-1", { undo: "PT10M" }),
      await ask(rig, "po-2", { require: "all" }),
    ];
    const browser = await signedIn(rig, ANA);
    await browser.get(path(pid));
    const { location } = await browser.post(path(pid), { confirm: "yes", choice: "reject" });
    for (const page of [await browser.get(location), await browser.get(path(pid))]) {
      expect(page.text).toContain(`action="${path(pid)}/undo"`);
      expect(page.text).not.toContain("final");
    }
    for (const form of ["", "x"]) {
      expect((await browser.post(`${path(pid)}/undo`, { confirm: "yes", form })).status).toBe(403);
    }
    await browser.get(location);
    expect((await browser.post(`${path(pid)}/undo`, { confirm: "yes" })).status).toBe(303);
    const after = await browser.get(location);
    expect([after.status, after.text.includes("taken back")]).toEqual([200, true]);
    await browser.get(path(other));
    const plain = await browser.post(path(other), { confirm: "yes", choice: "approve" });
    expect((await browser.get(plain.location)).text).toContain("final");
  });

  test("hands the question on, and lets the person take no part, as the page of a link does", async () => {
    await using rig = await openRig();
    const [pid, other] = [await ask(rig, "po-1"), await ask(rig, "po-2")];
    const browser = await signedIn(rig, ANA);
    expect((await browser.get(path(pid))).text).toContain(`href="${path(pid)}/reassign"`);
    await browser.get(`${path(pid)}/reassign`);
    const to = { confirm: "yes", email: "dee@example.com", reason: "She knows more" };
    expect((await browser.post(`${path(pid)}/reassign`, { ...to, form: "x" })).status).toBe(403);
    expect(await browser.post(`${path(pid)}/reassign`, to)).toMatchObject({
      status: 303,
      location: path(pid),
    });
    expect((await browser.get(path(pid))).text).toContain("dee@example.com");
    await browser.get(`${path(other)}/recuse`);
    expect((await browser.post(`${path(other)}/recuse`, { confirm: "yes" })).status).toBe(303);
    const done = rig.audit.filter(({ what }) => what === "reassign" || what === "recuse");
    expect(done).toMatchObject([
      { who: `person:${personHash(ANA)}`, about: pid, outcome: "stored" },
      { who: `person:${personHash(ANA)}`, about: other, outcome: "stored" },
    ]);
    // Nobody else's.
    const bo = await signedIn(rig, BO);
    for (const act of ["reassign", "recuse", "undo"]) {
      expect((await bo.get(`${path(pid)}/${act}`)).status).toBe(404);
      expect((await bo.post(`${path(pid)}/${act}`, { confirm: "yes" })).status).toBe(404);
    }
  });

  test("is the decision page, and records the answer as given in the inbox by the person of the session", async () => {
    await using rig = await openRig({ ledger: ledgerOf(entries("po-1")) });
    const pid = await ask(rig, "po-1");
    const browser = await signedIn(rig, ANA);
    const page = await browser.get(path(pid));
    expect([page.status, page.text.includes("The <em>summary</em> of po-1")]).toEqual([200, true]);
    const fields = { confirm: "yes", choice: "reject", comment: "Too dear" };
    const pressed = await browser.post(path(pid), fields);
    expect(pressed.status).toBe(303);
    const result = await browser.get(pressed.location);
    expect(result.text).toMatch(/<main[^>]*data-decision="rejected"[^>]*data-effective="true"/u);
    expect(await decision(rig, pid)).toMatchObject({
      choice: "reject",
      by: ANA,
      door: "inbox",
      comment: "Too dear",
    });
    const audited = rig.audit.find(({ what }) => what === "decide");
    expect(audited).toMatchObject({
      who: expect.stringMatching(/^person:[0-9a-f]{32}$/u),
      outcome: "stored",
      about: pid,
    });
    // Later, and pressed again, it says what stands.
    expect((await browser.get(path(pid))).text).toContain("data-decision");
    const late = await browser.get(
      (await browser.post(path(pid), { confirm: "yes", choice: "approve" })).location,
    );
    expect([late.status, late.text.includes('data-effective="false"')]).toEqual([409, true]);
    expect(await decision(rig, pid)).toMatchObject({ choice: "reject" });
  });

  test("is not there for anybody else, read or pressed", async () => {
    await using rig = await openRig({
      ledger: ledgerOf([
        ...entries("po-1"),
        entry({ id: "x", waitingFor: [BO], ballots: [{ n: 1, approver: { email: BO }, state: "open" }] }),
      ]),
    });
    const pid = await ask(rig, "po-1");
    const browser = await signedIn(rig, BO);
    await browser.get("/inbox");
    for (const other of [pid, "po-1", "po-1:0", "po-1:99", "nothing:1", "a\u0000b"]) {
      expect([other, (await browser.get(path(other))).status]).toEqual([other, 404]);
      const { status } = await browser.post(path(other), { confirm: "yes", choice: "approve" });
      expect([other, status]).toEqual([other, 404]);
    }
    expect((await rig.durable.read(pid))?.state).toBe("pending");
  });

  test("is not reached by a decision link alone, and signed-in people need none", async () => {
    await using rig = await openRig({ ledger: ledgerOf(entries("po-1")) });
    const pid = await ask(rig, "po-1");
    const link = await rig.link("po-1", "approve");
    const { status, headers } = await rig.call(link);
    expect([status, headers.getSetCookie()]).toEqual([200, []]);
    const anonymous = await rig.press(path(pid), { confirm: "yes", choice: "approve" });
    expect([anonymous.status, anonymous.headers.get("location")]).toEqual([303, "/inbox/sign-in"]);
    expect((await rig.durable.read(pid))?.state).toBe("pending");
  });

  test("wants its own form: another session's value, or none, records nothing", async () => {
    await using rig = await openRig({ ledger: ledgerOf(entries("po-1")) });
    const pid = await ask(rig, "po-1");
    const [browser, other] = [await signedIn(rig, ANA), await signedIn(rig, ANA)];
    const form = /name="form" value="([^"]+)"/u.exec((await other.get(path(pid))).text)?.[1] ?? "";
    for (const value of [form, "", "x"]) {
      const { status } = await browser.post(path(pid), { confirm: "yes", choice: "approve", form: value });
      expect([value, status]).toEqual([value, 403]);
    }
    expect((await rig.durable.read(pid))?.state).toBe("pending");
  });

  test("gives the form back with what was wrong", async () => {
    await using rig = await openRig({ ledger: ledgerOf(entries("po-1")) });
    const pid = await ask(rig, "po-1", {
      choices: [
        { value: "approve", effect: "approve" },
        { value: "reject", effect: "reject", comment: "required" },
      ],
    });
    const browser = await signedIn(rig, ANA);
    await browser.get(path(pid));
    const { status, text } = await browser.post(path(pid), { confirm: "yes", choice: "reject" });
    expect([status, text.includes('role="alert"'), text.includes('name="form"')]).toEqual([422, true, true]);
    expect((await browser.post(path(pid), { confirm: "yes", choice: "reject", comment: "No" })).status).toBe(
      303,
    );
  });
});

describe("several at once", () => {
  const select = (pids: readonly string[]) =>
    `/inbox/confirm?${pids.map((pid) => `ballot=${encodeURIComponent(pid)}`).join("&")}`;
  const pressOf = (text: string) => /name="press" value="([^"]+)"/u.exec(text)?.[1] ?? "";
  const answers = (
    press: string,
    each: readonly (readonly [pid: string, choice: string, comment?: string])[],
  ) => {
    const body = new URLSearchParams({ press, confirm: "yes" });
    for (const [i, [pid, choice, comment = ""]] of each.entries()) {
      body.append("ballot", pid);
      body.set(`choice.${i}`, choice);
      body.set(`comment.${i}`, comment);
    }
    return body;
  };

  async function threeAsked() {
    const rig = await openRig({ ledger: ledgerOf(entries("po-1", "po-2", "po-3")) });
    const pids = [await ask(rig, "po-1"), await ask(rig, "po-2"), await ask(rig, "po-3")] as const;
    const browser: TestBrowser = await signedIn(rig, ANA);
    return { rig, pids, browser, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
  }

  test("are shown whole, answered by one press, recorded one by one", async () => {
    await using all = await threeAsked();
    const { rig, pids, browser } = all;
    const list = await browser.get("/inbox");
    expect(list.text.match(/type="checkbox"/gu)).toHaveLength(3);
    const page = await browser.get(select(pids));
    for (const id of ["po-1", "po-2", "po-3"]) expect(page.text).toContain(`The <em>summary</em> of ${id}`);
    const [one, two, three] = pids;
    const body = answers(pressOf(page.text), [
      [one, "approve"],
      [two, "reject", "No"],
      [three, ""],
    ]);
    const result = await browser.post("/inbox/confirm", body);
    expect(result.status).toBe(200);
    expect(result.text.match(/data-effective="true"/gu)).toHaveLength(2);
    expect(await decision(rig, one)).toMatchObject({ choice: "approve", by: ANA, door: "inbox" });
    expect(await decision(rig, two)).toMatchObject({ choice: "reject", comment: "No" });
    expect(await decision(rig, three)).toBeUndefined();
    expect(rig.audit.filter(({ what }) => what === "decide")).toHaveLength(2);
    // The same form again, as a reload sends it, tells the same and records nothing new.
    const again = await browser.post("/inbox/confirm", body);
    expect(again.text.match(/data-effective="true"/gu)).toHaveLength(2);
  });

  test("tell what stands for each that somebody answered first", async () => {
    await using all = await threeAsked();
    const { rig, pids, browser } = all;
    const [one, two] = pids;
    const page = await browser.get(select([one, two]));
    await rig.press(await rig.link("po-1", "reject"), { confirm: "yes", choice: "reject" });
    const result = await browser.post(
      "/inbox/confirm",
      answers(pressOf(page.text), [
        [one, "approve"],
        [two, "approve"],
      ]),
    );
    expect(result.text.match(/data-effective="(true|false)"/gu)).toEqual([
      'data-effective="false"',
      'data-effective="true"',
    ]);
    expect(await decision(rig, one)).toMatchObject({ choice: "reject", door: "mail" });
  });

  test("leave out what is not the person's, is answered, or has choices or fields of its own", async () => {
    await using all = await threeAsked();
    const { rig, pids, browser } = all;
    const own = await ask(rig, "po-4", {
      fields: { type: "object", properties: { cost: { type: "string", title: "Cost" } } },
    });
    const others = ballotId("po-2", 2);
    const page = await browser.get(select([pids[0], own, others, "nothing:1"]));
    expect(page.text.match(/<article/gu)).toHaveLength(1);
    expect(page.text).toContain("3 that you selected are not shown");
    const body = answers(pressOf(page.text), [
      [own, "approve"],
      [others, "approve"],
      ["nothing:1", "approve"],
    ]);
    expect((await browser.post("/inbox/confirm", body)).text).not.toContain("data-effective");
    expect((await rig.durable.read(own))?.state).toBe("pending");
    expect((await rig.durable.read(others))?.state).toBe("pending");
  });

  test("tell in whose place each is asked", async () => {
    await using rig = await openRig({ ledger: ledgerOf(entries("po-1")) });
    await rig.json("POST", "/absences", { person: "lee@example.com", to: ANA, until: "P3D", note: "At sea" });
    const pid = await ask(rig, "po-1", { approvers: ["lee@example.com"] });
    const browser = await signedIn(rig, ANA);
    expect((await browser.get(select([pid]))).text).toMatch(/In place of[^]*lee@example\.com[^]*At sea/u);
  });

  test("need a selection: without one the list is shown again", async () => {
    await using all = await threeAsked();
    const { browser } = all;
    expect(await browser.get("/inbox/confirm")).toMatchObject({ status: 303, location: "/inbox" });
    await browser.get("/inbox");
    expect(await browser.post("/inbox/confirm", { confirm: "yes" })).toMatchObject({
      status: 303,
      location: "/inbox",
    });
  });

  test("need the confirmation that the form has, and each ballot once", async () => {
    await using all = await threeAsked();
    const { rig, pids, browser } = all;
    const [one] = pids;
    const page = await browser.get(select(pids));
    const unconfirmed = answers(pressOf(page.text), [[one, "approve"]]);
    unconfirmed.delete("confirm");
    expect((await browser.post("/inbox/confirm", unconfirmed)).status).toBe(422);
    const doubled = answers(pressOf(page.text), [
      [one, "approve"],
      [one, "reject"],
    ]);
    expect((await browser.post("/inbox/confirm", doubled)).status).toBe(403);
    expect((await rig.durable.read(one))?.state).toBe("pending");
  });

  test("tell what stands where the engine goes away in the middle", async () => {
    await using all = await threeAsked();
    const { rig, pids, browser } = all;
    const [one, two] = pids;
    const page = await browser.get(select([one, two]));
    const { settle } = rig.durable;
    const failing = vi.spyOn(rig.durable, "settle").mockImplementation(async (id, ...rest) => {
      if (id === two) throw new ServiceError("ENGINE_UNAVAILABLE", "away");
      return await settle.call(rig.durable, id, ...rest);
    });
    const body = answers(pressOf(page.text), [
      [one, "approve"],
      [two, "approve"],
    ]);
    const result = await browser.post("/inbox/confirm", body);
    failing.mockRestore();
    expect([result.status, result.text.match(/data-effective="true"/gu)?.length]).toEqual([503, 1]);
    expect(result.text).toContain("it is not known whether this answer was recorded");
    expect(await decision(rig, one)).toMatchObject({ choice: "approve" });
    // The same form again does the rest.
    const again = await browser.post("/inbox/confirm", body);
    expect([again.status, again.text.match(/data-effective="true"/gu)?.length]).toEqual([200, 2]);
  });

  test("want an answer to one of them at least, and their own form", async () => {
    await using all = await threeAsked();
    const { rig, pids, browser } = all;
    const page = await browser.get(select(pids));
    const press = pressOf(page.text);
    const none = await browser.post(
      "/inbox/confirm",
      answers(
        press,
        pids.map((pid) => [pid, ""] as const),
      ),
    );
    expect([none.status, none.text.match(/<article/gu)?.length]).toEqual([422, 3]);
    const body = answers(press, [[pids[0], "approve"]]);
    body.set("form", "x");
    expect((await browser.post("/inbox/confirm", body)).status).toBe(403);
    expect((await rig.durable.read(pids[0]))?.state).toBe("pending");
  });
});

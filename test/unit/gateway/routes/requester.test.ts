import { describe, expect, test } from "vitest";
import { LINK_VIEW_MS } from "../../../../src/approval/approval.ts";
import { ballotId } from "../../../../src/approval/ids.ts";
import { changeOf, extensionOf } from "../../../../src/approval/stored.ts";
import { reassignBallot, recuseBallot } from "../../../../src/service/approvals/ballot-acts.ts";
import { decideBallot } from "../../../../src/service/approvals/decide.ts";
import { readCourse } from "../../../../src/service/approvals/question.ts";
import { partsOf, signed } from "../../tokens/forgeries.ts";
import { openRig, type Rig, SECRET, until } from "../rig.ts";

const order = {
  id: "po-1",
  title: "Order 40 laptops",
  summary: "The old ones **break**.",
  details: [{ label: "Amount", value: "41 200 €" }],
  requester: { email: "kim@example.com", name: "Kim" },
  approvers: [{ email: "ana@example.com", name: "Ana" }, "bo@example.com"],
  require: "all",
};
const CHOICES = [
  { value: "approve", effect: "approve" },
  { value: "changes", effect: "changes" },
];

/** Asks, and returns the path of the requester's page once everybody was mailed. */
async function asked(rig: Rig, request: Record<string, unknown> = {}): Promise<string> {
  expect((await rig.json("POST", "/approvals", { ...order, ...request })).status).toBe(202);
  await rig.link("po-1", "approve", 1);
  return requesterLink(rig);
}

async function requesterLink(rig: Rig, approval = "po-1"): Promise<string> {
  const root = await until(async () => rig.durable.read(approval));
  const token = rig.tokens.issueRequesterLink({
    approval,
    recipient: rig.tokens.recipientId(approval, "kim@example.com"),
    bornAtMs: root.createdAt,
    expiresAtMs: root.timeoutAt + LINK_VIEW_MS,
  });
  return `/a/${token}`;
}

const press = async (rig: Rig, n: number, fields: Record<string, string>) =>
  rig.press(await rig.link("po-1", "approve", n), { confirm: "yes", ...fields });

describe("the link to the page", () => {
  const linkIn = (rig: Rig, kind: string) =>
    until(async () => {
      const mail = rig.told.find((each) => each.kind === kind);
      return mail !== undefined && "link" in mail ? new URL(mail.link ?? "").pathname : undefined;
    });

  test("is in every mail to the person who asked, and is always the same", async () => {
    await using rig = await openRig();
    const link = await asked(rig, { choices: CHOICES });
    await press(rig, 1, { choice: "changes", comment: "Thirty would do" });
    expect(await linkIn(rig, "changes-requested")).toBe(link);
    expect((await rig.press(`${link}/cancel`)).status).toBe(303);
    expect(await linkIn(rig, "requester-outcome")).toBe(link);
    expect((await rig.call(link)).status).toBe(200);
  });

  test("is in a mail at the start where the request says so, and only there", async () => {
    await using rig = await openRig();
    const link = await asked(rig, { follow: true });
    expect(await linkIn(rig, "requested")).toBe(link);
    await rig.json("POST", "/approvals", { ...order, id: "po-2" });
    await rig.link("po-2", "approve", 2);
    expect(rig.told.map(({ approval, kind }) => `${approval} ${kind}`)).toEqual(["po-1 requested"]);
    const alone = await rig.json("POST", "/approvals", {
      ...order,
      id: "po-3",
      requester: undefined,
      follow: true,
    });
    expect([alone.status, JSON.stringify(alone.body)]).toEqual([422, expect.stringContaining("follow")]);
  });

  test("is in the mail about people who cannot be reached", async () => {
    await using rig = await openRig({
      deliver: ({ approver }) =>
        approver.email.startsWith("bo@")
          ? { status: "undeliverable", reason: "550 at RCPT TO" }
          : { status: "sent", messageId: "<1@test>" },
    });
    const link = await asked(rig);
    expect(await linkIn(rig, "undeliverable")).toBe(link);
  });
});

describe("GET /a/:token", () => {
  test("tells where the approval stands, of everybody, what happened, and what can be done", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    await press(rig, 2, { choice: "approve", comment: "Fine by me" });
    const { status, text } = await rig.call(link);
    expect(status).toBe(200);
    expect(text).toMatch(/Order 40 laptops<\/h1>[^]*Not decided yet\.[^]*Waiting for Ana\./u);
    expect(text).toMatch(
      /You asked[^]*Asked: Ana, bo@example\.com[^]*bo@example\.com: Approved[^]*Fine by me/u,
    );
    expect(text).toContain("<strong>break</strong>");
    for (const act of ["cancel", "extend"]) expect(text).toContain(`href="${link}/${act}"`);
    expect(text).toContain(`action="${link}/remind"`);
    // The request allows no changes.
    expect(text).not.toContain(`${link}/change`);
    expect((await rig.call(link, { method: "HEAD" })).status).toBe(200);
  });

  test("tells which answers a program has recorded for people, as other people's pages and mails do", async () => {
    await using rig = await openRig();
    const approvers = [{ email: "ana@example.com", name: "Ana" }, "bo@example.com", "cy@example.com"];
    const link = await asked(rig, { approvers, choices: CHOICES, require: "all" });
    const decide = (n: number, choice: string) =>
      decideBallot(rig.durable, {
        ballot: ballotId("po-1", n),
        choice,
        door: "api",
        nonce: `n${n}`,
        caller: "erp",
      });
    await decide(1, "approve");
    await press(rig, 2, { choice: "approve" });
    const recorded = "Recorded for Ana by the API key erp";
    const { text } = await rig.call(link);
    expect(text).toContain(`Ana: Approved (${recorded})`);
    expect(text.match(/Recorded for/gu)).toHaveLength(2);
    expect((await rig.call(await rig.link("po-1", "approve", 3))).text).toContain(recorded);
    await decide(3, "changes");
    const changes = await until(async () => rig.told.find(({ kind }) => kind === "changes-requested"));
    expect(changes).toMatchObject({ by: { email: "cy@example.com" }, door: "api", caller: "erp" });
    const page = await until(async () => {
      const { text: revising } = await rig.call(link);
      return revising.includes("asks for changes") ? revising : undefined;
    });
    expect(page).toContain(
      "cy@example.com asks for changes (Recorded for cy@example.com by the API key erp)",
    );
  });

  test("tells what a program did in people's place, as their own pages do", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    const by = { door: "api", caller: "erp" } as const;
    const options = { durable: rig.durable, clock: Date.now, signal: new AbortController().signal };
    const path = await rig.link("po-1", "approve", 2);
    const to = { email: "dee@example.com" };
    await reassignBallot(options, { approval: "po-1", n: 1 }, { ...by, nonce: "1", to });
    await recuseBallot(options, { approval: "po-1", n: 2 }, { ...by, nonce: "2" });
    const { text } = await rig.call(link);
    const byKey = "A program did this, with the API key erp.";
    expect(text).toContain(`The question of Ana was passed on to dee@example.com. ${byKey}`);
    expect(text).toContain(`bo@example.com takes no part. ${byKey}`);
    expect((await rig.call(path)).text).toContain(byKey);
  });

  test("tells why it ended so, as receipts and the API do", async () => {
    await using rig = await openRig();
    const approvers = ["ana@example.com", "bo@example.com", "cy@example.com"];
    const link = await asked(rig, { approvers, require: 2, rejection: "majority" });
    await press(rig, 1, { choice: "reject" });
    const { headers } = await press(rig, 3, { choice: "reject" });
    const why = "2 of 3 had to approve, and 2 rejected.";
    const receipt = await rig.call(headers.get("location") ?? "");
    expect(receipt.text).toContain(`The request is rejected. ${why}`);
    const page = await until(async () => {
      const { text } = await rig.call(link);
      return text.includes("The request is rejected.") ? text : undefined;
    });
    expect(page).toContain(why);
    expect((await rig.call(await rig.link("po-1", "approve", 2))).text).toContain(why);
    expect((await rig.json("GET", "/approvals/po-1")).body["outcome"]).toMatchObject({
      why: { because: "out-of-reach", progress: { needed: 2, people: 3, rejections: 2 } },
    });
  });

  test("tells the outcome once there is one, and offers nothing more", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    await press(rig, 1, { choice: "reject", comment: "Too dear" });
    await rig.settled("po-1");
    const { text } = await rig.call(link);
    expect(text).toMatch(/The request is rejected\.[^]*Too dear/u);
    expect(text).toContain('data-outcome="rejected"');
    expect(text).not.toMatch(/<form|\/cancel|\/extend/u);
    for (const act of ["cancel", "extend", "change", "remind"]) {
      expect((await rig.call(`${link}/${act}`)).headers.get("location")).toBe(link);
    }
  });

  test("is for one approval and its requester", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    await rig.json("POST", "/approvals", { ...order, id: "po-2", requester: undefined });
    const { header, claims } = partsOf(link.slice("/a/".length));
    const forged = (more: Record<string, unknown>) =>
      `/a/${signed({ header, claims: { ...claims, ...more } }, SECRET)}`;
    const other = await requesterLink(rig, "po-2");
    const ballot = (await rig.link("po-1", "approve")).slice("/d/".length);
    for (const bad of [
      forged({ born: 1 }),
      forged({ pid: "po-3" }),
      forged({ aud: "approval-decision" }),
      other,
      `/a/${ballot}`,
      "/a/x.y.z",
    ]) {
      for (const path of [bad, `${bad}/cancel`, `${bad}/change`, `${bad}/extend`, `${bad}/remind`]) {
        expect((await rig.call(path)).status).toBe(403);
        expect((await rig.press(path.replace(/\/$/u, ""))).status).toBe(path === bad ? 405 : 403);
      }
    }
    // Nor does it answer, or show a receipt.
    const token = link.slice("/a/".length);
    expect((await rig.press(`/d/${token}`, { confirm: "yes", choice: "approve" })).status).toBe(403);
    expect((await rig.call(`/r/${token}`)).status).toBe(403);
    expect((await rig.durable.read("po-1"))?.state).toBe("pending");
  });

  test("of an approval of an earlier version only cancels", async () => {
    await using rig = await openRig();
    await rig.ask("po-1", { ...order, approvers: ["ana@example.com"], require: 1 }, 60_000);
    await rig.link("po-1", "approve");
    const link = await requesterLink(rig);
    const { text } = await rig.call(link);
    expect(text).toContain("/cancel");
    expect(text).not.toMatch(/\/extend|\/remind|\/change/u);
    expect((await rig.press(`${link}/cancel`)).status).toBe(303);
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "cancelled" });
  });
});

describe("cancel", () => {
  test("ends it, with a reason that people see", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    expect((await rig.call(`${link}/cancel`)).text).toContain("Cancel the request");
    const receipt = await press(rig, 2, { choice: "approve" });
    const pressed = await rig.press(`${link}/cancel`, { confirm: "yes", reason: "Bought elsewhere" });
    expect([pressed.status, pressed.headers.get("location")]).toEqual([303, link]);
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "cancelled" });
    expect((await rig.call(link)).text).toMatch(/The request was cancelled\.[^]*Bought elsewhere/u);
    const approvers = await rig.call(await rig.link("po-1", "approve"));
    expect(approvers.text).toMatch(/Kim cancelled it\.[^]*Bought elsewhere/u);
    const answered = await rig.call(receipt.headers.get("location") ?? "");
    expect(answered.text).toMatch(/Kim cancelled it\.[^]*Closed[^]*<time [^]*Bought elsewhere/u);
    expect((await rig.json("GET", "/approvals/po-1")).body).toMatchObject({
      cancellation: { reason: "Bought elsewhere", by: "kim@example.com" },
    });
    expect(rig.audit.filter(({ what }) => what === "cancel")).toMatchObject([
      { who: expect.stringMatching(/^requester:/u) as string, about: "po-1", outcome: "stored" },
    ]);
  });

  test("ends it while an answer that would decide can be taken back: page, receipt, API and mails say so", async () => {
    await using rig = await openRig();
    const link = await asked(rig, { require: "any", undo: "PT10M" });
    const receipt = (await press(rig, 1, { choice: "approve" })).headers.get("location") ?? "";
    expect((await rig.call(receipt)).text).toContain("Take it back");
    expect((await rig.press(`${link}/cancel`, { confirm: "yes", reason: "Bought elsewhere" })).status).toBe(
      303,
    );
    const decisions = [{ email: "ana@example.com", choice: "approve" }];
    expect((await rig.settled("po-1")).value).toMatchObject({
      outcome: "cancelled",
      reason: "It was cancelled: Bought elsewhere",
      decisions,
    });
    expect((await rig.call(link)).text).toMatch(/The request was cancelled\.[^]*Bought elsewhere/u);
    const { text } = await rig.call(receipt);
    expect(text).toMatch(
      /Your answer is recorded: Approved[^]*The request was cancelled\. Kim cancelled it\./u,
    );
    expect(text).not.toContain("Take it back");
    expect((await rig.json("GET", "/approvals/po-1")).body).toMatchObject({
      status: "cancelled",
      outcome: { decisions },
      ballots: [{ state: "approved" }, { state: "withdrawn" }],
    });
    const mail = await until(async () => rig.told.find(({ kind }) => kind === "outcome"));
    expect(mail).toMatchObject({ outcome: "cancelled" });
  });

  test("needs the form, from this site; too long a reason comes back", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    expect((await rig.press(`${link}/cancel`, {})).status).toBe(422);
    const other = { "sec-fetch-site": "cross-site" };
    for (const act of ["cancel", "extend", "change", "remind"]) {
      expect((await rig.press(`${link}/${act}`, { confirm: "yes" }, other)).status).toBe(403);
    }
    const long = await rig.press(`${link}/cancel`, { confirm: "yes", reason: "x".repeat(501) });
    expect([long.status, long.text.includes("At most 500 characters fit.")]).toEqual([422, true]);
    expect((await rig.durable.read("po-1"))?.state).toBe("pending");
  });

  test("and a press that decides: one of the two stands, and both are told", async () => {
    await using rig = await openRig();
    const link = await asked(rig, { approvers: ["ana@example.com"], require: 1 });
    const [cancelled, pressed] = await Promise.all([
      rig.press(`${link}/cancel`, { confirm: "yes", reason: "No" }),
      press(rig, 1, { choice: "approve" }),
    ]);
    const { outcome } = (await rig.settled("po-1")).value as { outcome: string };
    const receipt = await rig.call(pressed.headers.get("location") ?? "");
    if (outcome === "approved") {
      expect(cancelled.status).toBe(409);
      expect(cancelled.text).toMatch(
        /was not cancelled[^]*The request is approved|The request is approved[^]*was not cancelled/u,
      );
      expect(receipt.result).toBe("approved true");
    } else {
      expect([cancelled.status, outcome]).toEqual([303, "cancelled"]);
      expect(receipt.text).toContain("The request was cancelled");
    }
  });

  test("that came after the deciding answer tells nobody its reason", async () => {
    await using rig = await openRig({ outcomeWaitMs: 0 });
    const link = await asked(rig, { require: "any" });
    await rig.rest();
    await press(rig, 1, { choice: "approve" });
    expect((await rig.press(`${link}/cancel`, { confirm: "yes", reason: "Bought elsewhere" })).status).toBe(
      303,
    );
    const pages = async () => {
      const own = await rig.call(link);
      const others = await rig.call(await rig.link("po-1", "approve", 2));
      return `${own.text} ${others.text}`;
    };
    expect(await pages()).not.toMatch(/Bought elsewhere|was cancelled/u);
    rig.work();
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
    await until(async () => rig.told.find(({ kind }) => kind === "requester-outcome"));
    expect(JSON.stringify(rig.told)).not.toContain("Bought elsewhere");
    expect(await pages()).not.toMatch(/Bought elsewhere|was cancelled/u);
  });

  test.each(["yes", "no"])("again, as by Back, is no failure; a worker: %s", async (worker) => {
    await using rig = await openRig({ outcomeWaitMs: 0 });
    const link = await asked(rig);
    if (worker === "no") await rig.rest();
    for (const _ of ["first", "again"]) {
      const { status, headers } = await rig.press(`${link}/cancel`, { confirm: "yes", reason: "No" });
      expect([status, headers.get("location")]).toEqual([303, link]);
      if (worker === "yes") await rig.settled("po-1");
    }
    expect((await rig.call(link)).text).toContain("The request was cancelled");
  });

  test("after the end is told what stands", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    await press(rig, 1, { choice: "reject" });
    await rig.settled("po-1");
    const late = await rig.press(`${link}/cancel`);
    expect(late.status).toBe(409);
    expect(late.text).toContain("The request is rejected.");
    expect(late.text).toContain("The request was not cancelled");
  });
});

describe("extend", () => {
  test("moves the deadline by what was chosen", async () => {
    await using rig = await openRig();
    const link = await asked(rig, { deadline: "P2D" });
    const before = (await readCourse(rig.durable, "po-1"))?.deadlineAtMs ?? 0;
    expect((await rig.call(`${link}/extend`)).text).toMatch(/<option value="P7D">7 days/u);
    expect((await rig.press(`${link}/extend`, { confirm: "yes", more: "P3D" })).status).toBe(303);
    const course = await readCourse(rig.durable, "po-1");
    // The new end is made some milliseconds after it is known when it will be.
    const movedMs = (course?.deadlineAtMs ?? 0) - before - 3 * 86_400_000;
    expect(Math.abs(movedMs)).toBeLessThan(60_000);
    expect((await rig.call(link)).text).toContain("The deadline was moved to");
  });

  test.each([{}, { more: "P400D" }, { more: "PT1S" }])("takes only what is offered: %o", async (typed) => {
    await using rig = await openRig();
    const link = await asked(rig);
    const { status, text } = await rig.press(`${link}/extend`, { confirm: "yes", ...typed });
    expect(status).toBe(422);
    expect(text).toMatch(/Fill this in\.|Choose one of the options\./u);
  });

  test("tells why it cannot", async () => {
    await using rig = await openRig();
    const link = await asked(rig, { deadline: "P400D" });
    const { status, text } = await rig.press(`${link}/extend`, { confirm: "yes", more: "P1D" });
    expect([status, text.includes("within 400 days of the start")]).toEqual([422, true]);
  });

  test("and the press that decides: both are told", async () => {
    await using rig = await openRig();
    const link = await asked(rig, { approvers: ["ana@example.com"], require: 1 });
    const [extended] = await Promise.all([
      rig.press(`${link}/extend`, { confirm: "yes", more: "P1D" }),
      press(rig, 1, { choice: "approve" }),
    ]);
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
    expect([303, 409]).toContain(extended.status);
    if (extended.status === 409) expect(extended.text).toContain("The deadline was not moved");
  });
});

describe("change", () => {
  const CHANGED = {
    confirm: "yes",
    title: "Order 30 laptops",
    summary: "Fewer",
    "label.0": "Amount",
    "value.0": "30 900 €",
    note: "Thirty will do",
  };

  async function changesAsked(rig: Rig): Promise<string> {
    const link = await asked(rig, { choices: CHOICES });
    await press(rig, 1, { choice: "changes", comment: "Thirty would do" });
    await until(async () =>
      (await readCourse(rig.durable, "po-1"))?.state.phase === "revising" ? true : undefined,
    );
    return link;
  }

  test("answers what was asked for, shows it before, and asks everybody again", async () => {
    await using rig = await openRig();
    const link = await changesAsked(rig);
    const page = await rig.call(link);
    expect(page.text).toMatch(/Ana asks for changes[^]*Thirty would do/u);
    expect(page.text).toContain("Answer, or change the request");
    const form = await rig.call(`${link}/change`);
    expect(form.text).toMatch(
      /value="Order 40 laptops"[^]*The old ones \*\*break\*\*\.[^]*value="41 200 €"/u,
    );

    const previewed = await rig.press(`${link}/change`, { ...CHANGED, step: "preview" });
    expect(previewed.status).toBe(200);
    expect(previewed.text).toMatch(
      /What everybody will see[^]*Order 30 laptops[^]*Thirty will do[^]*30 900 €/u,
    );
    expect((await readCourse(rig.durable, "po-1"))?.state.round).toBe(1);

    const sent = await rig.press(`${link}/change`, { ...CHANGED, step: "send" });
    expect([sent.status, sent.headers.get("location")]).toEqual([303, link]);
    const course = await until(async () => {
      const read = await readCourse(rig.durable, "po-1");
      return read?.state.round === 2 ? read : undefined;
    });
    expect(course.request).toMatchObject({ title: "Order 30 laptops", summary: "Fewer" });
    const { text } = await rig.call(link);
    expect(text).toMatch(/Order 30 laptops<\/h1>[^]*The request was changed[^]*Thirty will do/u);
    expect(text).not.toContain("asks for changes");
  });

  test("shows those who are asked again what was changed, old beside new, since the round before", async () => {
    await using rig = await openRig();
    const link = await changesAsked(rig);
    const newest = async (round: number) =>
      await until(async () => {
        const ballots = (await readCourse(rig.durable, "po-1"))?.ballots ?? [];
        const n = ballots.find(({ ballot }) => (ballot.round ?? 1) === round)?.ballot.n ?? 0;
        if (n === 0) return undefined;
        const path = await rig.link("po-1", "approve", n);
        return partsOf(path.slice("/d/".length)).claims["pid"] === ballotId("po-1", n) ? path : undefined;
      });
    // The first round has nothing to compare with.
    expect((await rig.call(await newest(1))).text).not.toContain("What changed");
    const second = { ...CHANGED, "label.1": "<b>Shop</b>", "value.1": "<i>Acme</i>", step: "send" };
    expect((await rig.press(`${link}/change`, second)).status).toBe(303);
    const page = (await rig.call(await newest(2))).text;
    expect(page).toMatch(/What changed[^]*Thirty will do/u);
    const [changed = ""] = /aria-labelledby="changed"[^]*?<\/section>/u.exec(page) ?? [];
    const words = changed.replaceAll(/<[^>]*>/gu, " ").replaceAll(/\s+/gu, " ");
    expect(words).toContain("Title Before Order 40 laptops Now Order 30 laptops");
    expect(words).toContain("Amount Before 41 200 € Now 30 900 €");
    expect(words).toContain("&lt;b&gt;Shop&lt;/b&gt; Before (nothing) Now &lt;i&gt;Acme&lt;/i&gt;");
    expect(words).toContain("Summary Before The old ones break . Now Fewer");

    await rig.press(await newest(2), { confirm: "yes", choice: "changes", comment: "Fewer still" });
    await until(async () =>
      (await readCourse(rig.durable, "po-1"))?.state.phase === "revising" ? true : undefined,
    );
    const third = { ...second, title: "Order 20 laptops", note: "" };
    expect((await rig.press(`${link}/change`, third)).status).toBe(303);
    const last = (await rig.call(await newest(3))).text;
    expect(last).toMatch(
      /Before<\/p>\s*<div dir="auto">Order 30 laptops[^]*Now<\/p>\s*<div dir="auto">Order 20 laptops/u,
    );
    expect(/aria-labelledby="changed"[^]*?<\/section>/u.exec(last)?.[0]).not.toMatch(
      /Amount|Thirty|Order 40/u,
    );
  });

  test("is told on the pages of the rounds before, each with what was shown then", async () => {
    await using rig = await openRig();
    const approvers = ["ana@example.com", "bo@example.com", "cy@example.com"];
    const link = await asked(rig, { choices: CHOICES, approvers });
    const unanswered = await rig.link("po-1", "approve", 3);
    const receipts: string[] = [];
    for (const [round, title] of ["Order 30 laptops", "Order 20 laptops"].entries()) {
      const [ana = 0, bo = 0] = await until(async () => {
        const ballots = (await readCourse(rig.durable, "po-1"))?.ballots ?? [];
        const asked = ballots.filter(({ ballot }) => (ballot.round ?? 1) === round + 1);
        return asked.length === approvers.length ? asked.map(({ ballot }) => ballot.n) : undefined;
      });
      // The mail of the round before has a link, too.
      for (const n of [ana, bo]) {
        await until(async () => {
          const { claims } = partsOf((await rig.link("po-1", "approve", n)).slice("/d/".length));
          return claims["pid"] === ballotId("po-1", n) ? true : undefined;
        });
      }
      const answered = await press(rig, bo, { choice: "approve" });
      receipts.push(answered.headers.get("location") ?? "");
      await press(rig, ana, { choice: "changes", comment: "Fewer" });
      await until(async () =>
        (await readCourse(rig.durable, "po-1"))?.state.phase === "revising" ? true : undefined,
      );
      expect((await rig.press(`${link}/change`, { ...CHANGED, title, step: "send" })).status).toBe(303);
      await until(async () =>
        (await readCourse(rig.durable, "po-1"))?.state.round === round + 2 ? true : undefined,
      );
    }
    const shown = ["Order 40 laptops", "Order 30 laptops"];
    const check = async (became: RegExp) => {
      for (const [i, receipt] of receipts.entries()) {
        const { text } = await rig.call(receipt);
        expect(text).toMatch(/changed after this answer and asked again, so this answer no longer counts/u);
        expect(text).toMatch(became);
        expect(text.match(/Order \d+ laptops/gu)).toEqual(Array.from({ length: 3 }, () => shown[i]));
        expect(text).not.toMatch(/final|decided otherwise/u);
      }
      return (await rig.call(unanswered)).text;
    };
    const open = await check(/The request was changed\. Not decided yet\./u);
    expect(open).toMatch(/The request was changed<[^]*To answer, open the link in the newest mail/u);
    expect(open).not.toContain("If it is changed");
    expect((await rig.press(`${link}/cancel`, { confirm: "yes", reason: "Bought elsewhere" })).status).toBe(
      303,
    );
    await rig.settled("po-1");
    const ended = await check(/The request was changed\. The request was cancelled\.[^]*Bought elsewhere/u);
    expect(ended).not.toContain("newest mail");
  });

  test("can take the summary away, and details", async () => {
    await using rig = await openRig();
    const link = await changesAsked(rig);
    const bare = { confirm: "yes", title: "Order 30 laptops", step: "send" };
    expect((await rig.press(`${link}/change`, bare)).status).toBe(303);
    const { request } = (await readCourse(rig.durable, "po-1"))!;
    expect([request.title, request.summary, request.details]).toEqual(["Order 30 laptops", undefined, []]);
  });

  test.each<[string, Record<string, string>, string]>([
    ["a title", { title: " " }, "Fill this in."],
    ["a title that fits", { title: "x".repeat(201) }, "At most 200 characters fit."],
    ["a whole detail", { "value.0": "" }, "Fill this in."],
    ["text that can be kept", { note: "a\u0007b" }, "cannot be kept"],
  ])("asks again for %s, with the form as it was filled in", async (_, typed, problem) => {
    await using rig = await openRig();
    const link = await changesAsked(rig);
    const { status, text } = await rig.press(`${link}/change`, { ...CHANGED, ...typed, step: "send" });
    expect(status).toBe(422);
    expect(text).toContain(problem);
    expect(text).toContain("Fewer</textarea>");
    expect((await readCourse(rig.durable, "po-1"))?.state.round).toBe(1);
  });

  test("asks for a change or an answer where there is none", async () => {
    await using rig = await openRig();
    const link = await changesAsked(rig);
    const { title, summary, details } = order;
    const same = { title, summary, "label.0": details[0]!.label, "value.0": details[0]!.value };
    const { status, text } = await rig.press(`${link}/change`, { confirm: "yes", ...same, step: "send" });
    expect([status, text.includes("Change something, or write an answer.")]).toEqual([422, true]);
    expect(
      (await rig.press(`${link}/change`, { confirm: "yes", ...same, note: "No", step: "send" })).status,
    ).toBe(303);
  });

  test("and a cancellation: one of the two stands, and both are told", async () => {
    await using rig = await openRig();
    const link = await changesAsked(rig);
    const [changed, cancelled] = await Promise.all([
      rig.press(`${link}/change`, { ...CHANGED, step: "send" }),
      rig.json("POST", "/approvals/po-1/cancel", {}),
    ]);
    // A cancellation also ends the round that a change has opened.
    expect([200, 202, 409]).toContain(cancelled.status);
    expect([303, 409]).toContain(changed.status);
    if (changed.status === 409) expect(changed.text).toContain("The request was not changed");
  });

  test("is not possible where the request allows no more rounds", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    const { status, text } = await rig.press(`${link}/change`, { ...CHANGED, step: "send" });
    expect([status, text.includes("The request was not changed")]).toEqual([409, true]);
  });
});

describe("remind", () => {
  test("mails everybody who has not answered, at most once an hour", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    expect((await rig.press(`${link}/remind`, {})).headers.get("location")).toBe(link);
    const first = await rig.press(`${link}/remind`);
    expect([first.status, first.text.includes("2 people get a reminder by mail.")]).toEqual([200, true]);
    const second = await rig.press(`${link}/remind`);
    expect([second.status, second.text.includes("less than an hour ago")]).toEqual([409, true]);
    await rig.press(await rig.link("po-1", "reject", 1));
    await rig.settled("po-1");
    const late = await rig.press(`${link}/remind`);
    expect([late.status, late.text.includes("Nobody has to be reminded")]).toEqual([409, true]);
    expect((await rig.durable.read(ballotId("po-1", 1)))?.state).toBe("resolved");
  });
});

describe("a form that is sent twice, as by a double click", () => {
  const pressIn = (text: string) => ({ press: /name="press" value="([\w-]{22})"/u.exec(text)?.[1] ?? "" });
  const ends = async (rig: Rig) => (await readCourse(rig.durable, "po-1"))?.ends ?? [];
  const twice = async (path: string, rig: Rig, fields: Record<string, string>) =>
    (await Promise.all([rig.press(path, fields), rig.press(path, fields)])).map(({ status }) => status);

  test("moves the deadline once; chosen otherwise, or from a new page, once more", async () => {
    await using rig = await openRig();
    const link = await asked(rig, { deadline: "P2D" });
    const form = pressIn((await rig.call(`${link}/extend`)).text);
    const fields = { confirm: "yes", more: "P3D", ...form };
    expect(await twice(`${link}/extend`, rig, fields)).toEqual([303, 303]);
    expect((await rig.press(`${link}/extend`, fields)).status).toBe(303);
    const moved = async () => (await ends(rig)).filter((end) => extensionOf(end) !== undefined).length;
    expect(await moved()).toBe(1);
    // Back, and something else chosen.
    expect((await rig.press(`${link}/extend`, { ...fields, more: "P1D" })).status).toBe(303);
    expect(await moved()).toBe(2);
    const another = pressIn((await rig.call(`${link}/extend`)).text);
    expect(another).not.toEqual(form);
    expect((await rig.press(`${link}/extend`, { ...fields, ...another })).status).toBe(303);
    expect(await moved()).toBe(3);
  });

  test("changes the question once", async () => {
    await using rig = await openRig();
    const link = await asked(rig, { rounds: 3, choices: CHOICES });
    const fields = { confirm: "yes", title: "Order 30 laptops", step: "preview" };
    const preview = await rig.press(`${link}/change`, fields);
    const sent = { ...fields, ...pressIn(preview.text), step: "send" };
    expect(await twice(`${link}/change`, rig, sent)).toEqual([303, 303]);
    await until(async () => ((await readCourse(rig.durable, "po-1"))?.state.round === 2 ? true : undefined));
    expect((await rig.press(`${link}/change`, sent)).status).toBe(303);
    expect((await ends(rig)).filter((end) => changeOf(end) !== undefined)).toHaveLength(1);
  });

  test("reminds once, and says so both times", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    const fields = { confirm: "yes", ...pressIn((await rig.call(link)).text) };
    expect(await twice(`${link}/remind`, rig, fields)).toEqual([200, 200]);
    expect((await rig.press(`${link}/remind`, { confirm: "yes" })).status).toBe(409);
  });
});

describe("people who cannot be reached", () => {
  const lost = () =>
    openRig({
      deliver: ({ approver }) =>
        approver.email.startsWith("bo@")
          ? { status: "undeliverable", reason: "550 at RCPT TO" }
          : { status: "sent", messageId: "<1@test>" },
    });
  const other = { email: "cy@example.com", name: "Cy" };

  test("are shown as such, and the person who asked can ask somebody else in their place", async () => {
    await using rig = await lost();
    const link = await asked(rig);
    await until(async () => ((await rig.call(link)).text.includes("Cannot be reached") ? true : undefined));
    const page = await rig.call(link);
    expect(page.text).toMatch(
      new RegExp(
        `bo@example\\.com.*Cannot be reached by mail.*href="${link}/replace/2">Ask somebody else in place of`,
        "u",
      ),
    );
    expect(page.text.match(/\/replace\//gu)).toHaveLength(1);
    const form = await rig.call(`${link}/replace/2`);
    expect(form.text).toMatch(
      /bo@example\.com cannot be reached by mail\. The person you name is asked in their place/u,
    );
    const unconfirmed = await rig.press(`${link}/replace/2`, other);
    expect(unconfirmed.status).toBe(422);
    expect((await rig.press(`${link}/replace/2`, { confirm: "yes", email: "x" })).status).toBe(422);
    const press = { confirm: "yes", press: "AAAAAAAAAAAAAAAAAAAAAA", ...other };
    for (let i = 0; i < 2; i++) expect((await rig.press(`${link}/replace/2`, press)).status).toBe(303);
    // Now there is nobody to replace.
    expect((await rig.call(`${link}/replace/2`)).headers.get("location")).toBe(link);
    const course = await until(async () => {
      const read = await readCourse(rig.durable, "po-1");
      return read !== undefined && read.ballots.length === 3 ? read : undefined;
    });
    expect(course.ballots[2]?.ballot.approver).toEqual(other);
    expect(rig.audit.filter(({ what }) => what === "replace").map(({ outcome }) => outcome)).toEqual([
      "stored",
    ]);
    await press2(rig);
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
    const { body } = await rig.json("GET", "/approvals/po-1/history");
    expect(body["events"]).toContainEqual(
      expect.objectContaining({
        type: "reassigned",
        ballot: 2,
        to: other,
        by: "kim@example.com",
        door: "mail",
      }),
    );
  });

  const press2 = async (rig: Rig) => {
    const n = (await readCourse(rig.durable, "po-1"))?.ballots.at(-1)?.ballot.n ?? 0;
    await press(rig, 1, { choice: "approve" });
    await press(rig, n, { choice: "approve" });
  };

  test("are not to be named again, nor is the person who asked, or one who is asked already", async () => {
    await using rig = await lost();
    const link = await asked(rig);
    await until(async () => ((await rig.call(link)).text.includes("Cannot be reached") ? true : undefined));
    const tried = (email: string) => rig.press(`${link}/replace/2`, { confirm: "yes", email });
    for (const email of ["bo@example.com", "BO@example.com", "ana@example.com"]) {
      expect(await tried(email)).toMatchObject({
        status: 422,
        text: expect.stringContaining("is asked already"),
      });
    }
    expect((await tried("kim@example.com")).text).toContain("may not make it");
    expect((await readCourse(rig.durable, "po-1"))?.ballots).toHaveLength(2);
  });

  test("are the only ones whose question the person who asked can give away, and only where questions can be", async () => {
    await using rig = await lost();
    const link = await asked(rig, { reassign: false });
    await until(async () => ((await rig.call(link)).text.includes("Cannot be reached") ? true : undefined));
    expect((await rig.call(link)).text).not.toContain("/replace/");
    for (const n of ["1", "2", "3", "02", "x"]) {
      expect((await rig.call(`${link}/replace/${n}`)).headers.get("location")).toBe(link);
      const answer = await rig.press(`${link}/replace/${n}`, { confirm: "yes", ...other });
      expect([n, answer.status]).toEqual([n, 409]);
      expect(answer.text).toContain("The question was not passed on.");
    }
    expect((await readCourse(rig.durable, "po-1"))?.ballots).toHaveLength(2);
  });

  test("can have answered after all, by a link that reached them in another way", async () => {
    await using rig = await lost();
    const link = await asked(rig);
    await until(async () => ((await rig.call(link)).text.includes("Cannot be reached") ? true : undefined));
    await press(rig, 2, { choice: "approve" });
    expect((await rig.call(link)).text).not.toContain("Cannot be reached");
    expect((await rig.press(`${link}/replace/2`, { confirm: "yes", ...other })).status).toBe(409);
  });
});

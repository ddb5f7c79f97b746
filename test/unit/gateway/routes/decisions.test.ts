import { describe, expect, test } from "vitest";
import { ballotId, endId } from "../../../../src/approval/ids.ts";
import { openingId } from "../../../../src/approval/opening.ts";
import { forgeries, partsOf, signed } from "../../tokens/forgeries.ts";
import { openRig, type Rig, SECRET, until } from "../rig.ts";

const order = {
  title: "Order 40 laptops",
  summary: "The old ones **break**.",
  details: [{ label: "Amount", value: "41 200 €" }],
  approvers: [{ email: "ana@example.com", name: "Ana" }, "bo@example.com"],
};

async function asked(rig: Rig, id = "po-1"): Promise<{ readonly approve: string; readonly reject: string }> {
  await rig.json("POST", "/approvals", { id, ...order, require: "all" });
  return { approve: await rig.link(id, "approve"), reject: await rig.link(id, "reject") };
}

/** What the page behind a press says: the receipt's status and result element. */
async function receiptOf(rig: Rig, pressed: { readonly status: number; readonly headers: Headers }) {
  expect(pressed.status).toBe(303);
  const location = pressed.headers.get("location") ?? "";
  expect(location).toMatch(/^\/r\//u);
  const { status, result } = await rig.call(location);
  return `${status} ${result}`;
}

/** The same link, but for another answer; signed by us, as a mail's would be. */
function linkFor(link: string, choice: string): string {
  const { header, claims } = partsOf(link.slice("/d/".length));
  return `/d/${signed({ header, claims: { ...claims, act: choice } }, SECRET)}`;
}

const stored = (rig: Rig, n = 1) => rig.durable.read(ballotId("po-1", n));

describe("GET /d/:token", () => {
  test("shows what is asked, as whom one answers, and one form with a button for each answer", async () => {
    await using rig = await openRig();
    const { approve, reject } = await asked(rig);
    const page = await rig.call(approve);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    for (const text of ["Order 40 laptops", "<strong>break</strong>", "41 200 €", "ana@example.com"]) {
      expect(page.text).toContain(text);
    }
    expect(page.text.match(/<form/gu)).toHaveLength(1);
    expect([...page.text.matchAll(/<button[^>]* value="(\w+)"/gu)].map(([, value]) => value)).toEqual([
      "approve",
      "reject",
    ]);
    expect(page.text).not.toMatch(/<script|\son\w+=/iu);
    expect((await rig.call(reject)).text).not.toBe(page.text);
  });

  test("tells who else is asked, what they answered, and the reference", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    expect((await rig.call(approve)).text.match(/Has not answered yet/gu)).toHaveLength(2);
    await rig.press(await rig.link("po-1", "approve", 2), { confirm: "yes", comment: "Fine by me" });
    const { text } = await rig.call(approve);
    expect(text.match(/Has not answered yet/gu)).toHaveLength(1);
    expect(text).toMatch(/bo@example\.com[^]*Approved[^]*Fine by me/u);
    expect(text).toContain("<code>po-1</code>");
  });

  test("by the link that suggests no answer, shows the same page with every button alike", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    const view = linkFor(approve, "view");
    const page = await rig.call(view);
    expect(page.status).toBe(200);
    // But for the button, and for each link's own address.
    const alike = (text: string, link: string) => text.replace(" suggested", "").replaceAll(link, "");
    expect(alike(page.text, view)).toBe(alike((await rig.call(approve)).text, approve));
    expect(page.text).not.toContain("suggested");
  });

  test("sends the headers that keep links and pages to themselves", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    const receipt = (await rig.press(approve)).headers.get("location") ?? "";
    for (const path of [approve, receipt, "/d/x.y.z", "/r/x.y.z"]) {
      const { headers } = await rig.call(path);
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-robots-tag")).toBe("noindex");
      expect(headers.has("access-control-allow-origin")).toBe(false);
      expect(headers.has("set-cookie")).toBe(false);
    }
  });

  test("shows what stands once the ballot is answered, under both links", async () => {
    await using rig = await openRig();
    const { approve, reject } = await asked(rig);
    await rig.press(approve, { confirm: "yes", comment: "Needed" });
    for (const link of [approve, reject]) {
      const { status, result, text } = await rig.call(link);
      expect([status, result]).toEqual([200, "approved false"]);
      expect(text).toContain("Needed");
      expect(text).not.toContain("<form");
    }
  });
});

describe("the deadline that the page names", () => {
  function hoursLeftIn(text: string): number {
    const [, until = ""] = /Answer by<\/dt><dd><time datetime="([^"]+)"/u.exec(text) ?? [];
    return Math.round((Date.parse(until) - Date.now()) / 3_600_000);
  }

  test.each([
    ["the stage's, which rejects", { onDeadline: "reject" }, "After that the request counts as rejected."],
    [
      "the stage's, while somebody is left to ask",
      { onDeadline: "escalate", escalateTo: [["bo@example.com"]] },
      "After that other people are asked as well.",
    ],
    [
      "the stage's, while others can be asked instead",
      { onDeadline: "escalate", escalateTo: [["bo@example.com"]], replace: true },
      "After that other people are asked instead.",
    ],
  ])("is %s", async (_, stage, after) => {
    await using rig = await openRig();
    const stages = [{ approvers: ["ana@example.com"], deadline: "PT2H", ...stage }];
    await rig.json("POST", "/approvals", { id: "po-1", title: "Order", deadline: "P9D", stages });
    const { text } = await rig.call(await rig.link("po-1", "approve"));
    expect(text).toContain(after);
    expect(hoursLeftIn(text)).toBe(2);
  });

  test("is the approval's, which expires, when nobody is left to ask", async () => {
    await using rig = await openRig();
    const request = { onDeadline: "escalate", escalateTo: [["bo@example.com"]], deadline: "P2D" };
    await rig.json("POST", "/approvals", {
      id: "po-1",
      title: "Order",
      approvers: [{ email: "ana@example.com" }],
      ...request,
    });
    const link = await rig.link("po-1", "approve");
    const before = (await rig.call(link)).text;
    expect(hoursLeftIn(before)).toBe(48);
    expect(before).toContain("After that other people are asked as well.");
    // She leaves it to others, so the chain's only entry is asked at once.
    await rig.json("POST", "/approvals/po-1/ballots/1/recuse", {});
    const n = await until(async () => {
      const { ballots } = (await rig.json("GET", "/approvals/po-1")).body as { ballots: { n: number }[] };
      return ballots[1]?.n;
    });
    const { text } = await rig.call(await rig.link("po-1", "approve", n));
    expect(hoursLeftIn(text)).toBe(96);
    expect(text).toContain("After that the request expires.");
    const { body } = await rig.json("GET", "/approvals/po-1");
    expect(body["explanation"]).toMatchObject({
      nextDeadline: { at: body["deadline"], onDeadline: "expire" },
    });
  });
});

describe("a request with choices and fields of its own", () => {
  const release = {
    id: "po-1",
    title: "Release 2.0",
    approvers: ["ana@example.com"],
    choices: [
      { value: "release", effect: "approve", label: "Release it" },
      { value: "stop", effect: "reject", comment: "required" },
      { value: "no-words", effect: "reject", label: "Silence", comment: "none" },
    ],
    fields: {
      type: "object",
      properties: { build: { type: "integer", minimum: 1 }, note: { type: "string" } },
      required: ["build"],
    },
  };

  async function askedOwn(rig: Rig): Promise<string> {
    expect(await rig.json("POST", "/approvals", release)).toMatchObject({ status: 202 });
    return rig.link("po-1", "release");
  }

  test("offers all of them, and stores what the answer is and what was filled in", async () => {
    await using rig = await openRig();
    const link = await askedOwn(rig);
    const { text } = await rig.call(link);
    for (const part of ["Release it", "Silence", 'name="field.build"', 'name="field.note"']) {
      expect(text).toContain(part);
    }
    const typed = { confirm: "yes", choice: "release", "field.build": "42", "field.note": " fine " };
    const pressed = await rig.press(link, typed);
    expect(await receiptOf(rig, pressed)).toBe("200 approved true");
    expect((await stored(rig))?.value).toMatchObject({
      choice: "release",
      effect: "approve",
      fields: { build: 42, note: "fine" },
    });
    const receipt = await rig.call(pressed.headers.get("location") ?? "");
    expect(receipt.text).toMatch(/Your answer is recorded: Release it[^]*<dt dir="auto">build<[^]*>42</u);
  });

  test.each<[string, Record<string, string>, string]>([
    ["a comment", { choice: "stop", "field.note": "kept" }, "write a comment first"],
    ["no comment", { choice: "no-words", comment: "kept" }, "takes no comment"],
    ["a required field", { choice: "release", "field.note": "kept" }, "To approve, fill this in."],
    ["a whole number", { choice: "release", "field.build": "1.5", comment: "kept" }, "Write a whole number."],
    ["one of its choices", { choice: "approve", comment: "kept" }, "press one of the buttons"],
  ])("asks again for %s, with what was written", async (_, typed, problem) => {
    await using rig = await openRig();
    const link = await askedOwn(rig);
    const { status, text } = await rig.press(link, { confirm: "yes", ...typed });
    expect(status).toBe(422);
    expect(text).toContain(problem);
    expect(text).toMatch(/kept(?:"|<)/u);
    expect((await stored(rig))?.state).toBe("pending");
    const pressed = await rig.press(link, { confirm: "yes", choice: "stop", comment: "Not yet" });
    expect(await receiptOf(rig, pressed)).toBe("200 rejected true");
    expect((await stored(rig))?.value).toMatchObject({
      choice: "stop",
      effect: "reject",
      comment: "Not yet",
    });
  });
});

describe("links and receipts of an approval that was deleted", () => {
  test("do not reach another that has its id now", async () => {
    await using rig = await openRig();
    const pens = { ...order, title: "Buy pens" };
    await rig.json("POST", "/approvals", { id: "po-1", ...pens });
    const old = await rig.link("po-1", "approve");
    const receipt = (await rig.press(old)).headers.get("location") ?? "";
    expect((await rig.call(receipt)).result).toBe("approved true");
    await rig.settled("po-1");
    // What retention does once its time has come.
    await until(async () => ((await rig.engine.collect(0)).promises > 0 ? true : undefined));
    expect(await rig.durable.read("po-1")).toBeUndefined();

    await rig.json("POST", "/approvals", { id: "po-1", ...order, title: "Transfer 40 000 €" });
    await until(async () => ((await stored(rig)) === undefined ? undefined : true));
    for (const path of [old, receipt]) {
      const { status, text } = await rig.call(path);
      expect(status).toBe(403);
      expect(text).not.toContain("Transfer");
    }
    expect((await rig.press(old)).status).toBe(403);
    expect(await stored(rig)).toMatchObject({ state: "pending" });
    expect(rig.log.join("")).toContain("other-birth");
  });
});

describe("POST /d/:token", () => {
  test("records one press and leads to a receipt that says so, also when it is reloaded", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    const pressed = await rig.press(approve, { confirm: "yes", comment: " Needed,\r\nsoon " });
    expect(await receiptOf(rig, pressed)).toBe("200 approved true");
    expect(await receiptOf(rig, pressed)).toBe("200 approved true");
    expect((await stored(rig))?.value).toEqual({
      kind: "decision",
      choice: "approve",
      comment: "Needed,\nsoon",
      contentHash: expect.stringMatching(/^[0-9a-f]{64}$/u) as string,
      by: "ana@example.com",
      door: "mail",
      nonce: expect.stringMatching(/^[\w-]{22}$/u) as string,
    });
  });

  test("tells every later press what stands, and stores nothing of it", async () => {
    await using rig = await openRig();
    const { approve, reject } = await asked(rig);
    await rig.press(reject, { confirm: "yes", comment: "Too dear" });
    const before = await stored(rig);
    expect(await receiptOf(rig, await rig.press(reject))).toBe("200 rejected false");
    expect(await receiptOf(rig, await rig.press(approve, { confirm: "yes", comment: "But" }))).toBe(
      "409 rejected false",
    );
    expect(await stored(rig)).toEqual(before);
  });

  test("records the answer whose button was pressed, whatever the link suggests", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    const pressed = await rig.press(approve, { confirm: "yes", choice: "reject", comment: "No" });
    expect(await receiptOf(rig, pressed)).toBe("200 rejected true");
    expect((await stored(rig))?.value).toMatchObject({ choice: "reject", comment: "No" });
    const later = await rig.press(approve, { confirm: "yes", choice: "approve" });
    expect(await receiptOf(rig, later)).toBe("409 rejected false");
  });

  test.each<[string, string, string]>([
    ["no answer", "view", "confirm=yes&comment=Why"],
    ["an answer that there is not", "approve", "confirm=yes&choice=abstain&comment=Why"],
    ["the answer that no button gives", "view", "confirm=yes&choice=view&comment=Why"],
    ["two answers", "approve", "confirm=yes&choice=approve&choice=reject&comment=Why"],
    ["a name that objects have", "approve", "confirm=yes&choice=constructor&comment=Why"],
    ["an answer without confirmation", "approve", "choice=approve&comment=Why"],
  ])("asks again where the form names %s, with what was written", async (_, suggested, body) => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    const link = linkFor(approve, suggested);
    const { status, text } = await rig.call(link, form(body));
    expect(status).toBe(422);
    expect(text).toContain("To answer, press one of the buttons.");
    expect(text).toContain("Why</textarea>");
    expect((await stored(rig))?.state).toBe("pending");
    const pressed = await rig.press(link, { confirm: "yes", choice: "approve" });
    expect(await receiptOf(rig, pressed)).toBe("200 approved true");
  });

  test("refuses a link for an answer that there is not", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    const link = linkFor(approve, "abstain");
    expect((await rig.call(link)).status).toBe(403);
    expect((await rig.press(link, { confirm: "yes", choice: "approve" })).status).toBe(403);
    expect((await stored(rig))?.state).toBe("pending");
    expect(rig.log.join("")).toContain("no-choice");
  });

  test("answers for one approver only", async () => {
    await using rig = await openRig();
    await asked(rig);
    await rig.press(await rig.link("po-1", "approve", 2));
    expect((await stored(rig, 2))?.value).toMatchObject({ by: "bo@example.com" });
    expect((await stored(rig, 1))?.state).toBe("pending");
  });

  test("tells those who were not needed how it ended", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    await rig.press(await rig.link("po-1", "reject", 2));
    await rig.settled("po-1");
    const page = await rig.call(approve);
    expect([page.status, page.result]).toEqual([200, "rejected false"]);
    expect(await receiptOf(rig, await rig.press(approve))).toBe("409 rejected false");
  });

  test("answers 410 past the deadline, by the engine's clock, and records nothing", async () => {
    await using rig = await openRig();
    await rig.ask("po-1", order, 700);
    const approve = await rig.link("po-1", "approve");
    await until(async () => ((await stored(rig))?.state === "pending" ? undefined : true));
    expect((await stored(rig))?.state).toBe("timedout");
    const page = await rig.call(approve);
    expect([page.status, page.result]).toEqual([410, "expired false"]);
    expect(await receiptOf(rig, await rig.press(approve))).toBe("410 expired false");
    expect((await stored(rig))?.state).toBe("timedout");
  });

  test("tells the truth to 200 presses at once, with both answers: one counts", async () => {
    await using rig = await openRig();
    const links = await asked(rig);
    const presses = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const choice = i % 3 === 0 ? "reject" : "approve";
        return { choice, pressed: await rig.press(links[choice]) };
      }),
    );
    const stands = (await stored(rig))?.value as { choice: string };
    const word = stands.choice === "approve" ? "approved" : "rejected";
    const told = await Promise.all(
      presses.map(async ({ choice, pressed }) => ({ choice, receipt: await receiptOf(rig, pressed) })),
    );
    expect(told.filter(({ receipt }) => receipt === `200 ${word} true`)).toHaveLength(1);
    expect(told.find(({ receipt }) => receipt.endsWith("true"))?.choice).toBe(stands.choice);
    for (const { choice, receipt } of told.filter(({ receipt }) => !receipt.endsWith("true"))) {
      expect(receipt).toBe(`${choice === stands.choice ? 200 : 409} ${word} false`);
    }
  });

  test.each<[string, string, RegExp, string]>([
    ["too long a comment", "x".repeat(2_001), /2,001 characters/u, "x".repeat(2_001)],
    ["a control character", "a\u0007b", /cannot be stored \(U\+0007, character 2\)/u, "ab"],
    [
      "a control character below a line",
      "a\r\nb\u001B",
      /cannot be stored \(U\+001B, character 4\)/u,
      "a\nb",
    ],
  ])("gives back %s, with what was written, and records nothing", async (_, comment, problem, givenBack) => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    const { status, text } = await rig.press(approve, { confirm: "yes", comment });
    expect(status).toBe(422);
    expect(text).toMatch(problem);
    expect(text).toContain(`${givenBack}</textarea>`);
    expect((await stored(rig))?.state).toBe("pending");
    expect(await receiptOf(rig, await rig.press(approve))).toBe("200 approved true");
  });

  test("reads what Word and PowerPoint paste for a line break as one", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    const comment = "one\vtwo\fthree\u2028four\r\nfive\u0085six\v";
    expect((await rig.press(approve, { confirm: "yes", comment })).status).toBe(303);
    expect((await stored(rig))?.value).toMatchObject({ comment: "one\ntwo\nthree\nfour\nfive\nsix" });
  });

  test("takes a comment of 2,000 characters in the longest encoding", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    const comment = "€".repeat(2_000);
    expect((await rig.press(approve, { confirm: "yes", comment })).status).toBe(303);
    expect((await stored(rig))?.value).toMatchObject({ comment });
  });

  test("refuses a form above its limit", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    expect((await rig.press(approve, { confirm: "yes", comment: "x".repeat(40_000) })).status).toBe(413);
    expect((await stored(rig))?.state).toBe("pending");
  });
});

/** What scanners, previews, prefetchers and mail programs send; and what a page elsewhere could. */
const SCANS: Readonly<Record<string, RequestInit>> = {
  "a GET": {},
  "a GET that asks for a prefetch": { headers: { purpose: "prefetch", "sec-purpose": "prefetch" } },
  "a HEAD": { method: "HEAD" },
  "an OPTIONS": {
    method: "OPTIONS",
    headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
  },
  "a bare POST": { method: "POST" },
  "a POST of an empty form": { method: "POST", body: new URLSearchParams() },
  "a one-click unsubscription": {
    method: "POST",
    body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }),
  },
  "a POST of JSON": {
    method: "POST",
    body: JSON.stringify({ confirm: "yes" }),
    headers: { "content-type": "application/json" },
  },
  "a POST of a multipart form": { method: "POST", body: multipart({ confirm: "yes" }) },
  "a POST of text": { method: "POST", body: "confirm=yes" },
  "a doubled confirmation": form("confirm=yes&confirm=yes"),
  "a doubled comment": form("confirm=yes&comment=a&comment=b"),
  "a doubled choice": form("confirm=yes&choice=approve&choice=approve"),
  "a choice without confirmation": form("choice=approve"),
  "a confirmation of something else": form("confirm=no"),
  "a nested confirmation": form("confirm[]=yes"),
  "a method override": {
    method: "GET",
    headers: { "x-http-method-override": "POST" },
  },
  "a press from another site": form("confirm=yes", { "sec-fetch-site": "cross-site" }),
  "a press from a sibling site": form("confirm=yes", { "sec-fetch-site": "same-site" }),
  "a PUT": { ...form("confirm=yes"), method: "PUT" },
  "a PATCH": { ...form("confirm=yes"), method: "PATCH" },
  "a DELETE": { method: "DELETE" },
};

function form(body: string, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    body,
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  };
}

function multipart(fields: Record<string, string>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

describe("scanners", () => {
  test("change nothing, ten of each on each link, and the link works after them", async () => {
    await using rig = await openRig();
    const links = await asked(rig);
    await rig.rest();
    const before = await rig.durable.family("po-1");
    const seen = new Map<string, Set<number>>();
    for (const [name, init] of Object.entries(SCANS)) {
      const statuses = new Set<number>();
      seen.set(name, statuses);
      for (const link of Object.values(links)) {
        const query = name === "a method override" ? "?confirm=yes&_method=POST" : "";
        const answers = Array.from({ length: 10 }, () => rig.call(`${link}${query}`, init));
        for (const { status, headers, text } of await Promise.all(answers)) {
          statuses.add(status);
          expect(headers.has("access-control-allow-origin")).toBe(false);
          expect(text).not.toMatch(/answer is recorded/u);
        }
      }
    }
    expect(await rig.durable.family("po-1")).toEqual(before);
    expect(Object.fromEntries([...seen].map(([name, statuses]) => [name, [...statuses].join()]))).toEqual({
      "a GET": "200",
      "a GET that asks for a prefetch": "200",
      "a HEAD": "200",
      "an OPTIONS": "204",
      "a bare POST": "422",
      "a POST of an empty form": "422",
      "a one-click unsubscription": "422",
      "a POST of JSON": "422",
      "a POST of a multipart form": "422",
      "a POST of text": "422",
      "a doubled confirmation": "422",
      "a doubled comment": "422",
      "a doubled choice": "422",
      "a choice without confirmation": "422",
      "a confirmation of something else": "422",
      "a nested confirmation": "422",
      "a method override": "200",
      "a press from another site": "403",
      "a press from a sibling site": "403",
      "a PUT": "405",
      "a PATCH": "405",
      "a DELETE": "405",
    });
    expect(await receiptOf(rig, await rig.press(links.approve))).toBe("200 approved true");
  });

  test("would be noticed if they changed something", async () => {
    await using rig = await openRig();
    const links = await asked(rig);
    await rig.rest();
    const before = await rig.durable.family("po-1");
    await rig.call(links.approve, form("confirm=yes", { "sec-fetch-site": "same-origin" }));
    expect(await rig.durable.family("po-1")).not.toEqual(before);
  });

  test("make the engine note once for each ballot that they came, and write nothing else", async () => {
    await using rig = await openRig();
    const links = await asked(rig);
    const receipt = (await rig.press(links.approve)).headers.get("location") ?? "";
    await rig.rest();
    const second = await rig.link("po-1", "approve", 2);
    const { commits } = rig.engine.stats;
    const before = await rig.durable.family("po-1");
    const ballots = await rig.durable.readTogether("po-1:1", ["po-1:2"]);
    for (let round = 0; round < 3; round += 1) {
      for (const path of [links.approve, links.reject, second, receipt]) {
        await rig.call(path);
        await rig.call(path, { method: "HEAD" });
      }
      for (const ballot of ballots) {
        const { id = "", createdAt = 0 } = ballot ?? {};
        const noted = await until(() => rig.durable.read(openingId(id, createdAt)));
        expect(noted).toMatchObject({ state: "pending", param: { by: "scanner" } });
      }
    }
    expect(rig.engine.stats.commits).toBe(commits + 2);
    expect(await rig.durable.family("po-1")).toEqual(before);
  });

  test("are told by 405 and OPTIONS what a link can do", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    for (const method of ["PUT", "OPTIONS"]) {
      expect((await rig.call(approve, { method })).headers.get("allow")).toBe("GET, HEAD, POST, OPTIONS");
      expect((await rig.call("/r/x", { method })).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    }
  });
});

describe("a link that is not good", () => {
  test("gets one and the same 403 page, whatever is wrong with it, and decides nothing", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    const good = approve.slice("/d/".length);
    const receipt = (await rig.press(await rig.link("po-1", "approve", 2))).headers.get("location") ?? "";
    const { header, claims } = partsOf(good);
    const but = (change: Record<string, unknown>) =>
      signed({ header, claims: { ...claims, ...change } }, SECRET);
    const misused: readonly [string, string][] = [
      [
        "another approver's recipient",
        but({ sub: partsOf((await rig.link("po-1", "approve", 2)).slice(3)).claims["sub"] }),
      ],
      ["another approver's ballot", but({ pid: ballotId("po-1", 2) })],
      ["the approval itself", but({ pid: "po-1" })],
      ["its end", but({ pid: endId("po-1") })],
      ["a mail step", but({ pid: ballotId("po-1", 3) })],
      ["an unknown ballot", but({ pid: "po-9:1" })],
      ["a newer generation", but({ gen: 1 })],
      ["a custom choice", but({ act: "maybe" })],
      ["a receipt", receipt.slice("/r/".length)],
    ];
    await rig.rest();
    const before = await rig.durable.family("po-1");
    const pages = new Map<string, string[]>();
    const all = [...forgeries(good, SECRET).map(({ name, token }) => [name, token] as const), ...misused];
    for (const [name, token] of all) {
      if (token === "..") continue; // A path of its own for every client.
      const link = `/d/${encodeURIComponent(token)}`;
      for (const answer of [await rig.call(link), await rig.press(link)]) {
        expect([name, answer.status]).toEqual([name, 403]);
        pages.set(answer.text, [...(pages.get(answer.text) ?? []), name]);
      }
      expect([name, (await rig.call(link, { method: "HEAD" })).status]).toEqual([name, 403]);
    }
    const crossSite = await rig.press(approve, { confirm: "yes" }, { "sec-fetch-site": "cross-site" });
    pages.set(crossSite.text, [...(pages.get(crossSite.text) ?? []), "cross-site"]);
    for (const token of [good, "x", receipt.slice(3, -1)]) {
      const { status, text } = await rig.call(`/r/${token}`);
      expect(status).toBe(403);
      pages.set(text, [...(pages.get(text) ?? []), "as receipt"]);
    }
    expect([...pages.values()].map((names) => names.length)).toEqual([2 * (all.length - 1) + 4]);
    expect(await rig.durable.family("po-1")).toEqual(before);
    expect(await receiptOf(rig, await rig.press(approve))).toBe("200 approved true");
  });

  test("is refused for its reason in the log alone", async () => {
    await using rig = await openRig();
    await asked(rig);
    await rig.call("/d/x.y.z");
    expect(
      rig.log.filter((line) => line.includes("link refused")).map((line) => JSON.parse(line) as object),
    ).toEqual([expect.objectContaining({ reason: "header" })]);
  });
});

describe("the log", () => {
  test("holds no link, receipt, address or comment of a whole flow", async () => {
    await using rig = await openRig();
    const { approve, reject } = await asked(rig);
    const secrets = [approve, reject, "ana@example.com", "bo@example.com", "Quite needed", "Order 40"];
    await rig.call(approve);
    const pressed = await rig.press(approve, { confirm: "yes", comment: "Quite needed" });
    secrets.push(pressed.headers.get("location") ?? "");
    await receiptOf(rig, pressed);
    await rig.press(reject, { confirm: "yes", comment: "x".repeat(3_000) });
    await rig.call(`${approve}x`);
    await rig.json("GET", "/approvals/po-1");
    const log = rig.log.join("");
    expect(log).toContain("pressed");
    for (const secret of secrets) expect(log).not.toContain(secret.replace(/^\/[dr]\//u, ""));
  });
});

describe("while no engine answers", () => {
  test("links and receipts say 503 and to try again, and claim nothing", async () => {
    await using rig = await openRig();
    const { approve } = await asked(rig);
    const receipt = (await rig.press(approve)).headers.get("location") ?? "";
    await rig.rest();
    await rig.engine.close();
    for (const { status, text, headers } of [
      await rig.call(approve),
      await rig.press(approve),
      await rig.call(receipt),
    ]) {
      expect(status).toBe(503);
      expect(headers.has("retry-after")).toBe(true);
      expect(text).toMatch(/not confirmed, please try again/iu);
    }
  });
});

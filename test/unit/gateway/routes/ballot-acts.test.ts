import { describe, expect, test } from "vitest";
import { ballotId } from "../../../../src/approval/ids.ts";
import { readCourse } from "../../../../src/service/approvals/question.ts";
import { partsOf, signed } from "../../tokens/forgeries.ts";
import { openRig, type Rig, SECRET, until } from "../rig.ts";

const order = {
  id: "po-1",
  title: "Order 40 laptops",
  requester: { email: "kim@example.com", name: "Kim" },
  approvers: [{ email: "ana@example.com", name: "Ana" }, "bo@example.com"],
  require: "all",
};

async function asked(rig: Rig, request: Record<string, unknown> = {}): Promise<string> {
  expect((await rig.json("POST", "/approvals", { ...order, ...request })).status).toBe(202);
  return rig.link("po-1", "approve");
}

const stored = (rig: Rig, n = 1) => rig.durable.read(ballotId("po-1", n));

/** Kind of the value that the ballot was settled with. */
async function kindOf(rig: Rig): Promise<string> {
  const value = (await stored(rig))?.value;
  return typeof value === "object" && value !== null && "kind" in value ? String(value.kind) : "";
}

const DEE = { confirm: "yes", email: " dee@example.com ", name: "Dee", reason: "I am away" };

describe("the decision page", () => {
  test("leads to what else can be done, and nothing is done by looking there", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    const { text } = await rig.call(link);
    const before = await stored(rig);
    for (const act of ["reassign", "recuse"]) {
      expect(text).toContain(`href="${link}/${act}"`);
      for (const init of [{}, { method: "HEAD" }, { headers: { "sec-purpose": "prefetch" } }]) {
        expect((await rig.call(`${link}/${act}`, init)).status).toBe(200);
      }
    }
    expect(await stored(rig)).toEqual(before);
  });

  test("of an approval of an earlier version leads nowhere else", async () => {
    await using rig = await openRig();
    await rig.ask("po-1", { title: "Order", approvers: ["ana@example.com"] }, 60_000);
    const { text } = await rig.call(await rig.link("po-1", "approve"));
    expect(text).toContain("<form");
    expect(text).not.toContain("/reassign");
  });
});

describe("POST /d/:token/reassign", () => {
  test("asks somebody else; the old link is dead at once and says who is asked now, and why", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    const pressed = await rig.press(`${link}/reassign`, DEE);
    expect([pressed.status, pressed.headers.get("location")]).toEqual([303, link]);
    expect((await stored(rig))?.value).toMatchObject({
      kind: "reassigned",
      to: { email: "dee@example.com", name: "Dee" },
      reason: "I am away",
      by: "ana@example.com",
      door: "mail",
    });
    for (const path of [link, `${link}/reassign`, `${link}/recuse`]) {
      const page = await rig.call(path);
      expect([page.status, page.result]).toEqual([200, "reassigned false"]);
      expect(page.text).toMatch(/Now asked[^]*Dee[^]*dee@example\.com[^]*Reason[^]*I am away/u);
      expect(page.text).not.toContain("<form");
    }
    expect((await rig.press(link)).status).toBe(303);
    expect((await stored(rig))?.value).toMatchObject({ kind: "reassigned" });
    const course = await readCourse(rig.durable, "po-1");
    const next = course?.ballots.find(({ ballot }) => ballot.via?.from === 1)?.ballot;
    const theirs = await rig.call(await rig.link("po-1", "approve", next?.n));
    expect(theirs.text).toContain("dee@example.com");
    expect(rig.audit.filter(({ what }) => what === "reassign")).toMatchObject([
      { who: expect.stringMatching(/^approver:/u) as string, about: "po-1:1", outcome: "stored" },
    ]);
  });

  test.each<[string, Record<string, string>, string]>([
    ["an address", { email: "dee" }, "Write one mail address"],
    ["an address, not two", { email: "dee@example.com, eve@example.com" }, "Write one mail address"],
    ["an address at all", { email: "" }, "Fill this in."],
    ["a reason", { reason: " " }, "Fill this in."],
    ["a shorter reason", { reason: "x".repeat(501) }, "At most 500 characters fit."],
    ["a name in one line", { name: "Dee\nBcc: eve@example.com" }, "characters that cannot be kept"],
    ["somebody who does not ask", { email: "KIM@example.com" }, "may not make it"],
    ["somebody else", { email: "Ana@example.com" }, "This is your own address"],
    ["somebody who is not asked yet", { email: "bo@example.com" }, "is asked already"],
  ])("asks again for %s, with the form as it was filled in", async (_, typed, problem) => {
    await using rig = await openRig();
    const link = await asked(rig);
    const { status, text } = await rig.press(`${link}/reassign`, { ...DEE, name: "Kept", ...typed });
    expect(status).toBe(422);
    expect(text).toContain(problem);
    expect(text).toContain("Nothing has changed.");
    if (typed["name"] === undefined) expect(text).toContain('value="Kept"');
    expect((await stored(rig))?.state).toBe("pending");
  });

  test("does nothing without the form's confirmation, from another site, or by a bad link", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    const path = `${link}/reassign`;
    const { confirm: _, ...bare } = DEE;
    expect((await rig.press(path, bare)).status).toBe(422);
    expect((await rig.press(path, DEE, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await rig.json("POST", path, DEE)).status).toBe(422);
    expect((await rig.call(path, { method: "PUT" })).status).toBe(405);
    const { header, claims } = partsOf(link.slice("/d/".length));
    for (const wrong of [{ gen: 1 }, { born: 1 }, { sub: "A".repeat(22) }, { pid: "po-1:2" }]) {
      const forged = `/d/${signed({ header, claims: { ...claims, ...wrong } }, SECRET)}`;
      for (const act of ["reassign", "recuse", "undo"]) {
        expect((await rig.call(`${forged}/${act}`)).status).toBe(403);
        expect((await rig.press(`${forged}/${act}`, DEE)).status).toBe(403);
      }
    }
    expect((await stored(rig))?.state).toBe("pending");
  });

  test("is neither offered nor possible where the request forbids it; a program still can", async () => {
    await using rig = await openRig();
    const link = await asked(rig, { reassign: false });
    const { text } = await rig.call(link);
    expect([text.includes("/reassign"), text.includes("/recuse")]).toEqual([false, true]);
    const pressed = await rig.press(`${link}/reassign`, DEE);
    expect([pressed.status, pressed.text.includes("does not allow it")]).toEqual([422, true]);
    expect((await stored(rig))?.state).toBe("pending");
    const call = await rig.json("POST", "/approvals/po-1/ballots/1/reassign", { to: "dee@example.com" });
    expect([200, 202]).toContain(call.status);
  });

  test("refuses too long a form", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    const { status } = await rig.press(`${link}/reassign`, { ...DEE, reason: "x".repeat(20_000) });
    expect(status).toBe(413);
  });
});

describe("POST /d/:token/recuse", () => {
  test("takes the person out, and tells who is waited for then", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    expect((await rig.call(`${link}/recuse`)).text).not.toContain("That ends it");
    const pressed = await rig.press(`${link}/recuse`, { confirm: "yes", reason: "My cousin sells them" });
    expect([pressed.status, pressed.headers.get("location")]).toEqual([303, link]);
    const page = await rig.call(link);
    expect([page.status, page.result]).toEqual([200, "recused false"]);
    expect(page.text).toContain("You take no part in this request");
    expect(page.text).toContain("Waiting for bo@example.com.");
    expect((await stored(rig))?.value).toMatchObject({ kind: "recused", reason: "My cousin sells them" });
  });

  test("needs no reason, and says before what it comes to if nobody is left", async () => {
    await using rig = await openRig();
    const link = await asked(rig, { approvers: ["ana@example.com"], require: 1 });
    expect((await rig.call(`${link}/recuse`)).text).toContain("That ends it: The request is rejected.");
    expect((await rig.press(`${link}/recuse`)).status).toBe(303);
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "rejected" });
    expect((await rig.call(link)).text).toContain("The request is rejected.");
  });
});

describe("taking an answer back", () => {
  async function answered(rig: Rig): Promise<{ readonly link: string; readonly receipt: string }> {
    const link = await asked(rig, { undo: "PT10M" });
    const pressed = await rig.press(link, { confirm: "yes", choice: "reject", comment: "Too dear" });
    return { link, receipt: pressed.headers.get("location") ?? "" };
  }

  test.each(["receipt", "link"] as const)("by the %s: the person is asked again", async (by) => {
    await using rig = await openRig();
    const paths = await answered(rig);
    const path = paths[by];
    const before = await rig.call(path);
    expect(before.text).toContain(`action="${path}/undo"`);
    expect(before.text).toMatch(/until [^<]*UTC \(in (?:9|10) minutes\)/u);
    expect(before.text).not.toContain("final");
    expect((await rig.call(`${path}/undo`)).headers.get("location")).toBe(path);
    expect((await rig.press(`${path}/undo`, {})).headers.get("location")).toBe(path);
    expect((await rig.call(path)).result).toMatch(/^rejected/u);

    const pressed = await rig.press(`${path}/undo`);
    expect([pressed.status, pressed.headers.get("location")]).toEqual([303, path]);
    const after = await rig.call(path);
    expect([after.status, after.result]).toEqual([200, "undone false"]);
    expect(after.text).toContain("The answer was taken back");
    expect(after.text).toContain("open the link in the newest mail");
    expect(after.text).not.toContain("<form");
    // Once more changes nothing, and says the same.
    expect((await rig.call((await rig.press(`${path}/undo`)).headers.get("location") ?? path)).result).toBe(
      "undone false",
    );
    const course = await readCourse(rig.durable, "po-1");
    const again = course?.ballots.find(({ ballot }) => ballot.via?.kind === "undo")?.ballot;
    const link = await until(async () => {
      const theirs = await rig.link("po-1", "approve", again?.n);
      return theirs === paths.link ? undefined : theirs;
    });
    expect((await rig.call(link)).text).toContain("<form");
  });

  test("is offered nowhere once the time is over or the outcome is there, and the receipt tells the truth", async () => {
    await using rig = await openRig();
    const { link, receipt } = await answered(rig);
    await rig.json("POST", "/approvals/po-1/cancel", {});
    await rig.settled("po-1");
    for (const path of [link, receipt]) {
      expect((await rig.call(path)).text).not.toContain("<form");
      const pressed = await rig.press(`${path}/undo`);
      expect(pressed.status).toBe(409);
      expect(pressed.text).toContain("The answer was not taken back.");
      expect(pressed.text).not.toContain("<form");
    }
    expect((await rig.call(receipt)).text).toContain("Your answer is final.");
    expect((await rig.call(receipt)).result).toBe("rejected true");
  });

  test("is not for the receipt of a press that did not count, nor for pages of other sites", async () => {
    await using rig = await openRig();
    const { link, receipt } = await answered(rig);
    const late = (await rig.press(link, { confirm: "yes", choice: "approve" })).headers.get("location") ?? "";
    expect((await rig.call(late)).text).not.toContain("<form");
    expect((await rig.press(`${late}/undo`)).status).toBe(303);
    expect((await rig.press(`${receipt}/undo`, undefined, { "sec-fetch-site": "cross-site" })).status).toBe(
      403,
    );
    expect((await rig.call(receipt)).result).toBe("rejected true");
  });

  test("is refused where the request does not allow it", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    const receipt = (await rig.press(link)).headers.get("location") ?? "";
    expect((await rig.call(receipt)).text).not.toContain("<form");
    const pressed = await rig.press(`${receipt}/undo`);
    expect(pressed.status).toBe(409);
    expect((await rig.call(receipt)).result).toBe("approved true");
  });
});

describe("at the same moment as a press: one of the two stands, and both are told", () => {
  const ACTS = { reassign: DEE, recuse: { confirm: "yes" } } as const;

  test.each(Object.keys(ACTS) as (keyof typeof ACTS)[])("%s", async (act) => {
    await using rig = await openRig();
    const link = await asked(rig);
    const [acted, pressed] = await Promise.all([
      rig.press(`${link}/${act}`, ACTS[act]),
      rig.press(link, { confirm: "yes", choice: "approve" }),
    ]);
    const receipt = await rig.call(pressed.headers.get("location") ?? "");
    const kind = await kindOf(rig);
    if (kind === "decision") {
      expect(receipt.result).toBe("approved true");
      expect([acted.status, acted.result]).toEqual([409, "approved false"]);
      expect(acted.text).toMatch(/was not passed on|too late/u);
    } else {
      expect(receipt.result).toBe(`${kind} false`);
      expect(receipt.text).toContain("Your answer was not recorded");
      expect(acted.status).toBe(303);
    }
  });

  test.each(Object.keys(ACTS) as (keyof typeof ACTS)[])("%s after a press that counts", async (act) => {
    await using rig = await openRig();
    const link = await asked(rig);
    await rig.press(link, { confirm: "yes", choice: "approve" });
    const acted = await rig.press(`${link}/${act}`, ACTS[act]);
    expect([acted.status, acted.result]).toEqual([409, "approved false"]);
    expect((await rig.call(`${link}/${act}`)).result).toBe("approved false");
  });

  test("two that hand it on: one does, and the other is told to whom", async () => {
    await using rig = await openRig();
    const link = await asked(rig);
    const [first, second] = await Promise.all([
      rig.press(`${link}/reassign`, DEE),
      rig.press(`${link}/reassign`, { ...DEE, email: "eve@example.com" }),
    ]);
    const [done, other] = first.status === 303 ? [first, second] : [second, first];
    expect([done.status, other.status]).toEqual([303, 200]);
    const to = done === first ? "dee@example.com" : "eve@example.com";
    expect((await stored(rig))?.value).toMatchObject({ to: { email: to } });
    expect(other.text).toContain(to);
  });

  test("taking it back, and the answer of somebody else that would decide", async () => {
    await using rig = await openRig();
    const link = await asked(rig, { undo: "PT10M", require: "any" });
    const receipt = (await rig.press(link)).headers.get("location") ?? "";
    const bo = await rig.link("po-1", "reject", 3);
    const [undone] = await Promise.all([rig.press(`${receipt}/undo`), rig.press(bo, { confirm: "yes" })]);
    const { result } = await rig.call(receipt);
    expect([undone.status, result]).toEqual([303, "undone false"]);
  });
});

/** In and out of the administration, over the real gateway and engine. */
import { describe, expect, test } from "vitest";
import { adminSessionId } from "../../../../src/approval/admin-session.ts";
import { EVERYBODY_MAY } from "../../../support/gateway.ts";
import { signedIn, TestBrowser } from "../inbox/browser.ts";
import { openRig, until } from "../rig.ts";
import { browserAt, enters, OPERATOR, openAdminRig, restarted, VIEWER } from "./rig.ts";

const PAGES = [
  "/admin",
  "/admin?status=pending",
  "/admin/approvals/po-1",
  "/admin/approvals/po-1/cancel",
  "/admin/approvals/po-1/change",
  "/admin/approvals/po-1/ballots/1/remind",
];

describe("signing in with a key", () => {
  test("opens the pages under the name of the key's client, and nothing before it does", async () => {
    const { rig, keys } = await openAdminRig({ work: false });
    await using _ = rig;
    const stranger = new TestBrowser(rig);
    for (const path of PAGES) {
      expect(await stranger.get(path), path).toMatchObject({ status: 303, location: "/admin/sign-in" });
      expect(await stranger.post(path, { confirm: "yes" }), path).not.toMatchObject({ status: 200 });
    }
    const browser = await enters(rig, keys.make("ops", OPERATOR));
    const { status, text } = await browser.get("/admin");
    expect(status).toBe(200);
    expect(text).toContain('<p class="masthead-note">ops</p>');
    expect(await browser.get("/admin/sign-in")).toMatchObject({ status: 303, location: "/admin" });
    expect(rig.audit.at(-1)).toMatchObject({
      who: "operator:ops",
      what: "admin-sign-in",
      by: "key",
      outcome: "signed in",
    });
  });

  test.each([
    ["nothing", ""],
    ["another text", "apv_AAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
  ])("is refused with %s", async (_, key) => {
    const { rig } = await openAdminRig({ work: false });
    await using _rig = rig;
    const browser = new TestBrowser(rig);
    const { status, text } = await browser.post("/admin/sign-in", { key });
    expect(status).toBe(401);
    expect(text).toContain("This is no API key of this service, or it was revoked.");
    expect(browser.cookies.size).toBe(0);
    expect(rig.audit.at(-1)).toMatchObject({ who: "anyone", what: "admin-sign-in", outcome: "refused" });
  });

  test.each(VIEWER)("is refused without the scope %s", async (scope) => {
    const { rig, keys } = await openAdminRig({ work: false });
    await using _ = rig;
    const key = keys.make(
      "poor",
      OPERATOR.filter((each) => each !== scope),
    );
    const browser = new TestBrowser(rig);
    const { status, text } = await browser.post("/admin/sign-in", { key });
    expect(status).toBe(401);
    expect(text).toContain("it needs the scopes approvals:read, approvals:read-all, workflows:read");
    expect(await browser.get("/admin")).toMatchObject({ status: 303 });
  });

  test("a key that may do everything may act here; one that may only read sees, and cannot act", async () => {
    const { rig, keys } = await openAdminRig();
    await using _ = rig;
    const admin = keys.make("root", ["admin"]);
    await rig.json(
      "POST",
      "/approvals",
      { id: "po-1", title: "T", approvers: ["ana@example.com"] },
      bearer(admin),
    );
    const root = await enters(rig, admin);
    expect((await root.get("/admin/approvals/po-1/cancel")).status).toBe(200);

    const viewer = await enters(rig, keys.make("auditor", VIEWER));
    const page = await viewer.get("/admin/approvals/po-1");
    expect(page.status).toBe(200);
    expect(page.text).toContain("auditor (may look)");
    expect(page.text).not.toContain("/cancel");
    expect(page.text).not.toContain("/remind");
    for (const path of PAGES.slice(3)) {
      expect((await viewer.get(path)).status, path).toBe(403);
      expect((await viewer.post(path, { confirm: "yes", press: "A".repeat(22) })).status, path).toBe(403);
    }
    expect((await rig.json("GET", "/approvals/po-1", undefined, bearer(admin))).body["status"]).toBe(
      "pending",
    );
  });

  test("ends with the key, at the next request", async () => {
    const { rig, keys } = await openAdminRig({ work: false });
    await using _ = rig;
    const key = keys.make("ops", OPERATOR);
    const browser = await enters(rig, key);
    keys.revoke(key);
    expect(await browser.get("/admin")).toMatchObject({ status: 303, location: "/admin/sign-in" });
  });

  test("ends with a scope of the key, and acts no more with another, at the next request", async () => {
    const { rig, keys } = await openAdminRig({ work: false });
    await using _ = rig;
    const key = keys.make("ops", OPERATOR);
    const browser = await enters(rig, key);
    expect((await browser.get("/admin")).text).not.toContain("(may look)");
    keys.rescope(key, VIEWER);
    expect((await browser.get("/admin")).text).toContain("ops (may look)");
    keys.rescope(key, ["approvals:read"]);
    expect(await browser.get("/admin")).toMatchObject({ status: 303, location: "/admin/sign-in" });
  });

  test("ends where it is switched off, for who came with a key and for who came without", async () => {
    const { rig, keys } = await openAdminRig({ work: false });
    await using _ = rig;
    const { authenticate } = keys;
    const browser = await enters(rig, keys.make("ops", OPERATOR));
    await using on = await restarted(rig, { authenticate, admin: { byKey: true } });
    expect((await browserAt(on, browser).get("/admin/overview")).status).toBe(200);
    await using off = await restarted(rig, { authenticate, admin: { byKey: false } });
    const late = browserAt(off, browser);
    for (const path of ["/admin", "/admin/overview", "/admin/approvals/po-1/cancel"]) {
      expect(await late.get(path), path).toMatchObject({ status: 303, location: "/admin/sign-in" });
    }

    await using open = await openRig({ work: false });
    const anybody = await enters(open, "");
    await using shut = await restarted(open, { authenticate: EVERYBODY_MAY, admin: { byKey: false } });
    expect((await browserAt(shut, anybody).get("/admin/overview")).status).toBe(303);
  });

  test("is not there where it is switched off", async () => {
    const { rig, keys } = await openAdminRig({ work: false, admin: { byKey: false } });
    await using _ = rig;
    const browser = new TestBrowser(rig);
    expect((await browser.get("/admin/sign-in")).text).not.toContain('name="key"');
    expect((await browser.post("/admin/sign-in", { key: keys.make("ops", OPERATOR) })).status).toBe(401);
    await using none = await openRig({ work: false, admin: undefined });
    expect((await new TestBrowser(none).get("/admin")).status).toBe(404);
  });

  test("needs no key on this machine while there are none, and ends when the first is made", async () => {
    let isOpen = true;
    const authenticate = {
      ...EVERYBODY_MAY,
      open: () => (isOpen ? EVERYBODY_MAY.open() : undefined),
      again: (id: string) => (isOpen ? EVERYBODY_MAY.again(id) : undefined),
    };
    await using rig = await openRig({ authenticate, work: false });
    const browser = await enters(rig, "");
    expect((await browser.get("/admin")).status).toBe(200);
    const far = new TestBrowser({
      call: (path, init) =>
        fetch(new URL(path, rig.url), {
          ...init,
          redirect: "manual",
          headers: { ...Object.fromEntries(new Headers(init?.headers)), "x-forwarded-for": "203.0.113.9" },
        }).then(async (answer) => ({
          status: answer.status,
          headers: answer.headers,
          text: await answer.text(),
          body: {},
          result: "",
        })),
    });
    expect((await far.post("/admin/sign-in", { key: "" })).status).toBe(401);
    for (const [name, value] of browser.cookies) far.cookies.set(name, value);
    expect(await far.get("/admin")).toMatchObject({ status: 303, location: "/admin/sign-in" });
    isOpen = false;
    expect(await browser.get("/admin")).toMatchObject({ status: 303, location: "/admin/sign-in" });
  });

  test("has a limit for each network", async () => {
    const { rig } = await openAdminRig({ work: false });
    await using _ = rig;
    const tried = async () => {
      const headers = { "x-forwarded-for": "203.0.113.9", connection: "close" };
      const init = { method: "POST", body: new URLSearchParams({ key: "x" }), headers };
      return (await fetch(new URL("/admin/sign-in", rig.url), init)).status;
    };
    const answers = [];
    for (let i = 0; i < 31; i += 1) answers.push(await tried());
    expect(answers.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 401));
    expect(answers.at(-1)).toBe(429);
  });
});

describe("a session", () => {
  test("has a cookie of its own kind, for this host alone under https, for twelve hours", async () => {
    const { rig, keys } = await openAdminRig({ work: false, publicUrl: "https://approvals.example.com" });
    await using _ = rig;
    const browser = new TestBrowser(rig);
    const { cookies } = await browser.post("/admin/sign-in", { key: keys.make("ops", OPERATOR) });
    expect(cookies).toEqual([
      expect.stringMatching(
        /^__Host-countersign-admin=\S+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax; Secure$/u,
      ),
    ]);
  });

  test("of the inbox is none of an operator, and the other way round", async () => {
    await using rig = await openRig({ authenticate: EVERYBODY_MAY });
    await rig.json("POST", "/approvals", { id: "po-1", title: "T", approvers: ["ana@example.com"] });
    await until(() => rig.durable.read("po-1:1"));
    const ana = await signedIn(rig, "ana@example.com");
    const operator = await enters(rig, "");
    const [inbox] = [...ana.cookies.values()];
    const [admin] = [...operator.cookies.values()];
    const mixed = new TestBrowser(rig);
    mixed.cookies.set("countersign-admin", inbox ?? "");
    mixed.cookies.set("countersign-session", admin ?? "");
    expect(await mixed.get("/admin")).toMatchObject({ status: 303, location: "/admin/sign-in" });
    expect(await mixed.get("/inbox")).toMatchObject({ status: 303, location: "/inbox/sign-in" });
  });

  test("ends when its operator signs out, also for a copy of its cookie", async () => {
    const { rig, keys } = await openAdminRig({ work: false });
    await using _ = rig;
    const browser = await enters(rig, keys.make("ops", OPERATOR));
    const copy = new TestBrowser(rig);
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
    expect((await copy.get("/admin")).status).toBe(200);
    await browser.get("/admin");
    expect(await browser.post("/admin/sign-out")).toMatchObject({ status: 303, location: "/admin/sign-out" });
    expect((await browser.get("/admin/sign-out")).text).toContain("You are signed out");
    expect(await copy.get("/admin")).toMatchObject({ status: 303, location: "/admin/sign-in" });
    expect(rig.audit.at(-1)).toMatchObject({ who: "operator:ops", what: "admin-sign-out" });
  });

  test("is not ended, and nothing is done, by a form of another site or of another session", async () => {
    const { rig, keys } = await openAdminRig();
    await using _ = rig;
    const key = keys.make("root", ["admin"]);
    await rig.json(
      "POST",
      "/approvals",
      { id: "po-1", title: "T", approvers: ["ana@example.com"] },
      bearer(key),
    );
    const browser = await enters(rig, key);
    const other = await enters(rig, key);
    await other.get("/admin/approvals/po-1/cancel");
    for (const path of ["/admin/sign-out", "/admin/approvals/po-1/cancel", "/admin/approvals/po-1/change"]) {
      const cross = { "sec-fetch-site": "cross-site" };
      await browser.get("/admin/approvals/po-1/cancel");
      expect((await browser.post(path, { confirm: "yes" }, cross)).status, path).toBe(403);
      expect((await browser.post(path, { confirm: "yes", form: "A".repeat(22) })).status, path).toBe(403);
    }
    expect((await browser.get("/admin")).status).toBe(200);
    expect((await rig.json("GET", "/approvals/po-1", undefined, bearer(key))).body["status"]).toBe("pending");
  });

  test("is not made of a cookie that was planted, forged or of a promise that was never a session", async () => {
    const { rig, keys } = await openAdminRig({ work: false });
    await using _ = rig;
    const browser = new TestBrowser(rig);
    browser.cookies.set("countersign-admin", "planted");
    expect(await browser.get("/admin")).toMatchObject({ status: 303 });
    expect(await browser.post("/admin/sign-in", { key: keys.make("ops", OPERATOR) })).toMatchObject({
      status: 303,
    });
    expect(browser.cookies.get("countersign-admin")).not.toBe("planted");
    const name = "A".repeat(22);
    await rig.durable.create({
      id: adminSessionId(name),
      param: { kind: "other" },
      timeoutAt: Date.now() + 60_000,
      tags: {},
    });
    const times = { startedAtMs: Date.now(), issuedAtMs: Date.now(), expiresAtMs: Date.now() + 60_000 };
    browser.cookies.set("countersign-admin", rig.tokens.admin.session.issue({ name, nonce: name, ...times }));
    expect(await browser.get("/admin")).toMatchObject({ status: 303, location: "/admin/sign-in" });
  });
});

function bearer(key: string) {
  return { authorization: `Bearer ${key}` };
}

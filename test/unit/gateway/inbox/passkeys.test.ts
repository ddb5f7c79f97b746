/** Passkeys, over the real gateway, engine and worker, by a device in software. */
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  PASSKEY_LIFE_MS,
  PASSKEY_PLACES_MAX,
  PASSKEYS_MAX,
  passkeyId,
} from "../../../../src/approval/passkey.ts";
import { ServiceError } from "../../../../src/lib/errors.ts";
import { personHash } from "../../../../src/service/sign-in/person.ts";
import { Authenticator, type Lies } from "../../../support/authenticator.ts";
import { entry, ledgerOf } from "../../../support/ledger.ts";
import { openRig, type Rig, until } from "../rig.ts";
import { type Shown, signedIn, TestBrowser } from "./browser.ts";

const ANA = "ana@example.com";
const BO = "bo@example.com";
const ORIGIN = "https://approvals.example.com";
const PAGE = "/inbox/passkeys";
const MINUTE_MS = 60_000;

const isIn = async (browser: TestBrowser) => (await browser.get("/inbox")).status === 200;

async function open(publicUrl: string | undefined = ORIGIN) {
  const asked = (id: string, email: string) =>
    entry({ id, waitingFor: [email], ballots: [{ n: 1, approver: { email }, state: "open" }] });
  const rig = await openRig({ ledger: ledgerOf([asked("po-1", ANA), asked("po-2", BO)]), publicUrl });
  return rig;
}

/** What the page asks the browser for. */
const optionsIn = ({ text }: Pick<Shown, "text">) =>
  (/data-options="([^"]+)"/u.exec(text)?.[1] ?? "")
    .replaceAll("&quot;", '"')
    .replaceAll("&#34;", '"')
    .replaceAll("&amp;", "&");

async function adds(browser: TestBrowser, device: Authenticator, lies: Lies = {}, label = "My phone") {
  const credential = device.create(optionsIn(await browser.get(PAGE)), lies);
  return await browser.post(PAGE, { confirm: "yes", label, credential });
}

async function enters(rig: Rig, device: Authenticator, lies: Lies = {}) {
  const browser = new TestBrowser(rig);
  const credential = device.get(optionsIn(await browser.get("/inbox/sign-in")), lies);
  const answer = await browser.post("/inbox/passkey", { credential });
  return { browser, answer, credential };
}

/** A device with a passkey of Ana's. */
async function withPasskey(rig: Rig, options: { readonly counts?: boolean } = {}) {
  const browser = await signedIn(rig, ANA);
  const device = new Authenticator(ORIGIN, options);
  expect(await adds(browser, device)).toMatchObject({ status: 303, location: PAGE });
  return { browser, device };
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a passkey", () => {
  test("is added by who is signed in, told by mail, and signs in without one", async () => {
    await using rig = await open();
    const { browser, device } = await withPasskey(rig);
    expect((await browser.get(PAGE)).text).toMatch(/My phone[^]*Added[^]*Remove/u);
    const mail = await until(async () => rig.passkeyMails[0]);
    expect(mail).toMatchObject({ to: { email: ANA }, label: "My phone", link: `${ORIGIN}${PAGE}` });
    const { browser: other, answer } = await enters(rig, device);
    expect(answer).toMatchObject({ status: 303, location: "/inbox" });
    expect(answer.cookies.some((each) => each.startsWith("__Host-countersign-session="))).toBe(true);
    expect((await other.get("/inbox")).text).toContain("Approve po-1");
    expect(rig.signInMails).toHaveLength(1);
    expect(rig.audit.at(-1)).toMatchObject({
      who: `person:${personHash(ANA)}`,
      what: "sign-in",
      by: "passkey",
      outcome: "signed in",
    });
    // What is answered now says so.
    await rig.ask(
      "po-1",
      { title: "Approve po-1", details: [], approvers: [{ email: ANA }] },
      60 * MINUTE_MS,
    );
    await rig.link("po-1", "approve");
    await other.get("/inbox/ballots/po-1:1");
    await other.post("/inbox/ballots/po-1:1", { confirm: "yes", choice: "approve" });
    expect((await rig.settled("po-1:1")).value).toMatchObject({ door: "inbox", signedInBy: "passkey" });
    // Signing out works as ever.
    await other.post("/inbox/sign-out");
    expect(await isIn(other)).toBe(false);
  });

  test("is not stored if its person cannot be told of it", async () => {
    await using rig = await open();
    const browser = await signedIn(rig, ANA);
    const device = new Authenticator(ORIGIN);
    const { durable } = rig;
    const start = vi.spyOn(durable, "start").mockRejectedValue(new Error("lost"));
    expect((await adds(browser, device)).status).toBe(500);
    start.mockRestore();
    expect(await durable.read(passkeyId(personHash(ANA), 0))).toBeUndefined();
    expect((await browser.get(PAGE)).text).toContain("You have none");
    expect((await enters(rig, device)).answer.status).toBe(403);
    expect((await adds(browser, device)).status).toBe(303);
  });

  test("is told of by no mail if it was not stored after all, and by its own mail then", async () => {
    await using rig = await open();
    const browser = await signedIn(rig, ANA);
    // The mails are looked at when both passkeys were tried.
    await rig.rest();
    const { durable } = rig;
    const create = durable.create.bind(durable);
    const broken = vi.spyOn(durable, "create").mockImplementation(async (latent) => {
      if (latent.id.startsWith("passkeys.")) throw new Error("lost");
      return await create(latent);
    });
    const started = vi.spyOn(durable, "start");
    expect((await adds(browser, new Authenticator(ORIGIN), {}, "Lost")).status).toBe(500);
    broken.mockRestore();
    const id = started.mock.calls.map(([call]) => call.id).find((each) => each.startsWith("passkey-mail."));
    expect((await adds(browser, new Authenticator(ORIGIN), {}, "Mine")).status).toBe(303);
    rig.work();
    expect(await until(async () => rig.passkeyMails[0])).toMatchObject({ label: "Mine" });
    // Another passkey has its place by now.
    expect((await rig.settled(id ?? "")).value).toMatchObject({ delivery: { status: "skipped" } });
    expect(rig.passkeyMails).toHaveLength(1);
  });

  test("ends the sessions that it began when it is removed, and no others", async () => {
    await using rig = await open();
    const { browser, device } = await withPasskey(rig);
    const { browser: other } = await enters(rig, device);
    expect([await isIn(browser), await isIn(other)]).toEqual([true, true]);
    await browser.get(PAGE);
    expect((await browser.post(`${PAGE}/0/remove`, { confirm: "yes" })).status).toBe(303);
    expect([await isIn(browser), await isIn(other)]).toEqual([true, false]);
  });

  test("is one of a hundred that are kept, removed ones included, and the page says so", async () => {
    await using rig = await open();
    const browser = await signedIn(rig, ANA);
    const page = await browser.get(PAGE);
    const person = personHash(ANA);
    const timeoutAt = Date.now() + PASSKEY_LIFE_MS;
    for (let n = 0; n < PASSKEY_PLACES_MAX; n += 1) {
      const id = passkeyId(person, n);
      await rig.durable.create({ id, param: { kind: "passkey" }, timeoutAt, tags: {} });
      await rig.durable.settle(id, { kind: "removed" });
    }
    const spent = `You have added ${PASSKEY_PLACES_MAX} passkeys, as many as are kept`;
    const credential = new Authenticator(ORIGIN).create(optionsIn(page));
    const late = await browser.post(PAGE, { confirm: "yes", label: "My phone", credential });
    expect([late.status, late.text.includes(spent), late.text.includes("Remove one first")]).toEqual([
      409,
      true,
      false,
    ]);
    const { text } = await browser.get(PAGE);
    expect([text.includes(spent), text.includes("data-options")]).toEqual([true, false]);
    expect(rig.passkeyMails).toEqual([]);
  });

  test("is added and told of while the index is away", async () => {
    const ledger = ledgerOf([
      entry({ id: "po-1", ballots: [{ n: 1, approver: { email: ANA }, state: "open" }] }),
    ]);
    let isAway = false;
    await using rig = await openRig({
      publicUrl: ORIGIN,
      ledger: {
        async list(query) {
          if (isAway) throw new ServiceError("INDEX_UNAVAILABLE", "away");
          return await ledger.list(query);
        },
      },
    });
    const browser = await signedIn(rig, ANA);
    const page = await browser.get(PAGE);
    isAway = true;
    const credential = new Authenticator(ORIGIN).create(optionsIn(page), {});
    const answer = await browser.post(PAGE, { confirm: "yes", label: "My phone", credential });
    expect(answer).toMatchObject({ status: 303, location: PAGE });
    expect(await until(async () => rig.passkeyMails[0])).toMatchObject({ to: { email: ANA } });
  });

  test("asks the browser for a verified user and a passkey that needs no address", async () => {
    await using rig = await open();
    const { browser } = await withPasskey(rig);
    const made = JSON.parse(optionsIn(await browser.get(PAGE))) as Record<string, unknown>;
    expect(made).toMatchObject({
      rp: { id: "approvals.example.com" },
      user: { name: ANA },
      attestation: "none",
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      excludeCredentials: [{ id: expect.any(String) as string }],
    });
    const signing = JSON.parse(optionsIn(await new TestBrowser(rig).get("/inbox/sign-in"))) as object;
    expect(signing).toMatchObject({ rpId: "approvals.example.com", userVerification: "required" });
  });

  test("is removed by its person, and then signs nobody in", async () => {
    await using rig = await open();
    const { browser, device } = await withPasskey(rig);
    await browser.get(PAGE);
    const bo = await signedIn(rig, BO);
    await bo.get(PAGE);
    expect((await bo.post(`${PAGE}/0/remove`, { confirm: "yes" })).status).toBe(303);
    for (const form of ["", "x"]) {
      expect((await browser.post(`${PAGE}/0/remove`, { confirm: "yes", form })).status).toBe(403);
    }
    expect((await enters(rig, device)).answer.status).toBe(303);
    expect((await browser.post(`${PAGE}/0/remove`, { confirm: "yes" })).status).toBe(303);
    expect((await browser.get(PAGE)).text).toContain("You have none");
    expect((await enters(rig, device)).answer).toMatchObject({ status: 403, cookies: [cleared] });
    // Another one after it.
    const next = new Authenticator(ORIGIN);
    expect((await adds(browser, next)).status).toBe(303);
    expect((await enters(rig, next)).answer.status).toBe(303);
  });

  test("is one of ten at most", async () => {
    await using rig = await open();
    const browser = await signedIn(rig, ANA);
    const device = new Authenticator(ORIGIN);
    for (let n = 0; n < PASSKEYS_MAX; n += 1) expect((await adds(browser, device)).status).toBe(303);
    const full = await browser.get(PAGE);
    expect([full.text.includes("data-options"), full.text.includes("as many passkeys")]).toEqual([
      false,
      true,
    ]);
    expect((await rig.durable.read(passkeyId(personHash(ANA), PASSKEYS_MAX)))?.state).toBeUndefined();
  });

  test("lasts half a year, and no longer", async () => {
    await using rig = await open();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-24T08:00:00Z") });
    const { device } = await withPasskey(rig);
    vi.setSystemTime(Date.now() + PASSKEY_LIFE_MS - MINUTE_MS);
    expect((await enters(rig, device)).answer.status).toBe(303);
    vi.setSystemTime(Date.now() + MINUTE_MS);
    expect((await enters(rig, device)).answer.status).toBe(403);
  });

  test.each([
    "http://127.0.0.1:5001",
    "http://approvals.example.com",
    "https://192.0.2.7",
    "https://[2001:db8::1]",
  ])("is not offered at %s, where browsers have none", async (publicUrl) => {
    await using rig = await open(publicUrl);
    const browser = await signedIn(rig, ANA);
    const page = await browser.get(PAGE);
    expect([page.text.includes("<script"), page.text.includes("no passkeys at this address")]).toEqual([
      false,
      true,
    ]);
    expect((await new TestBrowser(rig).get("/inbox/sign-in")).text).not.toMatch(/<script|data-passkey/u);
  });
});

const cleared = "__Host-countersign-passkey=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure";

describe("what signs nobody in", () => {
  test.each<[string, Lies]>([
    ["a user who was not verified", { isVerified: false }],
    ["another site", { origin: "https://approvals.example.com.evil.example" }],
    ["the same host without TLS", { origin: "http://approvals.example.com" }],
    ["another service", { rpId: "evil.example" }],
    ["another challenge", { challenge: Buffer.alloc(16, 7).toString("base64url") }],
    ["the making of a passkey", { type: "webauthn.create" }],
    ["another person's name", { userHandle: Buffer.from(personHash(BO), "hex").toString("base64url") }],
    ["no name", { userHandle: "" }],
  ])("a signature about %s", async (_, lies) => {
    await using rig = await open();
    const { device } = await withPasskey(rig);
    const { browser, answer } = await enters(rig, device, lies);
    expect([answer.status, answer.cookies, await isIn(browser)]).toEqual([403, [cleared], false]);
    expect(rig.audit.at(-1)).toMatchObject({ who: "anyone", by: "passkey", outcome: "refused" });
  });

  test("a passkey that nobody added, and another device's signature for one that somebody did", async () => {
    await using rig = await open();
    const { device } = await withPasskey(rig);
    const stranger = new Authenticator(ORIGIN);
    const userHandle = device.passkeys[0]?.userHandle ?? "";
    stranger.create(
      JSON.stringify({ challenge: "", user: { id: userHandle }, rp: { id: "approvals.example.com" } }),
    );
    expect((await enters(rig, stranger)).answer.status).toBe(403);
    const [mine, theirs] = [device.passkeys[0], stranger.passkeys[0]];
    if (mine === undefined || theirs === undefined) throw new Error("Both have a passkey");
    stranger.passkeys[0] = { ...theirs, id: mine.id };
    expect((await enters(rig, stranger)).answer.status).toBe(403);
  });

  test("a challenge that is used already, is older than five minutes, or is another browser's", async () => {
    await using rig = await open();
    const { device } = await withPasskey(rig);
    const browser = new TestBrowser(rig);
    const page = await browser.get("/inbox/sign-in");
    const cookies = new Map(browser.cookies);
    const credential = device.get(optionsIn(page));
    const other = new TestBrowser(rig);
    expect((await other.post("/inbox/passkey", { credential })).status).toBe(403);
    expect((await browser.post("/inbox/passkey", { credential })).status).toBe(303);
    const replay = new TestBrowser(rig);
    for (const [name, value] of cookies) replay.cookies.set(name, value);
    expect((await replay.post("/inbox/passkey", { credential })).status).toBe(403);
    expect(await isIn(replay)).toBe(false);

    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const late = new TestBrowser(rig);
    const signed = device.get(optionsIn(await late.get("/inbox/sign-in")));
    vi.setSystemTime(Date.now() + 5 * MINUTE_MS + 1_000);
    expect((await late.post("/inbox/passkey", { credential: signed })).status).toBe(403);
  });

  test("twenty posts of one signature at once make one session", async () => {
    await using rig = await open();
    const { device } = await withPasskey(rig);
    const browser = new TestBrowser(rig);
    const credential = device.get(optionsIn(await browser.get("/inbox/sign-in")));
    const cookies = new Map(browser.cookies);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const each = new TestBrowser(rig);
        for (const [name, value] of cookies) each.cookies.set(name, value);
        return await each.post("/inbox/passkey", { credential });
      }),
    );
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(19);
  });

  test("a copy of a device that counts its signatures, once the first has gone on", async () => {
    await using rig = await open();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-24T08:00:00Z") });
    const { device } = await withPasskey(rig, { counts: true });
    expect((await enters(rig, device)).answer.status).toBe(303);
    const thief = device.copy();
    expect((await enters(rig, device)).answer.status).toBe(303);
    expect((await enters(rig, thief)).answer.status).toBe(403);
    expect((await enters(rig, device, { counter: 0 })).answer.status).toBe(403);
    // What is known of the count is known in later months, too.
    vi.setSystemTime(Date.parse("2027-03-02T08:00:00Z"));
    expect((await enters(rig, thief, { counter: 2 })).answer.status).toBe(403);
    expect((await enters(rig, device)).answer.status).toBe(303);
  });

  test.each(["", "{}", "null", "[1]", "not JSON", `{"id":"${"x".repeat(9_000)}"}`])(
    "a form that has no signature: %s",
    async (credential) => {
      await using rig = await open();
      const browser = new TestBrowser(rig);
      await browser.get("/inbox/sign-in");
      expect((await browser.post("/inbox/passkey", { credential })).status).toBe(403);
    },
  );

  test("another site's form", async () => {
    await using rig = await open();
    const { device } = await withPasskey(rig);
    const browser = new TestBrowser(rig);
    const credential = device.get(optionsIn(await browser.get("/inbox/sign-in")));
    const headers = { "sec-fetch-site": "cross-site" };
    expect((await browser.post("/inbox/passkey", { credential }, headers)).status).toBe(403);
    expect(await isIn(browser)).toBe(false);
  });

  test("more tries of one network than 60 in ten minutes", async () => {
    await using rig = await open();
    const statuses = [];
    for (let n = 0; n < 61; n += 1) {
      const { status } = await fetch(`${rig.url}/inbox/passkey`, {
        method: "POST",
        headers: { "x-forwarded-for": "203.0.113.9", connection: "close" },
        body: new URLSearchParams({ credential: "{}" }),
      });
      statuses.push(status);
    }
    expect([statuses[0], statuses.at(-1)]).toEqual([403, 429]);
  });
});

describe("what adds none", () => {
  test.each<[string, Lies]>([
    ["a user who was not verified", { isVerified: false }],
    ["another site", { origin: "https://evil.example" }],
    ["another service", { rpId: "evil.example" }],
    ["another challenge", { challenge: Buffer.alloc(16, 7).toString("base64url") }],
    ["a signature in place of a new passkey", { type: "webauthn.get" }],
  ])("%s", async (_, lies) => {
    await using rig = await open();
    const browser = await signedIn(rig, ANA);
    const { status, text } = await adds(browser, new Authenticator(ORIGIN), lies);
    expect([status, text.includes("is not good")]).toEqual([422, true]);
    expect(await rig.durable.read(passkeyId(personHash(ANA), 0))).toBeUndefined();
    expect(rig.passkeyMails).toEqual([]);
  });

  test("who is not signed in, another session's form, the challenge of a sign-in, one twice, and no name", async () => {
    await using rig = await open();
    const browser = await signedIn(rig, ANA);
    const device = new Authenticator(ORIGIN);
    const page = await browser.get(PAGE);
    const credential = device.create(optionsIn(page));
    const fields = { confirm: "yes", label: "Phone", credential };
    expect(await new TestBrowser(rig).post(PAGE, fields)).toMatchObject({ location: "/inbox/sign-in" });
    for (const form of ["", "x"]) expect((await browser.post(PAGE, { ...fields, form })).status).toBe(403);
    const unnamed = await browser.post(PAGE, { ...fields, label: " " });
    expect([unnamed.status, unnamed.text.includes("Fill this in")]).toEqual([422, true]);

    const again = await browser.get(PAGE);
    const twice = { ...fields, credential: device.create(optionsIn(again)) };
    const before = new Map(browser.cookies);
    expect((await browser.post(PAGE, twice)).status).toBe(303);
    for (const [name, value] of before) browser.cookies.set(name, value);
    expect((await browser.post(PAGE, twice)).status).toBe(422);

    const visitor = new TestBrowser(rig);
    const other = optionsIn(await visitor.get("/inbox/sign-in"));
    const { challenge } = JSON.parse(other) as { challenge: string };
    const made = JSON.parse(optionsIn(await browser.get(PAGE))) as object;
    const token = visitor.cookies.get("__Host-countersign-passkey") ?? "";
    browser.cookies.set("__Host-countersign-passkey", token);
    const mixed = device.create(JSON.stringify({ ...made, challenge }));
    expect((await browser.post(PAGE, { ...fields, credential: mixed })).status).toBe(422);
    expect((await rig.durable.read(passkeyId(personHash(ANA), 1)))?.state).toBeUndefined();
  });
});

describe("the script", () => {
  test("is the only one, from this service, on these two pages alone, and may ask nobody for anything", async () => {
    await using rig = await open();
    const browser = await signedIn(rig, ANA);
    for (const [path, who] of [
      [PAGE, browser],
      ["/inbox/sign-in", new TestBrowser(rig)],
    ] as const) {
      const cookie = [...who.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const { text, headers } = await rig.call(path, { headers: { cookie } });
      expect(text.match(/<script[^>]*>/gu)).toEqual([
        expect.stringMatching(/^<script src="\/assets\/passkey\.js\?v=[0-9a-f]{12}" defer>$/u),
      ]);
      expect(headers.get("content-security-policy")).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
    }
    const list = await rig.call("/inbox/sign-out");
    expect(list.headers.get("content-security-policy")).not.toContain("script-src");
    const script = await rig.call("/assets/passkey.js");
    expect([
      script.status,
      script.headers.get("content-type"),
      /fetch|eval|innerHTML/u.test(script.text),
    ]).toEqual([200, "text/javascript; charset=utf-8", false]);
  });
});

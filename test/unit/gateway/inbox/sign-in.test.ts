/** Signing in by mail, over the real gateway, engine and worker: what must not work, one way after the other. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { TRIES_MAX, TRIES_OF_DAY_MAX } from "../../../../src/approval/sign-in.ts";
import { createAuthenticate } from "../../../../src/auth/authenticate.ts";
import { createDurable } from "../../../../src/durable/resonate.ts";
import { startGateway } from "../../../../src/gateway/gateway.ts";
import { ServiceError } from "../../../../src/lib/errors.ts";
import { createLogger } from "../../../../src/lib/log.ts";
import { personHash } from "../../../../src/service/sign-in/person.ts";
import type { TokenKey } from "../../../../src/tokens/jws.ts";
import { callbackUrlProblem } from "../../../support/callbacks.ts";
import { EVERYBODY_MAY, request, TEST_SIGNING_KEYS } from "../../../support/gateway.ts";
import { entry, ledgerOf } from "../../../support/ledger.ts";
import { openRig, type Rig, SECRET, until } from "../rig.ts";
import { asks, linkIn, signedIn, TestBrowser, wrongCode } from "./browser.ts";

const ANA = "ana@example.com";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const open = () => openRig({ ledger: ledgerOf([entry({ id: "po-1" })]) });
const isIn = async (browser: TestBrowser) => (await browser.get("/inbox")).status === 200;

/** Moves the clock that gateway and engine go by. */
function passes(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

afterEach(() => {
  vi.useRealTimers();
});

describe("signing in", () => {
  test("works by the code of the mail, in the browser that asked", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    expect(await browser.get("/inbox")).toMatchObject({ status: 303, location: "/inbox/sign-in" });
    expect((await browser.get("/inbox/sign-in")).text).toContain('action="/inbox/sign-in"');
    const { code, link, to } = await asks(rig, browser, ANA);
    expect([code, to.email]).toEqual([expect.stringMatching(/^\d{6}$/u), ANA]);
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/inbox\/link\/[\w.-]+$/u);
    expect(await isIn(browser)).toBe(false);
    const spoken = `${code.slice(0, 3)} ${code.slice(3)}`;
    expect(await browser.post("/inbox/code", { code: spoken })).toMatchObject({
      status: 303,
      location: "/inbox",
    });
    const page = await browser.get("/inbox");
    expect([page.status, page.text.includes("Approve po-1")]).toEqual([200, true]);
    expect(page.text).not.toContain("<script");
  });

  test("works by the link of the mail, by a press and not by opening it", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    const mail = await asks(rig, browser, ANA);
    const page = await browser.get(linkIn(mail));
    expect([page.status, page.text.includes('method="post"'), page.cookies]).toEqual([200, true, []]);
    expect(await isIn(browser)).toBe(false);
    expect(await browser.post(linkIn(mail))).toMatchObject({ status: 303, location: "/inbox" });
    expect(await isIn(browser)).toBe(true);
  });

  test("keeps no code: what is stored and logged has neither the code nor the link", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    const mail = await asks(rig, browser, ANA);
    await browser.post("/inbox/code", { code: mail.code });
    await until(async () =>
      (await rig.durable.read(`signin.${mail.name}`))?.state === "resolved" ? true : undefined,
    );
    const { promises } = await rig.durable.family(`signin.${mail.name}`);
    const told = [...promises, ...rig.log, ...rig.audit].map((each) => JSON.stringify(each)).join("\n");
    // The sign-in, the try and the session.
    expect(promises).toHaveLength(3);
    expect(told).not.toContain(`"${mail.code}"`);
    expect(told).not.toContain(linkIn(mail).split("/").at(-1));
    expect([...rig.log, ...rig.audit].map((each) => JSON.stringify(each)).join("\n")).not.toContain(ANA);
  });

  test("the session's cookie is for this host, for no script, and under https for https alone", async () => {
    await using plain = await open();
    const [cookie = ""] = (await signsIn(plain)).cookies.filter((each) => each.includes("session"));
    expect(cookie).toMatch(
      /^countersign-session=[\w.-]+; Max-Age=43[12]\d\d; Path=\/; HttpOnly; SameSite=Lax$/u,
    );
    await using secure = await openRig({
      ledger: ledgerOf([entry({ id: "po-1" })]),
      publicUrl: "https://approvals.example.com",
    });
    const [secureCookie = ""] = (await signsIn(secure)).cookies.filter((each) => each.includes("session"));
    expect(secureCookie).toMatch(
      /^__Host-countersign-session=[\w.-]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax; Secure$/u,
    );
  });
});

async function signsIn(rig: Rig) {
  const browser = new TestBrowser(rig);
  const { code } = await asks(rig, browser, ANA);
  return await browser.post("/inbox/code", { code });
}

describe("nobody learns who is known", () => {
  test("every address gets the same answer, by the same requests to the engine", async () => {
    // Without a worker, so that all requests are the gateway's.
    await using rig = await openRig({ ledger: ledgerOf([entry({ id: "po-1" })]), work: false });
    const answers = [];
    for (const email of [ANA, "eve@example.com"]) {
      const browser = new TestBrowser(rig);
      const before = rig.engine.stats.requests;
      const { status, location, text, cookies } = await browser.post("/inbox/sign-in", { email });
      const asked = rig.engine.stats.requests - before;
      const shape = cookies.map((each) => each.replace(/=[^;]+/u, "=…").replace(/Max-Age=\d+/u, "Max-Age=…"));
      const page = await browser.get("/inbox/code");
      const words = page.text.replace(email, "…").replace(/value="[^"]+"/gu, "");
      answers.push({ status, location, text, shape, asked, words });
    }
    expect(answers[1]).toEqual(answers[0]);
    // Only the one who is known has a mail.
    rig.work();
    await until(async () => (rig.signInMails.length > 0 ? true : undefined));
    const finished = await until(async () => {
      const attempts = rig.audit.filter(({ what }) => what === "sign-in").map(({ outcome }) => outcome);
      return attempts.length === 2 ? attempts : undefined;
    });
    expect(finished).toEqual(["mailed", "not mailed"]);
    expect(rig.signInMails.map(({ to }) => to.email)).toEqual([ANA]);
  });

  test("no code signs in where no mail was sent, not even the right one", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    await browser.post("/inbox/sign-in", { email: "nobody@example.com" });
    await browser.get("/inbox/code");
    const name = nameIn(browser);
    expect(await browser.post("/inbox/code", { code: rig.tokens.signIn.codeOf(name) })).toMatchObject({
      status: 422,
    });
    expect(await isIn(browser)).toBe(false);
  });

  test("what is no address is said so, and starts nothing", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    for (const email of [
      "",
      "ana",
      "ana@example.com, bo@example.com",
      "ana@example.com\r\nbcc: eve@example.com",
    ]) {
      const { status, cookies } = await browser.post("/inbox/sign-in", { email });
      expect([email, status, cookies]).toEqual([email, 422, []]);
    }
    expect(rig.signInMails).toEqual([]);
  });
});

/** The random name of the attempt, as this browser's cookie has it. */
function nameIn(browser: TestBrowser): string {
  const token = browser.cookies.get("countersign-sign-in") ?? "";
  const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  return (payload as { readonly sub: string }).sub;
}

describe("guessing", () => {
  test("ends after five wrong codes, and the right one comes too late then", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    const mail = await asks(rig, browser, ANA);
    const statuses = [];
    for (let n = 1; n <= TRIES_MAX; n += 1) {
      statuses.push((await browser.post("/inbox/code", { code: wrongCode(mail, n) })).status);
    }
    expect(statuses).toEqual([422, 422, 422, 422, 403]);
    expect((await browser.post("/inbox/code", { code: mail.code })).status).toBe(403);
    expect(await isIn(browser)).toBe(false);
    // The link is no guess.
    await browser.get(linkIn(mail));
    expect((await browser.post(linkIn(mail))).status).toBe(303);
  });

  test("by 40 requests at once, through two gateways, looks at five codes", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    const mail = await asks(rig, browser, ANA);
    await using second = await secondGateway(rig);
    const page = (await browser.get("/inbox/code")).text;
    const form = /name="form" value="([^"]+)"/u.exec(page)?.[1] ?? "";
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const { status } = await request(`${i % 2 === 0 ? rig.url : second.url}/inbox/code`, {
          method: "POST",
          headers: { cookie },
          body: new URLSearchParams({ form, code: wrongCode(mail, i + 1) }),
          redirect: "manual",
        });
        return status;
      }),
    );
    expect(answers.filter((status) => status === 422)).toHaveLength(TRIES_MAX - 1);
    expect(answers.filter((status) => status === 403)).toHaveLength(40 - TRIES_MAX + 1);
    expect((await browser.post("/inbox/code", { code: mail.code })).status).toBe(403);
  });

  test("with mail after mail ends after so many codes a day; links go on working", async () => {
    await using rig = await open();
    let last: TestBrowser | undefined;
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-24T08:00:00Z") });
    for (let attempt = 0; attempt < TRIES_OF_DAY_MAX / TRIES_MAX; attempt += 1) {
      passes(11 * MINUTE_MS);
      const browser = new TestBrowser(rig);
      const mail = await asks(rig, browser, ANA);
      for (let n = 1; n <= TRIES_MAX; n += 1) await browser.post("/inbox/code", { code: wrongCode(mail, n) });
      last = browser;
    }
    expect(last).toBeDefined();
    passes(11 * MINUTE_MS);
    const browser = new TestBrowser(rig);
    const mail = await asks(rig, browser, ANA);
    const refused = await browser.post("/inbox/code", { code: mail.code });
    expect([refused.status, refused.text.includes("today")]).toEqual([403, true]);
    expect(await isIn(browser)).toBe(false);
    await browser.get(linkIn(mail));
    expect((await browser.post(linkIn(mail))).status).toBe(303);
    expect(await isIn(browser)).toBe(true);
    // The next day has codes of its own.
    passes(16 * HOUR_MS);
    expect(await isIn(await signedIn(rig, ANA))).toBe(true);
  });

  test("mails to one address are limited, with the same answer as ever", async () => {
    await using rig = await open();
    const outcomes = async () =>
      rig.audit.filter(({ what }) => what === "sign-in").map(({ outcome }) => outcome);
    const seen = new Set<string>();
    for (let n = 0; n < 22; n += 1) {
      const { status, location } = await new TestBrowser(rig).post("/inbox/sign-in", { email: ANA });
      seen.add(`${status} ${location}`);
    }
    expect([...seen]).toEqual(["303 /inbox/code"]);
    // Each call of the rig comes from a network of its own; one network alone would have had five.
    expect((await outcomes()).filter((outcome) => outcome === "mailed")).toHaveLength(20);
  });

  test("one network that asks and asks is told to wait", async () => {
    await using rig = await open();
    const ask = () =>
      request(`${rig.url}/inbox/sign-in`, {
        method: "POST",
        headers: { "x-forwarded-for": "203.0.113.9" },
        body: new URLSearchParams({ email: ANA }),
        redirect: "manual",
      });
    const statuses = [];
    for (let n = 0; n < 61; n += 1) statuses.push((await ask()).status);
    expect(new Set(statuses.slice(0, 60))).toEqual(new Set([303]));
    expect(statuses.at(-1)).toBe(429);
    const mailed = rig.audit.filter(({ what, outcome }) => what === "sign-in" && outcome === "mailed");
    expect(mailed).toHaveLength(5);
    const told = await ask();
    expect(Number(told.headers.get("retry-after"))).toBeGreaterThan(0);
    // As every refusal: with the request's id, to be found in the log.
    expect(String(told.body)).toContain(told.headers.get("x-request-id") ?? "no id");
  });

  test("one network that asks for mails to somebody's address keeps nobody else from asking for one", async () => {
    await using rig = await open();
    const ask = (network: string) =>
      request(`${rig.url}/inbox/sign-in`, {
        method: "POST",
        headers: { "x-forwarded-for": network },
        body: new URLSearchParams({ email: ANA }),
        redirect: "manual",
      });
    for (let n = 0; n < 30; n += 1) await ask("203.0.113.9");
    await ask("198.51.100.7");
    const outcomes = rig.audit.filter(({ what }) => what === "sign-in").map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "mailed")).toHaveLength(6);
    expect(outcomes.at(-1)).toBe("mailed");
  });

  test("is recorded as done by nobody known; only who is in is the person", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    const mail = await asks(rig, browser, ANA);
    await browser.post("/inbox/code", { code: wrongCode(mail) });
    await browser.post("/inbox/code", { code: mail.code });
    const [, wrong, right] = rig.audit.filter(({ what }) => what === "sign-in");
    const person = personHash(ANA);
    expect(wrong).toMatchObject({ who: "anyone", person, outcome: "wrong" });
    expect(right).toMatchObject({ who: `person:${person}`, outcome: "signed in" });
  });
});

/** Another gateway on the same engine and with the same keys, as if on another machine. */
async function secondGateway(rig: Rig, keys: readonly TokenKey[] = [{ kid: "k1", secret: SECRET }]) {
  const network = rig.engine.network({ group: "gateway-2" });
  network.start();
  const gateway = await startGateway({
    durable: createDurable(network),
    log: createLogger({ level: "silent", part: "test" }),
    host: "127.0.0.1",
    port: 0,
    publicUrl: rig.url,
    keys,
    signingKeys: TEST_SIGNING_KEYS,
    mailbox: undefined,
    ledger: ledgerOf([entry({ id: "po-1" })]),
    inbox: true,
    callbackUrlProblem,
    authenticate: EVERYBODY_MAY,
  });
  return { url: gateway.url, [Symbol.asyncDispose]: () => gateway.close() };
}

describe("replay", () => {
  test("a code and a link work once, together", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    const mail = await asks(rig, browser, ANA);
    const before = new Map(browser.cookies);
    expect((await browser.post("/inbox/code", { code: mail.code })).status).toBe(303);
    for (const by of ["code", "link"] as const) {
      const again = new TestBrowser(rig);
      for (const [name, value] of before) again.cookies.set(name, value);
      await again.get("/inbox/code");
      const path = by === "code" ? "/inbox/code" : linkIn(mail);
      const { status, cookies } = await again.post(path, { code: mail.code });
      expect([by, status, cookies]).toEqual([by, 403, []]);
      expect(await isIn(again)).toBe(false);
    }
  });

  test("twenty right answers at once make one session", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    const mail = await asks(rig, browser, ANA);
    await browser.get(linkIn(mail));
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.post(linkIn(mail), {})));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.filter(({ cookies }) => cookies.some((each) => each.includes("session")))).toHaveLength(1);
  });

  test("a session's cookie is worth nothing after signing out", async () => {
    await using rig = await open();
    const browser = await signedIn(rig, ANA);
    await browser.get("/inbox");
    const stolen = new TestBrowser(rig);
    for (const [name, value] of browser.cookies) stolen.cookies.set(name, value);
    expect(await isIn(stolen)).toBe(true);
    expect(await browser.post("/inbox/sign-out")).toMatchObject({ status: 303, location: "/inbox/sign-out" });
    expect([await isIn(browser), await isIn(stolen)]).toEqual([false, false]);
  });

  test("signing out everywhere ends the sessions of all browsers, on every gateway, and no later one", async () => {
    await using rig = await open();
    await using second = await secondGateway(rig);
    const one = await signedIn(rig, ANA);
    const two = await signedIn(rig, ANA);
    const cookie = [...two.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const elsewhere = () => request(`${second.url}/inbox`, { headers: { cookie }, redirect: "manual" });
    expect((await elsewhere()).status).toBe(200);
    await one.get("/inbox");
    await one.post("/inbox/sign-out", { everywhere: "yes" });
    expect([await isIn(one), await isIn(two)]).toEqual([false, false]);
    // The other gateway has read it a moment ago.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 5_001 });
    expect((await elsewhere()).status).toBe(303);
    expect(await isIn(await signedIn(rig, ANA))).toBe(true);
  });
});

describe("signing out everywhere", () => {
  test("leaves who pressed it in while it fails, so that they can press it again", async () => {
    await using rig = await open();
    const [one, two] = [await signedIn(rig, ANA), await signedIn(rig, ANA)];
    await one.get("/inbox");
    const { settle } = rig.durable;
    const failing = vi.spyOn(rig.durable, "settle").mockImplementation(async (id, ...rest) => {
      if (id.startsWith("signed-in.")) throw new ServiceError("ENGINE_UNAVAILABLE", "away");
      return await settle.call(rig.durable, id, ...rest);
    });
    expect((await one.post("/inbox/sign-out", { everywhere: "yes" })).status).toBe(503);
    failing.mockRestore();
    expect([await isIn(one), await isIn(two)]).toEqual([true, true]);
    await one.post("/inbox/sign-out", { everywhere: "yes" });
    expect([await isIn(one), await isIn(two)]).toEqual([false, false]);
  });
});

describe("keys that are replaced", () => {
  const NEW = [
    { kid: "k2", secret: Buffer.alloc(32, 2) },
    { kid: "k1", secret: SECRET },
  ];

  test("lose no sign-in that is under way, nor the pages of who is in", async () => {
    await using rig = await open();
    await using second = await secondGateway(rig, NEW);
    // All that this browser asks from here on goes to the gateway with the new key.
    const moved = (browser: TestBrowser) => {
      const on = new TestBrowser({ call: (path, init) => answerOf(`${second.url}${path}`, init) });
      for (const [name, value] of browser.cookies) on.cookies.set(name, value);
      return on;
    };
    const formIn = (text: string) => /name="form" value="([^"]+)"/u.exec(text)?.[1] ?? "";
    const before = new TestBrowser(rig);
    const { code } = await asks(rig, before, ANA);
    const form = formIn((await before.get("/inbox/code")).text);
    const after = moved(before);
    expect(await after.post("/inbox/code", { form, code })).toMatchObject({
      status: 303,
      location: "/inbox",
    });

    const inside = await signedIn(rig, ANA);
    const leaving = formIn((await inside.get("/inbox")).text);
    expect((await moved(inside).post("/inbox/sign-out", { form: leaving })).status).toBe(303);
    expect((await moved(inside).get("/inbox")).status).toBe(303);
  });

  test("open nothing to the code of a key that is gone", async () => {
    await using rig = await open();
    await using second = await secondGateway(rig, [{ kid: "k2", secret: Buffer.alloc(32, 2) }]);
    const browser = new TestBrowser(rig);
    const { code } = await asks(rig, browser, ANA);
    const on = new TestBrowser({ call: (path, init) => answerOf(`${second.url}${path}`, init) });
    for (const [name, value] of browser.cookies) on.cookies.set(name, value);
    expect(await on.post("/inbox/code", { code })).toMatchObject({ status: 410, cookies: [] });
  });
});

async function answerOf(url: string, init: RequestInit = {}) {
  const response = await fetch(url, { redirect: "manual", ...init });
  const { status, headers } = response;
  return { status, headers, text: await response.text(), body: {}, result: "" };
}

describe("the API", () => {
  test("knows no cookies: who is signed in may do nothing there", async () => {
    const authenticate = createAuthenticate({
      isOpen: () => false,
      find: () => undefined,
      live: () => undefined,
    });
    await using rig = await openRig({ ledger: ledgerOf([entry({ id: "po-1" })]), authenticate });
    const browser = await signedIn(rig, ANA);
    for (const path of [
      "/approvals",
      "/approvals/po-1",
      "/wait?id=po-1",
      "/absences",
      "/callback-deliveries",
    ]) {
      expect([path, (await browser.get(path)).status]).toEqual([path, 401]);
    }
    for (const path of [
      "/approvals",
      "/approvals/po-1/cancel",
      "/absences",
      "/promises/x/resolve",
      "/begin",
    ]) {
      expect([path, (await browser.post(path)).status]).toEqual([path, 401]);
    }
    expect(await isIn(browser)).toBe(true);
  });
});

describe("fixation", () => {
  test("nothing that a browser had before signs it in, and its cookie is a new one", async () => {
    await using rig = await open();
    const attacker = await signedIn(rig, ANA);
    const planted = attacker.cookies.get("countersign-session") ?? "";
    await attacker.get("/inbox");
    await attacker.post("/inbox/sign-out");
    const victim = new TestBrowser(rig);
    victim.cookies.set("countersign-session", planted);
    const { code } = await asks(rig, victim, ANA);
    await victim.post("/inbox/code", { code });
    expect(victim.cookies.get("countersign-session")).not.toBe(planted);
    attacker.cookies.set("countersign-session", planted);
    expect([await isIn(victim), await isIn(attacker)]).toEqual([true, false]);
  });

  test("of two cookies of the name, neither counts", async () => {
    await using rig = await open();
    const browser = await signedIn(rig, ANA);
    const good = browser.cookies.get("countersign-session") ?? "";
    const cookie = `countersign-session=${good}; countersign-session=planted`;
    expect((await rig.call("/inbox", { headers: { cookie } })).status).toBe(303);
  });

  test("tokens of one kind are none of another", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    const mail = await asks(rig, browser, ANA);
    const token = linkIn(mail).split("/").at(-1) ?? "";
    const cookieToken = browser.cookies.get("countersign-sign-in") ?? "";
    for (const [name, value] of [
      ["countersign-session", token],
      ["countersign-session", cookieToken],
      ["countersign-sign-in", token],
    ] as const) {
      const other = new TestBrowser(rig);
      other.cookies.set(name, value);
      expect((await other.get("/inbox")).status).toBe(303);
      expect((await other.get("/inbox/code")).status).toBe(303);
    }
    expect((await browser.post(`/inbox/link/${cookieToken}`)).status).toBe(410);
    expect((await rig.call(`/d/${token}`)).status).toBe(403);
  });
});

describe("a forwarded mail", () => {
  test("signs in nobody else: its link says what to do, its code is for the browser that asked", async () => {
    await using rig = await open();
    const mine = new TestBrowser(rig);
    const mail = await asks(rig, mine, ANA);
    const other = new TestBrowser(rig);
    const page = await other.get(linkIn(mail));
    expect([page.status, page.text.includes("<form"), page.text.includes(mail.code)]).toEqual([
      200,
      false,
      false,
    ]);
    expect(await other.post(linkIn(mail), {})).toMatchObject({ status: 403, cookies: [] });
    expect(await other.post("/inbox/code", { code: mail.code })).toMatchObject({ status: 410, cookies: [] });
    // Nor with an attempt of their own.
    await asks(rig, other, ANA);
    expect((await other.post(linkIn(mail))).status).toBe(403);
    expect((await other.post("/inbox/code", { code: mail.code })).status).toBe(422);
    expect(await isIn(other)).toBe(false);
    expect((await mine.post("/inbox/code", { code: mail.code })).status).toBe(303);
  });
});

describe("a mail scanner", () => {
  test("that opens, heads and posts every address changes nothing", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    const mail = await asks(rig, browser, ANA);
    await until(async () =>
      (await rig.durable.read(`signin.${mail.name}`))?.state === "resolved" ? true : undefined,
    );
    const before = await rig.durable.family(`signin.${mail.name}`);
    for (let n = 0; n < 5; n += 1) {
      for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]) {
        const { headers } = await rig.call(linkIn(mail), {
          method,
          ...(method === "POST" ? { body: new URLSearchParams({ form: "", code: mail.code }) } : {}),
        });
        expect(headers.getSetCookie()).toEqual([]);
      }
    }
    expect(await rig.durable.family(`signin.${mail.name}`)).toEqual(before);
    await browser.get(linkIn(mail));
    expect((await browser.post(linkIn(mail))).status).toBe(303);
  });
});

describe("the clock", () => {
  test("ends code and link after ten minutes, to the millisecond of the engine", async () => {
    await using rig = await open();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-24T08:00:00.500Z") });
    const [early, late] = [new TestBrowser(rig), new TestBrowser(rig)];
    const mail = await asks(rig, early, ANA);
    await asks(rig, late, ANA);
    expect(mail.endsAtMs).toBe(Date.parse("2026-11-24T08:10:00.500Z"));
    passes(10 * MINUTE_MS - 1);
    expect((await early.post("/inbox/code", { code: mail.code })).status).toBe(303);
    const second = rig.signInMails[1];
    passes(1);
    expect((await late.post("/inbox/code", { code: second?.code ?? "" })).status).toBe(410);
    expect((await late.post(linkIn(second ?? mail))).status).toBe(403);
    passes(1_000);
    expect((await late.get(linkIn(second ?? mail))).status).toBe(410);
    expect(await isIn(late)).toBe(false);
  });

  test("ends a session after 12 hours without a page, and a used one after seven days", async () => {
    await using rig = await open();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-24T08:00:00Z") });
    const [idle, used] = [await signedIn(rig, ANA), await signedIn(rig, ANA)];
    passes(12 * HOUR_MS - 1_000);
    expect(await isIn(used)).toBe(true);
    passes(1_000);
    expect(await isIn(idle)).toBe(false);
    const hours = [];
    for (let hour = 12; hour + 11 < 7 * 24; hour += 11) {
      passes(11 * HOUR_MS - 1_000);
      if (!(await isIn(used))) hours.push(hour);
    }
    expect(hours).toEqual([]);
    // Far fewer than twelve since the last page.
    passes(3 * HOUR_MS);
    expect(await isIn(used)).toBe(false);
  });

  test("makes a cookie anew while it is used, and not with every page", async () => {
    await using rig = await open();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-24T08:00:00Z") });
    const browser = await signedIn(rig, ANA);
    passes(9 * MINUTE_MS);
    expect((await browser.get("/inbox")).cookies).toEqual([]);
    passes(2 * MINUTE_MS);
    expect((await browser.get("/inbox")).cookies).toHaveLength(1);
  });
});

describe("another origin", () => {
  test.each([
    ["/inbox/sign-in", { email: ANA }],
    ["/inbox/code", { code: "000000" }],
    ["/inbox/sign-out", {}],
    ["/inbox/ballots/po-1%3A1", { confirm: "yes", choice: "approve" }],
    ["/inbox/confirm", { ballot: "po-1:1", "choice.0": "approve" }],
    ["/inbox/ballots/po-1%3A1/reassign", { confirm: "yes", email: "eve@example.com", reason: "x" }],
    ["/inbox/ballots/po-1%3A1/undo", { confirm: "yes" }],
    ["/inbox/requests/po-1/cancel", { confirm: "yes" }],
    ["/inbox/absences", { confirm: "yes", to: "eve@example.com", until: "2027-01-06", timeZone: "UTC" }],
    ["/inbox/passkeys", { confirm: "yes", label: "x", credential: "{}" }],
    ["/inbox/passkey", { credential: "{}" }],
  ])("cannot make a browser post to %s", async (path, fields) => {
    await using rig = await open();
    const browser = await signedIn(rig, ANA);
    await browser.get("/inbox");
    for (const site of ["cross-site", "same-site"]) {
      expect((await browser.post(path, fields, { "sec-fetch-site": site })).status).toBe(403);
    }
    expect(await isIn(browser)).toBe(true);
  });

  test("nor in the middle of a sign-in: a code or a press without the form's value is no try", async () => {
    await using rig = await open();
    const browser = new TestBrowser(rig);
    const mail = await asks(rig, browser, ANA);
    for (const path of ["/inbox/code", linkIn(mail)]) {
      for (const form of ["", "AAAAAAAAAAAAAAAAAAAAAA"]) {
        expect(await browser.post(path, { form, code: mail.code })).toMatchObject({
          status: 403,
          cookies: [],
        });
      }
    }
    expect(await rig.durable.read(`signin.${mail.name}:try~1`)).toBeUndefined();
    expect((await browser.post("/inbox/code", { code: mail.code })).status).toBe(303);
  });

  test("gets nowhere through a browser that does not say where a form comes from: it lacks the form's value", async () => {
    await using rig = await open();
    const browser = await signedIn(rig, ANA);
    const cookie = `countersign-session=${browser.cookies.get("countersign-session")}`;
    for (const form of ["", "AAAAAAAAAAAAAAAAAAAAAA"]) {
      const body = new URLSearchParams({ form });
      const answer = await rig.call("/inbox/sign-out", { method: "POST", body, headers: { cookie } });
      expect(answer.status).toBe(403);
    }
    expect(await isIn(browser)).toBe(true);
  });
});

/** Signing in by an identity provider: the code flow, with a real issuer. */
import type { ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, test, vi } from "vitest";
import { openProvider } from "../../../../src/auth/open-provider.ts";
import type { ProviderOptions } from "../../../../src/auth/provider.ts";
import { EVERYBODY_MAY } from "../../../support/gateway.ts";
import { type Issuer, type IssuerOptions, openIssuer } from "../../../support/issuer.ts";
import { freePort } from "../../../support/ports.ts";
import { TestBrowser } from "../inbox/browser.ts";
import { openRig, type Rig } from "../rig.ts";
import { browserAt, restarted } from "./rig.ts";

const KIM = { sub: "kim-1", name: "Kim Novak", email: "kim@example.com" };

interface Site extends AsyncDisposable {
  readonly rig: Rig;
  readonly publicUrl: string;
  readonly issuer: Issuer;
}

/** What the tests' settings say, but for the issuer's address. */
const SETTINGS = {
  clientId: "countersign",
  clientSecret: undefined,
  scopes: "openid profile email",
  claim: "groups",
  operators: ["ops"],
  viewers: ["audit"],
};

async function openSite(
  options: Partial<ProviderOptions> = {},
  issuerOptions: Partial<IssuerOptions> = {},
): Promise<Site> {
  const publicUrl = `http://127.0.0.1:${await freePort()}`;
  const redirectUri = `${publicUrl}/admin/sign-in/return`;
  const issuer = await openIssuer({ redirectUri, ...issuerOptions });
  const rig = await openRig({
    publicUrl,
    authenticate: EVERYBODY_MAY,
    work: false,
    admin: {
      byKey: false,
      provider: (to) => openProvider({ ...SETTINGS, issuer: issuer.url, redirectUri: to, ...options }),
    },
  });
  return {
    rig,
    publicUrl,
    issuer,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
    },
  };
}

/** To the issuer and back: the path by which the browser returns. */
async function sent({ issuer }: Site, browser: TestBrowser): Promise<string> {
  const { status, location } = await browser.get("/admin/sign-in/provider");
  expect(status).toBe(303);
  const { pathname, search } = new URL(await issuer.visit(location));
  return `${pathname}${search}`;
}

describe("an operator whom the provider knows", () => {
  test.each([
    ["a public client", {}, {}],
    ["a secret in the header", { clientSecret: "s3cret/:" }, { clientSecret: "s3cret/:" }],
    [
      "a secret in the body",
      { clientSecret: "s3cret" },
      { clientSecret: "s3cret", method: "client_secret_post" as const },
    ],
    ["claims in the user info alone", {}, { isSparse: true }],
  ])("comes in with %s, under name and address", async (_, options, issuerOptions) => {
    await using site = await openSite(options, issuerOptions);
    site.issuer.person = { ...KIM, groups: ["staff", "ops"] };
    const browser = new TestBrowser(site.rig);
    expect((await browser.get("/admin/sign-in")).text).toContain('href="/admin/sign-in/provider"');
    const back = await sent(site, browser);
    expect(await browser.get(back)).toMatchObject({ status: 303, location: "/admin" });
    expect([...browser.cookies.keys()]).toEqual(["countersign-admin"]);
    const { text, status } = await browser.get("/admin");
    expect(status).toBe(200);
    expect(text).toContain("Kim Novak (kim@example.com)</p>");
    expect(site.rig.audit.at(-1)).toMatchObject({
      who: "operator:Kim Novak (kim@example.com)",
      what: "admin-sign-in",
      by: "provider",
      outcome: "signed in",
    });
  });

  test("may look, or act, or neither, by the values of the claim, also of one deep inside", async () => {
    await using site = await openSite({ claim: "realm_access.roles" });
    const roleOf = async (roles: unknown) => {
      site.issuer.person = { ...KIM, groups: ["ops"], realm_access: { roles } };
      const browser = new TestBrowser(site.rig);
      const answer = await browser.get(await sent(site, browser));
      if (answer.status !== 303) return `${answer.status} ${/has no role here/u.exec(answer.text)?.[0]}`;
      return (await browser.get("/admin")).text.includes("(may look)") ? "viewer" : "operator";
    };
    expect(await roleOf(["audit", "ops"])).toBe("operator");
    expect(await roleOf("ops")).toBe("operator");
    expect(await roleOf(["audit"])).toBe("viewer");
    for (const none of [["OPS"], [], undefined, { ops: true }, "ops audit", [["ops"]]]) {
      expect(await roleOf(none)).toBe("401 has no role here");
    }
  });

  test.each([
    ["a long name", { name: "N".repeat(300) }, `${"N".repeat(100)} (kim@example.com)`],
    ["no name", { name: undefined }, "kim@example.com"],
    ["an address that was checked", { email_verified: true }, "Kim Novak (kim@example.com)"],
    ["an address that nobody checked", { email_verified: false }, "Kim Novak (kim-1)"],
    ["the same, as a text", { email_verified: "false" }, "Kim Novak (kim-1)"],
    [
      "an account named after such an address",
      { email_verified: false, preferred_username: KIM.email },
      "Kim Novak (kim-1)",
    ],
    ["an account with a name", { email: undefined, preferred_username: "kim" }, "Kim Novak (kim)"],
  ])("with %s has beside it what is theirs alone, and their id on the record", async (_, claims, name) => {
    await using site = await openSite();
    site.issuer.person = { ...KIM, ...claims, groups: ["ops"] };
    const browser = new TestBrowser(site.rig);
    expect((await browser.get(await sent(site, browser))).status).toBe(303);
    expect(site.rig.audit.at(-1)).toMatchObject({ who: `operator:${name}`, subject: "kim-1" });
    expect((await browser.get("/admin")).text).toContain(`${name}</p>`);
  });

  test("gets the name from the user info where the ID token has the role alone", async () => {
    await using site = await openSite({}, { isSparse: true, inIdToken: ["groups"] });
    site.issuer.person = { ...KIM, groups: ["ops"] };
    const browser = new TestBrowser(site.rig);
    expect((await browser.get(await sent(site, browser))).status).toBe(303);
    expect(site.rig.audit.at(-1)).toMatchObject({ who: "operator:Kim Novak (kim@example.com)" });
  });

  test("is sent there with a challenge, a state and a nonce that are new each time", async () => {
    await using site = await openSite();
    const seen = new Set<string | null>();
    for (const _ of [1, 2]) {
      const { location } = await new TestBrowser(site.rig).get("/admin/sign-in/provider");
      const query = new URL(location).searchParams;
      expect(Object.fromEntries(query)).toMatchObject({
        response_type: "code",
        client_id: "countersign",
        scope: "openid profile email",
        redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/admin\/sign-in\/return$/u),
        code_challenge_method: "S256",
      });
      for (const name of ["code_challenge", "state", "nonce"]) {
        expect(query.get(name)).toMatch(/^[\w-]{43}$/u);
        seen.add(query.get(name));
      }
    }
    expect(seen.size).toBe(6);
  });
});

describe("an operator who came by the provider", () => {
  /** What the same browser may do after a restart with other settings. */
  async function roleAfter(
    { rig, issuer, publicUrl }: Site,
    browser: TestBrowser,
    change: object | undefined,
  ) {
    const provider = (redirectUri: string) =>
      openProvider({ ...SETTINGS, issuer: issuer.url, redirectUri, ...change });
    const admin = change === undefined ? { byKey: true } : { byKey: false, provider };
    await using there = await restarted(rig, { authenticate: EVERYBODY_MAY, admin }, publicUrl);
    const { status, text } = await browserAt(there, browser).get("/admin/overview");
    if (status === 303) return "out";
    return text.includes("(may look)") ? "viewer" : "operator";
  }

  test("is out as soon as that way is switched off, or leads elsewhere, and is what the settings then say", async () => {
    await using site = await openSite();
    site.issuer.person = { ...KIM, groups: ["staff", "ops"] };
    const browser = new TestBrowser(site.rig);
    await browser.get(await sent(site, browser));
    expect(await roleAfter(site, browser, {})).toBe("operator");
    expect(await roleAfter(site, browser, { clientSecret: "new", scopes: "openid" })).toBe("operator");
    for (const other of [
      undefined,
      { issuer: "https://id.example.com" },
      { clientId: "other" },
      { claim: "roles" },
      { operators: ["admins"] },
      { operators: [], viewers: ["audit"] },
    ]) {
      expect(await roleAfter(site, browser, other), JSON.stringify(other)).toBe("out");
    }
    expect(await roleAfter(site, browser, { operators: ["admins"], viewers: ["ops"] })).toBe("viewer");
    // Of what the provider said, only values that let somebody in were kept.
    expect(await roleAfter(site, browser, { operators: ["staff"] })).toBe("out");
  });

  test("is asked again after twelve hours, however busy: what the provider says of them may have changed", async () => {
    await using site = await openSite();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-24T08:00:00Z") });
    try {
      site.issuer.person = { ...KIM, groups: ["ops"] };
      const browser = new TestBrowser(site.rig);
      await browser.get(await sent(site, browser));
      for (let hour = 1; hour < 12; hour += 1) {
        vi.setSystemTime(Date.now() + 3_600_000);
        expect((await browser.get("/admin")).status, `after ${hour} hours`).toBe(200);
      }
      site.issuer.person = { ...KIM, groups: [] };
      vi.setSystemTime(Date.now() + 3_600_000);
      expect(await browser.get("/admin")).toMatchObject({ status: 303, location: "/admin/sign-in" });
      expect((await browser.get(await sent(site, browser))).text).toContain("has no role here");
    } finally {
      vi.useRealTimers();
    }
  });

  test("has twelve hours also where an earlier version gave them seven days", async () => {
    await using site = await openSite();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-24T08:00:00Z") });
    try {
      site.issuer.person = { ...KIM, groups: ["ops"] };
      const create = vi.spyOn(site.rig.durable, "create");
      const browser = new TestBrowser(site.rig);
      create.mockImplementationOnce(async (latent) => {
        create.mockRestore();
        return await site.rig.durable.create({ ...latent, timeoutAt: Date.now() + 7 * 24 * 3_600_000 });
      });
      await browser.get(await sent(site, browser));
      vi.setSystemTime(Date.now() + 11 * 3_600_000);
      expect((await browser.get("/admin")).status).toBe(200);
      vi.setSystemTime(Date.now() + 3_600_000);
      expect(await browser.get("/admin")).toMatchObject({ status: 303, location: "/admin/sign-in" });
    } finally {
      vi.useRealTimers();
    }
  });

  test("of an earlier version is asked to sign in again", async () => {
    await using site = await openSite();
    site.issuer.person = { ...KIM, groups: ["ops"] };
    const create = vi.spyOn(site.rig.durable, "create");
    const browser = new TestBrowser(site.rig);
    create.mockImplementationOnce(async (latent) => {
      create.mockRestore();
      const { by, ...rest } = latent.param as { readonly by: object };
      const param = { ...rest, by: { kind: "provider", role: "operator", subject: "kim-1" } };
      expect(Object.keys(by)).toContain("values");
      return await site.rig.durable.create({ ...latent, param });
    });
    expect(await browser.get(await sent(site, browser))).toMatchObject({ status: 303, location: "/admin" });
    expect(await browser.get("/admin")).toMatchObject({ status: 303, location: "/admin/sign-in" });
  });
});

describe("what comes back signs nobody in", () => {
  const refused = async ({ rig }: Site, browser: TestBrowser, path: string, why: RegExp) => {
    const answer = await browser.get(path);
    expect(answer.status).toBe(401);
    expect(answer.text).toMatch(why);
    expect(await browser.get("/admin")).toMatchObject({ status: 303, location: "/admin/sign-in" });
    expect(rig.audit.at(-1)).toMatchObject({ what: "admin-sign-in", by: "provider", outcome: "refused" });
  };

  test("in another browser, with another state, twice, or with a code of somebody else", async () => {
    await using site = await openSite();
    site.issuer.person = { ...KIM, groups: ["ops"] };
    const kim = new TestBrowser(site.rig);
    const back = await sent(site, kim);
    await refused(site, new TestBrowser(site.rig), back, /not begun in this browser/u);

    const other = new TestBrowser(site.rig);
    const hers = await sent(site, other);
    await refused(site, other, back, /not begun in this browser/u);
    const [code, state] = [back, hers].map((path) => new URL(path, "http://x").searchParams);
    const mixed = `/admin/sign-in/return?${new URLSearchParams({
      code: code?.get("code") ?? "",
      state: state?.get("state") ?? "",
      iss: site.issuer.url,
    }).toString()}`;
    await refused(site, other, mixed, /does not belong to this sign-in/u);

    const entry = new Map(kim.cookies);
    const again = await sent(site, kim);
    const used = new TestBrowser(site.rig);
    for (const [name, value] of kim.cookies) used.cookies.set(name, value);
    expect(await kim.get(again)).toMatchObject({ status: 303 });
    await refused(site, used, again, /does not belong to this sign-in|not begun/u);
    expect(entry.size).toBe(1);
  });

  test("when the provider says no", async () => {
    await using site = await openSite();
    const browser = new TestBrowser(site.rig);
    const { location } = await browser.get("/admin/sign-in/provider");
    const state = new URL(location).searchParams.get("state") ?? "";
    const query = new URLSearchParams({ error: "access_denied", state, iss: site.issuer.url });
    await refused(site, browser, `/admin/sign-in/return?${query.toString()}`, /refused: access_denied/u);
  });

  test("more often than 30 times of one network, and those who are known still come in", async () => {
    await using site = await openSite();
    const returned = async (path: string, cookie = "") => {
      const headers = { "x-forwarded-for": "203.0.113.9", connection: "close", cookie };
      return (await fetch(new URL(path, site.rig.url), { headers, redirect: "manual" })).status;
    };
    const statuses = [];
    for (let i = 0; i < 31; i += 1) statuses.push(await returned("/admin/sign-in/return"));
    expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 401));
    expect(statuses.at(-1)).toBe(429);
    expect(site.rig.audit.filter(({ outcome }) => outcome === "refused")).toHaveLength(30);
    site.issuer.person = { ...KIM, groups: ["ops"] };
    const browser = new TestBrowser(site.rig);
    const back = await sent(site, browser);
    const cookies = [...browser.cookies].map(([name, value]) => `${name}=${value}`);
    expect(await returned(back, cookies.join("; "))).toBe(303);
  });

  test("by a wrong secret of the client", async () => {
    await using site = await openSite({ clientSecret: "wrong" }, { clientSecret: "right" });
    const browser = new TestBrowser(site.rig);
    await refused(site, browser, await sent(site, browser), /does not belong to this sign-in/u);
  });

  test("by an ID token that another key has signed", async () => {
    await using site = await openSite();
    site.issuer.person = { ...KIM, groups: ["ops"] };
    await using impostor = await openIssuer({ redirectUri: "http://127.0.0.1/x" });
    const browser = new TestBrowser(site.rig);
    const back = await sent(site, browser);
    // The real one answers all but the question for its keys.
    const keys = await (await fetch(`${impostor.url}/jwks`, { headers: { connection: "close" } })).text();
    site.issuer.jwks = keys;
    await refused(site, browser, back, /does not belong to this sign-in/u);
  });
});

describe("one thing that is wrong in what comes back", () => {
  /** What a provider answers for a code, in place of the real one, to a browser that has just been sent there. */
  async function answered(
    site: Site,
    {
      claims = {},
      header = {},
      idToken,
      query = {},
      more = "",
    }: {
      readonly claims?: Readonly<Record<string, unknown>>;
      readonly header?: Readonly<Record<string, unknown>>;
      readonly idToken?: (signed: string) => string | undefined;
      readonly query?: Readonly<Record<string, string>>;
      readonly more?: string;
    },
  ) {
    const browser = new TestBrowser(site.rig);
    const { location } = await browser.get("/admin/sign-in/provider");
    const asked = new URL(location).searchParams;
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const nowS = Math.floor(Date.now() / 1_000);
    const said = {
      iss: site.issuer.url,
      aud: "countersign",
      nonce: asked.get("nonce"),
      iat: nowS,
      exp: nowS + 300,
      ...KIM,
      groups: ["ops"],
      ...claims,
    };
    const key = header["alg"] === "HS256" ? Buffer.from("s3cret".repeat(8)) : privateKey;
    const signed = await new SignJWT(said)
      .setProtectedHeader({ alg: "RS256", kid: "key", ...header })
      .sign(key);
    const token = idToken === undefined ? signed : idToken(signed);
    const json = (res: ServerResponse, body: object) =>
      void res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    const jwk = { ...(await exportJWK(publicKey)), kid: "key", alg: "RS256", use: "sig" };
    site.issuer.instead = (req, res) => {
      if (req.url === "/jwks") return json(res, { keys: [jwk] });
      json(res, { access_token: "t", token_type: "Bearer", ...(token && { id_token: token }) });
    };
    const back = new URLSearchParams({
      code: "c",
      state: asked.get("state") ?? "",
      iss: site.issuer.url,
      ...query,
    });
    return await browser.get(`/admin/sign-in/return?${back.toString()}${more}`);
  }

  const unsigned = (signed: string) =>
    `${Buffer.from('{"alg":"none"}').toString("base64url")}.${signed.split(".")[1]}.`;

  test.each<[string, number, Parameters<typeof answered>[1]]>([
    ["nothing", 303, {}],
    ["the token's issuer", 401, { claims: { iss: "https://id.example.com" } }],
    ["whom the token is for", 401, { claims: { aud: "other" } }],
    ["whom it is for besides", 401, { claims: { aud: ["countersign", "other"], azp: "other" } }],
    ["the nonce", 401, { claims: { nonce: "x".repeat(43) } }],
    ["no nonce", 401, { claims: { nonce: undefined } }],
    ["nobody", 401, { claims: { sub: undefined } }],
    ["a token that is over", 401, { claims: { iat: 1_700_000_000, exp: 1_700_000_300 } }],
    ["a token without an end", 401, { claims: { exp: undefined } }],
    ["a token of tomorrow", 401, { claims: { nbf: Math.floor(Date.now() / 1_000) + 86_400 } }],
    ["a token by the client's secret", 401, { header: { alg: "HS256" } }],
    ["a token without a signature", 401, { idToken: unsigned }],
    ["no token", 401, { idToken: () => undefined }],
    ["an answer of another issuer", 401, { query: { iss: "https://id.example.com" } }],
    ["an answer of no issuer, although ours says that it names itself", 401, { query: { iss: "" } }],
    ["two codes", 401, { more: "&code=other" }],
    ["two states", 401, { more: "&state=other" }],
    ["a token in the address", 401, { more: "&id_token=x" }],
  ])("%s: %i", async (_, status, wrong) => {
    await using site = await openSite();
    const answer = await answered(site, wrong);
    expect(answer.status).toBe(status);
    if (status === 303) expect(answer.location).toBe("/admin");
    else expect(answer.cookies.some((cookie) => cookie.startsWith("countersign-admin="))).toBe(false);
  });
});

describe("a provider that is away", () => {
  test("stops no start, is told as such, and is found when it is back", async () => {
    await using site = await openSite();
    expect(site.issuer.requests).toEqual([]);
    site.issuer.instead = (_req, res) => res.writeHead(503).end();
    const browser = new TestBrowser(site.rig);
    expect((await browser.get("/admin/sign-in")).status).toBe(200);
    const away = await browser.get("/admin/sign-in/provider");
    expect(away.status).toBe(503);
    expect(away.text).toContain(
      `The identity provider at ${new URL(site.issuer.url).host} cannot be reached`,
    );
    expect(browser.cookies.size).toBe(0);

    site.issuer.instead = undefined;
    site.issuer.person = { ...KIM, groups: ["ops"] };
    const back = await sent(site, browser);
    site.issuer.instead = (req) => req.destroy();
    expect((await browser.get(back)).status).toBe(503);
    site.issuer.instead = undefined;
    // Nobody has used the code yet.
    expect(await browser.get(back)).toMatchObject({ status: 303, location: "/admin" });
  });

  test.each([
    ["no JSON", "hello"],
    ["metadata of another issuer", JSON.stringify({ issuer: "https://other.example.com" })],
  ])("or answers with %s is told as such", async (_, body) => {
    await using site = await openSite();
    site.issuer.instead = (_req, res) => res.writeHead(200, { "content-type": "application/json" }).end(body);
    expect((await new TestBrowser(site.rig).get("/admin/sign-in/provider")).status).toBe(503);
  });
});

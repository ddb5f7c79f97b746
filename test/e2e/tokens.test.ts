/** Only the person asked can decide: every forged or misused token gets one and the same refusal, and changes nothing. */
import { createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PromiseRecord } from "../../src/protocol/records.ts";
import { Api } from "../support/api.ts";
import { untilPasses } from "../support/eventually.ts";
import { type Called, type CallOptions, call as callAsIs } from "../support/http.ts";
import type { ReadMail } from "../support/mails.ts";
import { look, press } from "../support/press.ts";
import { recordsOf } from "../support/records.ts";
import { RESONATE_TOKEN, RESONATE_URL } from "../support/resonate-server.ts";
import type { ServiceProcess } from "../support/service-process.ts";
import { newId, openSite, type Site } from "../support/site.ts";
import { type Forgery, forgeries, type Parts, partsOf, signed } from "../unit/tokens/forgeries.ts";

/** Two keys of which the second is on its way out, as when keys are rotated. */
const KEY = randomBytes(32);
const OLD_KEY = randomBytes(32);
const TOKEN_KEYS = `k2:${KEY.toString("base64url")},k1:${OLD_KEY.toString("base64url")}`;

const PRESS: CallOptions = {
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: "confirm=yes&comment=forged",
};

let site: Site;
let all: ServiceProcess;
let api: Api;
/** Two approvals, each of the same two people; all four ballots stay open. */
let ids: readonly [string, string];
let mails: Readonly<Record<"ana" | "bo" | "anasOther", ReadMail>>;

beforeAll(async () => {
  // Behind a proxy that tells who calls: see call().
  site = await openSite({ env: { TOKEN_KEYS, TRUST_PROXY_HOPS: "1" } });
  all = await site.start("all");
  api = new Api(all.url);
  ids = [await askBoth("First"), await askBoth("Second")];
  mails = {
    ana: await site.mailTo("ana@example.com", "First"),
    bo: await site.mailTo("bo@example.com", "First"),
    anasOther: await site.mailTo("ana@example.com", "Second"),
  };
  await Promise.all(ids.map(whenMailed));
});
afterAll(() => site[Symbol.asyncDispose]());

describe("a link that is not as it was issued", () => {
  test("gets one and the same 403, read or pressed, and changes nothing", async () => {
    const good = tokenOf(mails.ana.links.approve);
    const forged = [...forgedFrom(good), ...misused(good), ...encodings(good)];
    expect(new Set(forged.map(({ token }) => token)).size).toBe(forged.length);
    expect(forged.length).toBeGreaterThan(130);
    const before = await stored();

    const refusals = new Set<string>();
    const accepted: string[] = [];
    for (const { name, token } of forged) {
      const url = at("d", token);
      const [read, peeked, pressed] = await Promise.all([
        call(url),
        call(url, { method: "HEAD" }),
        call(url, PRESS),
      ]);
      for (const [method, answer] of Object.entries({ read, pressed })) {
        if (answer.status !== 403) accepted.push(`${name}, ${method}: ${answer.status}`);
        refusals.add(fingerprint(answer));
      }
      expect([peeked.status, peeked.text], name).toEqual([403, ""]);
    }
    expect(accepted).toEqual([]);
    expect(refusals.size).toBe(1);
    expect(await stored()).toEqual(before);
    console.log(`${forged.length} forged or misused links, read and pressed: one answer for all`);

    // Which it is in words: no reason, no approval, nobody's name, and nothing that could tell one from the other.
    const page = (await call(`${site.publicUrl}/d/x`)).text;
    expect(page).toContain("This link does not work");
    expect(page).not.toMatch(/ana|bo@|First|Second|expired|signature|po-/iu);
  });

  test("is one that the same test would have let through: signed as issued, it opens and decides", async () => {
    const id = await askBoth("Third");
    const mail = await site.mailTo("ana@example.com", "Third");
    const parts = partsOf(tokenOf(mail.links.approve));
    const again = `${site.publicUrl}/d/${signed(parts, KEY)}`;
    expect(again).toBe(mail.links.approve);
    const byOldKey = `${site.publicUrl}/d/${signed({ ...parts, header: { ...parts.header, kid: "k1" } }, OLD_KEY)}`;
    expect(await look(byOldKey)).toMatchObject({ status: 200, decision: undefined });
    expect(await press(byOldKey)).toMatchObject({ status: 200, decision: "approved", effective: true });
    expect((await api.approval(id)).ballots[0]).toMatchObject({ state: "approved" });
  });

  test("tells its reason to the log alone, and the log holds no token", async () => {
    const reasons = () =>
      all.log.filter(({ msg }) => msg === "link refused").map((line) => String(line["reason"]));
    const expected = [
      "malformed",
      "header",
      "unknown-key",
      "signature",
      "expired",
      "claims",
      "no-ballot",
      "other-recipient",
      "other-generation",
    ];
    // A line may come a little later than the answer it tells of.
    await untilPasses(() => expect(reasons()).toEqual(expect.arrayContaining(expected)));
    const said = all.said;
    for (const mail of Object.values(mails)) {
      for (const link of Object.values(mail.links)) {
        const [, payload = "", signature = ""] = tokenOf(link).split(".");
        expect(said).not.toContain(payload);
        expect(said).not.toContain(signature);
      }
    }
    expect(said).not.toContain(KEY.toString("base64url"));
  });
});

describe("a receipt", () => {
  test("that is not as it was issued gets the refusal of a link, and cannot press", async () => {
    const id = await askBoth("Fourth");
    const mail = await site.mailTo("ana@example.com", "Fourth");
    const told = await press(mail.links.approve);
    const good = tokenOf(told.url);
    const refused = fingerprint(await call(`${site.publicUrl}/d/x`));
    // From now on nothing changes by itself: one answer of two decides nothing, and so it is not judged.
    await whenMailed(id);
    const before = await recordsOf(site, id);
    for (const { name, token } of forgedFrom(good)) {
      expect(fingerprint(await call(at("r", token))), name).toBe(refused);
    }
    // A receipt opens no question, a link is no receipt, and neither is taken by the other's address.
    for (const choice of ["approve", "reject"] as const) {
      expect(fingerprint(await call(`${site.publicUrl}/r/${tokenOf(mails.bo.links[choice])}`))).toBe(refused);
    }
    expect(fingerprint(await call(`${site.publicUrl}/d/${good}`))).toBe(refused);
    expect(fingerprint(await call(`${site.publicUrl}/d/${good}`, PRESS))).toBe(refused);
    expect((await call(told.url, PRESS)).status).toBe(405);
    expect(await recordsOf(site, id)).toEqual(before);
    expect(await look(told.url)).toMatchObject({ status: 200, decision: "approved", effective: true });
  });

  test("of another press of the same ballot says that it was not this one", async () => {
    const id = await askBoth("Fifth");
    const mail = await site.mailTo("ana@example.com", "Fifth");
    const told = await press(mail.links.approve);
    const { header, claims } = partsOf(tokenOf(told.url));
    const other = signed({ header, claims: { ...claims, jti: randomBytes(16).toString("base64url") } }, KEY);
    expect(await look(`${site.publicUrl}/r/${other}`)).toMatchObject({
      decision: "approved",
      effective: false,
    });
    // Nor does a receipt, signed or not, speak of a ballot that nobody has answered.
    const bo = await site.mailTo("bo@example.com", "Fifth");
    const { born } = partsOf(tokenOf(bo.links.approve)).claims;
    const early = signed({ header, claims: { ...claims, pid: `${id}:2`, born } }, KEY);
    expect(await look(`${site.publicUrl}/r/${early}`)).toMatchObject({ decision: undefined });
    // A receipt of an approval that had this id before is refused.
    const earlier = signed({ header, claims: { ...claims, born: Number(claims["born"]) - 1 } }, KEY);
    expect(await look(`${site.publicUrl}/r/${earlier}`)).toMatchObject({ status: 403, decision: undefined });
  });
});

describe("a link", () => {
  test("opens nothing as a bearer token, and a bearer token helps no bad link", async () => {
    const token = tokenOf(mails.ana.links.approve);
    const bearer = { authorization: `Bearer ${token}` };
    const refused = fingerprint(await call(`${site.publicUrl}/d/x`));
    const before = await stored();
    expect(fingerprint(await call(`${site.publicUrl}/d/x`, { headers: bearer }))).toBe(refused);
    expect(
      fingerprint(
        await call(`${site.publicUrl}/d/x`, { ...PRESS, headers: { ...PRESS.headers, ...bearer } }),
      ),
    ).toBe(refused);
    const settle = {
      kind: "promise.settle",
      head: { corrId: "1", version: "2026-04-01" },
      data: { id: `${ids[0]}:1`, state: "resolved", value: {} },
    };
    // A Resonate Server that was started without a key for tokens lets everybody in, and would settle the ballot.
    const isOpen = RESONATE_URL !== undefined && RESONATE_TOKEN === undefined;
    for (const auth of isOpen ? [] : [undefined, token, ""]) {
      const head = { ...settle.head, ...(auth === undefined ? {} : { auth }) };
      const body = JSON.stringify({ ...settle, head });
      expect((await call(site.engineUrl, { method: "POST", headers: bearer, body })).status).toBe(401);
    }
    expect(await stored()).toEqual(before);
  });

  test("is the only way to a decision: ids and promise ids open nothing at any address", async () => {
    const before = await stored();
    const pid = `${ids[0]}:1`;
    const addresses = [
      pid,
      encodeURIComponent(pid),
      ids[0],
      `${ids[0]}/ballots/1/decide`,
      `promises/${pid}/resolve`,
    ];
    for (const address of addresses) {
      for (const prefix of ["/d/", "/r/", "/", "/approvals/", "/promises/", "/callbacks/"]) {
        for (const options of [
          PRESS,
          { method: "POST", headers: { "content-type": "application/json" }, body: "{}" },
        ]) {
          const { status } = await call(`${site.publicUrl}${prefix}${address}`, options);
          expect([401, 403, 404, 405], `POST ${prefix}${address}`).toContain(status);
        }
      }
    }
    expect(await stored()).toEqual(before);
  });

  test("is refused more slowly to who tries a great many, and to nobody else", async () => {
    const bad = at("d", "x");
    const guesser = { headers: { "x-forwarded-for": "192.0.2.1" } };
    const statuses: number[] = [];
    for (let i = 0; i < 110; i++) statuses.push((await callAsIs(bad, guesser)).status);
    expect(statuses).toEqual([...Array<number>(100).fill(403), ...Array<number>(10).fill(429)]);
    expect((await callAsIs(bad, { headers: { "x-forwarded-for": "192.0.2.2" } })).status).toBe(403);
    // A good link is good for them still: they may share their address with whoever has it.
    expect((await callAsIs(mails.ana.links.approve, guesser)).status).toBe(200);
  });

  test("still works after all of the above", async () => {
    expect(await press(mails.ana.links.approve)).toMatchObject({ decision: "approved", effective: true });
    expect(await press(mails.bo.links.reject)).toMatchObject({ decision: "rejected", effective: true });
    expect(await press(mails.anasOther.links.reject)).toMatchObject({
      decision: "rejected",
      effective: true,
    });
  });
});

/** Forgeries of a link or a receipt. Where only the other of the two has what is forged, nothing is. */
function forgedFrom(good: string): Forgery[] {
  // An address cannot end in two dots: they would be taken for the folder above.
  return [...forgeries(good, KEY), ...otherKeys(good)].filter(
    ({ token }) => token !== good && token !== "..",
  );
}

/** Signed by everything but our keys. */
function otherKeys(good: string): Forgery[] {
  const parts = partsOf(good);
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const pem = publicKey.export({ type: "spki", format: "pem" });
  const withKid = (kid: unknown) => ({ ...parts, header: { ...parts.header, kid } });
  return [
    // A library that goes by the header's alg would take a published key for a shared secret.
    { name: "HS256 with an RSA public key as secret", token: signed(parts, Buffer.from(pem)) },
    {
      name: "RS256 in name, HMAC in fact",
      token: signed({ ...parts, header: { ...parts.header, alg: "RS256" } }, KEY),
    },
    { name: "the older key under the newer's name", token: signed(withKid("k2"), OLD_KEY) },
    { name: "the newer key under the older's name", token: signed(withKid("k1"), KEY) },
    {
      name: "the key's text instead of its bytes",
      token: signed(parts, Buffer.from(KEY.toString("base64url"))),
    },
    { name: "the setting as secret", token: signed(parts, Buffer.from(TOKEN_KEYS)) },
    ...["toString", "hasOwnProperty", "k2\0", "K2", " k2", "", "k2,k1"].map((kid) => ({
      name: `kid ${JSON.stringify(kid)}`,
      token: signed(withKid(kid), KEY),
    })),
    { name: "kid a list", token: signed(withKid(["k2"]), KEY) },
    { name: "two kids", token: twice(parts, "kid", "k1") },
    { name: "alg twice", token: twice(parts, "alg", "none") },
  ];
}

/** Good signatures, wrong use: parts of links that exist, put together. */
function misused(good: string): Forgery[] {
  const { header, claims } = partsOf(good);
  const bo = partsOf(tokenOf(mails.bo.links.approve)).claims;
  const other = partsOf(tokenOf(mails.anasOther.links.approve)).claims;
  const mix = (name: string, change: Record<string, unknown>) => ({
    name,
    token: signed({ header, claims: { ...claims, ...change } }, KEY),
  });
  const [, goodBody = "", goodMac = ""] = good.split(".");
  const spliced = (link: string) => {
    const [head, body] = tokenOf(link).split(".");
    return `${head}.${body}.${goodMac}`;
  };
  return [
    mix("other approver as recipient", { sub: bo["sub"] }),
    mix("other approver's ballot", { pid: bo["pid"] }),
    mix("same person on another approval's ballot", { pid: other["pid"] }),
    mix("recipient of another approval", { sub: other["sub"] }),
    mix("the approval itself", { pid: ids[0] }),
    mix("the approval's end", { pid: `${ids[0]}:0` }),
    mix("a mail step", { pid: `${ids[0]}:3` }),
    mix("a ballot that is not there", { pid: `${ids[0]}:9` }),
    mix("an approval that is not there", { pid: "po-none:1" }),
    mix("a choice that is not there", { act: "abstain" }),
    mix("a newer generation", { gen: 7 }),
    mix("expired a second ago", { exp: Math.floor(Date.now() / 1_000) - 1 }),
    mix("of a service on another port", { iss: `${site.publicUrl}0` }),
    mix("for the other choice by the other name", { act: undefined, choice: "reject" }),
    { name: "the other choice's body, this signature", token: spliced(mails.ana.links.reject) },
    { name: "the other person's body, this signature", token: spliced(mails.bo.links.approve) },
    { name: "the other approval's body, this signature", token: spliced(mails.anasOther.links.approve) },
    { name: "signature first", token: `${goodMac}.${goodBody}.${good.split(".")[0]}` },
  ];
}

/** One token, written otherwise: there is only one way to write it. */
function encodings(good: string): Forgery[] {
  const [head = "", body = "", mac = ""] = good.split(".");
  return [
    { name: "in capitals", token: good.toUpperCase() },
    { name: "a line break inside", token: `${head}.${body}\n.${mac}` },
    { name: "a NUL at the end", token: `${good}\0` },
    { name: "dots escaped", token: good.replaceAll(".", "%2e") },
    { name: "with its own address before it", token: `/d/${good}` },
    { name: "two tokens", token: `${good},${good}` },
    { name: "flattened JWS", token: JSON.stringify({ payload: body, protected: head, signature: mac }) },
    { name: "payload padded", token: `${head}.${body}==.${mac}` },
    { name: "payload not attached", token: `${head}..${mac}` },
    { name: "five parts", token: `${head}.${body}.${mac}.${body}.${mac}` },
  ];
}

/** A header that names one member twice, as `JSON.stringify` never writes it: readers differ in which they believe. */
function twice({ header, claims }: Parts, member: string, second: string): string {
  const json = JSON.stringify(header).replace(
    /\}$/u,
    `,${JSON.stringify(member)}:${JSON.stringify(second)}}`,
  );
  const input = `${Buffer.from(json).toString("base64url")}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  return `${input}.${createHmac("sha256", KEY).update(input).digest("base64url")}`;
}

/** Calls as somebody else each time: who collects refusals is told to slow down, which is not what is looked at here. */
function call(url: string, options: CallOptions = {}): Promise<Called> {
  callers += 1;
  const caller = `10.0.${callers >> 8}.${callers & 255}`;
  return callAsIs(url, { ...options, headers: { ...options.headers, "x-forwarded-for": caller } });
}
let callers = 0;

/** All of an answer that a caller could tell another from it by: status, body, and headers but those of each request. */
function fingerprint({ status, headers, text }: Called): string {
  const { date: _date, "x-request-id": _id, ...rest } = headers;
  return JSON.stringify({ status, headers: rest, text });
}

/** The address of a link or receipt with this token, whatever characters are in it. */
function at(place: "d" | "r", token: string): string {
  return `${site.publicUrl}/${place}/${encodeURIComponent(token)}`;
}

function tokenOf(link: string): string {
  return new URL(link).pathname.slice("/d/".length);
}

async function stored(): Promise<PromiseRecord[]> {
  return (await Promise.all(ids.map((id) => recordsOf(site, id)))).flat();
}

async function askBoth(title: string): Promise<string> {
  const approvers = ["ana@example.com", "bo@example.com"];
  return api.ask({ id: newId("po"), title, approvers, require: "all", rejection: "majority" });
}

async function whenMailed(id: string): Promise<void> {
  await api.approvalWhen(id, "everybody's mail is noted as sent", ({ ballots }) =>
    ballots.every(({ mail }) => mail?.status === "sent"),
  );
}

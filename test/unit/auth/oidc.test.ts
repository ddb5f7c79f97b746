/** Tokens of people's tools, against an issuer of our own: real discovery, real keys, real signatures. */
import { generateKeyPairSync, type KeyObject, sign as signBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT, UnsecuredJWT } from "jose";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { createAuthenticate } from "../../../src/auth/authenticate.ts";
import { createOidcReader } from "../../../src/auth/oidc.ts";
import { startTestGateway } from "../../support/gateway.ts";

interface Issuer extends AsyncDisposable {
  readonly url: string;
  /** Requests so far, by path. */
  readonly asked: string[];
  /** What it publishes; undefined: 500. */
  keys: object[] | undefined;
  /** What it answers instead of its keys. */
  keysText?: string;
}

const open: Issuer[] = [];
afterEach(async () => {
  for (const issuer of open.splice(0)) await issuer[Symbol.asyncDispose]();
});

async function startIssuer(
  keys: object[],
  describe: (url: string) => object = (url) => ({ issuer: url, jwks_uri: `${url}/keys` }),
): Promise<Issuer> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(req.url ?? "");
    if (issuer.keys === undefined) return void res.writeHead(500).end("no");
    res.setHeader("content-type", "application/json");
    if (req.url === "/keys" && issuer.keysText !== undefined) return void res.end(issuer.keysText);
    res.end(JSON.stringify(req.url === "/keys" ? { keys: issuer.keys } : describe(issuer.url)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer: Issuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    keys,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  open.push(issuer);
  return issuer;
}

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let pairs: Readonly<Record<"RS256" | "ES256" | "EdDSA", Pair>>;
let stranger: Pair;

beforeAll(async () => {
  pairs = {
    RS256: await generateKeyPair("RS256", { extractable: true }),
    ES256: await generateKeyPair("ES256", { extractable: true }),
    EdDSA: await generateKeyPair("EdDSA", { extractable: true }),
  };
  stranger = await generateKeyPair("ES256");
});

async function published(): Promise<object[]> {
  const algorithms = Object.entries(pairs);
  return Promise.all(
    algorithms.map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), alg, kid: alg })),
  );
}

const AUDIENCE = "countersign";

function sign(
  issuer: string,
  change: {
    claims?: { readonly [name: string]: unknown };
    header?: Partial<JWTHeaderParameters>;
    key?: Pair["privateKey"];
    expires?: string;
  } = {},
): Promise<string> {
  const claims = {
    iss: issuer,
    aud: AUDIENCE,
    sub: "ada@example.com",
    scope: "approvals:read profile",
    ...change.claims,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", kid: "ES256", ...change.header })
    .setIssuedAt()
    .setExpirationTime(change.expires ?? "5m")
    .sign(change.key ?? pairs.ES256.privateKey, { crit: { "x-new": false } });
}

interface OddPair {
  readonly alg: string;
  readonly signer: KeyObject;
  readonly verifier: KeyObject;
}
type BadKeys = Readonly<Record<"short" | "rsa" | "ec" | "ed", OddPair>>;

function badKeys(): BadKeys {
  const pair = (alg: string, keys: { privateKey: KeyObject; publicKey: KeyObject }): OddPair => ({
    alg,
    signer: keys.privateKey,
    verifier: keys.publicKey,
  });
  return {
    short: pair("RS256", generateKeyPairSync("rsa", { modulusLength: 1024 })),
    rsa: pair("RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })),
    ec: pair("ES256", generateKeyPairSync("ec", { namedCurve: "P-256" })),
    ed: pair("EdDSA", generateKeyPairSync("ed25519")),
  };
}

const jwk = ({ verifier }: OddPair): object => verifier.export({ format: "jwk" });

describe("createOidcReader()", () => {
  test.each(["RS256", "ES256", "EdDSA"] as const)(
    "takes a token signed by %s, with those of its scopes that are ours",
    async (alg) => {
      const issuer = await startIssuer(await published());
      const read = createOidcReader({ issuer: issuer.url, audience: AUDIENCE });
      const token = await sign(issuer.url, { header: { alg, kid: alg }, key: pairs[alg].privateKey });
      const caller = await read(token);
      expect(caller).toEqual({
        id: expect.stringMatching(/^person:[0-9a-f]{16}$/),
        client: expect.stringMatching(/^person:[0-9a-f]{16}$/),
        scopes: ["approvals:read"],
      });
    },
  );

  test("reads scopes from scp and permissions too", async () => {
    const issuer = await startIssuer(await published());
    const read = createOidcReader({ issuer: issuer.url, audience: AUDIENCE });
    const claims = {
      scope: undefined,
      scp: ["approvals:cancel", 7],
      permissions: ["workflows:begin", "__proto__"],
    };
    expect((await read(await sign(issuer.url, { claims })))?.scopes).toEqual([
      "approvals:cancel",
      "workflows:begin",
    ]);
  });

  test("asks the issuer once for many tokens, and for a key it does not know not again at once", async () => {
    const issuer = await startIssuer(await published());
    const read = createOidcReader({ issuer: issuer.url, audience: AUDIENCE });
    const tokens = await Promise.all(Array.from({ length: 20 }, () => sign(issuer.url)));
    await Promise.all(tokens.map(read));
    expect(issuer.asked.toSorted()).toEqual(["/.well-known/openid-configuration", "/keys"]);
    for (let i = 0; i < 20; i++) {
      const unknown = await sign(issuer.url, { header: { kid: `unknown-${i}` }, key: stranger.privateKey });
      expect(await read(unknown)).toBeUndefined();
    }
    expect(issuer.asked.length).toBeLessThan(4);
  });

  test("refuses every token that is wrong in one thing", async () => {
    const issuer = await startIssuer(await published());
    const read = createOidcReader({ issuer: issuer.url, audience: AUDIENCE });
    const good = await sign(issuer.url);
    expect(await read(good)).toBeDefined();
    const secret = new TextEncoder().encode(JSON.stringify((await published())[1]));
    const wrong = {
      "another issuer": await sign("https://evil.example"),
      "another audience": await sign(issuer.url, { claims: { aud: "another" } }),
      "no audience": await sign(issuer.url, { claims: { aud: undefined } }),
      "no subject": await sign(issuer.url, { claims: { sub: undefined } }),
      "a time that is over": await sign(issuer.url, { expires: "-2m" }),
      "a time to come": await sign(issuer.url, { claims: { nbf: Math.floor(Date.now() / 1000) + 120 } }),
      "somebody else's key": await sign(issuer.url, { key: stranger.privateKey }),
      "another key's name": await sign(issuer.url, { header: { kid: "RS256" } }),
      "a demand that we do not know": await sign(issuer.url, { header: { crit: ["x-new"], "x-new": 1 } }),
      "a key of its own": await sign(issuer.url, {
        header: { kid: "mine", jwk: await exportJWK(pairs.ES256.publicKey) },
        key: stranger.privateKey,
      }),
      "no signature": new UnsecuredJWT({ iss: issuer.url, aud: AUDIENCE, sub: "x" })
        .setExpirationTime("5m")
        .encode(),
      "a public key as secret": await new SignJWT({ iss: issuer.url, aud: AUDIENCE, sub: "x" })
        .setProtectedHeader({ alg: "HS256", kid: "ES256" })
        .setExpirationTime("5m")
        .sign(secret),
      "a changed claim": good.replace(/\.[^.]+\./, `.${Buffer.from('{"sub":"x"}').toString("base64url")}.`),
      "too much": `${"a".repeat(9_000)}.b.c`,
      "two parts": good.split(".").slice(0, 2).join("."),
    };
    for (const [what, token] of Object.entries(wrong)) expect(await read(token), what).toBeUndefined();
  });

  test.each<[string, (keys: BadKeys) => { key: object; signer: KeyObject; alg: string; told: boolean }]>([
    ["an RSA key of 1,024 bits", ({ short }) => ({ ...short, key: jwk(short), told: true })],
    ["an RSA key without its number", ({ rsa }) => ({ ...rsa, key: { kty: "RSA", e: "AQAB" }, told: true })],
    [
      "an RSA key whose number is no base64",
      ({ rsa }) => ({ ...rsa, key: { ...jwk(rsa), n: "***" }, told: true }),
    ],
    [
      "a point that is on no curve",
      ({ ec }) => ({ ...ec, key: { ...jwk(ec), x: "eHh4eHh4eHg" }, told: true }),
    ],
    ["an Ed25519 key that is too short", ({ ed }) => ({ ...ed, key: { ...jwk(ed), x: "AAAA" }, told: true })],
    ["a key for another curve", ({ ed }) => ({ ...ed, key: { ...jwk(ed), crv: "X25519" }, told: false })],
    ["a key of another type", ({ rsa, ec }) => ({ ...rsa, key: jwk(ec), told: false })],
    ["a key of a type that nobody knows", ({ rsa }) => ({ ...rsa, key: { kty: "NEW" }, told: false })],
    ["a secret", ({ rsa }) => ({ ...rsa, key: { kty: "oct", k: "AAAA" }, told: false })],
    ["a key to encrypt with", ({ rsa }) => ({ ...rsa, key: { ...jwk(rsa), use: "enc" }, told: false })],
    [
      "a key for another algorithm",
      ({ rsa }) => ({ ...rsa, key: { ...jwk(rsa), alg: "RS999" }, told: false }),
    ],
  ])("refuses a token by %s with 401, as another try would not help", async (_, made) => {
    const { key, signer, alg, told } = made(badKeys());
    const issuer = await startIssuer([{ ...key, kid: "bad" }, ...(await published())]);
    const reasons: unknown[] = [];
    const onUnusableKey = (reason: unknown) => reasons.push(reason);
    const read = createOidcReader({ issuer: issuer.url, audience: AUDIENCE, onUnusableKey });
    const header = { alg, kid: "bad" };
    const input = [
      header,
      { iss: issuer.url, aud: AUDIENCE, sub: "x", exp: Math.floor(Date.now() / 1000) + 60 },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    // By Node alone: the library signs with no key that it does not verify with.
    const hash = alg === "EdDSA" ? null : "sha256";
    const signature = signBytes(hash, Buffer.from(input), { key: signer, dsaEncoding: "ieee-p1363" });
    const token = `${input}.${signature.toString("base64url")}`;
    for (let i = 0; i < 3; i++) expect(await read(token)).toBeUndefined();
    expect(reasons.length, "told once to the operator").toBe(told ? 1 : 0);
    expect(await read(await sign(issuer.url)), "the issuer's other keys").toBeDefined();
  });

  test.each([
    ["no JSON", "<html>"],
    ["no set", "[]"],
    ["a set of no keys' form", '{"keys":[null]}'],
    ["too much", `{"keys":[${"1,".repeat(100_000)}1]}`],
  ])("says 503 when the issuer's keys are %s", async (_, text) => {
    const issuer = await startIssuer(await published());
    issuer.keysText = text;
    const read = createOidcReader({ issuer: issuer.url, audience: AUDIENCE });
    await expect(read(await sign(issuer.url))).rejects.toMatchObject({ code: "IDENTITY_UNAVAILABLE" });
  });

  test("says 503 while the issuer does not answer, and goes on when it does", async () => {
    const issuer = await startIssuer(await published());
    const token = await sign(issuer.url);
    const keys = issuer.keys;
    issuer.keys = undefined;
    const read = createOidcReader({ issuer: issuer.url, audience: AUDIENCE });
    await expect(read(token)).rejects.toMatchObject({ code: "IDENTITY_UNAVAILABLE" });
    const before = issuer.asked.length;
    await expect(read(token)).rejects.toMatchObject({ code: "IDENTITY_UNAVAILABLE" });
    expect(issuer.asked.length, "not asked again at once").toBe(before);
    issuer.keys = keys;
    await expect.poll(() => read(token).catch(() => undefined), { interval: 200 }).toBeDefined();
  });

  test.each([
    ["of another issuer", () => ({ issuer: "https://evil.example", jwks_uri: "https://evil.example/keys" })],
    ["without keys", (url: string) => ({ issuer: url })],
    ["with keys that are no address", (url: string) => ({ issuer: url, jwks_uri: "file:///etc/passwd" })],
    ["without end", (url: string) => ({ issuer: url, jwks_uri: `${url}/keys`, more: "x".repeat(200_000) })],
  ])("does not believe a description %s", async (_, described) => {
    const issuer = await startIssuer(await published(), described);
    const read = createOidcReader({ issuer: issuer.url, audience: AUDIENCE });
    await expect(read(await sign(issuer.url))).rejects.toMatchObject({ code: "IDENTITY_UNAVAILABLE" });
  });
});

test("a gateway with an issuer is not open, lets its people in by their scopes, and names nobody in its log", async () => {
  const issuer = await startIssuer(await published());
  const person = createOidcReader({ issuer: issuer.url, audience: AUDIENCE });
  const authenticate = createAuthenticate(
    { isOpen: () => true, find: () => undefined, live: () => undefined },
    person,
  );
  await using gateway = await startTestGateway({ authenticate });
  const status = async (token?: string, path = "/approvals/nobody") =>
    (
      await gateway.request(
        path,
        token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
      )
    ).status;
  expect(await status()).toBe(401);
  const token = await sign(issuer.url);
  expect(await status(token)).toBe(404);
  expect(await status(token, "/callback-deliveries")).toBe(200);
  expect(await status(await sign(issuer.url, { claims: { scope: "profile" } }))).toBe(403);
  expect(await status("a.b.c")).toBe(401);
  const log = JSON.stringify(gateway.log);
  expect(log).toMatch(/"caller":"person:[0-9a-f]{16}"/);
  expect(log).not.toContain("ada@example.com");
  expect(log).not.toContain(token.slice(0, 40));
});

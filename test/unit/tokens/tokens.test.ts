import { createHmac, randomBytes } from "node:crypto";
import jsonwebtoken from "jsonwebtoken";
import { describe, expect, test } from "vitest";
import { createLinkTokens, type Link, type Receipt } from "../../../src/tokens/tokens.ts";
import { forgeries, partsOf, signed } from "./forgeries.ts";

const issuer = "https://approve.example.com";
const k1 = { kid: "k1", secret: randomBytes(32) };
const k2 = { kid: "k2", secret: randomBytes(32) };
const tokens = createLinkTokens({ keys: [k1], issuer });

const nowMs = Date.parse("2026-12-01T12:00:00Z");
const link: Link = {
  pid: "po-4711:1",
  recipient: tokens.recipientId("po-4711", "ana@example.com"),
  choice: "approve",
  gen: 0,
  bornAtMs: nowMs - 3_600_001,
  expiresAtMs: nowMs + 3_600_000,
};
const receipt: Receipt = {
  pid: link.pid,
  bornAtMs: link.bornAtMs,
  choice: "reject",
  nonce: randomBytes(16).toString("base64url"),
  issuedAtMs: nowMs,
  expiresAtMs: nowMs + 3_600_000,
};
const good = tokens.issueLink(link);

describe("issueLink()", () => {
  test("makes a token that verifyLink() reads back", () => {
    expect(tokens.verifyLink(good, nowMs)).toEqual({ ok: true, value: link });
  });

  test("signs as RFC 7515 does in its first example, whose own token opens nothing under the same key", () => {
    const rfc = {
      key: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
      signed:
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
      mac: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    };
    const secret = Buffer.from(rfc.key, "base64url");
    const macOf = (text: string) => createHmac("sha256", secret).update(text).digest("base64url");
    expect(macOf(rfc.signed)).toBe(rfc.mac);
    const ours = createLinkTokens({ keys: [{ kid: "rfc", secret }], issuer });
    const token = ours.issueLink(link);
    const border = token.lastIndexOf(".");
    expect(token.slice(border + 1)).toBe(macOf(token.slice(0, border)));
    expect(ours.verifyLink(`${rfc.signed}.${rfc.mac}`, 1_300_819_000_000)).toEqual({
      ok: false,
      reason: "header",
    });
  });

  test("makes the token that the library makes of the same claims", () => {
    const { claims } = partsOf(good);
    const header = { alg: "HS256", typ: "approval+jwt", kid: k1.kid } as const;
    expect(jsonwebtoken.sign(claims, k1.secret, { header })).toBe(good);
  });

  test("pins the header and tells no mail address", () => {
    const { header, claims } = partsOf(good);
    expect(header).toEqual({ alg: "HS256", typ: "approval+jwt", kid: "k1" });
    expect(Object.keys(claims).sort()).toEqual([
      "act",
      "aud",
      "born",
      "exp",
      "gen",
      "iat",
      "iss",
      "jti",
      "pid",
      "sub",
    ]);
    expect(JSON.stringify(claims)).not.toMatch(/ana|@/u);
  });

  test("gives the same token for the same link, and another jti for another choice, ballot, generation or birth", () => {
    expect(tokens.issueLink({ ...link })).toBe(good);
    const others: Link[] = [
      { ...link, choice: "reject" },
      { ...link, pid: "po-4711:2" },
      { ...link, gen: 1 },
      { ...link, bornAtMs: link.bornAtMs + 1 },
    ];
    const jtis = [link, ...others].map((each) => partsOf(tokens.issueLink(each)).claims["jti"]);
    expect(new Set(jtis).size).toBe(5);
    expect(partsOf(createLinkTokens({ keys: [k2], issuer }).issueLink(link)).claims["jti"]).not.toBe(jtis[0]);
  });

  test("refuses to make a token that no gateway would read", () => {
    expect(() => tokens.issueLink({ ...link, pid: "x".repeat(900) })).toThrow(RangeError);
  });
});

describe("verifyLink()", () => {
  test("refuses every forged or misused token", () => {
    const all = forgeries(good, k1.secret);
    expect(all.length).toBeGreaterThan(70);
    // Whether gen, sub and pid are those of the ballot, only the ballot can tell: see the decision page's tests.
    const forTheBallot = new Set([
      'claim sub = "AAAAAAAAAAAAAAAAAAAAAA"',
      'claim pid = "po-4711:10"',
      "claim gen = 1",
    ]);
    const accepted = all.filter(({ token }) => tokens.verifyLink(token, nowMs).ok).map(({ name }) => name);
    expect(new Set(accepted)).toEqual(forTheBallot);
  });

  test("would accept the table's own signature on unchanged parts", () => {
    expect(tokens.verifyLink(signed(partsOf(good), k1.secret), nowMs).ok).toBe(true);
  });

  test.each([
    ["x.y", "malformed"],
    [`${good}.`, "malformed"],
    [signed({ ...partsOf(good), header: { alg: "HS256", typ: "JWT", kid: "k1" } }, k1.secret), "header"],
    [createLinkTokens({ keys: [k2], issuer }).issueLink(link), "unknown-key"],
    [signed(partsOf(good), k2.secret), "signature"],
    [tokens.issueLink({ ...link, expiresAtMs: nowMs - 1_000 }), "expired"],
    [signed({ ...partsOf(good), claims: { ...partsOf(good).claims, exp: undefined } }, k1.secret), "claims"],
  ])("says for the log why: %#", (token, reason) => {
    expect(tokens.verifyLink(token, nowMs)).toEqual({ ok: false, reason });
  });

  test("takes a link until it expires and not from then on", () => {
    expect(tokens.verifyLink(good, link.expiresAtMs - 1).ok).toBe(true);
    expect(tokens.verifyLink(good, link.expiresAtMs)).toEqual({ ok: false, reason: "expired" });
  });

  test("takes links of an older key while it is listed", () => {
    const rotated = createLinkTokens({ keys: [k2, k1], issuer });
    expect(rotated.verifyLink(good, nowMs).ok).toBe(true);
    expect(partsOf(rotated.issueLink(link)).header["kid"]).toBe("k2");
    expect(createLinkTokens({ keys: [k2], issuer }).verifyLink(good, nowMs)).toEqual({
      ok: false,
      reason: "unknown-key",
    });
  });

  test("refuses links of another origin under the same key", () => {
    const elsewhere = createLinkTokens({ keys: [k1], issuer: "https://staging.example.com" });
    expect(tokens.verifyLink(elsewhere.issueLink(link), nowMs).ok).toBe(false);
  });
});

describe("verifyReceipt()", () => {
  test("reads a receipt back", () => {
    expect(tokens.verifyReceipt(tokens.issueReceipt(receipt), nowMs)).toEqual({ ok: true, value: receipt });
  });

  test("refuses links, as verifyLink() refuses receipts", () => {
    expect(tokens.verifyReceipt(good, nowMs).ok).toBe(false);
    expect(tokens.verifyLink(tokens.issueReceipt(receipt), nowMs).ok).toBe(false);
  });
});

describe("verifyRequesterLink()", () => {
  const own = {
    approval: "po-4711",
    recipient: link.recipient,
    bornAtMs: link.bornAtMs,
    expiresAtMs: link.expiresAtMs,
  };

  test("reads a requester's link back, which is the same each time", () => {
    const token = tokens.issueRequesterLink(own);
    expect(tokens.verifyRequesterLink(token, nowMs)).toEqual({ ok: true, value: own });
    expect(tokens.issueRequesterLink({ ...own })).toBe(token);
    expect(partsOf(token).claims).toMatchObject({
      aud: "approval-requester",
      pid: "po-4711",
      born: own.bornAtMs,
    });
    expect(tokens.verifyRequesterLink(token, own.expiresAtMs)).toEqual({ ok: false, reason: "expired" });
  });

  test("refuses every other kind of token, as all others refuse it", () => {
    const token = tokens.issueRequesterLink(own);
    for (const other of [good, tokens.issueReceipt(receipt)])
      expect(tokens.verifyRequesterLink(other, nowMs).ok).toBe(false);
    expect(tokens.verifyLink(token, nowMs).ok).toBe(false);
    expect(tokens.verifyReceipt(token, nowMs).ok).toBe(false);
    expect(tokens.verifyCallbackUrl(token, nowMs).ok).toBe(false);
  });
});

describe("recipientId()", () => {
  test("is 128 bits, the same for the same person in any case, another for each person, approval and key", () => {
    const id = tokens.recipientId("po-4711", "ana@example.com");
    expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/u);
    expect(tokens.recipientId("po-4711", " Ana@Example.com")).toBe(id);
    expect(tokens.recipientId("po-4711", "bo@example.com")).not.toBe(id);
    expect(tokens.recipientId("po-4712", "ana@example.com")).not.toBe(id);
    expect(createLinkTokens({ keys: [k2], issuer }).recipientId("po-4711", "ana@example.com")).not.toBe(id);
  });
});

describe("createLinkTokens()", () => {
  test.each([
    ["no key", []],
    ["31 bytes", [{ kid: "k", secret: randomBytes(31) }]],
    ["two of a name", [k1, { ...k2, kid: "k1" }]],
    ["a name with blanks", [{ ...k1, kid: "a b" }]],
  ])("refuses %s", (_, keys) => {
    expect(() => createLinkTokens({ keys, issuer })).toThrow(TypeError);
  });
});

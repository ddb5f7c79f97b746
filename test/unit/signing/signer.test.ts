import {
  calculateJwkThumbprint,
  compactVerify,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  SignJWT,
} from "jose";
import { describe, expect, test } from "vitest";
import { ringKey } from "../../../src/signing/ring.ts";
import { createSigner } from "../../../src/signing/signer.ts";

const ISSUER = "https://approvals.example.com";
const seed = (fill: number) => Buffer.alloc(32, fill);
const signer = createSigner({ keys: [seed(1)], issuer: ISSUER });
const claims = { sub: "po-4711", iat: 1_796_000_000, arguments: { b: 1, a: "ü" } };
const grant = () => signer.sign("countersign-grant+jwt", claims);
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a key", () => {
  test("is that of RFC 8037's example, with its thumbprint", () => {
    // Appendices A.1 to A.3.
    const { jwk } = ringKey(Buffer.from("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "base64url"));
    expect(jwk).toEqual({
      kty: "OKP",
      crv: "Ed25519",
      x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
      kid: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
      use: "sig",
      alg: "EdDSA",
    });
  });

  test("has the name that a library gives it", async () => {
    for (const fill of [0, 1, 255]) {
      const { jwk } = ringKey(seed(fill));
      expect(await calculateJwkThumbprint(jwk)).toBe(jwk.kid);
    }
  });

  test.each([0, 31, 33, 64])("of %i bytes is refused", (bytes) => {
    expect(() => createSigner({ keys: [Buffer.alloc(bytes)], issuer: ISSUER })).toThrow(/not 32/);
  });
});

describe("sign()", () => {
  test("makes a token that a library verifies by the published keys, with the claims and the issuer", async () => {
    const read = await compactVerify(await grant(), createLocalJWKSet({ keys: [...signer.keySet.keys] }));
    expect(read.protectedHeader).toEqual({
      alg: "EdDSA",
      typ: "countersign-grant+jwt",
      kid: signer.keySet.keys[0]?.kid,
    });
    expect(JSON.parse(Buffer.from(read.payload).toString())).toEqual({ ...claims, iss: ISSUER });
  });

  test("makes the same token of the same claims in any order, in each process with the same keys", async () => {
    const other = createSigner({ keys: [seed(1), seed(2)], issuer: ISSUER });
    const reversed = { arguments: { a: "ü", b: 1 }, iat: claims.iat, sub: claims.sub, target: undefined };
    expect(await other.sign("countersign-grant+jwt", reversed)).toBe(await grant());
  });

  test("lets no claim name another issuer", async () => {
    const token = await signer.sign("countersign-grant+jwt", { ...claims, iss: "https://evil.example.com" });
    expect(await signer.verify("countersign-grant+jwt", token)).toMatchObject({ claims: { iss: ISSUER } });
  });
});

describe("verify()", () => {
  test("accepts what it signed, also by a key that was replaced, and says by which", async () => {
    const later = createSigner({ keys: [seed(2), seed(1)], issuer: ISSUER });
    const kid = signer.keySet.keys[0]?.kid;
    expect(await later.verify("countersign-grant+jwt", await grant())).toEqual({
      ok: true,
      kid,
      claims: { ...claims, iss: ISSUER },
    });
    expect(later.keySet.keys.map((key) => key.kid)).toEqual([ringKey(seed(2)).jwk.kid, kid]);
    const token = await later.sign("countersign-grant+jwt", claims);
    expect(await signer.verify("countersign-grant+jwt", token)).toEqual({ ok: false, reason: "unknown-key" });
  });

  test("refuses a grant as a receipt", async () => {
    expect(await signer.verify("countersign-receipt+jwt", await grant())).toEqual({
      ok: false,
      reason: "header",
    });
  });

  test("refuses every token that differs in one character", async () => {
    const token = await grant();
    for (let at = 0; at < token.length; at += 1) {
      if (token[at] === ".") continue;
      for (const other of token[at] === "A" ? ["B", "."] : ["A", "."]) {
        const changed = `${token.slice(0, at)}${other}${token.slice(at + 1)}`;
        expect(await signer.verify("countersign-grant+jwt", changed), `${at}: ${other}`).toMatchObject({
          ok: false,
        });
      }
    }
  });

  test.each<[string, Record<string, unknown>]>([
    ["none", { alg: "none" }],
    ["HS256 with the public key as the secret", { alg: "HS256" }],
    [
      "a key of its own",
      { jwk: { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" } },
    ],
    ["a place where keys are", { jku: "https://evil.example.com/keys" }],
    ["what must be understood", { crit: ["exp"] }],
    ["a payload that is not encoded", { b64: false, crit: ["b64"] }],
  ])("refuses a header that names %s", async (_, more) => {
    const [, payload, signature] = (await grant()).split(".");
    const header = { alg: "EdDSA", typ: "countersign-grant+jwt", kid: signer.keySet.keys[0]?.kid, ...more };
    expect(await signer.verify("countersign-grant+jwt", `${part(header)}.${payload}.${signature}`)).toEqual({
      ok: false,
      reason: "header",
    });
  });

  test("refuses another's signature under our key's name", async () => {
    const { privateKey } = await generateKeyPair("Ed25519");
    const kid = String(signer.keySet.keys[0]?.kid);
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "EdDSA", typ: "countersign-grant+jwt", kid })
      .sign(privateKey);
    expect(await signer.verify("countersign-grant+jwt", token)).toEqual({ ok: false, reason: "signature" });
  });

  test.each(["", ".", "..", "a.b", "a.b.c.d", "a.b.", "ü.b.c", "a.b.AA\n", "a.b.AB"])(
    "refuses %j",
    async (token) => {
      expect(await signer.verify("countersign-grant+jwt", token)).toEqual({ ok: false, reason: "malformed" });
    },
  );

  test("refuses what is longer than any token of ours", async () => {
    const token = `${"a".repeat(600_000)}.b.AA`;
    expect(await signer.verify("countersign-grant+jwt", token)).toEqual({ ok: false, reason: "malformed" });
  });

  test("gives out no private part of a key", async () => {
    const text = JSON.stringify(signer.keySet);
    const { privateKey } = ringKey(seed(1));
    const { d } = await exportJWK(privateKey);
    expect(d).toBe(seed(1).toString("base64url"));
    expect(text).not.toContain(String(d));
    expect(Object.keys(signer.keySet.keys[0] ?? {}).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
  });
});

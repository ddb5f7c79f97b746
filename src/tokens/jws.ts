/** One kind of token: compact JWS with HS256, checked in a fixed order, cheapest first. */
import { createSecretKey, type KeyObject } from "node:crypto";
import { createRequire } from "node:module";
import type Jsonwebtoken from "jsonwebtoken";
import { z } from "zod";

export interface TokenKey {
  readonly kid: string;
  readonly secret: Uint8Array;
}

/**
 * Why a token was refused: for logs and audit only. Outside, every refusal looks the same; otherwise responses would
 * help an attacker to get past one check after the other.
 */
type TokenRefusal = "malformed" | "header" | "unknown-key" | "signature" | "expired" | "claims";

export type Verified<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: TokenRefusal };

interface Times {
  /** Milliseconds since 1970, in whole seconds. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

export interface Jws<C> {
  readonly signingKey: KeyObject;
  /** All that verify: the signing key first. */
  readonly keys: readonly KeyObject[];
  sign(claims: C, times: Times): string;
  verify<T>(token: string, nowMs: number, read: (claims: C, times: Times) => T): Verified<T>;
}

interface JwsOptions<S extends z.ZodRawShape> {
  readonly keys: readonly TokenKey[];
  readonly issuer: string;
  /** Former issuers, whose tokens are still accepted. */
  readonly formerIssuers: readonly string[];
  readonly typ: string;
  readonly audience: string;
  /** Claims of this kind beside `iss`, `aud`, `iat` and `exp`. */
  readonly claims: z.ZodObject<S, z.core.$strict>;
}

const require = createRequire(import.meta.url);
/**
 * It is 75 files, which a start can do without: the first link reads them, in some 20 ms. Kept, because `require` looks for
 * them again each time.
 */
const library = () => (loaded ??= require("jsonwebtoken") as typeof Jsonwebtoken);
let loaded: typeof Jsonwebtoken | undefined;

/** Ours have about 500. A longer one can only keep the parser busy. */
const TOKEN_CHARS_MAX = 1_024;
/** As long as the hash (RFC 7518 §3.2); the library would take one byte. */
const SECRET_BYTES_MIN = 32;
const THREE_PARTS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/u;
const KID_PATTERN = /^[A-Za-z0-9._-]{1,32}$/u;

export function createJws<S extends z.ZodRawShape>(
  options: JwsOptions<S>,
): Jws<z.output<z.ZodObject<S, z.core.$strict>>> {
  const { issuer, typ, audience } = options;
  const issuers: [string, ...string[]] = [issuer, ...options.formerIssuers];
  const keys = keyRing(options.keys);
  const kid = options.keys[0]?.kid ?? "";
  const signingKey = keys.get(kid);
  if (signingKey === undefined) throw new TypeError("Cannot sign links: no key");
  const headerSchema = z.strictObject({ alg: z.literal("HS256"), typ: z.literal(typ), kid: z.string() });
  // The header as the library writes it: nearly all tokens are ours, and then reading it is one look-up.
  const ownHeaders = new Map(
    [...keys].map(([name, key]) => [base64urlOf({ alg: "HS256", typ, kid: name }), key] as const),
  );
  /** The key that the header names, or why the header is refused. */
  const keyOf = (header: string): KeyObject | "header" | "unknown-key" => {
    const own = ownHeaders.get(header);
    if (own !== undefined) return own;
    // Strict: the library would ignore typ, crit, jwk, jku and x5u.
    const read = headerSchema.safeParse(jsonOf(header));
    return read.success ? (keys.get(read.data.kid) ?? "unknown-key") : "header";
  };
  const frameSchema = z.object({
    // The library accepts a list of audiences that contains ours, and tokens without exp.
    iss: z.literal(issuers),
    aud: z.literal(audience),
    iat: z.int().min(0),
    exp: z.int().min(0),
  });

  return {
    signingKey,
    keys: [...keys.values()],
    sign(claims, { issuedAtMs, expiresAtMs }) {
      const payload = {
        iss: issuer,
        aud: audience,
        ...claims,
        iat: Math.floor(issuedAtMs / 1000),
        exp: Math.ceil(expiresAtMs / 1000),
      };
      const token = library().sign(payload, signingKey, { header: { alg: "HS256", typ, kid } });
      if (token.length > TOKEN_CHARS_MAX) {
        throw new RangeError(`Cannot sign a ${audience} token: it would have ${token.length} characters`);
      }
      return token;
    },
    verify(token, nowMs, read) {
      if (token.length > TOKEN_CHARS_MAX || !THREE_PARTS.test(token)) return refuse("malformed");
      const key = keyOf(token.slice(0, token.indexOf(".")));
      if (typeof key === "string") return refuse(key);
      const clockTimestamp = Math.floor(nowMs / 1000);
      const jwt = library();
      let payload: unknown;
      try {
        payload = jwt.verify(token, key, {
          algorithms: ["HS256"],
          issuer: issuers,
          audience,
          clockTimestamp,
        });
      } catch (error) {
        if (error instanceof jwt.TokenExpiredError) return refuse("expired");
        if (error instanceof jwt.JsonWebTokenError) return refuse("signature");
        throw error;
      }
      const frame = frameSchema.safeParse(payload);
      if (!frame.success) return refuse("claims");
      const { iss: _iss, aud: _aud, iat: _iat, exp: _exp, ...rest } = payload as Record<string, unknown>;
      const claims = options.claims.safeParse(rest);
      if (!claims.success) return refuse("claims");
      const times = { issuedAtMs: frame.data.iat * 1000, expiresAtMs: frame.data.exp * 1000 };
      return { ok: true, value: read(claims.data, times) };
    },
  };
}

/** A Map: a kid such as `__proto__` finds nothing in it. */
function keyRing(keys: readonly TokenKey[]): Map<string, KeyObject> {
  const ring = new Map<string, KeyObject>();
  for (const { kid, secret } of keys) {
    if (!KID_PATTERN.test(kid))
      throw new TypeError(`Cannot use key "${kid}": its name must match ${KID_PATTERN.source}`);
    if (ring.has(kid)) throw new TypeError(`Cannot use key "${kid}": two keys have that name`);
    if (secret.length < SECRET_BYTES_MIN) {
      throw new TypeError(
        `Cannot use key "${kid}": it must have at least ${SECRET_BYTES_MIN} bytes, not ${secret.length}`,
      );
    }
    ring.set(kid, createSecretKey(secret));
  }
  return ring;
}

function base64urlOf(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function jsonOf(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

function refuse(reason: TokenRefusal): { ok: false; reason: TokenRefusal } {
  return { ok: false, reason };
}

/** Whether a compact JWS is one of ours, by a key set: in the gateway, and for a stranger who has only the key set. */
import type { PublicJwk } from "./ring.ts";

/** What is signed. The type keeps one kind from being taken for another. */
export type SignedType = "countersign-grant+jwt" | "countersign-receipt+jwt";

/** A JWK Set (RFC 7517, section 5). */
export interface KeySet {
  readonly keys: readonly PublicJwk[];
}

/**
 * Why it is refused. `malformed`: it is no compact JWS, or too long. `header`: another type or algorithm, or a header that we
 * do not write. `unknown-key`: the key set has no key of that name. `claims`: the content is no JSON object.
 */
type Refusal = "malformed" | "header" | "unknown-key" | "signature" | "claims";

export type Verification =
  | { readonly ok: true; readonly kid: string; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly reason: Refusal };

/** A grant repeats the arguments that were approved, at most 64 KiB; in JSON and base64url they may be six times as long. */
const TOKEN_CHARS_MAX = 512 * 1024;
const THREE_PARTS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/u;

/** Never throws for what the token holds. Times in it are claims like others: the reader of the claims checks them. */
export async function verifySigned(set: KeySet, typ: SignedType, token: string): Promise<Verification> {
  if (token.length > TOKEN_CHARS_MAX || !THREE_PARTS.test(token)) return refuse("malformed");
  // Bits at the end that decode to nothing: with others there, another text would have the same signature.
  const signature = token.slice(token.lastIndexOf(".") + 1);
  if (Buffer.from(signature, "base64url").toString("base64url") !== signature) return refuse("malformed");
  const kid = keyNamedIn(typ, token);
  if (kid === undefined) return refuse("header");
  const jwk = set.keys.find((key) => key.kid === kid);
  if (jwk === undefined) return refuse("unknown-key");
  // Read when it is first needed: a start can do without.
  const { compactVerify, importJWK } = await import("jose");
  let payload: Uint8Array;
  try {
    // The algorithm is ours, not the token's or the key set's.
    const key = await importJWK({ kty: jwk.kty, crv: jwk.crv, x: jwk.x }, "EdDSA");
    ({ payload } = await compactVerify(token, key, { algorithms: ["EdDSA"] }));
  } catch {
    return refuse("signature");
  }
  const claims = jsonOf(payload);
  return isObject(claims) ? { ok: true, kid, claims } : refuse("claims");
}

/** The key that a token of this type names, whether or not it has signed it. */
export function keyNamedIn(typ: SignedType, token: string): string | undefined {
  return kidOf(token.slice(0, token.indexOf(".")), typ);
}

/**
 * The header's `kid` if it has exactly the members that we write. So nothing in a header can name another algorithm, a key
 * or a place where keys are (RFC 8725, sections 3.1 and 3.10), and `crit` is refused.
 */
function kidOf(header: string, typ: SignedType): string | undefined {
  const read = jsonOf(Buffer.from(header, "base64url"));
  if (!isObject(read) || Object.keys(read).length !== 3) return undefined;
  const { alg, typ: named, kid } = read;
  return alg === "EdDSA" && named === typ && typeof kid === "string" ? kid : undefined;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(reason: Refusal): { ok: false; reason: Refusal } {
  return { ok: false, reason };
}

/**
 * The keys that sign what a stranger can verify: grants and signed receipts. Ed25519 (RFC 8037), each made of a secret
 * seed of 32 bytes, and named by the thumbprint of its public key (RFC 7638). So a name never means two keys.
 */
import { createHash, type KeyObject } from "node:crypto";
import { privateKeyOf, publicBytesOf } from "../lib/ed25519.ts";

/** A public key as RFC 7517 and RFC 8037 write it. */
export interface PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  /** The key's 32 bytes in base64url. */
  readonly x: string;
  /** Its thumbprint: 43 characters of base64url. */
  readonly kid: string;
  readonly use: "sig";
  readonly alg: "EdDSA";
}

export interface RingKey {
  readonly jwk: PublicJwk;
  readonly privateKey: KeyObject;
}

/** @param seed 32 random bytes */
export function ringKey(seed: Uint8Array): RingKey {
  const privateKey = privateKeyOf(seed);
  const x = publicBytesOf(privateKey).toString("base64url");
  return {
    jwk: { kty: "OKP", crv: "Ed25519", x, kid: thumbprint(x), use: "sig", alg: "EdDSA" },
    privateKey,
  };
}

/** The members that RFC 8037 requires, in the order and without the blanks that RFC 7638 requires. */
function thumbprint(x: string): string {
  return createHash("sha256")
    .update(JSON.stringify({ crv: "Ed25519", kty: "OKP", x }))
    .digest("base64url");
}

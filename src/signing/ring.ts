/**
 * The keys that sign what a stranger can verify: grants and signed receipts. Ed25519 (RFC 8037), each made of a secret
 * seed of 32 bytes, and named by the thumbprint of its public key (RFC 7638). So a name never means two keys.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

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
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  if (x === undefined) throw new TypeError("Cannot use a signing key: it has no public part");
  return {
    jwk: { kty: "OKP", crv: "Ed25519", x, kid: thumbprint(x), use: "sig", alg: "EdDSA" },
    privateKey,
  };
}

/** What comes before the seed in PKCS #8: a version, the algorithm 1.3.101.112, and two lengths (RFC 8410, section 7). */
const PKCS8_START = Buffer.from("302e020100300506032b657004220420", "hex");
const SEED_BYTES = 32;

/** @throws TypeError if the seed has another length */
function privateKeyOf(seed: Uint8Array): KeyObject {
  if (seed.length !== SEED_BYTES) {
    throw new TypeError(`Cannot use a signing key: it has ${seed.length} bytes, not ${SEED_BYTES}`);
  }
  return createPrivateKey({ key: Buffer.concat([PKCS8_START, seed]), format: "der", type: "pkcs8" });
}

/** The members that RFC 8037 requires, in the order and without the blanks that RFC 7638 requires. */
function thumbprint(x: string): string {
  return createHash("sha256")
    .update(JSON.stringify({ crv: "Ed25519", kty: "OKP", x }))
    .digest("base64url");
}

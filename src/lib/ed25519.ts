import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** The secret that a key is made of, and its public part, in bytes (RFC 8032). */
export const SEED_BYTES = 32;

/** What comes before the seed in PKCS #8: a version, the algorithm 1.3.101.112, and two lengths (RFC 8410, section 7). */
const PKCS8_START = Buffer.from("302e020100300506032b657004220420", "hex");

/** @throws TypeError if the seed has another length than {@link SEED_BYTES} */
export function privateKeyOf(seed: Uint8Array): KeyObject {
  if (seed.length !== SEED_BYTES) {
    throw new TypeError(`Cannot use a signing key: it has ${seed.length} bytes, not ${SEED_BYTES}`);
  }
  return createPrivateKey({ key: Buffer.concat([PKCS8_START, seed]), format: "der", type: "pkcs8" });
}

/** The 32 bytes of the public key. */
export function publicBytesOf(privateKey: KeyObject): Buffer {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  if (x === undefined) throw new TypeError("Cannot use a signing key: it has no public part");
  return Buffer.from(x, "base64url");
}

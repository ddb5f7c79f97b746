/**
 * Key pairs of the Standard Webhooks specification: `whsk_` and base64 for the secret key, `whpk_` and base64 for the public one. The
 * specification does not say what the bytes of a secret key are. Ours are 64, the seed and then the public key, as libsodium and
 * Go have it; so one that a failing disk has changed is told from a good one. A seed alone is read too.
 */
import { type KeyObject, randomBytes } from "node:crypto";
import { privateKeyOf, publicBytesOf, SEED_BYTES } from "./ed25519.ts";

const SECRET = "whsk_";

export function isSecretKeyText(text: string): boolean {
  return text.startsWith(SECRET);
}

/** The key behind `whsk_…`, or what it must be, in words that follow its name and never repeat it. */
export function secretKeyIn(text: string): KeyObject | string {
  const encoded = text.slice(SECRET.length);
  const bytes = Buffer.from(encoded, "base64");
  const isWhole = bytes.length === 2 * SEED_BYTES;
  if (bytes.toString("base64") !== encoded || !(isWhole || bytes.length === SEED_BYTES)) {
    return `must be whsk_ and then ${SEED_BYTES} or ${2 * SEED_BYTES} bytes in base64, padded with = to a multiple of four`;
  }
  const key = privateKeyOf(bytes.subarray(0, SEED_BYTES));
  if (isWhole && !publicBytesOf(key).equals(bytes.subarray(SEED_BYTES)))
    return "is damaged: its second half is not the public key of its first. Restore it from a copy";
  return key;
}

export function newSecretKeyText(): string {
  const seed = randomBytes(SEED_BYTES);
  return `${SECRET}${Buffer.concat([seed, publicBytesOf(privateKeyOf(seed))]).toString("base64")}`;
}

/** For receivers. */
export function publicKeyText(key: KeyObject): string {
  return `whpk_${publicBytesOf(key).toString("base64")}`;
}

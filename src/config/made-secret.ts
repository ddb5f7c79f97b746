/**
 * Secrets that the service makes end in a checksum, so that one that a failing disk has changed is refused by name. Otherwise it
 * would be another secret, as good as the first, and nobody could tell why links and signatures are refused. Only what has
 * exactly the length of these secrets is checked: operators may use secrets of their own.
 */
import { createHash, randomBytes } from "node:crypto";

const RANDOM_BYTES = 33;
/** At the end of a secret. */
export const CHECK_BYTES = 4;

/**
 * @param name what the secret is known by; it is part of what is checked
 * @param bytes how many of it are random
 */
export function makeSecret(name = "", bytes = RANDOM_BYTES): Buffer {
  const random = randomBytes(bytes);
  return Buffer.concat([random, checksum(name, random)]);
}

/** Whether it was made by {@link makeSecret}, and is not as it was then. */
export function isDamaged(secret: Uint8Array, name = "", bytes = RANDOM_BYTES): boolean {
  if (secret.length !== bytes + CHECK_BYTES) return false;
  const check = checksum(name, secret.subarray(0, bytes));
  return !check.equals(secret.subarray(bytes));
}

/** What is wrong, to be put behind the name of what was read. */
export const DAMAGED =
  "is damaged: its checksum is wrong. Restore it from a copy; a disk or the memory of this machine may be failing";

function checksum(name: string, random: Uint8Array): Buffer {
  return createHash("sha256").update(name).update("\0").update(random).digest().subarray(0, CHECK_BYTES);
}

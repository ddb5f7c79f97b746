/**
 * Secrets that the service makes end in a checksum, so that one that a failing disk has changed is refused by name. Otherwise it
 * would be another secret, as good as the first, and nobody could tell why links and signatures are refused. Only what has
 * exactly the length of these secrets is checked: operators may use secrets of their own.
 */
import { createHash, randomBytes } from "node:crypto";

const RANDOM_BYTES = 33;
const CHECK_BYTES = 4;

/** @param name what the secret is known by; it is part of what is checked */
export function makeSecret(name = ""): Buffer {
  const random = randomBytes(RANDOM_BYTES);
  return Buffer.concat([random, checksum(name, random)]);
}

/** Whether it was made by {@link makeSecret}, and is not as it was then. */
export function isDamaged(secret: Uint8Array, name = ""): boolean {
  if (secret.length !== RANDOM_BYTES + CHECK_BYTES) return false;
  const check = checksum(name, secret.subarray(0, RANDOM_BYTES));
  return !check.equals(secret.subarray(RANDOM_BYTES));
}

/** What is wrong, to be put behind the name of what was read. */
export const DAMAGED =
  "is damaged: its checksum is wrong. Restore it from a copy; a disk or the memory of this machine may be failing";

function checksum(name: string, random: Uint8Array): Buffer {
  return createHash("sha256").update(name).update("\0").update(random).digest().subarray(0, CHECK_BYTES);
}

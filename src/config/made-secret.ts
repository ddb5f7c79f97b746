/**
 * Secrets that the service makes end in a checksum, so that one that a failing disk has changed is refused by name. Otherwise it
 * would be another secret, as good as the first, and nobody could tell why links and signatures are refused. Only what has
 * exactly the length of these secrets is checked: operators may use secrets of their own.
 */
import { randomBytes } from "node:crypto";
import { checksum } from "../lib/damage.ts";

const RANDOM_BYTES = 33;
/** At the end of a secret. */
export const CHECK_BYTES = 4;

/**
 * @param name what the secret is known by; it is part of what is checked
 * @param bytes how many of it are random
 */
export function makeSecret(name = "", bytes = RANDOM_BYTES): Buffer {
  const random = randomBytes(bytes);
  return Buffer.concat([random, checkOf(name, random)]);
}

/** Whether it was made by {@link makeSecret}, and is not as it was then. */
export function isDamaged(secret: Uint8Array, name = "", bytes = RANDOM_BYTES): boolean {
  if (secret.length !== bytes + CHECK_BYTES) return false;
  const check = checkOf(name, secret.subarray(0, bytes));
  return !check.equals(secret.subarray(bytes));
}

function checkOf(name: string, random: Uint8Array): Buffer {
  return checksum(name, "\0", random);
}

import { createHash } from "node:crypto";

/**
 * What the service keeps in its folder ends in a checksum, or has one beside it, so that what a failing disk or memory has
 * changed is refused or told by name, and not taken for what was stored. It does not keep anybody out who may write there.
 */
const CHECKSUM_BYTES = 4;

/** The first four bytes of SHA-256: of a wrong bit they miss one in four thousand million. */
export function checksum(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest().subarray(0, CHECKSUM_BYTES);
}

/** What is wrong, to be put behind the name of what was read. */
export const DAMAGED =
  "is damaged: its checksum is wrong. Restore it from a copy; a disk or the memory of this machine may be failing";

import { createHash } from "node:crypto";
import { addressKey } from "../../approval/person.ts";

/**
 * A person in ids and in the audit record, without the address. Not keyed: it must be the same when keys are rotated, or
 * signing out everywhere would miss sessions. It is in no address and no log.
 */
export function personHash(email: string): string {
  return createHash("sha256")
    .update(`person\n${addressKey(email)}`)
    .digest("hex")
    .slice(0, 32);
}

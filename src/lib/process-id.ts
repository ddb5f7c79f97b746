import { randomBytes } from "node:crypto";
import { hostname } from "node:os";

/** A name for this process that no other has had: host and a random part, of letters, digits, `.`, `_` and `-` only. */
export function processId(): string {
  return `${hostname().replace(/[^A-Za-z0-9._-]/g, "-")}-${randomBytes(6).toString("hex")}`;
}

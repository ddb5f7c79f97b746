import { createHash } from "node:crypto";

/** Eight hexadecimal digits: enough to tell things apart that may be mixed up now and then without harm. */
export function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

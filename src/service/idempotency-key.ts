import { createHash } from "node:crypto";
import { ID_PATTERN } from "../approval/ids.ts";

/** As long as the keys that clients make; it is refused rather than cut. */
const KEY_CHARS_MAX = 255;

export const IDEMPOTENCY_KEY_RULE = `must be given once, and have 1 to ${KEY_CHARS_MAX} characters`;

/**
 * The id that a caller's idempotency keys stand for; undefined if they break `IDEMPOTENCY_KEY_RULE`. A key that can be an
 * id is one; any other is hashed, so that the same key always finds the same workflow.
 */
export function idFromKeys([key, ...more]: readonly string[]): string | undefined {
  if (key === undefined || key === "" || key.length > KEY_CHARS_MAX || more.length > 0) return undefined;
  return ID_PATTERN.test(key) ? key : `key-${createHash("sha256").update(key).digest("base64url")}`;
}

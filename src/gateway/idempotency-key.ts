import { createHash } from "node:crypto";
import { ID_PATTERN } from "../approval/ids.ts";

/** As long as the keys that clients make; it is refused rather than cut. */
const KEY_CHARS_MAX = 255;

export const IDEMPOTENCY_KEY_RULE = `must have 1 to ${KEY_CHARS_MAX} characters`;

/**
 * The id that an `Idempotency-Key` header stands for; undefined if the header breaks `IDEMPOTENCY_KEY_RULE`. A key that
 * can be an id is one; any other is hashed, so that the same key always finds the same workflow.
 */
export function idFromKey(header: string): string | undefined {
  // The header's standard writes the key in quotes; most callers leave them out.
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (key === "" || key.length > KEY_CHARS_MAX) return undefined;
  return ID_PATTERN.test(key) ? key : `key-${createHash("sha256").update(key).digest("base64url")}`;
}

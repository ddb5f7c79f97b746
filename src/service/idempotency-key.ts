import { createHash } from "node:crypto";
import { ID_PATTERN, IDEMPOTENCY_KEY_CHARS_MAX } from "../approval/ids.ts";

export const IDEMPOTENCY_KEY_RULE = `must be given once, and have 1 to ${IDEMPOTENCY_KEY_CHARS_MAX} characters`;

/**
 * The id for a caller's idempotency keys; undefined if they break `IDEMPOTENCY_KEY_RULE`. A key that is a valid id is
 * the id. Any other key is hashed, so the same key always finds the same workflow.
 */
export function idFromKeys([key, ...more]: readonly string[]): string | undefined {
  if (key === undefined || key === "" || key.length > IDEMPOTENCY_KEY_CHARS_MAX || more.length > 0)
    return undefined;
  return ID_PATTERN.test(key) ? key : `key-${createHash("sha256").update(key).digest("base64url")}`;
}

/** Names a press by the form that it came with, and by what was filled in: the same form sent twice is one press. */
export function nonceFromPress(form: string, filledIn: readonly unknown[]): string {
  return createHash("sha256")
    .update(JSON.stringify(["press", form, filledIn]))
    .digest("base64url");
}

/** Names a call by its key. A key is the caller's own: the same key of another caller is another call. */
export function nonceFromKey(caller: string | undefined, key: string): string {
  return createHash("sha256")
    .update(JSON.stringify([caller ?? "", key]))
    .digest("base64url");
}

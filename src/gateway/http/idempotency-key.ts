import { createHash } from "node:crypto";
import type { Request } from "express";
import { parseItem } from "structured-headers";
import { ID_PATTERN } from "../../approval/ids.ts";

/** As long as the keys that clients make; it is refused rather than cut. */
const KEY_CHARS_MAX = 255;

export const IDEMPOTENCY_KEY_RULE = `must be given once, and have 1 to ${KEY_CHARS_MAX} characters`;

/** What a caller sent as `Idempotency-Key`: one text for each header of that name. */
export function idempotencyKeysOf(req: Pick<Request, "headersDistinct">): readonly string[] {
  return req.headersDistinct["idempotency-key"] ?? [];
}

/**
 * The id that the `Idempotency-Key` headers stand for; undefined if they break `IDEMPOTENCY_KEY_RULE`. A key that can be
 * an id is one; any other is hashed, so that the same key always finds the same workflow.
 */
export function idFromKeys([header, ...more]: readonly string[]): string | undefined {
  if (header === undefined || more.length > 0) return undefined;
  const key = keyIn(header);
  if (key === "" || key.length > KEY_CHARS_MAX) return undefined;
  return ID_PATTERN.test(key) ? key : `key-${createHash("sha256").update(key).digest("base64url")}`;
}

/**
 * The header's draft (draft-ietf-httpapi-idempotency-key-header) has the key as a String of RFC 9651, in quotes; most
 * callers leave them out, and what is no such String is the key itself.
 */
function keyIn(header: string): string {
  if (!header.startsWith('"')) return header;
  try {
    const [key] = parseItem(header);
    return typeof key === "string" ? key : header;
  } catch {
    // Such as one with letters beyond ASCII.
    return /^"(.*)"$/.exec(header)?.[1] ?? header;
  }
}

import type { Request } from "express";
import { parseItem } from "structured-headers";

/** What a caller sent as `Idempotency-Key`: one key for each header of that name. */
export function idempotencyKeysOf(req: Pick<Request, "headersDistinct">): readonly string[] {
  return (req.headersDistinct["idempotency-key"] ?? []).map(keyIn);
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

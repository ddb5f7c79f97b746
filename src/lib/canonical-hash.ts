import { hash } from "node:crypto";
import canonicalize from "canonicalize";

/** SHA-256, in hexadecimal, of a JSON value in the canonical form of RFC 8785: the same for equal values in any spelling. */
export function canonicalHash(value: unknown): string {
  return hash("sha256", canonicalText(value), "hex");
}

/** A JSON value in the canonical form of RFC 8785. */
export function canonicalText(value: unknown): string {
  return canonicalize(value) ?? "";
}

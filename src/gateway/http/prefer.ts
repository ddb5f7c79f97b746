import { parseItem } from "structured-headers";
import { PREFER_CHARS_MAX } from "../../openapi/limits.ts";

/**
 * The seconds of the preference `wait` (RFC 7240 §4.3); undefined if the header has none, or one that is no number of
 * seconds.
 *
 * Each preference is read by itself, so that one that cannot be read costs no other: RFC 7240 §2 allows what a
 * Dictionary of RFC 9651, in which the HTTP working group would write the header (draft-ietf-httpbis-retrofit), does not:
 * capitals, blanks around `=`, empty members, and words that begin with a digit (`since=2026-11-30`). The first of several
 * counts, and `wait="20"` is the same as `wait=20`.
 */
export function preferredWait(header: string | undefined): number | undefined {
  if (header === undefined || header.length > PREFER_CHARS_MAX) return undefined;
  for (const member of header.toLowerCase().match(MEMBERS) ?? []) {
    // Parameters say nothing about `wait`.
    const [preference = ""] = member.split(";", 1);
    const [name = "", ...value] = preference.split("=");
    if (name.trim() === "wait") return secondsIn(value.join("=").trim());
  }
  return undefined;
}

/** The text between commas. A comma within quotes is text, even if the quotes do not end. */
const MEMBERS = /(?:"(?:\\.|[^"\\])*"?|[^",])+/g;

function secondsIn(text: string): number | undefined {
  try {
    const [value] = parseItem(text);
    const seconds = typeof value === "number" || typeof value === "string" ? String(value) : "";
    return /^\d+$/.test(seconds) ? Number(seconds) : undefined;
  } catch {
    return undefined;
  }
}

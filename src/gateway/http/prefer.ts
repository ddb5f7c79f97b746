import { parseDictionary } from "structured-headers";

/** Longer headers are not looked at: nobody has so many preferences. */
const HEADER_CHARS_MAX = 256;

/**
 * The seconds of the preference `wait` (RFC 7240 §4.3); undefined if the header has none, or one that is no number of
 * seconds.
 *
 * The header is read as a Dictionary of RFC 9651, as the HTTP working group's draft on older fields
 * (draft-ietf-httpbis-retrofit) has it for `Prefer`, but names may have capitals, `wait="20"` is the same as `wait=20`,
 * and the first of several counts, all by RFC 7240 §2. A preference that cannot be read costs those after it.
 */
export function preferredWait(header: string | undefined): number | undefined {
  if (header === undefined || header.length > HEADER_CHARS_MAX) return undefined;
  const text = header.toLowerCase();
  // A Dictionary keeps the last of several. The shortest beginning that holds one member of the name holds the first.
  for (let end = text.indexOf("wait"); end !== -1 && end < text.length; ) {
    const comma = text.indexOf(",", end + 1);
    end = comma === -1 ? text.length : comma;
    const value = memberOf(text.slice(0, end), "wait");
    if (value !== undefined) return secondsIn(value);
  }
  return undefined;
}

function memberOf(text: string, name: string): unknown {
  try {
    return parseDictionary(text).get(name)?.[0];
  } catch {
    return undefined;
  }
}

function secondsIn(value: unknown): number | undefined {
  const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

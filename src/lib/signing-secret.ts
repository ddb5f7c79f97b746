/**
 * Secrets of the Standard Webhooks specification, `whsec_` and base64. Libraries differ in what they make of base64 that
 * is not padded or has the URL's alphabet: some refuse it, some read it, some read another key. So there is one form,
 * which all of them read alike.
 */

/** The one form, in words that follow "must". It never repeats a secret. */
const SIGNING_SECRET_RULE =
  "be whsec_ and then base64 as RFC 4648, section 4, has it: letters, digits, + and /, padded with = to a multiple of four";

/** The key behind the text, or what it must be. */
export function signingKey(
  text: string,
  bytes: { readonly min: number; readonly max: number },
): Buffer | string {
  const encoded = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : undefined;
  const key = encoded === undefined ? undefined : Buffer.from(encoded, "base64");
  // Node reads more than that form, and writes only that one.
  if (key === undefined || key.toString("base64") !== encoded) return `must ${SIGNING_SECRET_RULE}`;
  const fits = key.length >= bytes.min && key.length <= bytes.max;
  return fits ? key : `must have ${bytes.min} to ${bytes.max} bytes, not ${key.length}`;
}

const PREFIX = "whsec_";

import PostalMime, { type Email } from "postal-mime";
import { receivedAtMs } from "./store.ts";

/** A stored mail, taken apart for reading. */
export interface ReadMail {
  readonly id: string;
  readonly receivedAtMs: number;
  /** Recipients of the envelope. */
  readonly to: readonly string[];
  /** The sender as the mail names it. */
  readonly from: string;
  readonly subject: string;
  readonly html: string | undefined;
  readonly text: string | undefined;
  /** At most `HEADERS_SHOWN`. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Why its parts are not shown, if they cannot be: a sentence for people. */
  readonly unreadable?: string;
}

/** Real mails have a few dozen. */
const HEADERS_SHOWN = 200;
/** More than a line of any mail may have (RFC 5322 §2.1.1: 998), folded ones apart. */
const SUBJECT_CHARS_SHOWN = 1_000;
const VALUE_CHARS_SHOWN = 4_000;

/** Never throws: whatever an SMTP client sends is in the list, and one odd mail must not hide the others. */
export async function readMail(id: string, raw: Uint8Array): Promise<ReadMail> {
  try {
    return described(id, await parse(raw));
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown reason";
    const unreadable = `The parts of this mail cannot be shown: ${why}.`;
    try {
      return { ...described(id, await parse(headOf(raw))), html: undefined, text: undefined, unreadable };
    } catch {
      return { ...described(id, { headers: [], headerLines: [], attachments: [] }), unreadable };
    }
  }
}

/** One that is shown in the list and cannot be read, with the reason. */
export function unreadMail(id: string, why: string): ReadMail {
  const unreadable = `This mail cannot be shown: ${why}.`;
  return {
    ...described(id, { headers: [], headerLines: [], attachments: [] }),
    subject: "(damaged)",
    unreadable,
  };
}

function parse(raw: Uint8Array): Promise<Email> {
  // A mail that is attached to the mail stays an attachment: taken apart too, one within the other, the time that it
  // takes grows with the square of how many there are.
  return PostalMime.parse(raw, { maxNestingDepth: 256, forceRfc822Attachments: true });
}

/** Everything before the first empty line. */
function headOf(raw: Uint8Array): Uint8Array {
  const end = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
    .toString("latin1")
    .search(/\r?\n\r?\n/);
  return end === -1 ? new Uint8Array() : raw.subarray(0, end);
}

function described(id: string, mail: Email): ReadMail {
  const header = (name: string) => mail.headers.filter(({ key }) => key === name).map(({ value }) => value);
  return {
    id,
    receivedAtMs: receivedAtMs(id),
    to: header("delivered-to"),
    from: mail.from?.name
      ? `${mail.from.name} <${mail.from.address ?? ""}>`
      : (mail.from?.address ?? "nobody"),
    subject: shortened(mail.subject ?? "", SUBJECT_CHARS_SHOWN) || "(no subject)",
    html: mail.html || undefined,
    text: mail.text || undefined,
    headers: mail.headers
      .slice(0, HEADERS_SHOWN)
      .map(({ originalKey, value }) => ({ name: originalKey, value: shortened(value, VALUE_CHARS_SHOWN) })),
  };
}

function shortened(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax).toWellFormed()}…`;
}

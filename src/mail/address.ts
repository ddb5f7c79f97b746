import { oneLine } from "../lib/text.ts";

/** One mailbox in the two parts that mail libraries take apart from each other, so that they parse nothing. */
export interface Mailbox {
  /** One line without control characters; empty when there is none. */
  readonly name: string;
  readonly address: string;
}

/**
 * Whether a text is exactly one plain mail address. Quoted parts, comments, groups, encoded words, address literals and
 * lists are all refused: libraries read them in different ways, and one of these is a second recipient.
 */
export function isMailAddress(text: string): boolean {
  return text.length <= ADDRESS_CHARS_MAX && !text.includes("=?") && ADDRESS.test(text);
}

export function mailbox(person: { readonly email: string; readonly name?: string }): Mailbox {
  return { name: oneLine(person.name ?? ""), address: person.email };
}

/**
 * Reads `Name <user@host>` or `user@host`.
 *
 * @throws TypeError when it is neither.
 */
export function parseMailbox(text: string): Mailbox {
  const named = NAMED.exec(text.trim());
  const address = named?.[2] ?? text.trim();
  if (!isMailAddress(address)) {
    throw new TypeError(
      "Cannot read the sender: MAIL_FROM must be an address such as approvals@example.com or Approvals <approvals@example.com>",
    );
  }
  return { name: oneLine(named?.[1] ?? ""), address };
}

/** RFC 5321 §4.5.3.1.3, less the angle brackets. */
const ADDRESS_CHARS_MAX = 254;
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const ADDRESS = new RegExp(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@(?:${LABEL}\\.)+${LABEL}$`, "u");
const NAMED = /^([^<>]*)<([^<>]*)>$/u;

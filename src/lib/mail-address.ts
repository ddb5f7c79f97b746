import { oneLine } from "./text.ts";

/**
 * One plain mail address, as settings, requests and the sending of mails take it: a dot-string and a domain of RFC 5321
 * §4.1.2. What is refused though the RFC allows it is what mail libraries and servers read in different ways, and one of
 * these is another recipient: quoted parts, encoded words, address literals, and the marks of source routing (`%` and
 * `!`: Postfix rewrites `user%host@here` to `user@host` by default).
 */
export const MAIL_ADDRESS =
  /^(?=[^@]{1,64}@)(?!.*=\?)[\w#$&'*+/=?^{|}~-]+(?:\.[\w#$&'*+/=?^{|}~-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** RFC 5321 §4.5.3.1.3, less the angle brackets. */
export const MAIL_ADDRESS_CHARS_MAX = 254;

export function isMailAddress(text: string): boolean {
  return text.length <= MAIL_ADDRESS_CHARS_MAX && MAIL_ADDRESS.test(text);
}

/** One mailbox in the two parts that mail libraries take apart from each other, so that they parse nothing. */
export interface Mailbox {
  /** One line without control characters; empty when there is none. */
  readonly name: string;
  readonly address: string;
}

/** Reads `Name <user@host>`, `"Name" <user@host>` or `user@host`; undefined when it is none of them. */
export function parseMailbox(text: string): Mailbox | undefined {
  const [, plain = "", quoted, inBrackets] = NAMED.exec(text) ?? [];
  const name = quoted?.replaceAll(/\\(.)/gu, "$1") ?? plain;
  const address = inBrackets ?? text;
  if (!isMailAddress(address) || name.length > PERSON_NAME_CHARS_MAX) return undefined;
  return { name: oneLine(name), address };
}

/**
 * A name before an address: nothing that could pass for a second address, a list, or the end of a header. Within double
 * quotes (RFC 5322 §3.2.4) any character but controls is allowed, a quote and a backslash after a backslash.
 */
const NAMED = /^(?:([^"<>@,;:\p{Cc}][^<>@,;:\p{Cc}]*)|"((?:[^"\\\p{Cc}]|\\["\\])*)") <([^<>]*)>$/u;
/** Of the name of a sender, an approver or a requester. */
export const PERSON_NAME_CHARS_MAX = 100;

/** A mail as it goes over the wire: its headers, then text and HTML as alternatives. */
import { encodeWord, foldLines, quoteString } from "nodemailer/lib/mime-funcs";
import { encode, wrap } from "nodemailer/lib/qp";
import type { Mailbox } from "../../lib/mail-address.ts";
import type { ComposedMail } from "./message.ts";

export function mimeMessage(mail: ComposedMail, date: Date): string {
  return [
    ...Object.entries(mail.headers).map(([name, value]) => `${name}: ${value}`),
    header("From", mailboxText(mail.from)),
    header("To", mailboxText(mail.to)),
    header("Subject", PLAIN.test(mail.subject) ? mail.subject : encodedWords(mail.subject)),
    `Message-ID: ${mail.messageId}`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    "MIME-Version: 1.0",
    `Content-Type: multipart/alternative; boundary="${BOUNDARY}"`,
    "",
    ...part("text/plain", mail.text),
    ...part("text/html", mail.html),
    `--${BOUNDARY}--`,
    "",
  ].join("\r\n");
}

/** In quoted-printable only digits and the end of a line follow upon `=`, so no part can hold this. */
const BOUNDARY = "=_countersign";

/** Printable ASCII that no mail program takes for an encoded word. All else is encoded, line breaks included. */
const PLAIN = /^(?!.*=\?)[ -~]*$/u;
const WORDS = /^[A-Za-z0-9_ ]*$/u;

function mailboxText({ name, address }: Mailbox): string {
  if (name === "") return address;
  if (WORDS.test(name)) return `${name} <${address}>`;
  return `${PLAIN.test(name) ? quoteString(name) : encodedWords(name)} <${address}>`;
}

/** RFC 2047, in pieces that fit on a line. */
function encodedWords(text: string): string {
  return encodeWord(text, "Q", 52);
}

function header(name: string, value: string): string {
  return foldLines(`${name}: ${value}`, LINE_CHARS);
}

/** Quoted-printable: readable on the wire in most languages. */
function part(type: string, text: string): readonly string[] {
  return [
    `--${BOUNDARY}`,
    `Content-Type: ${type}; charset=utf-8`,
    "Content-Transfer-Encoding: quoted-printable",
    "",
    wrap(encode(text.replaceAll("\n", "\r\n")), LINE_CHARS),
  ];
}

const LINE_CHARS = 76;

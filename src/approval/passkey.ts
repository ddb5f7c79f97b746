/**
 * Passkeys: what is stored of them, and under which ids. A passkey signs a person in without a mail, on a device that has it
 * (WebAuthn). It can only be added by who is signed in.
 *
 * | promise | what it is |
 * |---|---|
 * | `passkeys.<person>`, `…:1`, `…:2` … | a passkey: pending until the person removes it, or its time is over |
 * | `passkey-uses.<hash>.<month>`, `…:1` … | a sign-in with a passkey that counts its signatures, with the count |
 * | `passkey-challenge.<random>` | claims a challenge: its creator has used the challenge, and nobody else can |
 * | `passkey-mail.<random>` | the workflow that tells the person by mail of a new passkey |
 *
 * `<person>` is a hash of the address, as in `sign-in.ts`. Challenges are signed and not stored before they are used.
 */
import { DAY_MS } from "./duration.ts";
import { childId } from "./ids.ts";

export const PASSKEY_KIND = "passkey";
export const PASSKEY_USE_KIND = "passkey-use";
export const PASSKEY_CHALLENGE_KIND = "passkey-challenge";
/** The function that sends the mail, as workers register it. */
export const PASSKEY_MAIL_FUNC = "passkey_mail";
export const PASSKEY_MAIL_KIND = "passkey-mail";

/** After that, people sign in by mail once, which shows that the mailbox is still theirs, and can add the passkey again. */
export const PASSKEY_LIFE_MS = 180 * DAY_MS;
/** Of one person at a time. */
export const PASSKEYS_MAX = 10;
/** Of one person, removed ones included, until all are deleted: the engine's retention after the last one is over. */
export const PASSKEY_PLACES_MAX = 100;
export const PASSKEY_LABEL_CHARS_MAX = 60;
/** From the page to the press, with the time that the browser asks for. */
export const CHALLENGE_LIFE_MS = 5 * 60_000;
/** How long the mail is tried. */
export const PASSKEY_MAIL_LIFE_MS = DAY_MS;

/** @param n from 0 */
export function passkeyId(person: string, n: number): string {
  const first = `passkeys.${person}`;
  return n === 0 ? first : childId(first, n);
}

export function challengeId(name: string): string {
  return `passkey-challenge.${name}`;
}

export function passkeyMailId(name: string): string {
  return `passkey-mail.${name}`;
}

export interface Passkey {
  readonly kind: typeof PASSKEY_KIND;
  /** The person's address, as approvals have it. */
  readonly email: string;
  /** What they call it. */
  readonly label: string;
  readonly credential: Credential;
  /** Names the request that added it. */
  readonly nonce: string;
}

/** The public half, as the device gave it. Texts are base64url. */
export interface Credential {
  readonly id: string;
  /** In COSE's form (RFC 9052). */
  readonly publicKey: string;
  /** Signatures that the device had made. Many devices do not count: 0. */
  readonly counter: number;
}

/** A sign-in with a passkey that counts. */
export interface PasskeyUse {
  readonly kind: typeof PASSKEY_USE_KIND;
  readonly counter: number;
  readonly nonce: string;
}

/** What the mail about a new passkey says, and to whom. */
export interface PasskeyNotice {
  readonly kind: typeof PASSKEY_MAIL_KIND;
  /** The random part of the workflow's id. */
  readonly name: string;
  readonly to: { readonly email: string; readonly locale?: string; readonly timeZone?: string };
  readonly label: string;
  /** When it was added, in milliseconds since 1970. */
  readonly atMs: number;
  /**
   * Its promise, and the request that adds it. The mail is ordered first, and sent if the passkey is there. Absent in what an
   * earlier version stored, which stored the passkey first.
   */
  readonly passkey?: { readonly id: string; readonly nonce: string };
}

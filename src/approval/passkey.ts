/**
 * Passkeys: what is stored of them, and under which ids. A passkey signs a person in without a mail, on a device that has it
 * (WebAuthn). It can only be added by who is signed in.
 *
 * | promise | what it is |
 * |---|---|
 * | `passkeys.<person>`, `…:1`, `…:2` … | a passkey: pending until the person removes it, or its time is over |
 * | `passkey-uses.<hash>.<month>`, `…:1` … | a sign-in with a passkey that counts its signatures, with the count |
 * | `passkey-challenge.<random>` | claims a challenge: whoever creates it has used it, and nobody else can |
 * | `passkey-mail.<random>` | the workflow that tells the person by mail of a new passkey |
 *
 * `<person>` is a hash of the address, as in `sign-in.ts`. Challenges are signed and not stored before they are used.
 */
import { z } from "zod";
import { monthsAt } from "./absence-entry.ts";
import { DAY_MS } from "./duration.ts";
import { childId, KIND_TAG } from "./ids.ts";
import type { StoredRecord } from "./stored.ts";

export const PASSKEY_KIND = "passkey";
export const PASSKEY_USE_KIND = "passkey-use";
export const PASSKEY_CHALLENGE_KIND = "passkey-challenge";
/** The function that sends the mail, as workers register it. */
export const PASSKEY_MAIL_FUNC = "passkey_mail";
export const PASSKEY_MAIL_KIND = "passkey-mail";

/** After that, people sign in by mail once, which shows that the mailbox is still theirs, and can add it anew. */
export const PASSKEY_LIFE_MS = 180 * DAY_MS;
/** Of one person at a time. */
export const PASSKEYS_MAX = 10;
/** Of one person, removed ones included, until the last one is over. */
export const PASSKEY_PLACES_MAX = 100;
export const PASSKEY_LABEL_CHARS_MAX = 60;
/** From the page to the press, with the time that the browser asks for. */
export const CHALLENGE_LIFE_MS = 5 * 60_000;
/** How long the mail is tried. */
export const PASSKEY_MAIL_LIFE_MS = DAY_MS;
/** Uses that are read to find the last count: those of the months in which a passkey can live. */
const USE_MONTHS = 8;

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

/** First ids of the months of uses, the latest month first. @param credential a hash of the credential's id */
export function useMonths(credential: string, nowMs: number): string[] {
  return monthsAt(nowMs)
    .slice(-USE_MONTHS)
    .toReversed()
    .map((month) => `passkey-uses.${credential}.${month}`);
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

const passkey: z.ZodType<Passkey> = z.object({
  kind: z.literal(PASSKEY_KIND),
  email: z.string(),
  label: z.string(),
  credential: z.object({ id: z.string(), publicKey: z.string(), counter: z.int().min(0) }),
  nonce: z.string(),
});

/** Undefined for a promise that is none, which other programs can create. */
export function passkeyOf({ tags, param }: Pick<StoredRecord, "tags" | "param">): Passkey | undefined {
  return tags[KIND_TAG] === PASSKEY_KIND ? read(passkey, param) : undefined;
}

/** A sign-in with a passkey that counts. */
export interface PasskeyUse {
  readonly kind: typeof PASSKEY_USE_KIND;
  readonly counter: number;
  readonly nonce: string;
}

const use: z.ZodType<PasskeyUse> = z.object({
  kind: z.literal(PASSKEY_USE_KIND),
  counter: z.int().min(0),
  nonce: z.string(),
});

export function passkeyUseOf({ tags, param }: Pick<StoredRecord, "tags" | "param">): PasskeyUse | undefined {
  return tags[KIND_TAG] === PASSKEY_USE_KIND ? read(use, param) : undefined;
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
}

const notice: z.ZodType<PasskeyNotice> = z.object({
  kind: z.literal(PASSKEY_MAIL_KIND),
  name: z.string(),
  to: z.object({
    email: z.string(),
    locale: z.exactOptional(z.string()),
    timeZone: z.exactOptional(z.string()),
  }),
  label: z.string(),
  atMs: z.int().min(0),
});

export function passkeyNoticeIn(value: unknown): PasskeyNotice | undefined {
  return read(notice, value);
}

function read<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/**
 * Signing in to the inbox by mail: what is stored, and under which ids.
 *
 * An attempt is a workflow, `signin.<random>`, whose argument says who wants in; it sends one mail. Everything else hangs
 * below it. Each promise is created once, so creating it claims what it is for, on every gateway and after every
 * restart:
 *
 * | promise | claims |
 * |---|---|
 * | `signin.<random>:try~1` … `:try~5` | one try to type the code |
 * | `signin.<random>:session` | the sign-in itself, once. It is also the session: pending until that person signs out |
 * | `guesses.<person>.<day>`, `…:2` … | one try to type any code for that person on that day |
 * | `signed-in.<person>.<week>`, `…:1` … | nothing: sessions name it, and end when it is settled ("sign out everywhere") |
 *
 * No code is stored. It follows from the attempt's name by a key (`src/tokens/sign-in.ts`).
 */
import { DAY_MS, MINUTE_MS } from "./duration.ts";
import { childId } from "./ids.ts";

/** The function that sends the mail, as workers register it. */
export const SIGN_IN_FUNC = "sign_in_mail";
export const SIGN_IN_KIND = "sign-in";
export const TRY_KIND = "sign-in-try";
export const SESSION_KIND = "session";
export const SIGNED_IN_KIND = "signed-in";

const HOUR_MS = 60 * MINUTE_MS;

/** Link and code work for so long after the form was posted. */
export const SIGN_IN_LIFE_MS = 10 * MINUTE_MS;
/** Of one mail's code. */
export const TRIES_MAX = 5;
/** Of all codes for one person within a day (UTC): of a million codes, so many can be guessed. Links still work then. */
export const TRIES_OF_DAY_MAX = 30;

/** A session ends when nothing was asked for so long, and in any case some time after the sign-in. */
export const SESSION_IDLE_MS = 12 * HOUR_MS;
export const SESSION_LIFE_MS = 7 * DAY_MS;
/** How often one person can sign out everywhere within a week. */
export const SIGN_OUTS_MAX = 50;

export function signInId(name: string): string {
  return `signin.${name}`;
}

/** @param n from 1 */
export function tryId(name: string, n: number): string {
  return `${signInId(name)}:try~${n}`;
}

export function sessionId(name: string): string {
  return `${signInId(name)}:session`;
}

/** @param person a hash of the address, as all `person` here; `n` from 1 */
export function guessId(person: string, atMs: number, n: number): string {
  const day = new Date(atMs).toISOString().slice(0, 10);
  const first = `guesses.${person}.${day}`;
  return n === 1 ? first : childId(first, n);
}

/** Sessions live for a week, so a person has sessions of this week and of the one before, and no others. */
export function weekOf(atMs: number): number {
  return Math.floor(atMs / SESSION_LIFE_MS);
}

/** @param n how often the person had signed out everywhere before, in that week */
export function signedInId(person: string, week: number, n: number): string {
  const first = `signed-in.${person}.${week}`;
  return n === 0 ? first : childId(first, n);
}

/** Milliseconds since 1970, after every session that began in the week. */
export function weekEndsMs(week: number): number {
  return (week + 2) * SESSION_LIFE_MS;
}

/** Who wants in. */
export interface SignIn {
  readonly kind: typeof SIGN_IN_KIND;
  /** The random part of the attempt's id. */
  readonly name: string;
  /** The address as it was typed. */
  readonly email: string;
  /** What the browser asked for: the mail's language. */
  readonly locale?: string;
  /**
   * The same address as approvals have it: mail goes there, and not to another spelling, which might be somebody else's
   * mailbox. Absent: no mail is sent. Nobody outside can tell.
   */
  readonly to?: string;
}

/** Who is in. */
export interface SessionRecord {
  readonly kind: typeof SESSION_KIND;
  readonly email: string;
  /** Names the request that signed in. */
  readonly nonce: string;
  /** The promise that ends it together with all others of that person. */
  readonly signedIn: string;
  /** The passkey's promise, of a session that one began: it ends with it. */
  readonly passkey?: string;
}

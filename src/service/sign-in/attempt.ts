/** From the form with the address to a session. What is claimed on the way is described in `src/approval/sign-in.ts`. */
import { DAY_MS } from "../../approval/duration.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import {
  guessId,
  SIGN_IN_FUNC,
  SIGN_IN_KIND,
  SIGN_IN_LIFE_MS,
  type SignIn,
  signInId,
  TRIES_MAX,
  TRIES_OF_DAY_MAX,
  TRY_KIND,
  tryId,
} from "../../approval/sign-in.ts";
import { signInOfCall } from "../../approval/stored-sign-in.ts";
import type { Durable } from "../../durable/durable.ts";
import { currentTime, knownTime } from "../../durable/engine-time.ts";
import { claimPlace } from "./claim.ts";
import { personHash } from "./person.ts";
import { openSession, type Session } from "./session.ts";

export interface SignInOptions {
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** 128 random bits in base64url. */
  readonly newNonce: () => string;
}

export interface Attempt {
  /** Random: who knows it can neither tell the code nor make the link. */
  readonly name: string;
  /** As it was typed. */
  readonly email: string;
  /** Where the mail went. An attempt without one signs nobody in: its code could only be guessed. */
  readonly to?: string;
  /** When link and code stop working, in milliseconds since 1970. */
  readonly endsAtMs: number;
}

/** Why nobody is signed in. */
export type NotIn =
  /** Another code may be typed, so many times. */
  | { readonly kind: "wrong"; readonly left: number }
  /** All tries of this mail are used up. */
  | { readonly kind: "spent" }
  /** All tries of this person and day are. The link still works. */
  | { readonly kind: "spent-today" }
  | { readonly kind: "used" }
  | { readonly kind: "expired" };

export type SignedIn = { readonly kind: "in"; readonly session: Session };

/**
 * Begins an attempt. It does the same work, and takes as long, for known and unknown people alike: the worker
 * finds out whether to send a mail after the browser has its answer.
 */
export async function beginSignIn(
  { durable, clock, newNonce }: SignInOptions,
  asked: Pick<SignIn, "email" | "locale" | "to">,
): Promise<Attempt> {
  const name = newNonce();
  const signIn: SignIn = { kind: SIGN_IN_KIND, name, ...asked };
  const { timeoutAt } = await durable.start({
    id: signInId(name),
    func: SIGN_IN_FUNC,
    args: [signIn],
    timeoutAt: (await currentTime({ durable, clock })) + SIGN_IN_LIFE_MS,
    tags: { [KIND_TAG]: SIGN_IN_KIND },
  });
  return attemptOf(signIn, timeoutAt);
}

/** Undefined if there is no such attempt, or its time is over. */
export async function readAttempt(
  { durable, clock }: Pick<SignInOptions, "durable" | "clock">,
  name: string,
): Promise<Attempt | undefined> {
  const stored = await durable.read(signInId(name));
  const signIn = stored && signInOfCall(stored.param);
  if (stored === undefined || signIn === undefined || signIn.name !== name) return undefined;
  const attempt = attemptOf(signIn, stored.timeoutAt);
  return isOver(attempt, knownTime({ durable, clock })) ? undefined : attempt;
}

/** @param isRight compares the code that was typed, which is not asked before the try is claimed */
export async function signInByCode(
  options: SignInOptions,
  attempt: Attempt,
  isRight: () => boolean,
): Promise<SignedIn | NotIn> {
  const { durable, newNonce } = options;
  const nowMs = knownTime(options);
  if (isOver(attempt, nowMs)) return { kind: "expired" };
  // Before the code is looked at: of any number of requests at once, five find out whether theirs is right.
  const place = await claimPlace(durable, {
    idOf: (n) => tryId(attempt.name, n),
    places: TRIES_MAX,
    kind: TRY_KIND,
    nonce: newNonce(),
    timeoutAt: attempt.endsAtMs,
  });
  if (place === undefined) return { kind: "spent" };
  const person = personHash(attempt.email);
  const guess = await claimPlace(durable, {
    idOf: (n) => guessId(person, nowMs, n),
    places: TRIES_OF_DAY_MAX,
    kind: TRY_KIND,
    nonce: newNonce(),
    timeoutAt: nowMs + DAY_MS,
  });
  if (guess === undefined) return { kind: "spent-today" };
  const { name, to } = attempt;
  if (!isRight() || to === undefined)
    return place === TRIES_MAX ? { kind: "spent" } : { kind: "wrong", left: TRIES_MAX - place };
  return await signIn(options, name, to);
}

/** For a link that was verified. */
export async function signInByLink(options: SignInOptions, attempt: Attempt): Promise<SignedIn | NotIn> {
  const { name, to } = attempt;
  // Without a mail there is no link.
  if (to === undefined || isOver(attempt, knownTime(options))) return { kind: "expired" };
  return await signIn(options, name, to);
}

/** @param email where the mail went. Its reader is that person, even if the address was typed in another spelling */
async function signIn(options: SignInOptions, name: string, email: string): Promise<SignedIn | NotIn> {
  const session = await openSession(options, { name, email });
  return session === undefined ? { kind: "used" } : { kind: "in", session };
}

function attemptOf({ name, email, to }: SignIn, endsAtMs: number): Attempt {
  return { name, email, ...(to === undefined ? {} : { to }), endsAtMs };
}

function isOver({ endsAtMs }: Attempt, nowMs: number): boolean {
  return nowMs >= endsAtMs;
}

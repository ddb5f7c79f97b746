/**
 * Sessions. A session is a promise that is pending until its person signs out of it, or its week is over; and it names a
 * second one, which ends all sessions of that person. One that a passkey began is over when the passkey is removed.
 */

import type { SignedInBy } from "../../approval/approval.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import { PASSKEY_KIND } from "../../approval/passkey.ts";
import {
  SESSION_KIND,
  SESSION_LIFE_MS,
  type SessionRecord,
  SIGN_OUTS_MAX,
  SIGNED_IN_KIND,
  sessionId,
  signedInId,
  weekEndsMs,
  weekOf,
} from "../../approval/sign-in.ts";
import { sessionIn } from "../../approval/stored-sign-in.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import { ServiceError } from "../../lib/errors.ts";
import { personHash } from "./person.ts";

export interface SessionOptions {
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly newNonce: () => string;
}

/** A session as its cookie names it. */
export interface SessionName {
  /** The random name of the attempt that it began with. */
  readonly name: string;
  /** Names the request that signed in. */
  readonly nonce: string;
}

export interface Session extends SessionName {
  readonly email: string;
  /** By the engine's clock, in milliseconds since 1970. */
  readonly startedAtMs: number;
}

/**
 * Signs in, once: undefined if the attempt has a session already.
 *
 * @param passkey the promise of the passkey that signs in, if one does
 */
export async function openSession(
  { durable, clock, newNonce }: SessionOptions,
  {
    name,
    email,
    passkey,
  }: { readonly name: string; readonly email: string; readonly passkey?: string | undefined },
): Promise<Session | undefined> {
  const nowMs = knownTime({ durable, clock });
  const nonce = newNonce();
  const signedIn = await currentSignedIn(durable, personHash(email), nowMs);
  const by = passkey === undefined ? {} : { passkey };
  const param: SessionRecord = { kind: SESSION_KIND, email, nonce, signedIn, ...by };
  const stored = await durable.create({
    id: sessionId(name),
    param,
    timeoutAt: nowMs + SESSION_LIFE_MS,
    tags: { [KIND_TAG]: SESSION_KIND },
  });
  if (sessionIn(stored.param)?.nonce !== nonce) return undefined;
  return { name, nonce, email, startedAtMs: stored.createdAt };
}

/** The session's person; undefined if it is over, or never was. */
export async function readSession(
  durable: Durable,
  { name, nonce }: SessionName,
): Promise<{ readonly email: string; readonly signedInBy: SignedInBy } | undefined> {
  const stored = await durable.read(sessionId(name));
  const session = isOpen(stored, SESSION_KIND) ? sessionIn(stored.param) : undefined;
  if (session?.nonce !== nonce) return undefined;
  const { signedIn, passkey } = session;
  const [everywhere, by] = await Promise.all([
    durable.read(signedIn),
    passkey === undefined ? undefined : durable.read(passkey),
  ]);
  const isLeft = passkey !== undefined && !isOpen(by, PASSKEY_KIND);
  if (!isOpen(everywhere, SIGNED_IN_KIND) || isLeft) return undefined;
  return { email: session.email, signedInBy: passkey === undefined ? "mail" : "passkey" };
}

/** Whether it is pending and was made here: programs may give promises of their own any id, but not this tag. */
function isOpen(stored: StoredPromise | undefined, kind: string): stored is StoredPromise {
  return stored?.state === "pending" && stored.tags[KIND_TAG] === kind;
}

/** Ends this session. */
export async function signOut(durable: Durable, { name }: SessionName): Promise<void> {
  await durable.settle(sessionId(name), { kind: "signed-out" });
}

/**
 * Ends every session of the person: those that there are, and those that others begin before this has returned. Also those
 * of the week that comes next, which may have begun for a gateway whose clock is ahead.
 */
export async function signOutEverywhere(
  { durable, clock }: Pick<SessionOptions, "durable" | "clock">,
  email: string,
): Promise<void> {
  const person = personHash(email);
  const week = weekOf(knownTime({ durable, clock }));
  await Promise.all(
    [week + 1, week, week - 1].map(async (each) => {
      for (let n = 0; n <= SIGN_OUTS_MAX; n += 1) {
        const id = signedInId(person, each, n);
        const stored = await durable.read(id);
        if (stored === undefined) return;
        if (isOpen(stored, SIGNED_IN_KIND)) await durable.settle(id, { kind: "signed-out" });
      }
    }),
  );
}

/** The promise that the person's new sessions end with. */
async function currentSignedIn(durable: Durable, person: string, nowMs: number): Promise<string> {
  const week = weekOf(nowMs);
  for (let n = 0; n <= SIGN_OUTS_MAX; n += 1) {
    const stored = await durable.create({
      id: signedInId(person, week, n),
      param: { kind: SIGNED_IN_KIND },
      timeoutAt: weekEndsMs(week),
      tags: { [KIND_TAG]: SIGNED_IN_KIND },
    });
    if (isOpen(stored, SIGNED_IN_KIND)) return stored.id;
  }
  throw new ServiceError(
    "RATE_LIMITED",
    `This address was signed out everywhere ${SIGN_OUTS_MAX} times this week`,
  );
}

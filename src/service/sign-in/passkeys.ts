/** A person's passkeys: added, listed, removed, and used to sign in. The signatures are checked in `webauthn.ts`. */
import { createHash } from "node:crypto";
import { childId, KIND_TAG } from "../../approval/ids.ts";
import {
  CHALLENGE_LIFE_MS,
  type Credential,
  challengeId,
  PASSKEY_CHALLENGE_KIND,
  PASSKEY_KIND,
  PASSKEY_LIFE_MS,
  PASSKEY_MAIL_FUNC,
  PASSKEY_MAIL_KIND,
  PASSKEY_MAIL_LIFE_MS,
  PASSKEY_PLACES_MAX,
  PASSKEY_USE_KIND,
  PASSKEYS_MAX,
  type Passkey,
  type PasskeyNotice,
  type PasskeyUse,
  passkeyId,
  passkeyMailId,
} from "../../approval/passkey.ts";
import { passkeyOf, passkeyUseOf, useMonths } from "../../approval/stored-passkey.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { currentTime, knownTime } from "../../durable/engine-time.ts";
import { claimPlace } from "./claim.ts";
import type { SessionOptions } from "./session.ts";

/** A passkey that can be used. */
interface OpenPasskey extends Passkey {
  /** Its place in the person's list, from 0. */
  readonly n: number;
  /** Milliseconds since 1970. */
  readonly addedAtMs: number;
  readonly endsAtMs: number;
}

/** A person's passkeys, as they are kept. */
export interface KeptPasskeys {
  /** Those that can be used, in the order in which they were added. */
  readonly open: readonly OpenPasskey[];
  /** Places that are taken, by removed ones, too. */
  readonly taken: number;
  /** Why no further one can be added: as many can be used as may be, or as many were added as are kept. */
  readonly limit: "full" | "spent" | undefined;
}

/** @param person a hash of the address */
export async function readPasskeys(durable: Durable, person: string): Promise<KeptPasskeys> {
  const first = await durable.read(passkeyId(person, 0));
  const all = first === undefined ? [] : [first, ...(await durable.children(first.id, 1))];
  const open = all.flatMap((stored, n) => {
    const passkey = stored.state === "pending" ? passkeyOf(stored) : undefined;
    return passkey === undefined
      ? []
      : [{ ...passkey, n, addedAtMs: stored.createdAt, endsAtMs: stored.timeoutAt }];
  });
  const isFull = open.length >= PASSKEYS_MAX;
  const isSpent = all.length >= PASSKEY_PLACES_MAX;
  return { open, taken: all.length, limit: isFull ? "full" : isSpent ? "spent" : undefined };
}

/**
 * Stores a passkey whose registration was checked. The mail that tells its person is on disk before it is, so that
 * somebody who got in by their mailbox once never stays unnoticed. A mail about a passkey that was not stored after all is not
 * sent.
 *
 * @param person a hash of the address
 * @param to whom to tell
 * @returns its promise, or why there is no place for it
 */
export async function addPasskey(
  options: SessionOptions,
  person: string,
  passkey: Omit<Passkey, "kind" | "nonce">,
  to: PasskeyNotice["to"],
): Promise<StoredPromise | NonNullable<KeptPasskeys["limit"]>> {
  const { durable, clock, newNonce } = options;
  const { taken, limit } = await readPasskeys(durable, person);
  if (limit !== undefined) return limit;
  const nonce = newNonce();
  const param: Passkey = { kind: PASSKEY_KIND, ...passkey, nonce };
  const atMs = await currentTime({ durable, clock });
  // Others may take a place at the same moment.
  for (let n = taken; n < PASSKEY_PLACES_MAX; n += 1) {
    const id = passkeyId(person, n);
    await tell(options, { to, label: passkey.label, atMs, passkey: { id, nonce } });
    const tags = { [KIND_TAG]: PASSKEY_KIND };
    const stored = await durable.create({ id, param, timeoutAt: atMs + PASSKEY_LIFE_MS, tags });
    if (passkeyOf(stored)?.nonce === nonce) return stored;
  }
  return "spent";
}

/** Has a worker tell the person, once the passkey is there. */
async function tell(
  { durable, newNonce }: SessionOptions,
  about: Omit<PasskeyNotice, "kind" | "name">,
): Promise<void> {
  const name = newNonce();
  const notice: PasskeyNotice = { kind: PASSKEY_MAIL_KIND, name, ...about };
  await durable.start({
    id: passkeyMailId(name),
    func: PASSKEY_MAIL_FUNC,
    args: [notice],
    timeoutAt: about.atMs + PASSKEY_MAIL_LIFE_MS,
    tags: { [KIND_TAG]: PASSKEY_MAIL_KIND },
  });
}

/** Whether there was such a passkey. */
export async function removePasskey(durable: Durable, person: string, n: number): Promise<boolean> {
  const { open } = await readPasskeys(durable, person);
  const isThere = open.some((passkey) => passkey.n === n);
  if (isThere) await durable.settle(passkeyId(person, n), { kind: "removed" });
  return isThere;
}

/** Uses up a challenge: true for the first who asks, however many do. */
export async function claimChallenge(
  { durable, clock, newNonce }: SessionOptions,
  name: string,
): Promise<boolean> {
  const place = await claimPlace(durable, {
    idOf: () => challengeId(name),
    places: 1,
    kind: PASSKEY_CHALLENGE_KIND,
    nonce: newNonce(),
    // No token of the challenge is good when the claim is over.
    timeoutAt: knownTime({ durable, clock }) + 2 * CHALLENGE_LIFE_MS,
  });
  return place !== undefined;
}

/** The highest count of signatures that is known of a passkey. A lower one, or the same, comes from a copy of it. */
export async function lastCounter(
  { durable, clock }: Pick<SessionOptions, "durable" | "clock">,
  { id, counter }: Credential,
): Promise<number> {
  const months = useMonths(hashOf(id), knownTime({ durable, clock }));
  for (const month of months) {
    const last = (await usesIn(durable, month)).at(-1);
    if (last !== undefined) return Math.max(counter, passkeyUseOf(last)?.counter ?? counter);
  }
  return counter;
}

/** Of writers who are faster. */
const TRIES = 5;

/** Stores the count of a signature that was checked. False if it is not higher than all before: then it must not count. */
export async function countUse(
  options: SessionOptions,
  credential: Credential,
  counter: number,
): Promise<boolean> {
  // A device that does not count.
  if (counter === 0) return (await lastCounter(options, credential)) === 0;
  const { durable, clock, newNonce } = options;
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (counter <= (await lastCounter(options, credential))) return false;
    const nowMs = knownTime({ durable, clock });
    const [month = ""] = useMonths(hashOf(credential.id), nowMs);
    const n = (await usesIn(durable, month)).length;
    const param: PasskeyUse = { kind: PASSKEY_USE_KIND, counter, nonce: newNonce() };
    const stored = await durable.create({
      id: n === 0 ? month : childId(month, n),
      param,
      timeoutAt: nowMs + PASSKEY_LIFE_MS,
      tags: { [KIND_TAG]: PASSKEY_USE_KIND },
    });
    if (passkeyUseOf(stored)?.nonce === param.nonce) return true;
  }
  return false;
}

async function usesIn(durable: Durable, month: string): Promise<readonly StoredPromise[]> {
  const first = await durable.read(month);
  return first === undefined ? [] : [first, ...(await durable.children(month, 1))];
}

function hashOf(credentialId: string): string {
  return createHash("sha256").update(`passkey\n${credentialId}`).digest("hex").slice(0, 32);
}

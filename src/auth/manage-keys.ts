/** What operators do with keys. Every change is made to the list as it stands when its turn comes. */
import { makeKey, type StoredKey } from "./key.ts";
import { changeKeys, KEYS_MAX } from "./key-file.ts";

/** One in use and the one that replaces it. More would mean that nobody knows which is where. */
const LIVE_KEYS_MAX = 2;

/** A change that cannot be made; the message says why, for people. */
export class KeyRefusal extends Error {
  override readonly name = "KeyRefusal";
  /** There is no live key of the id given. */
  readonly isUnknown: boolean;

  constructor(message: string, isUnknown = false) {
    super(message);
    this.isUnknown = isUnknown;
  }
}

export interface MadeKey {
  /** The key, never to be had again. */
  readonly text: string;
  readonly stored: StoredKey;
}

interface Store {
  readonly file: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** @throws KeyRefusal if the client has a live key */
export function createKey(
  { file, clock }: Store,
  key: Pick<StoredKey, "client" | "scopes" | "owner">,
): Promise<MadeKey> {
  return changeKeys(file, (keys) => {
    const live = liveOf(keys, key.client);
    if (live.length > 0) {
      throw new KeyRefusal(
        `${key.client} has the key ${live.map(({ id }) => id).join(" and ")}: rotate it instead`,
      );
    }
    return added(keys, makeKey({ ...key, createdAt: instant(clock) }));
  });
}

/**
 * A second key for the client of this one, with the same scopes and owner. The first works on until it is revoked.
 *
 * @throws KeyRefusal if there is no such live key, or the client has two
 */
export function rotateKey({ file, clock }: Store, id: string): Promise<MadeKey> {
  return changeKeys(file, (keys) => {
    const { client, scopes, owner } = liveKey(keys, id);
    const live = liveOf(keys, client);
    if (live.length >= LIVE_KEYS_MAX) {
      const other = live.find((key) => key.id !== id)?.id;
      throw new KeyRefusal(`${client} has two keys, ${id} and ${other}: revoke the old one first`);
    }
    const same = { client, scopes, ...(owner === undefined ? {} : { owner }) };
    return added(keys, makeKey({ ...same, createdAt: instant(clock) }));
  });
}

/** @throws KeyRefusal if there is no such live key */
export function revokeKey({ file, clock }: Store, id: string): Promise<StoredKey> {
  return changeKeys(file, (keys) => {
    const revoked: StoredKey = { ...liveKey(keys, id), revokedAt: instant(clock) };
    return { keys: keys.map((key) => (key.id === id ? revoked : key)), result: revoked };
  });
}

function liveKey(keys: readonly StoredKey[], id: string): StoredKey {
  const key = keys.find((candidate) => candidate.id === id);
  if (key === undefined) throw new KeyRefusal(`There is no key ${id}`, true);
  if (key.revokedAt !== undefined)
    throw new KeyRefusal(`The key ${id} was revoked at ${key.revokedAt}`, true);
  return key;
}

function liveOf(keys: readonly StoredKey[], client: string): readonly StoredKey[] {
  return keys.filter((key) => key.client === client && key.revokedAt === undefined);
}

function added(keys: readonly StoredKey[], made: MadeKey) {
  return { keys: [...withRoom(keys), made.stored], result: made };
}

/** Revoked keys are kept to tell who had access, the latest of them as long as there is room. */
function withRoom(keys: readonly StoredKey[]): readonly StoredKey[] {
  if (keys.length < KEYS_MAX) return keys;
  const oldest = keys
    .filter(({ revokedAt }) => revokedAt !== undefined)
    .reduce<StoredKey | undefined>(
      (first, key) => (first === undefined || (key.revokedAt ?? "") < (first.revokedAt ?? "") ? key : first),
      undefined,
    );
  if (oldest === undefined) throw new KeyRefusal(`There are ${KEYS_MAX} keys in use already`);
  return keys.filter((key) => key !== oldest);
}

function instant(clock: () => number): string {
  return new Date(clock()).toISOString();
}

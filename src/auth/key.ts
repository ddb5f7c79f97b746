import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Scope } from "./scopes.ts";

/** A key as it is stored: all but the key itself. */
export interface StoredKey {
  /** Names the key in lists and logs; part of the key, and no secret. */
  readonly id: string;
  /** Whose key it is. A client has one live key, or two while it changes from one to the other. */
  readonly client: string;
  readonly scopes: readonly Scope[];
  /** Mail address of the person who answers for the client. Absent: nobody is named. */
  readonly owner?: string;
  /** SHA-256 of the key's text, in base64url. A key is 256 random bits: nothing slower is needed to keep it. */
  readonly sha256: string;
  /** ISO 8601 instants. */
  readonly createdAt: string;
  readonly revokedAt?: string;
}

/** Characters of a client's name; as everywhere, those beyond 16 bits count once. */
export const CLIENT_CHARS_MAX = 100;

/** `apv_<8 characters of id>_<256 bits in base64url>`. The prefix lets scanners of published code know a leaked one. */
const KEY_TEXT = /^apv_(?<id>[a-z0-9]{8})_[A-Za-z0-9_-]{43}$/;

/** A new key: its text, to be shown once, and what is kept of it. */
export function makeKey(of: Pick<StoredKey, "client" | "scopes" | "owner" | "createdAt">): {
  readonly text: string;
  readonly stored: StoredKey;
} {
  const id = randomId();
  const text = `apv_${id}_${randomBytes(32).toString("base64url")}`;
  return { text, stored: { id, ...of, sha256: digest(text).toString("base64url") } };
}

/** The id within a text that has a key's form; undefined for anything else, such as the token of a decision link. */
export function keyIdIn(text: string): string | undefined {
  return KEY_TEXT.exec(text)?.groups?.["id"];
}

/** Whether the text is the stored key, in a time that does not tell how much of it is right. */
export function isKey(text: string, stored: StoredKey | undefined): boolean {
  // A comparison is made also when there is nothing to compare with, so that ids cannot be found by the clock.
  const kept = stored === undefined ? Buffer.alloc(0) : Buffer.from(stored.sha256, "base64url");
  const expected = kept.length === SHA256_BYTES ? kept : Buffer.alloc(SHA256_BYTES);
  return timingSafeEqual(digest(text), expected) && kept === expected;
}

const SHA256_BYTES = 32;

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function randomId(): string {
  // 40 bits as 8 characters: enough that two keys of one file do not meet.
  return Array.from(randomBytes(8), (byte) => ID_ALPHABET.charAt(byte % ID_ALPHABET.length)).join("");
}

/** Without those that people confuse; 32, so that every byte falls evenly. */
const ID_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

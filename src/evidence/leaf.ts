/**
 * An event of an approval as the log has it: what could be published, and the commitment to what few may see. The bytes are
 * JSON in the form of RFC 8785, so that every program makes the same of the same event.
 */
import { hash } from "node:crypto";
import type { PromiseRow } from "../engine/decide/state.ts";
import type { Tags } from "../protocol/records.ts";

/** SHA-256. */
export const HASH_BYTES = 32;

/** What the first event of a chain has in place of the hash of the one before. */
export const NO_HASH = Buffer.alloc(HASH_BYTES);

export interface Leaf {
  /** Of its approval. Numbers are never used again. Chain 0 has what concerns the whole log. */
  readonly chain: number;
  /** In its chain, from 1 on. */
  readonly n: number;
  /** Such as `ballot.settled`. */
  readonly type: string;
  /** The engine's time, in ms since 1970. */
  readonly atMs: number;
  /** Hash of the leaf before it in its chain. */
  readonly prev: Uint8Array;
  readonly commitment: Uint8Array;
}

/** The bytes that the log has of an event. */
export function leafText({ chain, n, type, atMs, prev, commitment }: Leaf): string {
  const at = new Date(atMs).toISOString();
  return `{"at":"${at}","chain":${chain},"commitment":"${hex(commitment)}","n":${n},"prev":"${hex(prev)}","type":"${type}","v":1}`;
}

/**
 * The salt of a chain's nth event: SHA-256 of the key and of n as eight bytes. A reader who knows it can check the event's
 * data, and cannot derive the salts of other events. All that is hashed with a key has one length, so no HMAC is needed.
 *
 * @param key of the chain: 32 random bytes, which are deleted with the approval
 */
export function saltOf(key: Uint8Array, n: number): Buffer {
  const bytes = scratch.subarray(0, key.length + 8);
  bytes.set(key);
  bytes.writeUInt32BE(Math.floor(n / 2 ** 32), key.length);
  bytes.writeUInt32BE(n >>> 0, key.length + 4);
  return hash("sha256", bytes, "buffer");
}

/** SHA-256 of the salt, and then of the data as RFC 8785 writes it. */
export function commitmentOf(salt: Uint8Array, data: object): Buffer {
  const text = canonical(data);
  // Three bytes are the most that a code unit takes.
  if (salt.length + 3 * text.length > scratch.length) {
    return hash("sha256", Buffer.concat([salt, Buffer.from(text)]), "buffer");
  }
  scratch.set(salt);
  const end = salt.length + scratch.write(text, salt.length);
  return hash("sha256", scratch.subarray(0, end), "buffer");
}

/** What is hashed is put together here, where it is not too long: nothing need be allocated for it. */
const scratch = Buffer.alloc(16 * 1024);

/** What the creation of a promise is committed to with. */
export function createdData({ id, createdAt, timeoutAt, tags, param }: PromiseRow): object {
  return { event: "created", id, createdAt, timeoutAt, tags, param };
}

/** What its settlement is committed to with. */
export function settledData({ id, state, settledAt, value }: PromiseRow): object {
  return { event: "settled", id, state, settledAt, value };
}

/** Whether the clock settled it. */
export function isLapsed({ settledAt, timeoutAt, value }: PromiseRow): boolean {
  return settledAt === timeoutAt && value.data === undefined;
}

type Part = string | number | null | undefined | Tags | object;

/**
 * RFC 8785 of what promises consist of: objects of texts and whole numbers. Half a surrogate pair, which SQLite does not
 * store, is written as SQLite stores it: a strict library would throw, and nothing that a program stores may stop the log.
 */
export function canonical(part: Part): string {
  if (typeof part === "string") return quoted(part);
  if (typeof part !== "object" || part === null) return JSON.stringify(part);
  let text = "";
  // In the order of UTF-16 code units, as the RFC has it.
  for (const name of Object.keys(part).sort()) {
    const value = (part as Readonly<Record<string, Part>>)[name];
    if (value !== undefined) text += `${text === "" ? "" : ","}${quoted(name)}:${canonical(value)}`;
  }
  return `{${text}}`;
}

function quoted(text: string): string {
  if (AS_IT_IS.test(text)) return `"${text}"`;
  return JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
}

/** Nearly all texts of a promise: ids, tags, and values in base64. `JSON.stringify` takes three times as long for them. */
const AS_IT_IS = /^[\w+/=:.@~ -]*$/;

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

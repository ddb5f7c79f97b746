/** Public keys as one line of text, as c2sp.org/signed-note has them: `name+id+base64(type ‖ key)`. */
import { hash } from "node:crypto";

/** The types that we read, both with Ed25519 keys of 32 bytes. */
export const KEY_TYPES = {
  /** Signs a note: c2sp.org/signed-note. */
  note: 1,
  /** Cosigns the head of a log, with the time: c2sp.org/tlog-cosignature. */
  cosignature: 4,
} as const;

/** 0x06: what c2sp.org/tlog-cosignature has beside Ed25519. */
const ML_DSA = 6;
const ID_BYTES = 4;
const PUBLIC_BYTES = 32;

export interface VerifierKey {
  /** No space, no plus. */
  readonly name: string;
  /** One of `KEY_TYPES`. */
  readonly type: number;
  /** 4 bytes in hexadecimal, which signature lines begin with. */
  readonly id: string;
  /** 32 bytes in base64url, as a JWK has them. */
  readonly publicKey: string;
}

export function verifierKeyOf(name: string, type: number, publicKey: Uint8Array): VerifierKey {
  const named = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), publicKey]);
  const id = hash("sha256", named, "buffer").subarray(0, ID_BYTES).toString("hex");
  return { name, type, id, publicKey: Buffer.from(publicKey).toString("base64url") };
}

export function verifierKeyText({ name, type, id, publicKey }: VerifierKey): string {
  const encoded = Buffer.concat([Buffer.of(type), Buffer.from(publicKey, "base64url")]).toString("base64");
  return `${name}+${id}+${encoded}`;
}

/** @returns what is wrong, to be put behind a name of what was read, if it is no such key of this type */
export function readVerifierKeyOf(type: number, text: string): VerifierKey | { readonly wrong: string } {
  const [, name = "", id = "", encoded = ""] =
    /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(text) ?? [];
  const [found, ...bytes] = Buffer.from(encoded, "base64");
  if (found === undefined) return { wrong: "must be a verifier key, written name+id+key" };
  if (found === ML_DSA && type === KEY_TYPES.cosignature)
    return { wrong: "is a key of type 6 (ML-DSA-44), which is not supported: use the witness's Ed25519 key" };
  if (found !== type) return { wrong: `is a key of type ${found}, not ${type}` };
  if (bytes.length !== PUBLIC_BYTES)
    return { wrong: `has a key of ${bytes.length} bytes, not ${PUBLIC_BYTES}` };
  const key = verifierKeyOf(name, type, Buffer.from(bytes));
  if (key.id === id) return key;
  return { wrong: "has an id that is not the one of its name and key: something of it was changed" };
}

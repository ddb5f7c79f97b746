/**
 * Signed notes with Ed25519 keys, as c2sp.org/signed-note has them: a text, an empty line, and a line for each signature.
 * Go's `golang.org/x/mod/sumdb/note` reads and writes the same.
 */
import { createPublicKey, hash, type KeyObject, sign, verify } from "node:crypto";
import { ringKey } from "../signing/ring.ts";

/** Who can verify: the key's name, and its 32 bytes. */
interface NoteKey {
  readonly name: string;
  readonly publicKey: Uint8Array;
}

const ED25519 = 1;
const ID_BYTES = 4;
const SIGNATURE_BYTES = 64;
/** The specification asks readers for at least 16. */
const SIGNATURES_MAX = 64;
const NOTE_CHARS_MAX = 1_000_000;

/**
 * @param text ends with a line break
 * @param name of the keys: no space, no plus
 * @param seeds of 32 bytes; each signs
 */
export function signNote(text: string, name: string, seeds: readonly Uint8Array[]): string {
  const lines = seeds.map((seed) => {
    const { privateKey, jwk } = ringKey(seed);
    const publicKey = Buffer.from(jwk.x, "base64url");
    const signed = Buffer.concat([keyId({ name, publicKey }), sign(null, Buffer.from(text), privateKey)]);
    return `— ${name} ${signed.toString("base64")}\n`;
  });
  return `${text}\n${lines.join("")}`;
}

/** The verifier key of a seed, as text: name, id and key. */
export function verifierKey(name: string, seed: Uint8Array): string {
  const publicKey = Buffer.from(ringKey(seed).jwk.x, "base64url");
  const encoded = Buffer.concat([Buffer.of(ED25519), publicKey]).toString("base64");
  return `${name}+${keyId({ name, publicKey }).toString("hex")}+${encoded}`;
}

/** Undefined if it is no verifier key of an Ed25519 key, or its id belongs to another. */
export function readVerifierKey(text: string): NoteKey | undefined {
  const [, name = "", id, encoded = ""] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text) ?? [];
  const [algorithm, ...bytes] = Buffer.from(encoded, "base64");
  const key = { name, publicKey: Buffer.from(bytes) };
  const isKey = algorithm === ED25519 && bytes.length === 32 && keyId(key).toString("hex") === id;
  return isKey ? key : undefined;
}

/** The text of a note, and how many of the keys signed it; undefined if it is no note, or a known key's signature is wrong. */
export function openNote(
  note: string,
  keys: readonly NoteKey[],
): { readonly text: string; readonly signatures: number } | undefined {
  if (note.length > NOTE_CHARS_MAX) return undefined;
  const end = note.lastIndexOf("\n\n");
  if (end === -1 || !note.endsWith("\n")) return undefined;
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) return undefined;
  let signatures = 0;
  for (const line of lines) {
    const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/]+=*)$/u.exec(line) ?? [];
    if (name === undefined || encoded === undefined) return undefined;
    const bytes = Buffer.from(encoded, "base64");
    const key = keys.find((each) => each.name === name && keyId(each).equals(bytes.subarray(0, ID_BYTES)));
    // Other keys may have signed, too.
    if (key === undefined) continue;
    const signature = bytes.subarray(ID_BYTES);
    if (signature.length !== SIGNATURE_BYTES) return undefined;
    if (!verify(null, Buffer.from(text), keyObject(key.publicKey), signature)) return undefined;
    signatures += 1;
  }
  return { text, signatures };
}

function keyId({ name, publicKey }: NoteKey): Buffer {
  const named = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), publicKey]);
  return hash("sha256", named, "buffer").subarray(0, ID_BYTES);
}

function keyObject(publicKey: Uint8Array): KeyObject {
  const x = Buffer.from(publicKey).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

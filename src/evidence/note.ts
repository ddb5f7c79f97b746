/**
 * Signed notes with Ed25519 keys, as c2sp.org/signed-note has them: a text, an empty line, and a line for each signature.
 * Go's `golang.org/x/mod/sumdb/note` reads and writes the same.
 */
import { createPublicKey, sign, verify } from "node:crypto";
import {
  KEY_TYPES,
  readVerifierKeyOf,
  type VerifierKey,
  verifierKeyOf,
  verifierKeyText,
} from "../lib/verifier-key.ts";
import { ringKey } from "../signing/ring.ts";

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
    const signed = Buffer.concat([
      Buffer.from(keyOf(name, seed).id, "hex"),
      sign(null, Buffer.from(text), ringKey(seed).privateKey),
    ]);
    return `— ${name} ${signed.toString("base64")}\n`;
  });
  return `${text}\n${lines.join("")}`;
}

/** The verifier key of a seed, as text: name, id and key. */
export function verifierKey(name: string, seed: Uint8Array): string {
  return verifierKeyText(keyOf(name, seed));
}

function keyOf(name: string, seed: Uint8Array): VerifierKey {
  return verifierKeyOf(name, KEY_TYPES.note, Buffer.from(ringKey(seed).jwk.x, "base64url"));
}

/** Undefined if it is no verifier key of an Ed25519 key that signs notes, or its id belongs to another. */
export function readVerifierKey(text: string): VerifierKey | undefined {
  const read = readVerifierKeyOf(KEY_TYPES.note, text);
  return "wrong" in read ? undefined : read;
}

/** The text of a note, and how many of the keys signed it; undefined if it is no note, or a known key's signature is wrong. */
export function openNote(
  note: string,
  keys: readonly VerifierKey[],
): { readonly text: string; readonly signatures: number } | undefined {
  const parts = partsOf(note);
  if (parts === undefined) return undefined;
  const { text } = parts;
  let signatures = 0;
  for (const line of parts.lines) {
    const key = keys.find((each) => isBy(line, each));
    // Other keys may have signed, too.
    if (key === undefined) continue;
    if (!isSignature(key, text, line.signature)) return undefined;
    signatures += 1;
  }
  return { text, signatures };
}

export interface SignatureLine {
  /** Without its line break. */
  readonly line: string;
  readonly name: string;
  /** Of the key, as its verifier key has it. */
  readonly id: string;
  /** What follows the id: its form is up to the key's type. */
  readonly signature: Buffer;
}

/** Undefined if it is no note. */
export function partsOf(
  note: string,
): { readonly text: string; readonly lines: readonly SignatureLine[] } | undefined {
  if (note.length > NOTE_CHARS_MAX) return undefined;
  const end = note.lastIndexOf("\n\n");
  if (end === -1 || !note.endsWith("\n")) return undefined;
  const lines = signatureLines(note.slice(end + 2));
  return lines && { text: note.slice(0, end + 1), lines };
}

/** Undefined if there is another line among them, or too many. */
export function signatureLines(text: string): readonly SignatureLine[] | undefined {
  if (!text.endsWith("\n")) return undefined;
  const lines = text.slice(0, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) return undefined;
  const read = lines.map(signatureLine).filter((line) => line !== undefined);
  return read.length === lines.length ? read : undefined;
}

function signatureLine(line: string): SignatureLine | undefined {
  const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/]+=*)$/u.exec(line) ?? [];
  if (name === undefined || encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, "base64");
  // Node reads more than others do, and one line that they cannot read spoils the whole note for them.
  if (bytes.toString("base64") !== encoded) return undefined;
  return { line, name, id: bytes.subarray(0, ID_BYTES).toString("hex"), signature: bytes.subarray(ID_BYTES) };
}

/** By its name and id, which is all that a line says of its key. */
export function isBy({ name, id }: SignatureLine, key: VerifierKey): boolean {
  return key.name === name && key.id === id;
}

export function isSignature({ publicKey: x }: VerifierKey, message: string, signature: Buffer): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return verify(null, Buffer.from(message), key, signature);
}

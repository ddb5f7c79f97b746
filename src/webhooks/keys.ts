/** Secrets and public keys that a source refers to, as keys; or what is wrong with them, which never repeats one. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { signingKey } from "../lib/signing-secret.ts";

/** A value of the environment by its name; undefined if it is not set. */
export type Lookup = (name: string) => string | undefined;

/** Notes a problem of a source, by the field's path within it. */
export type Note = (field: string, message: string) => void;

/** A key of a secret's text, or what is wrong with it. */
type ToKey = (secret: string) => Buffer | string;

export function secretsOf(
  { secrets }: { readonly secrets: readonly { readonly env: string }[] },
  environment: Lookup,
  note: Note,
  toKey: ToKey,
): Buffer[] | undefined {
  const keys: Buffer[] = [];
  for (const [index, { env }] of secrets.entries()) {
    const secret = environment(env) ?? "";
    // The text is never repeated.
    const key =
      secret.trim() === ""
        ? "is not set, or empty"
        : secret !== secret.trim()
          ? "must not begin or end with blanks"
          : toKey(secret);
    if (typeof key === "string") note(`secrets[${index}]`, `(the environment's ${env}) ${key}`);
    else keys.push(key);
  }
  return keys.length === secrets.length ? keys : undefined;
}

export const utf8Key: ToKey = (secret) => Buffer.from(secret);

/** Under 128 bits, guessing begins to pay. */
const STANDARD_KEY_BYTES = { min: 16, max: 64 };

export const standardKey: ToKey = (secret) => signingKey(secret, STANDARD_KEY_BYTES);

export function encodedKey(encoding: "utf8" | "base64" | "hex"): ToKey {
  return (secret) => {
    const key = Buffer.from(secret, encoding);
    const isSame = key.toString(encoding) === (encoding === "hex" ? secret.toLowerCase() : secret);
    return isSame && key.length > 0 ? key : `must be ${encoding}`;
  };
}

/** It is sent along each time and all there is to it: long enough that it was made by a machine. */
const CREDENTIAL_CHARS_MIN = 16;

export const credential: ToKey = (secret) =>
  secret.length >= CREDENTIAL_CHARS_MIN
    ? Buffer.from(secret)
    : `must have at least ${CREDENTIAL_CHARS_MIN} characters`;

export function publicKeysOf(
  { publicKeys }: { readonly publicKeys: readonly (string | { readonly env: string })[] },
  environment: Lookup,
  note: Note,
  type: "ec" | "ed25519",
): KeyObject[] | undefined {
  const keys: KeyObject[] = [];
  for (const [index, given] of publicKeys.entries()) {
    const text = typeof given === "string" ? given : (environment(given.env) ?? "");
    const key = (type === "ed25519" ? readRawKey(text.trim()) : undefined) ?? readPublicKey(text.trim());
    if (key?.asymmetricKeyType === type) keys.push(key);
    else note(`publicKeys[${index}]`, `must be a public key for ${type}, as ${FORMS[type]}`);
  }
  return keys.length === publicKeys.length ? keys : undefined;
}

const FORMS = {
  ec: "PEM or as base64 of its SPKI",
  ed25519: "64 hex digits, as base64 of its 32 bytes, as whpk_ and that, as PEM or as base64 of its SPKI",
};

/** The 32 bytes of an Ed25519 key as senders publish them: Discord in hex, Standard Webhooks in base64 after `whpk_`. */
function readRawKey(text: string): KeyObject | undefined {
  const encoded = text.replace(/^whpk_/, "");
  const isHex = /^[0-9a-f]{64}$/i.test(encoded);
  if (!isHex && !/^[A-Za-z0-9+/]{43}=$/.test(encoded)) return undefined;
  const x = Buffer.from(encoded, isHex ? "hex" : "base64").toString("base64url");
  try {
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  } catch {
    return undefined;
  }
}

function readPublicKey(text: string): KeyObject | undefined {
  try {
    return text.startsWith("-----BEGIN PUBLIC KEY-----")
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

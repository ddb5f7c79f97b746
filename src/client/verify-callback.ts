import type { CallbackEvent } from "./api-types.ts";

export type CallbackRefusal = "headers" | "time" | "signature" | "body";

/** A delivery that did not come from the service, or not now. Answer 401, and do nothing. */
export class CallbackVerificationError extends Error {
  override readonly name = "CallbackVerificationError";
  readonly reason: CallbackRefusal;

  constructor(reason: CallbackRefusal, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface Delivery {
  /** The body as it came, byte for byte: parsed and written again it would be another. */
  readonly body: string | Uint8Array;
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface VerifyOptions {
  /** How far its time may be from ours, in milliseconds. Default 5 minutes, as the standard says. */
  readonly toleranceMs?: number;
  /** Milliseconds since 1970. Default: now. */
  readonly nowMs?: number;
}

/** A delivery that is good. `id` is the same for every try: do not act on it twice. */
export interface VerifiedCallback {
  readonly id: string;
  readonly event: CallbackEvent;
}

/** More than a sender has while secrets change; each costs a hash. */
const SIGNATURES_MAX = 10;

/**
 * Checks a callback by Standard Webhooks, with one secret, `whsec_…`, or public key, `whpk_…`, or several while they change.
 *
 * @throws CallbackVerificationError if it is not to be believed; TypeError if a secret is none
 */
export async function verifyCallback(
  { body, headers }: Delivery,
  secrets: string | readonly string[],
  { toleranceMs = 300_000, nowMs = Date.now() }: VerifyOptions = {},
): Promise<VerifiedCallback> {
  const keys = await Promise.all([secrets].flat().map(keyOf));
  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature").split(" ");
  if (!/^\d{1,11}$/.test(timestamp)) throw refusal("headers", "webhook-timestamp must be seconds since 1970");
  if (Math.abs(nowMs - Number(timestamp) * 1000) > toleranceMs) {
    throw refusal("time", "The callback is too old, or from the future");
  }
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const signed = concat(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  if (!(await isSigned(signed, signatures, keys))) {
    throw refusal("signature", "No signature of the callback is right");
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { id, event: JSON.parse(text) as CallbackEvent };
  } catch {
    throw refusal("body", "The callback is no JSON");
  }
}

async function isSigned(
  signed: Uint8Array<ArrayBuffer>,
  signatures: readonly string[],
  keys: readonly CryptoKey[],
): Promise<boolean> {
  for (const candidate of signatures.slice(0, SIGNATURES_MAX)) {
    const [version = "", text = ""] = candidate.split(",");
    const algorithm = ALGORITHMS.get(version);
    const signature = fromBase64(text);
    if (algorithm === undefined || signature === undefined) continue;
    for (const key of keys) {
      // In constant time, by the platform.
      const isIts = key.algorithm.name === algorithm;
      if (isIts && (await crypto.subtle.verify(algorithm, key, signature, signed))) return true;
    }
  }
  return false;
}

/** By the word in front of a signature. */
const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ["v1", "HMAC"],
  ["v1a", "Ed25519"],
]);
const PUBLIC_KEY_BYTES = 32;

async function keyOf(secret: string): Promise<CryptoKey> {
  if (secret.startsWith("whpk_")) return await publicKeyOf(secret);
  const bytes = secret.startsWith("whsec_") ? fromBase64(secret.slice(6)) : undefined;
  if (bytes === undefined || bytes.length === 0) {
    throw new TypeError(
      "A secret must be whsec_ and then base64 as RFC 4648, section 4, has it: letters, digits, + and /, padded with = to a multiple of four",
    );
  }
  return await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

async function publicKeyOf(text: string): Promise<CryptoKey> {
  const bytes = fromBase64(text.slice(5));
  if (bytes?.length !== PUBLIC_KEY_BYTES)
    throw new TypeError(`A public key must be whpk_ and then ${PUBLIC_KEY_BYTES} bytes in padded base64`);
  return await crypto.subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]);
}

function header(headers: Delivery["headers"], name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : valueIn(headers, name);
  if (typeof value === "string" && value !== "") return value;
  throw refusal("headers", `${name} must be there, once`);
}

function valueIn(headers: Exclude<Delivery["headers"], Headers>, name: string): unknown {
  const values = Object.entries(headers)
    .filter(([each]) => each.toLowerCase() === name)
    .flatMap(([, value]) => value ?? []);
  return values.length === 1 ? values[0] : undefined;
}

/** `atob` also reads blanks, and text without its padding, which other libraries refuse or read as another key. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const bytes = atob(text);
    return btoa(bytes) === text ? Uint8Array.from(bytes, (character) => character.charCodeAt(0)) : undefined;
  } catch {
    return undefined;
  }
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}

function refusal(reason: CallbackRefusal, message: string): CallbackVerificationError {
  return new CallbackVerificationError(reason, `Cannot believe the callback: ${message}`);
}

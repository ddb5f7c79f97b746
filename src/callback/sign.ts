/**
 * Signatures of the Standard Webhooks specification over `id.timestamp.body`, in base64: HMAC-SHA256 after `v1,`, and Ed25519 after
 * `v1a,`, which a receiver verifies without having anything that could sign.
 */
import { createHmac, type KeyObject, sign } from "node:crypto";

export interface SignedContent {
  /** The same for every attempt: the receiver's key against duplicates. Without `.`, which separates the parts. */
  readonly id: string;
  /** Seconds since 1970, of this attempt. */
  readonly timestampS: number;
  readonly body: string;
}

/** A secret that the receiver has too, or an Ed25519 private key. */
export type SigningSecret = Uint8Array | KeyObject;

/**
 * The three headers. Each secret signs, so that a receiver verifies with the old or the new one while they change. `v1` comes
 * first: some receivers look at the first signature alone.
 */
export function signatureHeaders(
  secrets: readonly SigningSecret[],
  { id, timestampS, body }: SignedContent,
): Record<string, string> {
  const content = Buffer.from(`${id}.${timestampS}.${body}`);
  const shared = secrets.flatMap((secret) => (secret instanceof Uint8Array ? [macOf(secret, content)] : []));
  const pairs = secrets.flatMap((secret) =>
    secret instanceof Uint8Array ? [] : [signatureOf(secret, content)],
  );
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestampS),
    "webhook-signature": [...shared, ...pairs].join(" "),
  };
}

function macOf(secret: Uint8Array, content: Buffer): string {
  return `v1,${createHmac("sha256", secret).update(content).digest("base64")}`;
}

function signatureOf(key: KeyObject, content: Buffer): string {
  return `v1a,${sign(null, content, key).toString("base64")}`;
}

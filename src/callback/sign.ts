/** Signatures of the Standard Webhooks specification: HMAC-SHA256 over `id.timestamp.body`, in base64 after `v1,`. */
import { createHmac } from "node:crypto";

export interface SignedContent {
  /** The same for every attempt: the receiver's key against duplicates. Without `.`, which separates the parts. */
  readonly id: string;
  /** Seconds since 1970, of this attempt. */
  readonly timestampS: number;
  readonly body: string;
}

/** The three headers. Each secret signs, so that a receiver verifies with the old or the new one while they change. */
export function signatureHeaders(
  secrets: readonly Uint8Array[],
  { id, timestampS, body }: SignedContent,
): Record<string, string> {
  const content = `${id}.${timestampS}.${body}`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac("sha256", secret).update(content).digest("base64")}`,
  );
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestampS),
    "webhook-signature": signatures.join(" "),
  };
}

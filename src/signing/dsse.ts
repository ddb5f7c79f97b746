/**
 * Envelopes of DSSE (github.com/secure-systems-lab/dsse, version 1.0.2), which tools for attestations sign and verify. What is signed
 * begins with `DSSEv1 `, and a JWS with base64url, so a signature of one is never one of the other.
 */
import { createPublicKey, sign, verify } from "node:crypto";
import { z } from "zod";
import type { RingKey } from "./ring.ts";
import type { KeySet } from "./verify.ts";

export interface Envelope {
  readonly payloadType: string;
  /** In base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

const CHARS_MAX = 32 * 1024 * 1024;

export const envelopeSchema: z.ZodType<Envelope> = z.strictObject({
  payloadType: z.string().max(200),
  payload: z.string().max(CHARS_MAX),
  signatures: z
    .array(z.strictObject({ keyid: z.string().max(100), sig: z.string().max(1_000) }))
    .min(1)
    .max(10),
});

export function sealed({ privateKey, jwk }: RingKey, payloadType: string, payload: string): Envelope {
  const bytes = Buffer.from(payload);
  const sig = sign(null, signedBytes(payloadType, bytes), privateKey).toString("base64");
  return { payloadType, payload: bytes.toString("base64"), signatures: [{ keyid: jwk.kid, sig }] };
}

/** The payload and the key that signed it; undefined if none of these keys has. */
export function opened(
  { keys }: KeySet,
  { payloadType, payload, signatures }: Envelope,
): { readonly payload: Buffer; readonly kid: string } | undefined {
  const bytes = Buffer.from(payload, "base64");
  const signed = signedBytes(payloadType, bytes);
  for (const { keyid, sig } of signatures) {
    const jwk = keys.find(({ kid }) => kid === keyid);
    const signature = Buffer.from(sig, "base64");
    // One text for one content: other readers may take other base64 for something else.
    const isPlain = bytes.toString("base64") === payload && signature.toString("base64") === sig;
    if (jwk === undefined || !isPlain) continue;
    const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
    if (verify(null, signed, key, signature)) return { payload: bytes, kid: jwk.kid };
  }
  return undefined;
}

/** The pre-authentication encoding: lengths are in bytes. */
function signedBytes(type: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

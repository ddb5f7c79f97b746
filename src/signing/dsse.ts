/**
 * Envelopes of DSSE (github.com/secure-systems-lab/dsse, version 1.0.2), which tools for attestations sign and verify. What is signed
 * begins with `DSSEv1 `, and a JWS with base64url, so a signature of one is never one of the other.
 */
import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import type { PublicJwk, RingKey } from "./ring.ts";
import type { KeySet } from "./verify.ts";

export interface Envelope {
  readonly payloadType: string;
  /** In base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

const CHARS_MAX = 32 * 1024 * 1024;

/** As the format's parsing rules have it: other members are passed over, and no `keyid` is the same as an empty one. */
export const envelopeSchema: z.ZodType<Envelope> = z.object({
  payloadType: z.string().max(200),
  payload: z.string().max(CHARS_MAX),
  signatures: z
    .array(z.object({ keyid: z.string().max(100).default(""), sig: z.string().max(1_000) }))
    .min(1)
    .max(10),
});

export function sealed({ privateKey, jwk }: RingKey, payloadType: string, payload: string): Envelope {
  const bytes = Buffer.from(payload);
  const sig = sign(null, signedBytes(payloadType, bytes), privateKey).toString("base64");
  return { payloadType, payload: bytes.toString("base64"), signatures: [{ keyid: jwk.kid, sig }] };
}

/** The payload and the key that signed it; undefined if none of these keys has. Others may have signed, too. */
export function opened(
  { keys }: KeySet,
  { payloadType, payload, signatures }: Envelope,
): { readonly payload: Buffer; readonly kid: string } | undefined {
  const bytes = decoded(payload);
  if (bytes === undefined) return undefined;
  const signed = signedBytes(payloadType, bytes);
  for (const { keyid, sig } of signatures) {
    const signature = decoded(sig);
    if (signature === undefined) continue;
    const signer = keys.find(
      (jwk) => (keyid === "" || keyid === jwk.kid) && verify(null, signed, publicKeyOf(jwk), signature),
    );
    if (signer !== undefined) return { payload: bytes, kid: signer.kid };
  }
  return undefined;
}

function publicKeyOf(jwk: PublicJwk): KeyObject {
  return createPublicKey({ key: { ...jwk }, format: "jwk" });
}

/** Of either alphabet, as verifiers must read. One text for one content: other readers may take other base64 for something else. */
function decoded(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  const standard = bytes.toString("base64");
  return text === standard || text === standard.replaceAll("+", "-").replaceAll("/", "_") ? bytes : undefined;
}

/** The pre-authentication encoding: lengths are in bytes. */
function signedBytes(type: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/**
 * Signs grants and signed receipts as compact JWS (RFC 7515) with EdDSA, so that anybody can verify them by the published
 * key set, without asking us and without a secret.
 *
 * G1 The same claims give the same token, in every process with the same keys: Ed25519 has no random part, and the claims
 *    are written in the canonical form of RFC 8785. So a repeated call needs nothing stored to get the same answer.
 * G2 The first key signs. All keys verify, and all are in the key set, so that what an older key has signed stays good.
 */
import { canonicalText } from "../lib/canonical-hash.ts";
import { type Envelope, sealed } from "./dsse.ts";
import { ringKey } from "./ring.ts";
import { type KeySet, type SignedType, type Verification, verifySigned } from "./verify.ts";

export interface SignerOptions {
  /** Seeds of 32 random bytes. The first signs. */
  readonly keys: readonly [Uint8Array, ...Uint8Array[]];
  /** Origin of `PUBLIC_URL`: the claim `iss` of all that is signed. */
  readonly issuer: string;
}

export interface Signer {
  readonly issuer: string;
  /** The public keys: the signing one first. */
  readonly keySet: KeySet;
  /** Adds the claim `iss`. Members that are undefined do not count, as in JSON. */
  sign(typ: SignedType, claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** Signs a payload of that type in an envelope of DSSE. The same payload gives the same envelope. */
  seal(payloadType: string, payload: string): Envelope;
  /** Whether one of our keys signed it as this type. Neither `iss` nor a time is looked at. */
  verify(typ: SignedType, token: string): Promise<Verification>;
}

/** @throws TypeError if a key has another length */
export function createSigner({ keys, issuer }: SignerOptions): Signer {
  const [first, ...others] = keys;
  const signing = ringKey(first);
  const keySet: KeySet = { keys: [signing.jwk, ...others.map((seed) => ringKey(seed).jwk)] };
  return {
    issuer,
    keySet,
    async sign(typ, claims) {
      const { CompactSign } = await import("jose");
      return await new CompactSign(Buffer.from(canonicalText({ ...claims, iss: issuer })))
        .setProtectedHeader({ alg: "EdDSA", typ, kid: signing.jwk.kid })
        .sign(signing.privateKey);
    },
    seal: (payloadType, payload) => sealed(signing, payloadType, payload),
    verify: (typ, token) => verifySigned(keySet, typ, token),
  };
}

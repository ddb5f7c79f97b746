import { type KeyObject, verify as verifySignature } from "node:crypto";
import { valueAt } from "../path.ts";
import {
  type BodyFormat,
  badSignature,
  knownByBody,
  refuse,
  type Scheme,
  SIGNATURES_MAX,
} from "../verify.ts";
import { type Canvas, type SignedTemplate, signedParts } from "./signed-template.ts";

export interface PublicKeyOptions extends SignedTemplate {
  readonly keys: readonly KeyObject[];
  /** Of ECDSA; Ed25519 has its own. */
  readonly hash: "sha256" | "sha384" | "sha512" | null;
  readonly dsaEncoding: "der" | "ieee-p1363";
  readonly encoding: "hex" | "base64" | "base64url";
  readonly format: BodyFormat;
}

/** Ed25519 and ECDSA: only the sender has the private key, so nothing that we store could sign. */
export function publicKey(options: PublicKeyOptions): Scheme {
  const { keys, hash, dsaEncoding, encoding, format } = options;
  return {
    format,
    verify(head, nowMs) {
      const parts = signedParts(options, head, nowMs);
      if (!parts.ok) return parts;
      if (parts.signatures.length > SIGNATURES_MAX) {
        return refuse("too-many-signatures", `At most ${SIGNATURES_MAX} signatures are looked at`);
      }
      const signatures = parts.signatures.flatMap((text) => decoded(text, encoding) ?? []);
      return {
        ok: true,
        check(body) {
          const signed = parts.around(body);
          const isGood = signatures.some((bytes) =>
            keys.some((key) => verifySignature(hash, signed, { key, dsaEncoding }, bytes)),
          );
          if (!isGood) return badSignature();
          return parts.id === undefined ? knownByBody(body) : { ok: true, replayKey: parts.id };
        },
      };
    },
  };
}

/** The bytes that are written so; undefined for any other text that a forgiving decoder would take for the same. */
function decoded(text: string, encoding: PublicKeyOptions["encoding"]): Buffer | undefined {
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === (encoding === "hex" ? text.toLowerCase() : text) ? bytes : undefined;
}

/** Twilio SendGrid's event webhook: ECDSA over time and body. A retry has a new signature, so the ids of its events count. */
export function sendgrid(keys: readonly KeyObject[]): Scheme {
  return publicKey({
    keys,
    hash: "sha256",
    dsaEncoding: "der",
    header: "x-twilio-email-event-webhook-signature",
    prefix: "",
    headerValue: undefined,
    encoding: "base64",
    format: "json",
    signed: [{ part: "timestamp" }, { part: "body" }] satisfies Canvas,
    timestampHeader: "x-twilio-email-event-webhook-timestamp",
    timestampUnit: "seconds",
    idHeader: undefined,
  });
}

/**
 * Discord's interactions and webhook events: Ed25519 over time and body. An address is asked by a PING whether it is
 * ours: an interaction of type 1 wants the same back, a webhook event of type 0 an empty answer.
 */
export function discord(keys: readonly KeyObject[]): Scheme {
  const scheme = publicKey({
    keys,
    hash: null,
    dsaEncoding: "der",
    header: "x-signature-ed25519",
    prefix: "",
    headerValue: undefined,
    encoding: "hex",
    format: "json",
    signed: [{ part: "timestamp" }, { part: "body" }] satisfies Canvas,
    timestampHeader: "x-signature-timestamp",
    timestampUnit: "seconds",
    idHeader: undefined,
  });
  return {
    ...scheme,
    challenge(event) {
      if (valueAt(event, ["type"]) === 0) return { kind: "empty" };
      // A webhook event of type 1 reports something.
      const isPing = valueAt(event, ["type"]) === 1 && valueAt(event, ["event"]) === undefined;
      return isPing ? { kind: "json", json: { type: 1 } } : undefined;
    },
  };
}

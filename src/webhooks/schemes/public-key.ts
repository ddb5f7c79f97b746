import { type KeyObject, verify as verifySignature } from "node:crypto";
import { badSignature, knownByBody, oneHeader, refuse, type Scheme, timeProblem } from "../verify.ts";
import { type Canvas, type SignedTemplate, signedParts } from "./signed-template.ts";

export interface PublicKeyOptions extends SignedTemplate {
  readonly keys: readonly KeyObject[];
  /** Of ECDSA; Ed25519 has its own. */
  readonly hash: "sha256" | "sha384" | "sha512" | null;
  readonly dsaEncoding: "der" | "ieee-p1363";
  readonly header: string;
  readonly prefix: string;
  readonly encoding: "hex" | "base64" | "base64url";
}

/** Ed25519 and ECDSA: whoever has the private key signs, and nothing that we hold could. */
export function publicKey(options: PublicKeyOptions): Scheme {
  const { keys, hash, dsaEncoding, header, prefix, encoding } = options;
  return {
    format: "json",
    verify(head, nowMs) {
      const signature = oneHeader(head, header);
      if (!signature.ok) return signature;
      if (!signature.value.startsWith(prefix)) {
        return refuse("malformed", `The header ${header} must begin with ${prefix}`);
      }
      const parts = signedParts(options, head);
      if (!parts.ok) return parts;
      const late = parts.time === undefined ? undefined : timeProblem(parts.time, nowMs);
      if (late !== undefined) return late;
      const bytes = decoded(signature.value.slice(prefix.length), encoding);
      if (bytes === undefined) return badSignature();
      return {
        ok: true,
        check(body) {
          const signed = parts.around(body);
          const isGood = keys.some((key) => verifySignature(hash, signed, { key, dsaEncoding }, bytes));
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

/** Twilio SendGrid's event webhook: ECDSA over time and body. A retry is signed anew, so the events' own ids count. */
export function sendgrid(keys: readonly KeyObject[]): Scheme {
  return publicKey({
    keys,
    hash: "sha256",
    dsaEncoding: "der",
    header: "x-twilio-email-event-webhook-signature",
    prefix: "",
    encoding: "base64",
    signed: [{ part: "timestamp" }, { part: "body" }] satisfies Canvas,
    timestampHeader: "x-twilio-email-event-webhook-timestamp",
    idHeader: undefined,
  });
}

import { type BodyFormat, knownByBody, macOf, macProblem, type Scheme } from "../verify.ts";
import { type SignedTemplate, signedHeaders, signedParts } from "./signed-template.ts";

export interface HmacOptions extends SignedTemplate {
  readonly algorithm: "sha1" | "sha256" | "sha384" | "sha512";
  readonly keys: readonly Buffer[];
  readonly encoding: "hex" | "base64" | "base64url";
  readonly format: BodyFormat;
}

/** Any other sender that signs with a shared secret. */
export function hmac(options: HmacOptions): Scheme {
  const { algorithm, keys, encoding, format } = options;
  return {
    format,
    verify(head, nowMs) {
      const parts = signedParts(options, head, nowMs);
      if (!parts.ok) return parts;
      return {
        ok: true,
        check(body) {
          const problem = macProblem({ algorithm, keys, encoding }, [parts.around(body)], parts.signatures);
          if (problem !== undefined) return problem;
          return parts.id === undefined ? knownByBody(body) : { ok: true, replayKey: parts.id };
        },
      };
    },
    sign: (delivery) => ({
      headers: signedHeaders(options, delivery, (signed) =>
        macOf(algorithm, keys[0] as Buffer, [signed]).toString(encoding),
      ),
    }),
  };
}

import {
  type Head,
  knownByBody,
  macOf,
  macProblem,
  oneHeader,
  refuse,
  type Scheme,
  timeProblem,
} from "../verify.ts";
import { type SignedTemplate, signedParts } from "./signed-template.ts";

export interface HmacOptions extends SignedTemplate {
  readonly algorithm: "sha1" | "sha256" | "sha384" | "sha512";
  readonly keys: readonly Buffer[];
  readonly header: string;
  /** In front of each signature in the header. */
  readonly prefix: string;
  readonly encoding: "hex" | "base64" | "base64url";
  readonly format: "json" | "form";
}

/** Any other sender that signs with a shared secret. Several signatures are separated by commas or blanks. */
export function hmac(options: HmacOptions): Scheme {
  const { algorithm, keys, header, prefix, encoding, format } = options;
  return {
    format,
    verify(head, nowMs) {
      const signature = oneHeader(head, header);
      if (!signature.ok) return signature;
      const parts = signedParts(options, head);
      if (!parts.ok) return parts;
      const late = parts.time === undefined ? undefined : timeProblem(parts.time, nowMs);
      if (late !== undefined) return late;
      const candidates = signature.value
        .split(/[,\s]+/)
        .flatMap((one) => (one !== "" && one.startsWith(prefix) ? [one.slice(prefix.length)] : []));
      if (candidates.length === 0)
        return refuse("malformed", `The header ${header} must begin with ${prefix}`);
      return {
        ok: true,
        check(body) {
          const problem = macProblem({ algorithm, keys, encoding }, [parts.around(body)], candidates);
          if (problem !== undefined) return problem;
          return parts.id === undefined ? knownByBody(body) : { ok: true, replayKey: parts.id };
        },
      };
    },
    sign({ body, nowMs, id }) {
      const { timestampHeader, idHeader } = options;
      const headers: Record<string, string> = {
        ...(timestampHeader === undefined ? {} : { [timestampHeader]: String(Math.floor(nowMs / 1000)) }),
        ...(idHeader === undefined ? {} : { [idHeader]: id }),
      };
      const parts = signedParts(options, headOf(headers));
      if (!parts.ok) throw new Error(`Cannot sign: ${parts.detail}`);
      const value = macOf(algorithm, keys[0] as Buffer, [parts.around(body)]).toString(encoding);
      return { headers: { ...headers, [header]: `${prefix}${value}` } };
    },
  };
}

function headOf(headers: Readonly<Record<string, string>>): Head {
  return {
    values: (name) => (headers[name] === undefined ? [] : [headers[name]]),
    names: () => Object.keys(headers),
    url: "",
  };
}

/**
 * Twilio: HMAC-SHA1 over the address, followed by the form's fields. A JSON body is bound by `bodySHA256` in the address.
 * There is no signed time: a delivery is known by what is signed.
 */
import {
  badSignature,
  beginsAsJson,
  macOf,
  macProblem,
  oneHeader,
  refuse,
  type Scheme,
  sameText,
  sha256Hex,
} from "../verify.ts";

const MAC = { algorithm: "sha1", encoding: "base64" } as const;

export function twilio(keys: readonly Buffer[]): Scheme {
  return {
    format: "form-or-json",
    verify(head) {
      const signature = oneHeader(head, "x-twilio-signature");
      if (!signature.ok) return signature;
      const hashes = new URL(head.url).searchParams.getAll("bodySHA256");
      const [bodyHash] = hashes;
      if (hashes.length > 1) return refuse("malformed", "The address must have one bodySHA256");
      return {
        ok: true,
        check(body) {
          if (bodyHash !== undefined && !sameText(sha256Hex(body), bodyHash.toLowerCase())) {
            return refuse("signature", "The body is not the one of bodySHA256");
          }
          if (bodyHash === undefined && beginsAsJson(body)) {
            return refuse("malformed", "A JSON body needs bodySHA256 in the address");
          }
          const fields = bodyHash === undefined ? signedFields(body) : "";
          // Twilio writes the port into what it signs or leaves it out, by kind of call.
          const urls = [head.url, ...otherSpellings(head.url)];
          const isGood = urls.some(
            (url) => macProblem({ ...MAC, keys }, [url, fields], [signature.value]) === undefined,
          );
          // What is signed has no borders between fields: two forms that read alike are one delivery.
          return isGood ? { ok: true, replayKey: sha256Hex(head.url, fields) } : badSignature();
        },
      };
    },
    sign({ body, url }) {
      const isJson = beginsAsJson(body);
      const signedUrl = isJson ? withBodyHash(url, sha256Hex(body)) : url;
      const fields = isJson ? "" : signedFields(body);
      const value = macOf(MAC.algorithm, keys[0] as Buffer, [signedUrl, fields]).toString(MAC.encoding);
      return { url: signedUrl, headers: { "x-twilio-signature": value } };
    },
  };
}

/** Sorted by name; a name that comes several times counts once for each different value, those sorted too. */
function signedFields(body: Buffer): string {
  const form = new URLSearchParams(body.toString("utf8"));
  return [...new Set(form.keys())]
    .sort(byCodeUnit)
    .flatMap((name) => [...new Set(form.getAll(name))].sort(byCodeUnit).map((value) => name + value))
    .join("");
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function otherSpellings(url: string): string[] {
  const [, protocol = "", host = "", port, rest = ""] =
    /^(https?:\/\/)(\[[^\]]*\]|[^/:?#]*)(:\d+)?(.*)$/s.exec(url) ?? [];
  const standardPort = protocol === "https://" ? ":443" : ":80";
  return [`${protocol}${host}${rest}`, `${protocol}${host}${port ?? standardPort}${rest}`].filter(
    (other) => other !== url,
  );
}

function withBodyHash(url: string, hash: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}bodySHA256=${hash}`;
}

import { type KeyObject, verify as verifySignature } from "node:crypto";
import {
  badSignature,
  macOf,
  macProblem,
  oneHeader,
  type Refused,
  refuse,
  type Scheme,
  SIGNATURES_MAX,
  timeProblem,
} from "../verify.ts";

const MAC = { algorithm: "sha256", encoding: "base64" } as const;

export interface StandardKeys {
  /** The bytes behind `whsec_`: they sign as `v1`. */
  readonly secrets: readonly Buffer[];
  /** Those behind `whpk_`, Ed25519: they sign as `v1a`. */
  readonly publicKeys: readonly KeyObject[];
}

/**
 * Standard Webhooks, and Svix, which is the same under other header names: what is signed is `id.time.body`. A good
 * signature of one of the two versions will do.
 */
export function standardWebhooks(keys: StandardKeys, prefix: "webhook" | "svix"): Scheme {
  const names = { id: `${prefix}-id`, time: `${prefix}-timestamp`, signature: `${prefix}-signature` };
  const [secret] = keys.secrets;
  return {
    format: "json",
    verify(head, nowMs) {
      const id = oneHeader(head, names.id);
      if (!id.ok) return id;
      // A dot in the id could be taken for the one between id and time.
      if (!/^[^\s.]{1,256}$/.test(id.value))
        return refuse("malformed", `The header ${names.id} is malformed`);
      const time = oneHeader(head, names.time);
      if (!time.ok) return time;
      const signature = oneHeader(head, names.signature);
      if (!signature.ok) return signature;
      const late = timeProblem(time.value, nowMs);
      if (late !== undefined) return late;
      return {
        ok: true,
        check(body) {
          const signatures = signature.value.split(" ");
          const signed = [id.value, ".", time.value, ".", body];
          // A retry has a new signature and the same id.
          return signatureProblem(keys, signed, signatures) ?? { ok: true, replayKey: id.value };
        },
      };
    },
    ...(secret === undefined
      ? {}
      : {
          sign({ body, nowMs, id }) {
            const time = String(Math.floor(nowMs / 1000));
            const mac = macOf(MAC.algorithm, secret, [id, ".", time, ".", body]).toString(MAC.encoding);
            return { headers: { [names.id]: id, [names.time]: time, [names.signature]: `v1,${mac}` } };
          },
        }),
  };
}

function signatureProblem(
  { secrets, publicKeys }: StandardKeys,
  signed: readonly (string | Buffer)[],
  signatures: readonly string[],
): Refused | undefined {
  const ofVersion = (version: string) =>
    signatures.flatMap((one) => (one.startsWith(`${version},`) ? [one.slice(version.length + 1)] : []));
  const asymmetric = publicKeys.length === 0 ? [] : ofVersion("v1a");
  if (asymmetric.length > SIGNATURES_MAX) {
    return refuse("too-many-signatures", `At most ${SIGNATURES_MAX} signatures are looked at`);
  }
  const data = Buffer.concat(signed.map((part) => Buffer.from(part)));
  for (const text of asymmetric) {
    const bytes = Buffer.from(text, "base64");
    if (bytes.toString("base64") !== text) continue;
    if (publicKeys.some((key) => verifySignature(null, data, key, bytes))) return undefined;
  }
  const symmetric = secrets.length === 0 ? [] : ofVersion("v1");
  if (symmetric.length === 0 && asymmetric.length > 0) return badSignature();
  return macProblem({ ...MAC, keys: secrets }, signed, symmetric);
}

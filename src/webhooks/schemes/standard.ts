import { macOf, macProblem, oneHeader, refuse, type Scheme, timeProblem } from "../verify.ts";

const MAC = { algorithm: "sha256", encoding: "base64" } as const;

/**
 * Standard Webhooks, and Svix, which is the same under other header names: the MAC covers `id.time.body`.
 *
 * @param keys the bytes behind `whsec_`
 */
export function standardWebhooks(keys: readonly Buffer[], prefix: "webhook" | "svix"): Scheme {
  const names = { id: `${prefix}-id`, time: `${prefix}-timestamp`, signature: `${prefix}-signature` };
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
          const candidates = signature.value
            .split(" ")
            .flatMap((one) => (one.startsWith("v1,") ? [one.slice(3)] : []));
          const signed = [id.value, ".", time.value, ".", body];
          // Retries are signed anew; the id stays.
          return macProblem({ ...MAC, keys }, signed, candidates) ?? { ok: true, replayKey: id.value };
        },
      };
    },
    sign({ body, nowMs, id }) {
      const time = String(Math.floor(nowMs / 1000));
      const [key] = keys;
      const mac = macOf(MAC.algorithm, key as Buffer, [id, ".", time, ".", body]).toString(MAC.encoding);
      return { headers: { [names.id]: id, [names.time]: time, [names.signature]: `v1,${mac}` } };
    },
  };
}

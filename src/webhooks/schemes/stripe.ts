import { knownByBody, macOf, macProblem, oneHeader, refuse, type Scheme, timeProblem } from "../verify.ts";

/** Stripe: `stripe-signature: t=…,v1=…[,v1=…]`, and the MAC covers `time.body`. */
export function stripe(keys: readonly Buffer[]): Scheme {
  const mac = { algorithm: "sha256", encoding: "hex", keys } as const;
  return {
    format: "json",
    verify(head, nowMs) {
      const header = oneHeader(head, "stripe-signature");
      if (!header.ok) return header;
      const parts = header.value.split(",").map((part) => part.trim());
      const times = valuesOf(parts, "t");
      const [time] = times;
      if (time === undefined || times.length > 1) {
        return refuse("malformed", "The header stripe-signature must have one t=");
      }
      const late = timeProblem(time, nowMs);
      if (late !== undefined) return late;
      // Other versions are ignored: v0 is for test events and signed with no secret of this endpoint.
      const candidates = valuesOf(parts, "v1");
      return {
        ok: true,
        // The event's own id comes before this: see the source's `key`.
        check: (body) => macProblem(mac, [time, ".", body], candidates) ?? knownByBody(body),
      };
    },
    sign({ body, nowMs }) {
      const time = String(Math.floor(nowMs / 1000));
      const value = macOf("sha256", keys[0] as Buffer, [time, ".", body]).toString("hex");
      return { headers: { "stripe-signature": `t=${time},v1=${value}` } };
    },
  };
}

function valuesOf(parts: readonly string[], name: string): string[] {
  return parts.flatMap((part) => (part.startsWith(`${name}=`) ? [part.slice(name.length + 1)] : []));
}

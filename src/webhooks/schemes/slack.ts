import { valueAt } from "../path.ts";
import { knownByBody, macOf, macProblem, oneHeader, refuse, type Scheme, timeProblem } from "../verify.ts";

/** Slack: the MAC covers `v0:time:body`; commands and interactions come as forms, events as JSON. */
export function slack(keys: readonly Buffer[]): Scheme {
  const mac = { algorithm: "sha256", encoding: "hex", keys } as const;
  return {
    format: "form-or-json",
    // Slack asks an address that is new to it to repeat a word, and shows by its signature that it is Slack who asks.
    challenge(event) {
      if (valueAt(event, ["type"]) !== "url_verification") return undefined;
      const text = valueAt(event, ["challenge"]);
      return typeof text === "string" && text.length <= 256 ? { kind: "text", text } : undefined;
    },
    verify(head, nowMs) {
      const time = oneHeader(head, "x-slack-request-timestamp");
      if (!time.ok) return time;
      const signature = oneHeader(head, "x-slack-signature");
      if (!signature.ok) return signature;
      if (!signature.value.startsWith("v0=")) {
        return refuse("malformed", "The header x-slack-signature must begin with v0=");
      }
      const late = timeProblem(time.value, nowMs);
      if (late !== undefined) return late;
      const candidates = [signature.value.slice("v0=".length)];
      return {
        ok: true,
        check: (body) => macProblem(mac, ["v0:", time.value, ":", body], candidates) ?? knownByBody(body),
      };
    },
    sign({ body, nowMs }) {
      const time = String(Math.floor(nowMs / 1000));
      const value = macOf("sha256", keys[0] as Buffer, ["v0:", time, ":", body]).toString("hex");
      return { headers: { "x-slack-request-timestamp": time, "x-slack-signature": `v0=${value}` } };
    },
  };
}

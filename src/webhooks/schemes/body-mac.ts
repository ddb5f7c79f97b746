import { knownByBody, macOf, macProblem, oneHeader, refuse, type Scheme } from "../verify.ts";

/**
 * GitHub: the MAC covers the body alone. The body is JSON, or a form with the JSON in `payload`, which is the default of a
 * new webhook. No time and no id is signed (`x-github-delivery` is outside), so the body identifies the delivery, and a
 * replay is recognised by it.
 */
export function github(keys: readonly Buffer[]): Scheme {
  const mac = { algorithm: "sha256", encoding: "hex", keys } as const;
  return {
    format: "form-or-json",
    verify(head) {
      const signature = oneHeader(head, "x-hub-signature-256");
      if (!signature.ok) return signature;
      if (!signature.value.startsWith("sha256=")) {
        return refuse("malformed", "The header x-hub-signature-256 must begin with sha256=");
      }
      const candidates = [signature.value.slice("sha256=".length)];
      return { ok: true, check: (body) => macProblem(mac, [body], candidates) ?? knownByBody(body) };
    },
    sign({ body }) {
      const value = macOf("sha256", keys[0] as Buffer, [body]).toString("hex");
      return { headers: { "x-hub-signature-256": `sha256=${value}` } };
    },
  };
}

/** DocuSign Connect: the MAC of the body, once for each of the account's keys, in headers counted from 1. */
export function docusign(keys: readonly Buffer[]): Scheme {
  const mac = { algorithm: "sha256", encoding: "base64", keys } as const;
  return {
    format: "json",
    verify(head) {
      const names = head.names().filter((name) => /^x-docusign-signature-\d{1,3}$/.test(name));
      if (names.length === 0) return refuse("missing", "The header x-docusign-signature-1 is missing");
      const candidates: string[] = [];
      for (const name of new Set(names)) {
        const signature = oneHeader(head, name);
        if (!signature.ok) return signature;
        candidates.push(signature.value);
      }
      return { ok: true, check: (body) => macProblem(mac, [body], candidates) ?? knownByBody(body) };
    },
    sign({ body }) {
      const value = macOf("sha256", keys[0] as Buffer, [body]).toString("base64");
      return { headers: { "x-docusign-signature-1": value } };
    },
  };
}

/** One rule for `whsec_…`, wherever one is read: the form that every library reads alike. */
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { verifyCallback } from "../../../src/client/verify-callback.ts";
import { newSigningSecret, parseSigningSecret } from "../../../src/config/callback-secrets.ts";
import { problemsOf, sourcesOf } from "./senders.ts";

/** 32 bytes whose base64 has both of the letters that the URL's alphabet writes otherwise, and one pad. */
const KEY = Buffer.from("fbefbefbff".repeat(6) + "fbef", "hex");
const PADDED = KEY.toString("base64");
const SOURCE = { acme: { scheme: "standard-webhooks", secrets: [{ env: "S1" }], promise: "p" } };

const REFUSED = [
  ["without its padding", `whsec_${PADDED.replace("=", "")}`],
  ["padded twice", `whsec_${PADDED}=`],
  ["in the URL's alphabet", `whsec_${KEY.toString("base64url")}`],
  ["in the URL's alphabet, padded", `whsec_${PADDED.replaceAll("+", "-").replaceAll("/", "_")}`],
  ["with bits behind its last byte", `whsec_${PADDED.replace(/.=$/, "9=")}`],
  ["with a blank within", `whsec_${PADDED.slice(0, 8)} ${PADDED.slice(8)}`],
  ["with a line's end", `whsec_${PADDED}\n`],
  ["without whsec_", PADDED],
  ["with another spelling of whsec_", `WHSEC_${PADDED}`],
  ["as Supabase shows it", `v1,whsec_${PADDED}`],
  ["in hex", `whsec_${KEY.toString("hex")}!`],
] as const;

/** What verifies `v1a`. A receiver of callbacks takes it; nothing signs with it. */
const PUBLIC_KEY = `whpk_${PADDED}`;

const RULE = /whsec_ and then base64 as RFC 4648, section 4.*padded with = to a multiple of four/;

describe("a secret of Standard Webhooks", () => {
  test("padded, in the standard alphabet, is read alike by callbacks, sources, the client and the npm package", async () => {
    expect(PADDED).toMatch(/\+.*\/.*[^=]=$/);
    for (const secret of [`whsec_${PADDED}`, newSigningSecret(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]) {
      const key = parseSigningSecret(secret);
      expect(key).toEqual(Buffer.from(secret.slice("whsec_".length), "base64"));
      const source = sourcesOf(SOURCE, { S1: secret }).get("acme")!;
      const body = Buffer.from("{}");
      const { headers } = source.scheme.sign!({ body, url: "", nowMs: Date.now(), id: "msg_1" });
      await expect(verifyCallback({ body, headers }, secret)).resolves.toMatchObject({ id: "msg_1" });
      expect(new Webhook(secret).verify("{}", headers as Record<string, string>)).toEqual({});
    }
  });

  test.each(REFUSED)(
    "%s is refused by all of them, with the right form, and not repeated",
    async (_, secret) => {
      const told = parseSigningSecret(secret);
      expect(told).toMatch(RULE);
      const problems = problemsOf(SOURCE, { S1: secret });
      // A source's secret with outer blanks is told so before it is looked at.
      expect(problems).toEqual([expect.stringMatching(secret.endsWith("\n") ? /end with blanks/ : RULE)]);
      const delivery = { body: "{}", headers: {} };
      await expect(verifyCallback(delivery, secret)).rejects.toThrow(RULE);
      await expect(verifyCallback(delivery, secret)).rejects.toBeInstanceOf(TypeError);
      for (const text of [told, ...problems]) expect(text).not.toContain(secret.slice(8, 30));
    },
  );

  test("is no public key where one signs with it, and a receiver of callbacks takes a public key", async () => {
    expect(parseSigningSecret(PUBLIC_KEY)).toMatch(RULE);
    expect(problemsOf(SOURCE, { S1: PUBLIC_KEY })).toEqual([expect.stringMatching(RULE)]);
    // It looks at the delivery, and finds no fault in the key.
    await expect(verifyCallback({ body: "{}", headers: {} }, PUBLIC_KEY)).rejects.toThrow(
      "webhook-id must be there",
    );
  });
});

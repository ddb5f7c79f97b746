import { createPublicKey, verify } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { signatureHeaders } from "../../../src/callback/sign.ts";
import { newSecretKeyText, publicKeyText, secretKeyIn } from "../../../src/lib/webhook-key-pair.ts";

/** Published by the senders; the same numbers as in their own test suites. */
const VECTORS = [
  {
    name: "Standard Webhooks",
    key: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestampS: 1614265330,
    body: '{"test": 2432232314}',
    signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  },
  {
    name: "Svix",
    key: "plJ3nmyCDGBKInavdOK15jsl",
    id: "msg_loFOjxBNrRLzqYUf",
    timestampS: 1731705121,
    body: '{"event_type":"ping","data":{"success":true}}',
    signature: "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
  },
];

describe("signatureHeaders()", () => {
  test.each(VECTORS)("signs as $name documents", ({ key, signature, ...content }) => {
    expect(signatureHeaders([Buffer.from(key, "base64")], content)).toEqual({
      "webhook-id": content.id,
      "webhook-timestamp": String(content.timestampS),
      "webhook-signature": signature,
    });
  });

  test("signs with each secret, and the published library takes either", () => {
    const secrets = [1, 2].map((n) => Buffer.alloc(32, n));
    const body = JSON.stringify({ text: "ünïcode ✓" });
    const headers = signatureHeaders(secrets, {
      id: "msg_1",
      timestampS: Math.floor(Date.now() / 1000),
      body,
    });
    for (const secret of secrets) {
      const webhook = new Webhook(`whsec_${secret.toString("base64")}`);
      expect(webhook.verify(body, headers)).toEqual(JSON.parse(body));
      expect(() => webhook.verify(`${body} `, headers)).toThrow();
      expect(() => webhook.verify(body, { ...headers, "webhook-id": "msg_2" })).toThrow();
    }
    const stranger = new Webhook(`whsec_${Buffer.alloc(32, 3).toString("base64")}`);
    expect(() => stranger.verify(body, headers)).toThrow();
  });

  test("signs with key pairs too, after v1a, which a stranger verifies with the public key", () => {
    const text = newSecretKeyText();
    const key = secretKeyIn(text);
    if (typeof key === "string") throw new Error(key);
    const secret = Buffer.alloc(32, 1);
    const content = { id: "msg_1", timestampS: Math.floor(Date.now() / 1000), body: '{"text":"ünïcode ✓"}' };
    const headers = signatureHeaders([key, secret], content);
    const [v1 = "", v1a = "", ...others] = String(headers["webhook-signature"]).split(" ");
    expect([v1.slice(0, 3), v1a.slice(0, 4), others]).toEqual(["v1,", "v1a,", []]);
    // By the platform's own cryptography, as a receiver that has the public key alone.
    const x = Buffer.from(publicKeyText(key).slice("whpk_".length), "base64").toString("base64url");
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    const signed = Buffer.from(`msg_1.${content.timestampS}.${content.body}`);
    const signature = Buffer.from(v1a.slice(4), "base64");
    expect(verify(null, signed, publicKey, signature)).toBe(true);
    expect(verify(null, Buffer.concat([signed, Buffer.from(" ")]), publicKey, signature)).toBe(false);
    // The published library skips what it does not know.
    const webhook = new Webhook(`whsec_${secret.toString("base64")}`);
    expect(webhook.verify(content.body, headers)).toEqual(JSON.parse(content.body));
  });
});

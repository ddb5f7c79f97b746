import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { signatureHeaders } from "../../../src/callback/sign.ts";

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
});

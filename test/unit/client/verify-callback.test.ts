import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { signatureHeaders } from "../../../src/callback/sign.ts";
import { CallbackVerificationError, verifyCallback } from "../../../src/client/index.ts";
import { publicKeyText, secretKeyIn } from "../../../src/lib/webhook-key-pair.ts";

// The standard's own example.
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = "whsec_plJ3nmyCDGBKInavdOK15jsl";
const BODY = '{"test": 2432232314}';
const HEADERS = {
  "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
  "webhook-timestamp": "1614265330",
  "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const nowMs = 1_614_265_330_000;

const verify = (change: {
  body?: string;
  headers?: Record<string, string | readonly string[] | undefined>;
  secrets?: string | string[];
  nowMs?: number;
}) =>
  verifyCallback(
    { body: change.body ?? BODY, headers: { ...HEADERS, ...change.headers } },
    change.secrets ?? SECRET,
    {
      nowMs: change.nowMs ?? nowMs,
    },
  );

describe("verifyCallback()", () => {
  test("believes the standard's own example, as text, bytes and Headers", async () => {
    expect(await verify({})).toEqual({ id: HEADERS["webhook-id"], event: { test: 2432232314 } });
    const bytes = { body: Buffer.from(BODY), headers: new Headers(HEADERS) };
    await expect(verifyCallback(bytes, SECRET, { nowMs })).resolves.toBeDefined();
  });

  test("believes what the published library signs", async () => {
    const now = new Date();
    const signature = new Webhook(SECRET).sign("msg_1", now, BODY);
    const headers = {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": signature,
    };
    await expect(verifyCallback({ body: BODY, headers }, SECRET)).resolves.toMatchObject({ id: "msg_1" });
  });

  test("believes one right signature of several, with any of several secrets", async () => {
    const headers = { "webhook-signature": `v2,x v1,AAAA v1,??? ${HEADERS["webhook-signature"]}` };
    await expect(verify({ headers, secrets: [OTHER, SECRET] })).resolves.toBeDefined();
  });

  test.each([
    ["a changed body", { body: `${BODY} ` }, "signature"],
    ["the body written anew", { body: '{"test":2432232314}' }, "signature"],
    ["a line's end more", { body: `${BODY}\r\n` }, "signature"],
    ["another secret", { secrets: OTHER }, "signature"],
    ["no secret at all", { secrets: [] }, "signature"],
    [
      "another version only",
      { headers: { "webhook-signature": HEADERS["webhook-signature"].replace("v1", "v1a") } },
      "signature",
    ],
    ["another id", { headers: { "webhook-id": "msg_other" } }, "signature"],
    ["301 s too late", { nowMs: nowMs + 301_000 }, "time"],
    ["301 s too early", { nowMs: nowMs - 301_000 }, "time"],
    ["milliseconds for seconds", { headers: { "webhook-timestamp": "1614265330000" } }, "headers"],
    ["letters in the time", { headers: { "webhook-timestamp": "1614265330abc" } }, "headers"],
    ["no signature", { headers: { "webhook-signature": undefined } }, "headers"],
    ["an empty id", { headers: { "webhook-id": "" } }, "headers"],
    ["a header twice", { headers: { "webhook-id": ["a", "b"] } }, "headers"],
    ["a header in two spellings", { headers: { "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek" } }, "headers"],
  ] as const)("refuses %s", async (_, change, reason) => {
    const refused = verify(change as Parameters<typeof verify>[0]);
    await expect(refused).rejects.toBeInstanceOf(CallbackVerificationError);
    await expect(verify(change as Parameters<typeof verify>[0])).rejects.toMatchObject({ reason });
  });

  test("looks at ten signatures and no more", async () => {
    const headers = { "webhook-signature": `${"v1,AAAA ".repeat(10)}${HEADERS["webhook-signature"]}` };
    await expect(verify({ headers })).rejects.toMatchObject({ reason: "signature" });
  });

  test("believes a key pair by its public key, beside secrets and alone", async () => {
    const key = secretKeyIn(`whsk_${Buffer.alloc(32, 1).toString("base64")}`);
    const other = secretKeyIn(`whsk_${Buffer.alloc(32, 2).toString("base64")}`);
    if (typeof key === "string" || typeof other === "string") throw new Error("no key");
    const content = { id: "msg_1", timestampS: nowMs / 1000, body: BODY };
    const headers = signatureHeaders([Buffer.alloc(32), key], content);
    const secrets = publicKeyText(key);
    await expect(verify({ headers, secrets })).resolves.toBeDefined();
    await expect(verify({ headers, secrets: [OTHER, secrets] })).resolves.toBeDefined();
    for (const wrong of [{ secrets: publicKeyText(other) }, { secrets, body: `${BODY} ` }])
      await expect(verify({ headers, ...wrong })).rejects.toMatchObject({ reason: "signature" });
    // A signature of one kind is none of the other.
    const swapped = String(headers["webhook-signature"]).replace("v1a,", "v1,");
    await expect(
      verify({ headers: { ...headers, "webhook-signature": swapped }, secrets }),
    ).rejects.toThrow();
  });

  test.each(["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_???", "whpk_", "whpk_AAAA"])(
    "takes no secret like %j",
    async (secrets) => {
      await expect(verify({ secrets })).rejects.toThrow(TypeError);
    },
  );
});

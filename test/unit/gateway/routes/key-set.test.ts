import { createRemoteJWKSet, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { createSigner } from "../../../../src/signing/signer.ts";
import { startTestGateway, TEST_SIGNING_KEYS } from "../../../support/gateway.ts";

const PATH = "/.well-known/countersign-keys.json";

test("a stranger's library verifies by the published key set, without a key", async () => {
  await using gateway = await startTestGateway({
    authenticate: { open: () => undefined, identify: async () => undefined, again: () => undefined },
  });
  const signer = createSigner({ keys: TEST_SIGNING_KEYS.sign, issuer: gateway.publicUrl });
  const token = await signer.sign("countersign-receipt+jwt", { sub: "po-1" });
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(PATH, gateway.url)), {
    issuer: gateway.publicUrl,
    typ: "countersign-receipt+jwt",
    algorithms: ["EdDSA"],
  });
  expect(payload).toEqual({ iss: gateway.publicUrl, sub: "po-1" });
});

test("the key set may be kept for minutes, and read by pages of other sites", async () => {
  await using gateway = await startTestGateway();
  const { status, headers, body } = await gateway.request(PATH);
  expect(status).toBe(200);
  expect(
    Object.fromEntries(
      ["content-type", "cache-control", "access-control-allow-origin"].map((n) => [n, headers.get(n)]),
    ),
  ).toEqual({
    "content-type": "application/json; charset=utf-8",
    "cache-control": "public, max-age=300",
    "access-control-allow-origin": "*",
  });
  expect(body).toEqual(createSigner({ keys: TEST_SIGNING_KEYS.sign, issuer: "x" }).keySet);
  expect((await gateway.request(PATH, { method: "POST" })).status).toBe(405);
});

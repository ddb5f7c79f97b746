import { createPrivateKey, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { envelopeSchema, opened } from "../../../src/signing/dsse.ts";
import { createSigner } from "../../../src/signing/signer.ts";

const TYPE = "application/vnd.example+json";
/** Its base64 has characters in which the two alphabets differ, and padding. */
const PAYLOAD = '{"note":"why???>>>~~~"}';
const signer = createSigner({ keys: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)], issuer: "x" });
const sealed = signer.seal(TYPE, PAYLOAD);
const { payloadType, payload } = sealed;
const { keyid, sig } = sealed.signatures[0] ?? { keyid: "", sig: "" };

/** What a program reads that was handed this text. */
function readAs(envelope: unknown) {
  const read = opened(signer.keySet, envelopeSchema.parse(JSON.parse(JSON.stringify(envelope))));
  return read && { payload: read.payload.toString(), kid: read.kid };
}

const urlSafe = (text: string) => text.replaceAll("+", "-").replaceAll("/", "_");

describe("an envelope of DSSE", () => {
  test("signs the example of the format's protocol.md", () => {
    const key = createPrivateKey({
      key: {
        kty: "OKP",
        crv: "Ed25519",
        x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
      },
      format: "jwk",
    });
    const encoded = "DSSEv1 29 http://example.com/HelloWorld 11 hello world";
    const rfc8037 = createSigner({
      keys: [Buffer.from("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "base64url")],
      issuer: "x",
    });
    expect(rfc8037.seal("http://example.com/HelloWorld", "hello world").signatures[0]?.sig).toBe(
      sign(null, Buffer.from(encoded), key).toString("base64"),
    );
  });

  test.each([
    ["as we write it", sealed],
    ["without keyid", { ...sealed, signatures: [{ sig }] }],
    ["with an empty keyid", { ...sealed, signatures: [{ keyid: "", sig }] }],
    ["signed twice by one key", { ...sealed, signatures: [...sealed.signatures, ...sealed.signatures] }],
    [
      "signed by others, too",
      { ...sealed, signatures: [{ keyid: "other", sig: "AAAA" }, ...sealed.signatures] },
    ],
    [
      "with a signature before it that is wrong",
      {
        ...sealed,
        signatures: [
          { keyid, sig: "AAAA" },
          { keyid, sig },
        ],
      },
    ],
    ["with members of later versions", { ...sealed, made: 1, signatures: [{ keyid, sig, timestamp: 1 }] }],
    [
      "in the URL's alphabet",
      { payloadType, payload: urlSafe(payload), signatures: [{ keyid, sig: urlSafe(sig) }] },
    ],
  ])("is read %s", (_how, envelope) => {
    expect(readAs(envelope)).toEqual({ payload: PAYLOAD, kid: signer.keySet.keys[0]?.kid });
  });

  test("is read without keyid by whichever key signed it", () => {
    const { signatures, ...rest } = createSigner({ keys: [Buffer.alloc(32, 2)], issuer: "x" }).seal(
      TYPE,
      PAYLOAD,
    );
    const anonymous = { ...rest, signatures: signatures.map((each) => ({ sig: each.sig })) };
    expect(readAs(anonymous)?.kid).toBe(signer.keySet.keys[1]?.kid);
  });

  test.each([
    ["another type", { ...sealed, payloadType: "application/vnd.other+json" }],
    ["another payload", { ...sealed, payload: Buffer.from("{}").toString("base64") }],
    ["a key that we do not know", { ...sealed, signatures: [{ keyid: "other", sig }] }],
    ["another of our keys", { ...sealed, signatures: [{ keyid: signer.keySet.keys[1]?.kid, sig }] }],
    ["a payload without its padding", { ...sealed, payload: payload.replaceAll("=", "") }],
    ["a payload in both alphabets", { ...sealed, payload: payload.replace("/", "_") }],
    ["a payload with a blank", { ...sealed, payload: `${payload.slice(0, 4)} ${payload.slice(4)}` }],
    ["a signature without its padding", { ...sealed, signatures: [{ keyid, sig: sig.replaceAll("=", "") }] }],
  ])("is not opened with %s", (_what, envelope) => {
    expect(JSON.stringify(envelope)).not.toBe(JSON.stringify(sealed));
    expect(readAs(envelope)).toBeUndefined();
  });
});

import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { judge, problemsOf, SENDERS, sourceOf, sourcesOf } from "./senders.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const spki = publicKey.export({ format: "der", type: "spki" });
const raw = spki.subarray(-32);
const NOW_MS = 1_800_000_000_000;

const SCHEME = {
  scheme: "ed25519",
  header: "x-signature",
  encoding: "hex",
  signed: "{body}",
  promise: "p",
};

describe("a public key of Ed25519", () => {
  test.each([
    ["64 hex digits, as Discord shows it", raw.toString("hex")],
    ["64 hex digits in capitals", raw.toString("hex").toUpperCase()],
    ["base64 of its 32 bytes", raw.toString("base64")],
    ["whpk_ and that", `whpk_${raw.toString("base64")}`],
    ["base64 of its SPKI", spki.toString("base64")],
    ["PEM", publicKey.export({ format: "pem", type: "spki" })],
  ])("is read as %s", (_, key) => {
    const body = Buffer.from("{}");
    const sent = {
      url: "",
      body,
      headers: [["x-signature", sign(null, body, privateKey).toString("hex")]] as const,
    };
    for (const publicKeys of [[key], [{ env: "K1" }]]) {
      const source = sourcesOf({ acme: { ...SCHEME, publicKeys } }, { K1: key }).get("acme")!;
      expect(judge(source, sent, NOW_MS)).toMatchObject({ ok: true });
      expect(judge(source, { ...sent, body: Buffer.from("[]") }, NOW_MS)).toMatchObject({ ok: false });
    }
  });

  test.each([
    ["63 digits", raw.toString("hex").slice(1)],
    ["65 digits", `${raw.toString("hex")}0`],
    ["no hex", `z${raw.toString("hex").slice(1)}`],
    ["31 bytes", raw.subarray(1).toString("base64")],
    [
      "a key of another kind",
      generateKeyPairSync("ec", { namedCurve: "P-256" })
        .publicKey.export({ format: "der", type: "spki" })
        .toString("base64"),
    ],
    ["nothing", ""],
  ])("is refused with the forms that would do: %s", (_, key) => {
    expect(problemsOf({ acme: { ...SCHEME, publicKeys: [key || "-"] } })).toEqual([
      expect.stringMatching(
        /publicKeys\[0\] must be a public key for ed25519, as 64 hex digits, as base64 of its 32/,
      ),
    ]);
  });

  test("64 hex digits are no key for ECDSA", () => {
    const source = { ...SCHEME, scheme: "ecdsa", publicKeys: [raw.toString("hex")] };
    expect(problemsOf({ acme: source })).toHaveLength(1);
  });
});

describe("Standard Webhooks with both kinds of signature", () => {
  const symmetric = SENDERS.find(({ name }) => name === "standard-webhooks")!;
  const asymmetric = SENDERS.find(({ name }) => name === "standard-webhooks, asymmetric")!;
  const how = { seconds: String(NOW_MS / 1000), id: "msg_1", url: "" };
  const body = Buffer.from("{}");
  const v1 = symmetric.send(body, how);
  const v1a = asymmetric.send(body, how);
  const both = sourcesOf(
    { acme: { ...symmetric.config, ...asymmetric.config, promise: "p" } },
    symmetric.env,
  ).get("acme")!;

  test("one good signature of either will do, where its key is known", () => {
    for (const sent of [v1, v1a])
      expect(judge(both, sent, NOW_MS)).toMatchObject({ ok: true, replayKey: "msg_1" });
    expect(judge(sourceOf(symmetric), v1a, NOW_MS)).toMatchObject({ ok: false, reason: "missing" });
    expect(judge(sourceOf(asymmetric), v1, NOW_MS)).toMatchObject({ ok: false, reason: "missing" });
    const list = `${v1a.headers[2]![1]} v1,${Buffer.alloc(32).toString("base64")}`;
    const sent = { ...v1, headers: [...v1.headers.slice(0, 2), ["webhook-signature", list] as const] };
    expect(judge(both, sent, NOW_MS)).toMatchObject({ ok: true });
  });

  test("a source must have one kind of key", () => {
    expect(problemsOf({ acme: { scheme: "standard-webhooks", promise: "p" } })).toEqual([
      "sources.acme.secrets must be given, or publicKeys, or both",
    ]);
  });
});

/** Senders of webhooks as they are out there: each signs by itself, with nothing of ours. */
import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from "node:crypto";
import { stringify } from "yaml";
import type { Lookup } from "../../../src/webhooks/keys.ts";
import { loadSources } from "../../../src/webhooks/load.ts";
import type { Source, Sources } from "../../../src/webhooks/source.ts";
import type { Accepted, Head, Refused } from "../../../src/webhooks/verify.ts";

export interface Sent {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly url: string;
}

export interface Sender {
  readonly name: string;
  /** Of the source, without its mapping. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** The header that holds the signature or credential. */
  readonly signature: string;
  readonly timeHeader?: string;
  /** Whether a time is signed. */
  readonly timed: boolean;
  /** Whether the body is signed; else the channel is all there is. */
  readonly signed: boolean;
  /** Of an unknown version, for a good signature. */
  readonly otherVersion?: (value: string) => string;
  /** The first secret's bytes in place of the real ones: an attacker's guess. */
  send(body: Buffer, how: { seconds: string; id: string; url: string; key?: Buffer }): Sent;
  /** An event with this content, as the sender writes it. */
  readonly body: (content: Readonly<Record<string, unknown>>) => Buffer;
}

const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");

const json = (content: Readonly<Record<string, unknown>>) => Buffer.from(JSON.stringify(content, null, 2));

function mac(
  algorithm: string,
  key: string | Buffer,
  encoding: "hex" | "base64",
  ...parts: (string | Buffer)[]
) {
  const hmac = createHmac(algorithm, key);
  for (const part of parts) hmac.update(part);
  return hmac.digest(encoding);
}

function spki(key: KeyObject): string {
  return key.export({ format: "der", type: "spki" }).toString("base64");
}

/** The 32 bytes that a sender publishes. */
function rawKey(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "spki" }).subarray(-32);
}

function standard(prefix: "webhook" | "svix"): Sender {
  const real = Buffer.from(WHSEC.slice(6), "base64");
  return {
    name: prefix === "svix" ? "svix" : "standard-webhooks",
    config: { scheme: prefix === "svix" ? "svix" : "standard-webhooks", secrets: [{ env: "S1" }] },
    env: { S1: WHSEC },
    signature: `${prefix}-signature`,
    timeHeader: `${prefix}-timestamp`,
    timed: true,
    signed: true,
    otherVersion: (value) => value.replace("v1,", "v2,"),
    body: json,
    send: (body, { seconds, id, url, key = real }) => ({
      url,
      body,
      headers: [
        [`${prefix}-id`, id],
        [`${prefix}-timestamp`, seconds],
        [`${prefix}-signature`, `v1,${mac("sha256", key, "base64", id, ".", seconds, ".", body)}`],
      ],
    }),
  };
}

export const SENDERS: readonly Sender[] = [
  standard("webhook"),
  standard("svix"),
  {
    name: "github",
    config: { scheme: "github", secrets: [{ env: "S1" }] },
    env: { S1: SECRET },
    signature: "x-hub-signature-256",
    timed: false,
    signed: true,
    otherVersion: (value) => value.replace("sha256=", "sha1="),
    body: json,
    send: (body, { id, url, key = Buffer.from(SECRET) }) => ({
      url,
      body,
      headers: [
        ["x-github-delivery", id],
        ["x-github-event", "ping"],
        ["x-hub-signature-256", `sha256=${mac("sha256", key, "hex", body)}`],
      ],
    }),
  },
  {
    name: "slack",
    config: { scheme: "slack", secrets: [{ env: "S1" }] },
    env: { S1: SECRET },
    signature: "x-slack-signature",
    timeHeader: "x-slack-request-timestamp",
    timed: true,
    signed: true,
    otherVersion: (value) => value.replace("v0=", "v1="),
    body: (content) => Buffer.from(`payload=${encodeURIComponent(JSON.stringify(content))}`),
    send: (body, { seconds, url, key = Buffer.from(SECRET) }) => ({
      url,
      body,
      headers: [
        ["x-slack-request-timestamp", seconds],
        ["x-slack-signature", `v0=${mac("sha256", key, "hex", `v0:${seconds}:`, body)}`],
      ],
    }),
  },
  {
    name: "stripe",
    config: { scheme: "stripe", secrets: [{ env: "S1" }] },
    env: { S1: "whsec_test_secret" },
    signature: "stripe-signature",
    timed: true,
    signed: true,
    otherVersion: (value) => value.replace("v1=", "v0="),
    body: (content) => json({ id: "evt_1", ...content }),
    send: (body, { seconds, url, key = Buffer.from("whsec_test_secret") }) => ({
      url,
      body,
      headers: [["stripe-signature", `t=${seconds},v1=${mac("sha256", key, "hex", `${seconds}.`, body)}`]],
    }),
  },
  {
    name: "twilio form",
    config: { scheme: "twilio", secrets: [{ env: "S1" }] },
    env: { S1: "12345" },
    signature: "x-twilio-signature",
    timed: false,
    signed: true,
    body: (content) => Buffer.from(new URLSearchParams(content as Record<string, string>).toString()),
    send: (body, { url, key = Buffer.from("12345") }) => {
      const fields = [...new URLSearchParams(body.toString())].sort(([a], [b]) => (a < b ? -1 : 1));
      const text = url + fields.map(([name, value]) => name + value).join("");
      return { url, body, headers: [["x-twilio-signature", mac("sha1", key, "base64", text)]] };
    },
  },
  {
    name: "twilio json",
    config: { scheme: "twilio", secrets: [{ env: "S1" }] },
    env: { S1: "12345" },
    signature: "x-twilio-signature",
    timed: false,
    signed: true,
    body: json,
    send: (body, { url, key = Buffer.from("12345") }) => {
      const bound = `${url}?bodySHA256=${createHash("sha256").update(body).digest("hex")}`;
      return { url: bound, body, headers: [["x-twilio-signature", mac("sha1", key, "base64", bound)]] };
    },
  },
  {
    name: "sendgrid",
    config: { scheme: "sendgrid", publicKeys: [spki(ec.publicKey)] },
    env: {},
    signature: "x-twilio-email-event-webhook-signature",
    timeHeader: "x-twilio-email-event-webhook-timestamp",
    timed: true,
    signed: true,
    body: (content) => Buffer.from(`${JSON.stringify([{ sg_event_id: "e1", ...content }])}\r\n`),
    send: (body, { seconds, url, key }) => ({
      url,
      body,
      headers: [
        ["x-twilio-email-event-webhook-timestamp", seconds],
        [
          "x-twilio-email-event-webhook-signature",
          signBytes("sha256", Buffer.concat([Buffer.from(seconds), body]), {
            key:
              key === undefined
                ? ec.privateKey
                : generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
          }).toString("base64"),
        ],
      ],
    }),
  },
  {
    name: "docusign",
    config: { scheme: "docusign", secrets: [{ env: "S1" }] },
    env: { S1: "docusign-test-key" },
    signature: "x-docusign-signature-1",
    timed: false,
    signed: true,
    body: json,
    send: (body, { url, key = Buffer.from("docusign-test-key") }) => ({
      url,
      body,
      headers: [["x-docusign-signature-1", mac("sha256", key, "base64", body)]],
    }),
  },
  {
    name: "standard-webhooks, asymmetric",
    config: { scheme: "standard-webhooks", publicKeys: [`whpk_${rawKey(ed.publicKey).toString("base64")}`] },
    env: {},
    signature: "webhook-signature",
    timeHeader: "webhook-timestamp",
    timed: true,
    signed: true,
    otherVersion: (value) => value.replace("v1a,", "v1,"),
    body: json,
    send: (body, { seconds, id, url, key }) => ({
      url,
      body,
      headers: [
        ["webhook-id", id],
        ["webhook-timestamp", seconds],
        [
          "webhook-signature",
          `v1a,${signBytes(
            null,
            Buffer.concat([Buffer.from(`${id}.${seconds}.`), body]),
            key === undefined ? ed.privateKey : generateKeyPairSync("ed25519").privateKey,
          ).toString("base64")}`,
        ],
      ],
    }),
  },
  {
    name: "zoom",
    config: { scheme: "zoom", secrets: [{ env: "S1" }] },
    env: { S1: SECRET },
    signature: "x-zm-signature",
    timeHeader: "x-zm-request-timestamp",
    timed: true,
    signed: true,
    otherVersion: (value) => value.replace("v0=", "v1="),
    body: json,
    send: (body, { seconds, url, key = Buffer.from(SECRET) }) => ({
      url,
      body,
      headers: [
        ["x-zm-request-timestamp", seconds],
        ["x-zm-signature", `v0=${mac("sha256", key, "hex", `v0:${seconds}:`, body)}`],
      ],
    }),
  },
  {
    name: "hmac with its time in the same header",
    config: {
      scheme: "hmac",
      secrets: [{ env: "S1" }],
      header: "paddle-signature",
      headerValue: "ts={timestamp};h1={signature}",
      encoding: "hex",
      signed: "{timestamp}:{body}",
    },
    env: { S1: SECRET },
    signature: "paddle-signature",
    timed: true,
    signed: true,
    otherVersion: (value) => value.replace("h1=", "h0="),
    body: json,
    send: (body, { seconds, url, key = Buffer.from(SECRET) }) => ({
      url,
      body,
      headers: [["paddle-signature", `ts=${seconds};h1=${mac("sha256", key, "hex", `${seconds}:`, body)}`]],
    }),
  },
  {
    name: "hmac of the address and the body",
    config: {
      scheme: "hmac",
      secrets: [{ env: "S1" }],
      header: "x-square-hmacsha256-signature",
      encoding: "base64",
      signed: "{url}{body}",
    },
    env: { S1: SECRET },
    signature: "x-square-hmacsha256-signature",
    timed: false,
    signed: true,
    body: json,
    send: (body, { url, key = Buffer.from(SECRET) }) => ({
      url,
      body,
      headers: [["x-square-hmacsha256-signature", mac("sha256", key, "base64", url, body)]],
    }),
  },
  {
    name: "hmac with time and id",
    config: {
      scheme: "hmac",
      secrets: [{ env: "S1" }],
      algorithm: "sha512",
      header: "X-Acme-Signature",
      prefix: "v2=",
      encoding: "hex",
      signed: "{id}:{timestamp}:{body}",
      timestampHeader: "X-Acme-Time",
      idHeader: "X-Acme-Id",
    },
    env: { S1: SECRET },
    signature: "x-acme-signature",
    timeHeader: "x-acme-time",
    timed: true,
    signed: true,
    otherVersion: (value) => value.replace("v2=", "v1="),
    body: json,
    send: (body, { seconds, id, url, key = Buffer.from(SECRET) }) => ({
      url,
      body,
      headers: [
        ["x-acme-id", id],
        ["x-acme-time", seconds],
        ["x-acme-signature", `v2=${mac("sha512", key, "hex", `${id}:${seconds}:`, body)}`],
      ],
    }),
  },
  {
    name: "hmac of the body",
    config: {
      scheme: "hmac",
      secrets: [{ env: "S1" }],
      header: "x-signature",
      encoding: "base64",
      signed: "{body}",
    },
    env: { S1: SECRET },
    signature: "x-signature",
    timed: false,
    signed: true,
    body: json,
    send: (body, { url, key = Buffer.from(SECRET) }) => ({
      url,
      body,
      headers: [["x-signature", mac("sha256", key, "base64", body)]],
    }),
  },
  {
    name: "discord",
    config: { scheme: "discord", publicKeys: [rawKey(ed.publicKey).toString("hex")] },
    env: {},
    signature: "x-signature-ed25519",
    timeHeader: "x-signature-timestamp",
    timed: true,
    signed: true,
    body: json,
    send: (body, { seconds, url, key }) => ({
      url,
      body,
      headers: [
        ["x-signature-timestamp", seconds],
        [
          "x-signature-ed25519",
          signBytes(
            null,
            Buffer.concat([Buffer.from(seconds), body]),
            key === undefined ? ed.privateKey : generateKeyPairSync("ed25519").privateKey,
          ).toString("hex"),
        ],
      ],
    }),
  },
  {
    name: "ed25519",
    config: {
      scheme: "ed25519",
      publicKeys: [spki(ed.publicKey)],
      header: "x-signature-ed25519",
      encoding: "hex",
      signed: "{timestamp}{body}",
      timestampHeader: "x-signature-timestamp",
    },
    env: {},
    signature: "x-signature-ed25519",
    timeHeader: "x-signature-timestamp",
    timed: true,
    signed: true,
    body: json,
    send: (body, { seconds, url, key }) => ({
      url,
      body,
      headers: [
        ["x-signature-timestamp", seconds],
        [
          "x-signature-ed25519",
          signBytes(
            null,
            Buffer.concat([Buffer.from(seconds), body]),
            key === undefined ? ed.privateKey : generateKeyPairSync("ed25519").privateKey,
          ).toString("hex"),
        ],
      ],
    }),
  },
  {
    name: "basic",
    config: { scheme: "basic", username: "acme", secrets: [{ env: "S1" }] },
    env: { S1: SECRET },
    signature: "authorization",
    timed: false,
    signed: false,
    otherVersion: (value) => value.replace("Basic", "Digest"),
    body: json,
    send: (body, { url, key = Buffer.from(SECRET) }) => ({
      url,
      body,
      headers: [["authorization", `Basic ${Buffer.from(`acme:${key.toString()}`).toString("base64")}`]],
    }),
  },
  {
    name: "bearer",
    config: { scheme: "bearer", secrets: [{ env: "S1" }] },
    env: { S1: SECRET },
    signature: "authorization",
    timed: false,
    signed: false,
    otherVersion: (value) => value.replace("Bearer", "Token"),
    body: json,
    send: (body, { url, key = Buffer.from(SECRET) }) => ({
      url,
      body,
      headers: [["authorization", `Bearer ${key.toString()}`]],
    }),
  },
];

export const URL_OF_SOURCE = "https://approvals.example.com/webhooks/acme";

/** The sources of a configuration; throws what would stop the start. */
export function sourcesOf(
  sources: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> | Lookup = {},
): Sources {
  const lookup = typeof env === "function" ? env : (name: string) => env[name];
  const loaded = loadSources(stringify({ sources }), lookup);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.sources;
}

export function problemsOf(
  sources: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
): readonly string[] {
  const loaded = loadSources(stringify({ sources }), (name) => env[name]);
  return loaded.ok ? [] : loaded.problems;
}

export function sourceOf(
  sender: Sender,
  mapping: Readonly<Record<string, unknown>> = { promise: "p" },
): Source {
  return sourcesOf({ acme: { ...sender.config, ...mapping } }, sender.env).get("acme")!;
}

export function judge({ scheme }: Source, { headers, body, url }: Sent, nowMs: number): Accepted | Refused {
  const head: Head = {
    values: (name) => headers.filter(([given]) => given === name).map(([, value]) => value),
    names: () => headers.map(([name]) => name),
    url,
  };
  const opened = scheme.verify(head, nowMs);
  // None of these schemes asks anybody for a key.
  return opened.ok ? (opened.check(body) as Accepted | Refused) : opened;
}

/** A source's scheme with its keys in place. */
import {
  credential,
  encodedKey,
  type Lookup,
  type Note,
  publicKeysOf,
  secretsOf,
  standardKey,
  utf8Key,
} from "./keys.ts";
import type { SourceInput } from "./schema.ts";
import { docusign, github } from "./schemes/body-mac.ts";
import { credentials } from "./schemes/credentials.ts";
import { has } from "./schemes/header-value.ts";
import { hmac } from "./schemes/hmac.ts";
import { mailgun } from "./schemes/mailgun.ts";
import { discord, publicKey, sendgrid } from "./schemes/public-key.ts";
import { slack } from "./schemes/slack.ts";
import { sns } from "./schemes/sns.ts";
import { standardWebhooks } from "./schemes/standard.ts";
import { stripe } from "./schemes/stripe.ts";
import { twilio } from "./schemes/twilio.ts";
import { zoom } from "./schemes/zoom.ts";
import type { Scheme } from "./verify.ts";

export function schemeOf(input: SourceInput, environment: Lookup, note: Note): Scheme | undefined {
  switch (input.scheme) {
    case "standard-webhooks":
    case "svix": {
      const { secrets = [], publicKeys = [] } = input;
      if (secrets.length === 0 && publicKeys.length === 0) {
        note("secrets", "must be given, or publicKeys, or both");
        return undefined;
      }
      const keys = {
        secrets: secretsOf({ secrets }, environment, note, standardKey),
        publicKeys: publicKeysOf({ publicKeys }, environment, note, "ed25519"),
      };
      if (keys.secrets === undefined || keys.publicKeys === undefined) return undefined;
      const prefix = input.scheme === "svix" ? "svix" : "webhook";
      return standardWebhooks({ secrets: keys.secrets, publicKeys: keys.publicKeys }, prefix);
    }
    case "github":
    case "docusign":
    case "stripe":
    case "twilio":
    case "zoom":
    case "mailgun":
    case "slack": {
      const keys = secretsOf(input, environment, note, utf8Key);
      return keys && BY_TEXT_SECRET[input.scheme](keys);
    }
    case "hmac": {
      const keys = secretsOf(input, environment, note, encodedKey(input.secretEncoding));
      return isSound(input, note) && keys ? hmac({ ...input, ...headersOf(input), keys }) : undefined;
    }
    case "sns":
      return sns(input.topics);
    case "sendgrid": {
      const keys = publicKeysOf(input, environment, note, "ec");
      return keys && sendgrid(keys);
    }
    case "discord": {
      const keys = publicKeysOf(input, environment, note, "ed25519");
      return keys && discord(keys);
    }
    case "ed25519":
    case "ecdsa": {
      const isEcdsa = input.scheme === "ecdsa";
      const keys = publicKeysOf(input, environment, note, isEcdsa ? "ec" : "ed25519");
      const hash = isEcdsa ? input.algorithm : null;
      const dsaEncoding = isEcdsa ? input.dsaEncoding : "der";
      return isSound(input, note) && keys
        ? publicKey({ ...input, ...headersOf(input), keys, hash, dsaEncoding })
        : undefined;
    }
    case "basic":
    case "bearer": {
      const secrets = secretsOf(input, environment, note, credential);
      const accepted = secrets?.map((secret) =>
        input.scheme === "bearer"
          ? `Bearer ${secret.toString()}`
          : `Basic ${Buffer.from(`${input.username}:${secret.toString()}`).toString("base64")}`,
      );
      return accepted && credentials({ accepted, header: "authorization", format: input.format });
    }
  }
}

const BY_TEXT_SECRET = { github, docusign, stripe, twilio, slack, zoom, mailgun };

type Signed = Extract<SourceInput, { scheme: "hmac" | "ed25519" | "ecdsa" }>;

function headersOf({ timestampHeader, idHeader, headerValue }: Signed) {
  return { timestampHeader, idHeader, headerValue };
}

/** A time or id that is sent but not signed proves nothing, and one that is signed must be sent, in one place. */
function isSound(input: Signed, note: Note): boolean {
  const { headerValue, prefix, signed } = input;
  let sound = true;
  const fail = (field: string, message: string) => {
    note(field, message);
    sound = false;
  };
  if (headerValue !== undefined && prefix !== "") {
    fail("prefix", "belongs into headerValue, in front of {signature}");
  }
  for (const [part, header] of [
    ["timestamp", "timestampHeader"],
    ["id", "idHeader"],
  ] as const) {
    const isInValue = headerValue !== undefined && has(headerValue, part);
    if (isInValue && input[header] !== undefined) {
      fail(header, `and {${part}} in headerValue are two places for one thing: give one`);
      continue;
    }
    const count = signed.filter((piece) => "part" in piece && piece.part === part).length;
    const field = isInValue ? "headerValue" : header;
    const isSent = isInValue || input[header] !== undefined;
    if (count === (isSent ? 1 : 0)) continue;
    fail(field, `and {${part}} in signed belong together: give both, once, or neither`);
  }
  return sound;
}

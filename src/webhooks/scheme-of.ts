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
import { hmac } from "./schemes/hmac.ts";
import { publicKey, sendgrid } from "./schemes/public-key.ts";
import { slack } from "./schemes/slack.ts";
import { standardWebhooks } from "./schemes/standard.ts";
import { stripe } from "./schemes/stripe.ts";
import { twilio } from "./schemes/twilio.ts";
import type { Scheme } from "./verify.ts";

export function schemeOf(input: SourceInput, environment: Lookup, note: Note): Scheme | undefined {
  switch (input.scheme) {
    case "standard-webhooks":
    case "svix": {
      const keys = secretsOf(input, environment, note, standardKey);
      const prefix = input.scheme === "svix" ? "svix" : "webhook";
      return keys && standardWebhooks(keys, prefix);
    }
    case "github":
    case "docusign":
    case "stripe":
    case "twilio":
    case "slack": {
      const keys = secretsOf(input, environment, note, utf8Key);
      return keys && BY_TEXT_SECRET[input.scheme](keys);
    }
    case "hmac": {
      const keys = secretsOf(input, environment, note, encodedKey(input.secretEncoding));
      return signsItsTime(input, note) && keys ? hmac({ ...input, ...headersOf(input), keys }) : undefined;
    }
    case "sendgrid": {
      const keys = publicKeysOf(input, environment, note, "ec");
      return keys && sendgrid(keys);
    }
    case "ed25519":
    case "ecdsa": {
      const isEcdsa = input.scheme === "ecdsa";
      const keys = publicKeysOf(input, environment, note, isEcdsa ? "ec" : "ed25519");
      const hash = isEcdsa ? input.algorithm : null;
      const dsaEncoding = isEcdsa ? input.dsaEncoding : "der";
      return signsItsTime(input, note) && keys
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

const BY_TEXT_SECRET = { github, docusign, stripe, twilio, slack };

function headersOf(input: { timestampHeader?: string; idHeader?: string }) {
  return { timestampHeader: input.timestampHeader, idHeader: input.idHeader };
}

/** A time or id that is sent but not signed proves nothing, and one that is signed must be sent. */
function signsItsTime(
  input: Extract<SourceInput, { scheme: "hmac" | "ed25519" | "ecdsa" }>,
  note: Note,
): boolean {
  let isSound = true;
  for (const [part, header] of [
    ["timestamp", "timestampHeader"],
    ["id", "idHeader"],
  ] as const) {
    const count = input.signed.filter((piece) => "part" in piece && piece.part === part).length;
    if (count === (input[header] === undefined ? 0 : 1)) continue;
    note(header, `and {${part}} in signed belong together: give both, once, or neither`);
    isSound = false;
  }
  return isSound;
}

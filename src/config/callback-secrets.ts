import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { ConfigError } from "../lib/config-error.ts";
import { DAMAGED } from "../lib/damage.ts";
import { readIfPresent, readOrCreateSecretFile } from "../lib/secret-file.ts";
import { signingKey } from "../lib/signing-secret.ts";
import { isSecretKeyText, newSecretKeyText, publicKeyText, secretKeyIn } from "../lib/webhook-key-pair.ts";
import type { Config } from "./config.ts";
import { isDamaged, makeSecret } from "./made-secret.ts";

/** What signs a callback: a secret that its receiver has too (`v1`), or a private key (`v1a`). */
export type CallbackSecret = Uint8Array | KeyObject;

/**
 * What signs callbacks to URLs which requests name: all sign, so that receivers can change from one to the next. Taken from
 * `CALLBACK_SECRETS`, else from `DATA_DIR/callback-secret` and `DATA_DIR/callback-key`, which are made once.
 * Throws `ConfigError` for secrets that cannot be used.
 */
export function loadCallbackSecrets(config: Config): readonly CallbackSecret[] {
  const given = config.callbacks.secrets?.reveal();
  if (given !== undefined) return parseAll(given, "CALLBACK_SECRETS");
  return [
    ...made(config, "callback-secret", newSigningSecret),
    ...made(config, "callback-key", newSecretKeyText),
  ];
}

/**
 * The public keys of what signs after `v1a,`, as receivers get them; none where the setting has no `whsk_…`. A gateway makes no key:
 * if its workers are elsewhere, with a setting or a folder of their own, none would sign with it. If they share its folder, they
 * may make theirs after it has started.
 */
export function publicCallbackKeys(config: Config): () => readonly string[] {
  const given = config.callbacks.secrets?.reveal();
  if (given !== undefined) {
    const keys = publicKeysIn(parseAll(given, "CALLBACK_SECRETS"));
    return () => keys;
  }
  const path = join(config.dataDir, "callback-key");
  const read = () => {
    const text = readIfPresent(path);
    return text === undefined ? undefined : publicKeysIn(parseAll(text, inDataDir(path)));
  };
  let keys = read();
  return () => (keys ??= read()) ?? [];
}

function publicKeysIn(secrets: readonly CallbackSecret[]): readonly string[] {
  return secrets.flatMap((secret) => (secret instanceof Uint8Array ? [] : [publicKeyText(secret)]));
}

function made({ dataDir }: Config, name: string, make: () => string): readonly CallbackSecret[] {
  const path = join(dataDir, name);
  return parseAll(readOrCreateSecretFile(path, make), inDataDir(path));
}

function inDataDir(path: string): string {
  return `${path}, a file of DATA_DIR`;
}

/** The specification's bounds. */
const BYTES = { min: 24, max: 64 };
/** One while nothing changes, two while one replaces the other; receivers check only so many signatures. */
export const SIGNING_SECRETS_MAX = 3;

/** The key behind `whsec_…` or `whsk_…`, or what is wrong with the text, which is never repeated. */
export function parseSigningSecret(text: string): CallbackSecret | string {
  if (isSecretKeyText(text)) return secretKeyIn(text);
  const key = signingKey(text, BYTES);
  return typeof key !== "string" && isDamaged(key) ? DAMAGED : key;
}

export function newSigningSecret(): string {
  return `whsec_${makeSecret().toString("base64")}`;
}

function parseAll(list: string, source: string): readonly CallbackSecret[] {
  const parsed = list.split(",").map((entry) => parseSigningSecret(entry.trim()));
  const problems = parsed.flatMap((each, i) =>
    typeof each === "string" ? [`${source}: secret ${i + 1} ${each}`] : [],
  );
  const pairs = parsed.filter((each) => typeof each === "object" && !(each instanceof Uint8Array)).length;
  if (Math.max(pairs, parsed.length - pairs) > SIGNING_SECRETS_MAX) {
    problems.push(`${source} must hold at most ${SIGNING_SECRETS_MAX} secrets whsec_… and as many whsk_…`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return parsed.filter((each) => typeof each !== "string");
}

import { join } from "node:path";
import { ConfigError } from "../lib/config-error.ts";
import { readOrCreateSecretFile } from "../lib/secret-file.ts";
import { signingKey } from "../lib/signing-secret.ts";
import type { Config } from "./config.ts";
import { DAMAGED, isDamaged, makeSecret } from "./made-secret.ts";

/**
 * The secrets that sign callbacks to URLs which requests name: all sign, so that receivers can change from one to the
 * next. Taken from `CALLBACK_SECRETS`, else from `DATA_DIR/callback-secret`, which is made once.
 * Throws `ConfigError` for secrets that cannot be used.
 */
export function loadCallbackSecrets(config: Config): readonly Uint8Array[] {
  const given = config.callbacks.secrets?.reveal();
  if (given !== undefined) return parseAll(given, "CALLBACK_SECRETS");
  const path = join(config.dataDir, "callback-secret");
  return parseAll(readOrCreateSecretFile(path, newSigningSecret), `${path}, a file of DATA_DIR`);
}

/** The specification's bounds. */
const BYTES = { min: 24, max: 64 };
/** One while nothing changes, two while one replaces the other; receivers check only so many signatures. */
export const SIGNING_SECRETS_MAX = 3;

/** The key behind `whsec_…`, or what is wrong with the text, which is never repeated. */
export function parseSigningSecret(text: string): Uint8Array | string {
  const key = signingKey(text, BYTES);
  return typeof key !== "string" && isDamaged(key) ? DAMAGED : key;
}

export function newSigningSecret(): string {
  return `whsec_${makeSecret().toString("base64")}`;
}

function parseAll(list: string, source: string): readonly Uint8Array[] {
  const parsed = list.split(",").map((entry) => parseSigningSecret(entry.trim()));
  const problems = parsed.flatMap((each, i) =>
    typeof each === "string" ? [`${source}: secret ${i + 1} ${each}`] : [],
  );
  if (parsed.length > SIGNING_SECRETS_MAX) {
    problems.push(`${source} must hold at most ${SIGNING_SECRETS_MAX} secrets`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return parsed.filter((each) => typeof each !== "string");
}

import { join } from "node:path";
import { ConfigError } from "../lib/config-error.ts";
import { DAMAGED } from "../lib/damage.ts";
import { readOrCreateSecretFile } from "../lib/secret-file.ts";
import { readTextFile } from "../lib/text-file.ts";
import type { Config } from "./config.ts";
import { CHECK_BYTES, isDamaged, makeSecret } from "./made-secret.ts";

/** Secret seeds of Ed25519 keys, 32 bytes each. Of each purpose the first signs, and all verify. */
export interface SigningKeys {
  /** Grants and signed receipts. */
  readonly sign: readonly [Uint8Array, ...Uint8Array[]];
  /** Checkpoints of the log; none where the setting names none. */
  readonly log: readonly Uint8Array[];
}

/**
 * The keys that sign what a stranger can verify. Taken from `SIGNING_KEYS` or the file that `SIGNING_KEYS_FILE` names, else
 * from `DATA_DIR/signing-keys`, which is made once. Several gateways must share them: by a setting, or by the folder.
 * Workers need none.
 * Throws `ConfigError` for keys that cannot be used.
 */
export function loadSigningKeys(config: Config): SigningKeys {
  const { list, file } = config.signingKeys;
  if (list !== undefined) return parseSigningKeys(list.reveal(), "SIGNING_KEYS");
  if (file !== undefined) return parseSigningKeys(textOf(file), `SIGNING_KEYS_FILE ${file}`);
  const path = ownSigningKeysFile(config);
  const text = readOrCreateSecretFile(path, () => `${newSigningKey("sign")},${newSigningKey("log")}`);
  return parseSigningKeys(text, `${path}, a file of DATA_DIR`);
}

/**
 * As `loadSigningKeys`, for a process that does what the settings say.
 * Throws `ConfigError` also if a setting needs a key that there is not.
 */
export function gatewaySigningKeys(config: Config): SigningKeys {
  const keys = loadSigningKeys(config);
  const { engine } = config;
  if (keys.log.length > 0 || engine.kind !== "embedded") return keys;
  const needing = [
    ...(engine.logHeadMail.length > 0 ? ["LOG_HEAD_MAIL"] : []),
    ...(engine.logWitnesses.length > 0 ? ["LOG_WITNESSES"] : []),
  ];
  if (needing.length === 0) return keys;
  throw new ConfigError(
    needing.map(
      (name) =>
        `${name} is set, and no key signs the log of events: add log:base64url to the signing keys, or unset ${name}`,
    ),
  );
}

/** The file that has them if no setting says otherwise. */
export function ownSigningKeysFile({ dataDir }: Pick<Config, "dataDir">): string {
  return join(dataDir, "signing-keys");
}

/** All are published, so this bounds the key set. With a new key each year it is enough for more than a decade. */
const SIGNING_KEYS_MAX = 16;

/** `sign:base64url[,sign:…,log:…]`. Problems name the key's position and what is wrong, never the text. */
export function parseSigningKeys(list: string, source: string): SigningKeys {
  const problems: string[] = [];
  const sign: Uint8Array[] = [];
  const log: Uint8Array[] = [];
  const seen = new Set<string>();
  const entries = list.split(",").map((entry) => entry.trim());
  for (const [index, entry] of entries.entries()) {
    const where = `${source}: key ${index + 1}`;
    const [, purpose, encoded = ""] = ENTRY.exec(entry) ?? [];
    const bytes = Buffer.from(encoded, "base64url");
    const seed = bytes.subarray(0, SEED_BYTES);
    if (purpose === undefined) {
      problems.push(`${where} must be written sign:base64url or log:base64url`);
    } else if (bytes.toString("base64url") !== encoded.replace(/=$/, "") || !LENGTHS.includes(bytes.length)) {
      problems.push(`${where} must be ${SEED_BYTES} bytes in base64url`);
    } else if (isDamaged(bytes, purpose, SEED_BYTES)) {
      problems.push(`${where} ${DAMAGED}`);
    } else if (seen.has(seed.toString("hex"))) {
      problems.push(`${where} repeats another key`);
    } else {
      seen.add(seed.toString("hex"));
      (purpose === "sign" ? sign : log).push(seed);
    }
  }
  if (entries.length > SIGNING_KEYS_MAX)
    problems.push(`${source} must hold at most ${SIGNING_KEYS_MAX} keys`);
  const [first, ...others] = sign;
  if (problems.length === 0 && first === undefined) problems.push(`${source} must hold a key sign:base64url`);
  if (problems.length > 0 || first === undefined) throw new ConfigError(problems);
  return { sign: [first, ...others], log };
}

export function newSigningKey(purpose: "sign" | "log"): string {
  return `${purpose}:${makeSecret(purpose, SEED_BYTES).toString("base64url")}`;
}

const SEED_BYTES = 32;
/** Of a key of the operator's own, and of one that we made, which ends in a checksum. */
const LENGTHS = [SEED_BYTES, SEED_BYTES + CHECK_BYTES];
const ENTRY = /^(sign|log):([A-Za-z0-9_-]+=?)$/;

function textOf(file: string): string {
  try {
    return readTextFile(file).trim();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`SIGNING_KEYS_FILE cannot be used: ${why}`]);
  }
}

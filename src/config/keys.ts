import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { ConfigError } from "../lib/config-error.ts";
import { DAMAGED } from "../lib/damage.ts";
import { readIfPresent, readOrCreateSecretFile } from "../lib/secret-file.ts";
import type { Config } from "./config.ts";
import { isDamaged, makeSecret } from "./made-secret.ts";
import { tokenOfFile } from "./token-file.ts";

/** One key that signs or verifies links. */
export interface TokenKey {
  readonly kid: string;
  /** At least 32 bytes. */
  readonly secret: Uint8Array;
}

/**
 * The keys for links: the first signs, all verify. Taken from `TOKEN_KEYS`, else from `DATA_DIR/token-keys`, which is
 * made once. Several gateways and workers must share them: by the setting, or by the folder.
 * Throws `ConfigError` for keys that cannot be used.
 */
export function loadTokenKeys(config: Config): readonly [TokenKey, ...TokenKey[]] {
  if (config.tokenKeys !== undefined) return parseTokenKeys(config.tokenKeys.reveal(), "TOKEN_KEYS");
  const path = join(config.dataDir, "token-keys");
  return parseTokenKeys(readOrCreateSecretFile(path, newTokenKey), `${path}, a file of DATA_DIR`);
}

/**
 * What a process apart needs to reach the engine: its address and token. The command line only reads the token, and
 * throws `ConfigError` when there is none; services make it, so that they can be started in any order.
 */
export function engineEndpoint(config: Config): {
  readonly url: string;
  /** A function where it is in a file that may be replaced: it tells the one to use now. */
  readonly token: string | undefined | (() => string | undefined);
} {
  const { engine } = config;
  if (engine.kind === "server") {
    const { url, token, tokenFile } = engine;
    return { url, token: tokenFile === undefined ? token?.reveal() : tokenOfFile(tokenFile) };
  }
  return {
    url: `http://127.0.0.1:${engine.port}`,
    token: config.role === "cli" ? presentEngineToken(config) : loadEngineToken(config),
  };
}

/** The token of the embedded engine's port, made once in the data folder and shared by all processes that may use it. */
export function loadEngineToken(config: Config): string {
  const path = engineTokenPath(config);
  return soundToken(
    path,
    readOrCreateSecretFile(path, () => makeSecret().toString("base64url")),
  );
}

/** Without one, nothing that wants it has ever run on this folder. */
export function engineTokenIfAny(config: Config): string | undefined {
  const path = engineTokenPath(config);
  const token = readIfPresent(path);
  return token === undefined || token === "" ? undefined : soundToken(path, token);
}

/** Tokens that earlier versions made, and an operator's own, have no checksum. */
function soundToken(path: string, token: string): string {
  // A blank that has become a character, or the other way round, makes it one longer or shorter.
  if (Math.abs(token.length - TOKEN_CHARS) > 1) return token;
  const bytes = Buffer.from(token, "base64url");
  if (bytes.toString("base64url") === token && token.length === TOKEN_CHARS && !isDamaged(bytes))
    return token;
  throw new ConfigError([
    `${path}, a file of DATA_DIR, ${DAMAGED}, or remove it: the next start makes another`,
  ]);
}

const TOKEN_CHARS = makeSecret().toString("base64url").length;

function presentEngineToken(config: Config): string {
  const token = engineTokenIfAny(config);
  if (token !== undefined) return token;
  throw new ConfigError([
    `${engineTokenPath(config)} is not there: start the service first (npm start), or set DATA_DIR to its folder, or RESONATE_URL to another server`,
  ]);
}

function engineTokenPath(config: Config): string {
  return join(config.dataDir, "engine.token");
}

/** `kid:base64url[,kid:base64url…]`. Problems name the key's position and what is wrong, never the text. */
export function parseTokenKeys(list: string, source: string): readonly [TokenKey, ...TokenKey[]] {
  const problems: string[] = [];
  const keys: TokenKey[] = [];
  for (const [index, entry] of list.split(",").entries()) {
    const where = `${source}: key ${index + 1}`;
    const [kid = "", encoded, ...rest] = entry.trim().split(":");
    const secret = Buffer.from(encoded ?? "", "base64url");
    // Without a colon the whole may be a key: it is not repeated.
    if (encoded === undefined || rest.length > 0 || !KID.test(kid)) {
      problems.push(
        `${where} must be written kid:base64url, with a kid of 1 to 32 letters, digits, dashes or underscores`,
      );
    } else if (secret.toString("base64url") !== encoded.replace(/={1,2}$/, "")) {
      problems.push(`${where} (${kid}) is not base64url`);
    } else if (secret.length < 32) {
      problems.push(`${where} (${kid}) has ${secret.length} bytes; at least 32 are needed`);
    } else if (isDamaged(secret, kid)) {
      problems.push(`${where} (${kid}) ${DAMAGED}`);
    } else if (keys.some((key) => key.kid === kid)) {
      problems.push(`${where} repeats the kid ${kid}`);
    } else {
      keys.push({ kid, secret });
    }
  }
  const [first, ...others] = keys;
  if (problems.length > 0 || first === undefined) throw new ConfigError(problems);
  return [first, ...others];
}

const KID = /^[A-Za-z0-9_-]{1,32}$/;

function newTokenKey(): string {
  const kid = `k${randomBytes(4).toString("hex")}`;
  return `${kid}:${makeSecret(kid).toString("base64url")}`;
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  loadCallbackSecrets,
  newSigningSecret,
  parseSigningSecret,
} from "../../../src/config/callback-secrets.ts";
import { loadConfig } from "../../../src/config/config.ts";
import { loadEngineToken, loadTokenKeys, parseTokenKeys } from "../../../src/config/keys.ts";
import { isDamaged, makeSecret } from "../../../src/config/made-secret.ts";
import { loadSigningKeys } from "../../../src/config/signing-keys.ts";
import { ConfigError } from "../../../src/lib/config-error.ts";
import { readTextFile } from "../../../src/lib/text-file.ts";
import { temporaryFolder } from "../../support/engine.ts";

test.each([
  ["token-keys", loadTokenKeys],
  ["callback-secret", loadCallbackSecrets],
  ["signing-keys", loadSigningKeys],
  ["engine.token", loadEngineToken],
] as const)("every wrong bit in %s is refused with the file's name, or changes nothing", (name, load) => {
  const config = loadConfig({ DATA_DIR: temporaryFolder() });
  const file = join(config.dataDir, name);
  const right = JSON.stringify(load(config));
  const text = Buffer.from(readTextFile(file));
  let refused = 0;
  for (let bit = 0; bit < 8 * text.length; bit += 1) {
    const changed = Buffer.from(text);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(file, changed);
    try {
      // The blank at the end may become another one.
      expect(JSON.stringify(load(config)), `bit ${bit}`).toBe(right);
    } catch (error) {
      if (!(error instanceof ConfigError) && !String(error).includes("DATA_DIR")) throw error;
      expect(String(error)).toContain(name);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(8 * (text.length - 1) * 0.99);
});

test("a secret is checked together with the name that it was made for", () => {
  const secret = makeSecret("k1");
  expect([isDamaged(secret, "k1"), isDamaged(secret, "k2"), isDamaged(makeSecret())]).toEqual([
    false,
    true,
    false,
  ]);
  const keys = `k1:${secret.toString("base64url")}`;
  expect(parseTokenKeys(keys, "TOKEN_KEYS")).toHaveLength(1);
  expect(() => parseTokenKeys(keys.replace("k1", "k2"), "TOKEN_KEYS")).toThrow(
    "TOKEN_KEYS: key 1 (k2) is damaged: its checksum is wrong",
  );
});

test.each([24, 32, 36, 48, 64])("secrets of an operator's own are taken as they are: %i bytes", (bytes) => {
  expect(isDamaged(Buffer.alloc(bytes, 7))).toBe(false);
  expect(parseSigningSecret(newSigningSecret())).toBeInstanceOf(Buffer);
});

/** What a gateway and its workers keep beside the engine's files, as they make it and read it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readKeys } from "../../src/auth/key-file.ts";
import { createKey } from "../../src/auth/manage-keys.ts";
import { loadCallbackSecrets, publicCallbackKeys } from "../../src/config/callback-secrets.ts";
import { type Config, loadConfig } from "../../src/config/config.ts";
import { loadEngineToken, loadTokenKeys } from "../../src/config/keys.ts";
import { loadSigningKeys } from "../../src/config/signing-keys.ts";
import { openAudit } from "../../src/lib/audit.ts";
import { checkAudit } from "../../src/lib/audit-check.ts";
import { readMailsOf } from "../../src/mailbox/reader.ts";
import { openMailStore } from "../../src/mailbox/store.ts";

const MAIL =
  "Subject: Decision needed: laptops\r\nTo: ana@example.com\r\n\r\nhttps://approvals.example.com/d/aaa\r\n";

/** Makes all of them. @returns their names in the folder */
export async function makeKeptFiles(dataDir: string): Promise<string[]> {
  const config = configOf(dataDir);
  for (const load of Object.values(LOADERS)) load(config);
  const keys = { file: join(dataDir, "api-keys.json"), clock: Date.now };
  await createKey(keys, { client: "billing", scopes: ["approvals:create"], owner: "ana@example.com" });
  await createKey(keys, { client: "shop", scopes: ["approvals:read"] });
  const audit = openAudit({ folder: join(dataDir, "audit"), clock: Date.now, onFault: fail });
  for (const about of ["po-1", "po-2"])
    audit.record({ who: "key:a", what: "begin", about, outcome: "pending" });
  const mails = await openMailStore(join(dataDir, "mailbox"), { keep: 10 });
  await mails.add(Buffer.from(MAIL));
  return readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dataDir.length + 1));
}

/**
 * What is read of one of them, as text.
 * @throws Error that names the file
 */
export async function readKeptFile(dataDir: string, name: string): Promise<string> {
  const load = LOADERS[name];
  if (load !== undefined) return JSON.stringify(load(configOf(dataDir)));
  const path = join(dataDir, name);
  if (name === "api-keys.json") return JSON.stringify(readKeys(path));
  if (name.startsWith("mailbox/")) {
    const { ids, read } = readMailsOf(join(dataDir, "mailbox"));
    return String(await read(ids()[0] ?? ""));
  }
  const { places } = await checkAudit(join(dataDir, "audit"));
  if (places[0] !== undefined) throw new Error(`${places[0]} is damaged`);
  // The end of the last line is no part of it.
  return readFileSync(path, "utf8").trimEnd();
}

/** Of those that are read when a process starts. */
const LOADERS: Readonly<Record<string, (config: Config) => unknown>> = {
  "token-keys": loadTokenKeys,
  "callback-secret": (config) => loadCallbackSecrets(config),
  "callback-key": (config) => [loadCallbackSecrets(config).length, publicCallbackKeys(config)()],
  "signing-keys": loadSigningKeys,
  "engine.token": loadEngineToken,
};

function configOf(dataDir: string): Config {
  return loadConfig({ DATA_DIR: dataDir });
}

function fail(error: unknown): never {
  throw error;
}

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { StoredKey } from "../../../src/auth/key.ts";
import { changeKeys, KeyFileError, readKeys } from "../../../src/auth/key-file.ts";
import { createKey, revokeKey } from "../../../src/auth/manage-keys.ts";
import { temporaryFolder } from "../../support/engine.ts";

const store = (file = join(temporaryFolder(), "api-keys.json")) => ({ file, clock: Date.now });
const billing = { client: "billing", scopes: ["approvals:create"], owner: "ana@example.com" } as const;

test("every wrong bit in the file of keys is refused with the file's name, or changes nothing", async () => {
  const keys = store();
  const { stored } = await createKey(keys, billing);
  await createKey(keys, { client: "shop", scopes: ["approvals:read"] });
  await revokeKey(keys, stored.id);
  const right = readKeys(keys.file);
  expect(right).toHaveLength(2);
  const bytes = readFileSync(keys.file);
  const silent: string[] = [];
  for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(keys.file, changed);
    try {
      if (JSON.stringify(readKeys(keys.file)) !== JSON.stringify(right)) silent.push(`bit ${bit}`);
    } catch (error) {
      expect(String(error)).toContain("api-keys.json");
    }
  }
  expect(silent).toEqual([]);
});

test("a key that is not as it was made is named by its place, and one that was edited by hand can be taken over", async () => {
  const keys = store();
  await createKey(keys, billing);
  const edited = readFileSync(keys.file, "utf8").replace("ana@", "bob@");
  writeFileSync(keys.file, edited);
  expect(() => readKeys(keys.file)).toThrow(
    new KeyFileError(
      `Cannot use API_KEYS_FILE ${keys.file}: keys.0 is damaged: its checksum is wrong. Restore it from a copy; a disk or the memory of this machine may be failing. If you changed it by hand, remove its check`,
    ),
  );
  writeFileSync(keys.file, edited.replace(/,\s*"check": "[^"]*"/u, ""));
  expect(readKeys(keys.file)?.map(({ owner }) => owner)).toEqual(["bob@example.com"]);
});

test("keys of a file that an earlier version wrote are read, and get a checksum with the next change", async () => {
  const keys = store();
  const old = {
    id: "aaaaaaaa",
    client: "billing",
    scopes: ["approvals:read", "dashboard"],
    sha256: "A".repeat(43),
  };
  writeFileSync(
    keys.file,
    JSON.stringify({ version: 1, keys: [{ ...old, createdAt: "2026-11-01T10:00:00Z" }] }),
  );
  const read = readKeys(keys.file) as readonly StoredKey[];
  expect(read.map((key) => Object.keys(key))).toEqual([["id", "client", "sha256", "createdAt", "scopes"]]);
  await changeKeys(keys.file, (all) => ({ keys: all, result: undefined }));
  expect(readFileSync(keys.file, "utf8")).toMatch(/"check": "[0-9a-f]{8}"/u);
  expect(readKeys(keys.file)).toEqual(read);
});

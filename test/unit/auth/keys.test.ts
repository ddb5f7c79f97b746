import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isKey, keyIdIn, makeKey } from "../../../src/auth/key.ts";
import { changeKeys, KEYS_MAX, KeyFileError, readKeys } from "../../../src/auth/key-file.ts";
import { openKeyRing } from "../../../src/auth/key-ring.ts";
import { createLastUsed, lastUsedAt } from "../../../src/auth/last-used.ts";
import { createKey, KeyRefusal, revokeKey, rotateKey } from "../../../src/auth/manage-keys.ts";
import { allows, SCOPE_NAMES } from "../../../src/auth/scopes.ts";

let dir: string;
let file: string;
let nowMs: number;
const store = () => ({ file, clock: () => nowMs });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-keys-"));
  file = join(dir, "api-keys.json");
  nowMs = Date.parse("2026-11-21T10:00:00Z");
});
afterEach(() => rmSync(dir, { recursive: true }));

const billing = { client: "billing", scopes: ["approvals:create"] } as const;

describe("makeKey()", () => {
  test("makes keys of 256 random bits that name their id, and keeps no key", () => {
    const { text, stored } = makeKey({ ...billing, createdAt: "2026-11-21T10:00:00Z" });
    expect(text).toMatch(/^apv_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/);
    expect(keyIdIn(text)).toBe(stored.id);
    expect(JSON.stringify(stored)).not.toContain(text.slice(13));
    expect(isKey(text, stored)).toBe(true);
  });

  test("isKey() refuses every other text, and everything where nothing is stored", () => {
    const { text, stored } = makeKey({ ...billing, createdAt: "2026-11-21T10:00:00Z" });
    const other = text.slice(0, -1) + (text.endsWith("A") ? "B" : "A");
    for (const wrong of [other, `${text} `, text.toUpperCase(), "", text.slice(0, -1), stored.sha256]) {
      expect(isKey(wrong, stored), wrong).toBe(false);
    }
    expect(isKey(text, undefined)).toBe(false);
    expect(isKey(text, { ...stored, sha256: "" })).toBe(false);
    expect(isKey("", { ...stored, sha256: "" })).toBe(false);
  });

  test("keyIdIn() finds none in what is no key, such as a decision link's token", () => {
    for (const text of ["eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "apv_", "apv_short_x", "Bearer apv", "__proto__"]) {
      expect(keyIdIn(text)).toBeUndefined();
    }
  });
});

describe("the file of keys", () => {
  test("is its owner's only, holds hashes, and leaves nothing beside it", async () => {
    const { text } = await createKey(store(), billing);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).not.toContain(text.slice(13));
    expect(readdirSync(dir)).toEqual(["api-keys.json"]);
  });

  test("is read where an earlier version gave the scope dashboard, which is gone with the next change", async () => {
    const keys = [
      { id: "aaaaaaaa", client: "billing", scopes: ["approvals:read", "dashboard"] },
      { id: "bbbbbbbb", client: "screen", scopes: ["dashboard"] },
    ].map((key) => ({ ...key, sha256: "A".repeat(43), createdAt: "2026-11-01T10:00:00Z" }));
    writeFileSync(file, JSON.stringify({ version: 1, keys }));
    const scopes = () => readKeys(file)?.map((key) => key.scopes);
    // A key that had no other scope is known, can be changed, and is allowed nothing.
    expect(scopes()).toEqual([["approvals:read"], []]);
    await revokeKey(store(), "aaaaaaaa");
    const rotated = await rotateKey(store(), "bbbbbbbb");
    expect(readFileSync(file, "utf8")).not.toContain("dashboard");
    expect(scopes()).toEqual([["approvals:read"], [], []]);
    expect(allows(rotated.stored.scopes, SCOPE_NAMES)).toBe(false);
  });

  test("with a scope that never was is refused", () => {
    const key = { id: "aaaaaaaa", client: "a", scopes: ["dashboards"], sha256: "A".repeat(43) };
    writeFileSync(
      file,
      JSON.stringify({ version: 1, keys: [{ ...key, createdAt: "2026-11-01T10:00:00Z" }] }),
    );
    expect(() => readKeys(file)).toThrow(/keys\.0\.scopes\.0 is not as/u);
  });

  test("keeps every one of changes that come at once", async () => {
    const clients = Array.from({ length: 20 }, (_, i) => `client-${i}`);
    await Promise.all(clients.map((client) => createKey(store(), { ...billing, client })));
    expect(
      readKeys(file)
        ?.map(({ client }) => client)
        .sort(),
    ).toEqual([...clients].sort());
  });

  test("does not change when a change is refused", async () => {
    await createKey(store(), billing);
    const before = readFileSync(file, "utf8");
    await expect(createKey(store(), billing)).rejects.toThrow(KeyRefusal);
    await expect(revokeKey(store(), "nobody22")).rejects.toThrow("There is no key nobody22");
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test.each([
    ["", "no JSON"],
    ["{}", "another form"],
    ['{"version":2,"keys":[]}', "another version"],
    ['{"version":1,"keys":[{"id":"a"}]}', "half a key"],
  ])("that is %j is refused, as %s", (text) => {
    writeFileSync(file, text);
    expect(() => readKeys(file)).toThrow(KeyFileError);
  });

  test("names no scope that is not known, and each id once", async () => {
    const { stored } = await createKey(store(), billing);
    const write = (keys: unknown[]) => writeFileSync(file, JSON.stringify({ version: 1, keys }));
    write([{ ...stored, scopes: ["everything"] }]);
    expect(() => readKeys(file)).toThrow("keys.0.scopes.0");
    write([stored, stored]);
    expect(() => readKeys(file)).toThrow(KeyFileError);
  });

  test("takes over the lock of somebody who died, not of somebody at work", async () => {
    writeFileSync(`${file}.lock`, "");
    const { utimesSync } = await import("node:fs");
    utimesSync(`${file}.lock`, 0, 0);
    await createKey(store(), billing);
    expect(readKeys(file)).toHaveLength(1);
  });

  test("has room for new keys by dropping what was revoked longest ago", async () => {
    const make = (i: number, revokedAt?: string) => {
      const { stored } = makeKey({ client: `c${i}`, scopes: ["admin"], createdAt: "2026-01-01T00:00:00Z" });
      return revokedAt === undefined ? stored : { ...stored, revokedAt };
    };
    const full = Array.from({ length: KEYS_MAX - 2 }, (_, i) => make(i));
    const late = make(KEYS_MAX, "2026-03-01T00:00:00Z");
    const early = make(KEYS_MAX + 1, "2026-02-01T00:00:00Z");
    await changeKeys(file, () => ({ keys: [...full, late, early], result: undefined }));
    await createKey(store(), billing);
    const ids = readKeys(file)?.map(({ id }) => id);
    expect(ids).toHaveLength(KEYS_MAX);
    expect(ids).toContain(late.id);
    expect(ids).not.toContain(early.id);
  });
});

describe("rotateKey()", () => {
  test("gives the client a second key with the same scopes, and never a third", async () => {
    const first = await createKey(store(), billing);
    const second = await rotateKey(store(), first.stored.id);
    expect(second.stored).toMatchObject({ client: "billing", scopes: ["approvals:create"] });
    await expect(rotateKey(store(), second.stored.id)).rejects.toThrow(
      `billing has two keys, ${second.stored.id} and ${first.stored.id}: revoke the old one first`,
    );
    await revokeKey(store(), first.stored.id);
    await rotateKey(store(), second.stored.id);
    await expect(revokeKey(store(), first.stored.id)).rejects.toThrow("was revoked at 2026-11-21");
    await expect(rotateKey(store(), first.stored.id)).rejects.toThrow("was revoked");
  });
});

/** A request comes in a turn of its own. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe("openKeyRing()", () => {
  const faults: unknown[] = [];
  const ring = (alwaysClosed = false) => {
    faults.length = 0;
    const onFault = (error: unknown) => faults.push(error);
    const lastUsed = createLastUsed({ folder: join(dir, "used"), clock: () => nowMs, onFault });
    return openKeyRing({ file, lastUsed, alwaysClosed, onFault });
  };

  test("sees a new key, a second one, and a revocation at the next call", async () => {
    const keys = ring();
    expect(keys.isOpen()).toBe(true);
    const first = await createKey(store(), billing);
    await nextTurn();
    expect(keys.isOpen()).toBe(false);
    expect(keys.find(first.text)).toMatchObject({ id: first.stored.id });
    const second = await rotateKey(store(), first.stored.id);
    await nextTurn();
    expect([first, second].map(({ text }) => keys.find(text)?.id)).toEqual([
      first.stored.id,
      second.stored.id,
    ]);
    await revokeKey(store(), first.stored.id);
    await nextTurn();
    expect([first, second].map(({ text }) => keys.find(text)?.id)).toEqual([undefined, second.stored.id]);
  });

  test("is not open again when all keys are revoked, or the file is gone", async () => {
    const keys = ring();
    const { text, stored } = await createKey(store(), billing);
    await revokeKey(store(), stored.id);
    expect(keys.isOpen()).toBe(false);
    expect(keys.find(text)).toBeUndefined();
    rmSync(file);
    await nextTurn();
    expect(keys.isOpen()).toBe(false);
    expect(ring(true).isOpen()).toBe(false);
  });

  test("keeps the keys it has when the file cannot be understood, and says so once", async () => {
    const { text } = await createKey(store(), billing);
    const keys = ring();
    writeFileSync(file, "oh no");
    expect(keys.find(text)).toBeDefined();
    expect(keys.find(text)).toBeDefined();
    expect(faults).toEqual([expect.any(KeyFileError)]);
    expect(() => ring()).toThrow(KeyFileError);
  });

  test("notes when a key was used, at most once a minute, and a wrong key never", async () => {
    const { text, stored } = await createKey(store(), billing);
    const keys = ring();
    keys.find(`${text.slice(0, -1)}x`);
    expect(lastUsedAt(join(dir, "used"), stored.id)).toBeUndefined();
    const startedAt = nowMs;
    keys.find(text);
    nowMs += 59_000;
    keys.find(text);
    expect(lastUsedAt(join(dir, "used"), stored.id)).toBe(startedAt);
    nowMs += 1_000;
    keys.find(text);
    expect(lastUsedAt(join(dir, "used"), stored.id)).toBe(startedAt + 60_000);
  });

  test("lets callers in also when their use cannot be noted, and says so once", async () => {
    const { text } = await createKey(store(), billing);
    writeFileSync(join(dir, "used"), "a file where the folder should be");
    const keys = ring();
    expect(keys.find(text)).toBeDefined();
    nowMs += 120_000;
    expect(keys.find(text)).toBeDefined();
    expect(faults).toHaveLength(1);
    chmodSync(join(dir, "used"), 0o600);
  });
});

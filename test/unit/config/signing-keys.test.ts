import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import type { Env } from "../../../src/config/env.ts";
import {
  gatewaySigningKeys,
  loadSigningKeys,
  newSigningKey,
  parseSigningKeys,
} from "../../../src/config/signing-keys.ts";
import { ConfigError } from "../../../src/lib/config-error.ts";
import { createSigner } from "../../../src/signing/signer.ts";
import { verifySigned } from "../../../src/signing/verify.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-signing-keys-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const config = (env: Env = {}) => loadConfig({ DATA_DIR: join(dir, "data"), ...env }, "gateway");
const key = (bytes: number, fill = 1) => Buffer.alloc(bytes, fill).toString("base64url");
const problemsOf = (act: () => unknown): readonly string[] => {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe("parseSigningKeys()", () => {
  test("reads the keys of each purpose in their order", () => {
    expect(
      parseSigningKeys(`sign:${key(32, 1)}, log:${key(32, 2)},sign:${key(32, 3)}=`, "SIGNING_KEYS"),
    ).toEqual({
      sign: [Buffer.alloc(32, 1), Buffer.alloc(32, 3)],
      log: [Buffer.alloc(32, 2)],
    });
  });

  test("a key that is published second first is known to verifiers when it signs", async () => {
    const [old, next, log] = [newSigningKey("sign"), newSigningKey("sign"), newSigningKey("log")];
    const signerOf = (list: string) => createSigner({ keys: parseSigningKeys(list, "X").sign, issuer: "x" });
    // What a verifier keeps for five minutes.
    const { keySet } = signerOf(`${old},${next},${log}`);
    const signed = await signerOf(`${next},${old},${log}`).sign("countersign-receipt+jwt", { a: 1 });
    expect(await verifySigned(keySet, "countersign-receipt+jwt", signed)).toMatchObject({ ok: true });
    const before = signerOf(`${old},${log}`).keySet;
    expect(await verifySigned(before, "countersign-receipt+jwt", signed)).toEqual({
      ok: false,
      reason: "unknown-key",
    });
  });

  test("reads a key that it made", () => {
    expect(parseSigningKeys(newSigningKey("sign"), "SIGNING_KEYS").sign).toHaveLength(1);
  });

  test("refuses a key that it made and that has changed, and one that it made for another purpose", () => {
    const [, made = ""] = newSigningKey("sign").split(":");
    const changed = `${made.startsWith("A") ? "B" : "A"}${made.slice(1)}`;
    for (const list of [`sign:${changed}`, `sign:${key(32)},log:${made}`]) {
      const [problem = ""] = problemsOf(() => parseSigningKeys(list, "SIGNING_KEYS"));
      expect(problem).toMatch(/^SIGNING_KEYS: key \d is damaged: its checksum is wrong/);
    }
  });

  test("finds every problem, by position, and repeats no key", () => {
    const list = [
      `sign:${key(31, 9)}`,
      `sign:${key(33, 9)}`,
      key(32, 9),
      `seal:${key(32, 9)}`,
      `sign:${key(32, 9)}!`,
      `sign:${key(32, 4)}`,
      `log:${key(32, 4)}`,
      "",
    ].join();
    const problems = problemsOf(() => parseSigningKeys(list, "SIGNING_KEYS"));
    expect(problems.map((problem) => problem.replace(/^SIGNING_KEYS: key /, ""))).toEqual([
      "1 must be 32 bytes in base64url",
      "2 must be 32 bytes in base64url",
      "3 must be written sign:base64url or log:base64url",
      "4 must be written sign:base64url or log:base64url",
      "5 must be written sign:base64url or log:base64url",
      "7 repeats another key",
      "8 must be written sign:base64url or log:base64url",
    ]);
    expect(problems.join()).not.toContain(key(32, 9).slice(0, 20));
  });

  test("wants a key that signs, and at most 16", () => {
    expect(problemsOf(() => parseSigningKeys(`log:${key(32)}`, "SIGNING_KEYS"))).toEqual([
      "SIGNING_KEYS must hold a key sign:base64url",
    ]);
    const many = (count: number) => Array.from({ length: count }, (_, i) => `sign:${key(32, i)}`).join();
    expect(parseSigningKeys(many(16), "SIGNING_KEYS").sign).toHaveLength(16);
    expect(problemsOf(() => parseSigningKeys(many(17), "SIGNING_KEYS"))).toEqual([
      "SIGNING_KEYS must hold at most 16 keys",
    ]);
  });
});

describe("loadSigningKeys()", () => {
  test("makes the keys once, for their owner only, and finds them again", () => {
    const keys = loadSigningKeys(config());
    expect([keys.sign.length, keys.log.length]).toEqual([1, 1]);
    expect(loadSigningKeys(config())).toEqual(keys);
    expect(statSync(join(dir, "data", "signing-keys")).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(dir, "data"))).toEqual(["signing-keys"]);
  });

  test("agrees on the keys between processes that start together", async () => {
    const module = (name: string) =>
      JSON.stringify(new URL(`../../../src/config/${name}.ts`, import.meta.url).href);
    const script = `
      import { loadConfig } from ${module("config")};
      import { loadSigningKeys } from ${module("signing-keys")};
      const { sign, log } = loadSigningKeys(loadConfig({ DATA_DIR: ${JSON.stringify(join(dir, "shared"))} }));
      console.log(Buffer.from(sign[0]).toString("hex"), Buffer.from(log[0]).toString("hex"));
    `;
    const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
    const printed = await Promise.all(Array.from({ length: 4 }, run));
    expect(new Set(printed.map(({ stdout }) => stdout)).size).toBe(1);
    expect(readdirSync(join(dir, "shared"))).toEqual(["signing-keys"]);
  });

  test("prefers the settings, and writes nothing then", () => {
    const file = join(dir, "keys");
    writeFileSync(file, `sign:${key(32, 5)}\n`);
    expect(loadSigningKeys(config({ SIGNING_KEYS: `sign:${key(32, 4)}` })).sign).toEqual([
      Buffer.alloc(32, 4),
    ]);
    expect(loadSigningKeys(config({ SIGNING_KEYS_FILE: file })).sign).toEqual([Buffer.alloc(32, 5)]);
    expect(readdirSync(dir)).toEqual(["keys"]);
  });

  test("refuses both settings at once, and a file that is not there", () => {
    const file = join(dir, "absent");
    expect(problemsOf(() => config({ SIGNING_KEYS: `sign:${key(32)}`, SIGNING_KEYS_FILE: file }))).toEqual([
      "SIGNING_KEYS and SIGNING_KEYS_FILE are both set: set one of the two",
    ]);
    expect(problemsOf(() => loadSigningKeys(config({ SIGNING_KEYS_FILE: file })))).toEqual([
      expect.stringMatching(/^SIGNING_KEYS_FILE cannot be used: ENOENT/),
    ]);
  });

  test("names a file that holds no key, not what it holds", () => {
    loadSigningKeys(config());
    writeFileSync(join(dir, "data", "signing-keys"), "hunter2");
    const problems = problemsOf(() => loadSigningKeys(config()));
    expect(problems).toEqual([
      expect.stringMatching(/data\/signing-keys, a file of DATA_DIR: key 1 must be written sign:base64url/),
    ]);
    expect(problems.join()).not.toContain("hunter2");
    expect(readFileSync(join(dir, "data", "signing-keys"), "utf8")).toBe("hunter2");
  });
});

const WITNESS = "witness.example/lite+4a37d360+BB6MbAOJ+ReaGZ+rx/mGps4QJYfVFOKf9mPb3xShag4t";

test("gatewaySigningKeys() refuses to mail a head that no key can sign", () => {
  const mailed = { LOG_HEAD_MAIL: "auditor@example.com" };
  const ofSigning = { SIGNING_KEYS: newSigningKey("sign") };
  const right = "add log:base64url to the signing keys, or unset LOG_HEAD_MAIL";
  expect(problemsOf(() => gatewaySigningKeys(config({ ...mailed, ...ofSigning })))).toEqual([
    `LOG_HEAD_MAIL is set, and no key signs the log of events: ${right}`,
  ]);
  // Keys that we make have both, and so may a list.
  expect(gatewaySigningKeys(config(mailed)).log).toHaveLength(1);
  const both = { SIGNING_KEYS: `${ofSigning.SIGNING_KEYS},${newSigningKey("log")}` };
  expect(gatewaySigningKeys(config({ ...mailed, ...both })).log).toHaveLength(1);
  expect(gatewaySigningKeys(config(ofSigning)).log).toEqual([]);
  const witnessed = { LOG_WITNESSES: `${WITNESS} https://witness.example` };
  expect(problemsOf(() => gatewaySigningKeys(config({ ...witnessed, ...ofSigning })))).toEqual([
    expect.stringContaining("LOG_WITNESSES is set, and no key signs the log of events"),
  ]);
});

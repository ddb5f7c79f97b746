import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig, type Role } from "../../../src/config/config.ts";
import type { Env } from "../../../src/config/env.ts";
import { engineEndpoint, loadTokenKeys, parseTokenKeys } from "../../../src/config/keys.ts";
import { ConfigError } from "../../../src/lib/config-error.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-keys-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const config = (env: Env = {}, role: Role = "all") =>
  loadConfig({ DATA_DIR: join(dir, "data"), ...env }, role);
const key = (bytes: number, fill = 1) => Buffer.alloc(bytes, fill).toString("base64url");

describe("parseTokenKeys()", () => {
  test("reads keys in their order", () => {
    expect(parseTokenKeys(`new:${key(32, 1)}, old:${key(64, 2)}`, "TOKEN_KEYS")).toEqual([
      { kid: "new", secret: Buffer.alloc(32, 1) },
      { kid: "old", secret: Buffer.alloc(64, 2) },
    ]);
  });

  test("finds every problem, by position, and repeats no key", () => {
    const secret = key(16);
    const list = [
      `a:${secret}`,
      "b",
      `c:${key(32)}!`,
      `d d:${key(32)}`,
      `e:${key(32)}`,
      `e:${key(33)}`,
      "",
    ].join();
    try {
      parseTokenKeys(list, "TOKEN_KEYS");
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.problems.map((problem) => problem.slice(0, 17))).toEqual([
        "TOKEN_KEYS: key 1",
        "TOKEN_KEYS: key 2",
        "TOKEN_KEYS: key 3",
        "TOKEN_KEYS: key 4",
        "TOKEN_KEYS: key 6",
        "TOKEN_KEYS: key 7",
      ]);
      expect(error.problems[0]).toContain("16 bytes; at least 32");
      expect(error.message).not.toContain(secret);
      expect(error.message).not.toContain(key(32));
    }
  });
});

describe("loadTokenKeys()", () => {
  test("makes a key once, for its owner only, and finds it again", () => {
    const keys = loadTokenKeys(config());
    expect(keys).toHaveLength(1);
    expect(keys[0].secret).toHaveLength(37);
    expect(loadTokenKeys(config())).toEqual(keys);
    expect(statSync(join(dir, "data", "token-keys")).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(dir, "data"))).toEqual(["token-keys"]);
  });

  test("prefers TOKEN_KEYS, and writes nothing then", () => {
    expect(loadTokenKeys(config({ TOKEN_KEYS: `k:${key(32)}` }))[0].kid).toBe("k");
    expect(readdirSync(dir)).toEqual([]);
  });

  test("names a file that holds no key, not what it holds", () => {
    config();
    loadTokenKeys(config());
    writeFileSync(join(dir, "data", "token-keys"), "hunter2");
    expect(() => loadTokenKeys(config())).toThrow(
      /data\/token-keys, a file of DATA_DIR: key 1 must be written/,
    );
    expect(() => loadTokenKeys(config())).not.toThrow(/hunter2/);
  });

  test("agrees on one key between processes that start together", async () => {
    const module = (name: string) =>
      JSON.stringify(new URL(`../../../src/config/${name}.ts`, import.meta.url).href);
    const script = `
      import { loadConfig } from ${module("config")};
      import { loadTokenKeys } from ${module("keys")};
      const [{ kid, secret }] = loadTokenKeys(loadConfig({ DATA_DIR: ${JSON.stringify(join(dir, "shared"))} }));
      console.log(kid, Buffer.from(secret).toString("hex"));
    `;
    const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
    const printed = await Promise.all(Array.from({ length: 6 }, run));
    expect(new Set(printed.map(({ stdout }) => stdout)).size).toBe(1);
    expect(readdirSync(join(dir, "shared"))).toEqual(["token-keys"]);
  });
});

describe("engineEndpoint()", () => {
  test("is the server of RESONATE_URL where that is set", () => {
    const env = { RESONATE_URL: "http://resonate.example.com/", RESONATE_TOKEN: "t" };
    expect(engineEndpoint(config(env, "worker"))).toEqual({ url: "http://resonate.example.com", token: "t" });
    expect(engineEndpoint(config({ RESONATE_URL: "http://h:1" }, "cli"))).toEqual({
      url: "http://h:1",
      token: undefined,
    });
  });

  test("is the embedded engine's port, with a token that all processes of the folder share in any order", () => {
    const worker = engineEndpoint(config({ ENGINE_PORT: "9001" }, "worker"));
    expect(worker.url).toBe("http://127.0.0.1:9001");
    expect(engineEndpoint(config({ ENGINE_PORT: "9001" }, "gateway"))).toEqual(worker);
    expect(engineEndpoint(config({ ENGINE_PORT: "9001" }, "cli"))).toEqual(worker);
    expect(readFileSync(join(dir, "data", "engine.token"), "utf8")).toBe(`${String(worker.token)}\n`);
  });

  test("tells the command line where no service has ever run, and makes no folder", () => {
    expect(() => engineEndpoint(config({}, "cli"))).toThrow(
      /engine\.token is not there: start the service first/,
    );
    expect(readdirSync(dir)).toEqual([]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { problemsOf, SMTP } from "./problems.ts";

describe("What processes would be reachable for", () => {
  test("listens anywhere once there is a file of keys, and refuses one that is set and not there", () => {
    const dir = mkdtempSync(join(tmpdir(), "countersign-config-"));
    const file = join(dir, "api-keys.json");
    const env = { ...SMTP, HOST: "0.0.0.0", API_KEYS_FILE: file };
    expect(problemsOf(env)).toEqual([
      expect.stringContaining("API_KEYS_FILE is set, but the file is not there"),
      expect.stringContaining("HOST is 0.0.0.0"),
    ]);
    writeFileSync(file, "{}");
    expect(problemsOf(env)).toEqual([]);
    // What concerns the gateway is not held against the others.
    expect(problemsOf({ ...SMTP, HOST: "0.0.0.0" }, "worker")).toEqual([]);
    rmSync(dir, { recursive: true });
  });

  test("keeps the development mailbox out of production", () => {
    expect(problemsOf({ NODE_ENV: "production" })).toEqual([expect.stringContaining("SMTP_URL is not set")]);
    expect(problemsOf({ NODE_ENV: "production", ...SMTP })).toEqual([]);
  });

  test.each(["0.0.0.0", "::", "192.168.1.5", "example.com", "127.0.0.1.example.com"])(
    "does not listen on %s without API keys",
    (HOST) => {
      expect(problemsOf({ HOST, ...SMTP })).toEqual([expect.stringContaining(`HOST is ${HOST}`)]);
      expect(problemsOf({ HOST })).toHaveLength(2);
    },
  );

  test.each(["127.0.0.1", "127.0.0.53", "localhost", "::1"])("listens on %s", (HOST) => {
    expect(problemsOf({ HOST })).toEqual([]);
  });

  test("holds rules of the service against the service only", () => {
    const env = { NODE_ENV: "production", HOST: "0.0.0.0" };
    expect(problemsOf(env, "cli")).toEqual([]);
    expect(problemsOf(env, "engine")).toEqual([]);
    for (const role of ["all", "gateway", "worker"] as const) expect(problemsOf(env, role)).not.toEqual([]);
  });
});

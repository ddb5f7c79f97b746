import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import { ENV_NAMES, type Env } from "../../../src/config/env.ts";
import { problemsOf, SMTP } from "./problems.ts";

describe("loadConfig()", () => {
  test("needs no setting at all", () => {
    expect(loadConfig({})).toMatchObject({
      production: false,
      logLevel: "info",
      host: "127.0.0.1",
      port: 5001,
      publicUrl: "http://127.0.0.1:5001",
      dataDir: expect.stringMatching(/^\/.*\/data$/),
      engine: { kind: "embedded", port: 8001 },
      mail: { kind: "mailbox", port: 1025 },
      tokenKeys: undefined,
      worker: { group: "worker", leaseMs: 15_000, concurrency: 50, handBackMs: 300_000 },
      workflows: { folder: undefined, examples: true },
      warnings: [expect.stringContaining("no API keys")],
    });
  });

  test("takes an empty setting for none", () => {
    const blank = Object.fromEntries(ENV_NAMES.map((name) => [name, "  "]));
    expect(loadConfig(blank)).toEqual(loadConfig({}));
  });

  test("registers the examples in production only where a setting says so, and elsewhere unless one does", () => {
    const examples = (env: Env) => loadConfig({ ...SMTP, ...env }).workflows.examples;
    expect(examples({ NODE_ENV: "production" })).toBe(false);
    expect(examples({ NODE_ENV: "production", EXAMPLE_WORKFLOWS: "on" })).toBe(true);
    expect(examples({ EXAMPLE_WORKFLOWS: "off" })).toBe(false);
    expect(loadConfig({ WORKFLOWS: "flows" }).workflows.folder).toBe(resolve("flows"));
  });

  test("keeps deliveries of webhooks for longer than their senders repeat them", () => {
    const short = { WEBHOOKS_FILE: "webhooks.yaml", RETENTION: "PT167H" };
    expect(problemsOf(short)).toEqual([expect.stringMatching(/^RETENTION must be at least P7D/)]);
    expect(problemsOf({ ...short, RETENTION: "P7D" })).toEqual([]);
    expect(problemsOf({ ...short, RETENTION: "off" })).toEqual([]);
    expect(problemsOf({ RETENTION: "PT1H" })).toEqual([]);
  });

  test("reads every setting", () => {
    const config = loadConfig({
      ...SMTP,
      HOST: "::1",
      PORT: "6001",
      PUBLIC_URL: "https://approvals.example.com/",
      DATA_DIR: "/srv/countersign",
      RESONATE_URL: "https://resonate.example.com:8001/",
      RESONATE_TOKEN: "t0ken",
      TOKEN_KEYS: "k1:abc",
      WORKER_GROUP: "blue",
      WORKER_LEASE_MS: "30000",
      WORKER_CONCURRENCY: "7",
      LOG_LEVEL: "debug",
      NODE_ENV: "production",
    });
    expect(config).toMatchObject({
      production: true,
      host: "::1",
      port: 6001,
      publicUrl: "https://approvals.example.com",
      dataDir: "/srv/countersign",
      engine: { kind: "server", url: "https://resonate.example.com:8001" },
      mail: { kind: "smtp", from: "a@example.com" },
      worker: { group: "blue", leaseMs: 30_000, concurrency: 7 },
      logLevel: "debug",
    });
    expect(config.engine.kind === "server" && config.engine.token?.reveal()).toBe("t0ken");
    expect(config.mail.kind === "smtp" && config.mail.url.reveal()).toContain("pa55word");
  });

  test("finds every problem at once, each by its name, and repeats no secret", () => {
    const env: Env = {
      HOST: "0.0.0.0",
      PORT: "70000",
      PUBLIC_URL: "https://example.com/approvals",
      ENGINE_PORT: "-1",
      RESONATE_TOKEN: "s3cret-token",
      SMTP_URL: "http://user:s3cret-smtp@mail.example.com",
      MAILBOX_PORT: "1.5",
      RETENTION: "P1M1",
      WORKER_GROUP: "a b",
      WORKER_LEASE_MS: "10",
      WORKER_CONCURRENCY: "0",
      API_KEYS_FILE: "keys",
      CALLBACK_ALLOW: "10.0.0.1",
      WORKER_HANDBACK_MS: "900001",
      EXAMPLE_WORKFLOWS: "yes",
      LOG_LEVEL: "loud",
    };
    const problems = problemsOf(env);
    for (const name of [...Object.keys(env), "MAIL_FROM"]) {
      expect(
        problems.filter((problem) => problem.includes(name)),
        name,
      ).not.toEqual([]);
    }
    expect(problems.join()).not.toContain("s3cret");
  });

  test.each([
    ["PORT", "5001x"],
    ["PORT", " 0x50"],
    ["PORT", "99999999999999999999"],
    ["PUBLIC_URL", "approvals.example.com"],
    ["PUBLIC_URL", "ftp://example.com"],
    ["PUBLIC_URL", "https://user@example.com"],
    ["PUBLIC_URL", "https://example.com/?a"],
    ["RESONATE_URL", "localhost:8001"],
    ["RESONATE_URL", "http://user:pw@127.0.0.1:8001"],
    ["RESONATE_URL", "http://127.0.0.1:8001/?a#b"],
    ["HOST", "[::1]"],
    ["HOST", "127.0.0.1:80"],
    ["HOST", "http://127.0.0.1"],
    ["HOST", "300.1.1.1"],
    ["HOST", "a b"],
    ["DATA_DIR", "/dev/null"],
    ["DATA_DIR", "/dev/null/countersign/data"],
    ["DATA_DIR", `/${"x".repeat(300)}`],
    ["AUDIT_DIR", "/dev/null/x"],
    ["WORKER_GROUP", "../up"],
  ])("refuses %s=%s and nothing else", (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(name)]);
  });

  test("is frozen, and shows no secret when printed", () => {
    const config = loadConfig({
      ...SMTP,
      TOKEN_KEYS: "k:s3cret",
      RESONATE_URL: "http://h",
      RESONATE_TOKEN: "s3cret",
    });
    expect(() => Object.assign(config.worker, { group: "x" })).toThrow(TypeError);
    for (const print of [JSON.stringify(config), inspect(config, { depth: 9 }), String(config.tokenKeys)]) {
      expect(print).not.toMatch(/s3cret|pa55word/);
    }
  });
});

test("docs/configuration.md describes every setting, and no other", () => {
  const text = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8");
  const described = [...text.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
  expect(new Set(described)).toEqual(new Set(ENV_NAMES));
  expect(described).toHaveLength(ENV_NAMES.length);
});

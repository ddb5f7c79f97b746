import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { ConfigError, loadConfig, originOf, type Role } from "../../../src/config/config.ts";
import { ENV_NAMES, type Env } from "../../../src/config/env.ts";

function problemsOf(env: Env, role: Role = "all"): readonly string[] {
  try {
    loadConfig(env, role);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

const SMTP: Env = { SMTP_URL: "smtps://user:pa55word@mail.example.com", MAIL_FROM: "a@example.com" };

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

  test("lets in no other site by default, those listed as they are, and never a pattern", () => {
    expect(loadConfig({}).corsOrigins).toEqual([]);
    const listed = ["https://tools.example.com", "http://localhost:3000"];
    expect(loadConfig({ CORS_ORIGINS: listed.join(", ") }).corsOrigins).toEqual(listed);
    for (const wrong of [
      "*",
      "null",
      "https://*.example.com/",
      "https://tools.example.com/",
      "https://tools.example.com:443",
      "http://tools.example.com",
      "tools.example.com",
      "https://a.example,",
      Array.from({ length: 21 }, (_, i) => `https://s${i}.example`).join(","),
    ]) {
      expect(problemsOf({ CORS_ORIGINS: wrong }), wrong).toEqual([
        expect.stringMatching(/^CORS_ORIGINS must be/),
      ]);
    }
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

  test.each([
    [undefined, 90 * 86_400_000],
    ["PT2H", 7_200_000],
    ["P1W", 7 * 86_400_000],
    ["off", undefined],
  ])("keeps what has ended for RETENTION=%s", (RETENTION, keepMs) => {
    expect(loadConfig({ RETENTION }).engine).toMatchObject({ kind: "embedded", keepMs });
  });

  test.each(["PT59M", "P11Y", "90", "-P1D"])("refuses RETENTION=%s", (RETENTION) => {
    expect(problemsOf({ RETENTION }).join()).toContain("RETENTION must be off, or a duration from PT1H");
  });

  test("gives workflows on a server over the network a longer lease", () => {
    expect(loadConfig({ RESONATE_URL: "http://127.0.0.1:8001" }).worker.leaseMs).toBe(60_000);
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

  test.each(["a\nb", "tökén", "two words"])("refuses %j as RESONATE_TOKEN, without repeating it", (token) => {
    const env = { RESONATE_URL: "http://127.0.0.1:8001", RESONATE_TOKEN: token };
    expect(problemsOf(env)).toEqual([
      "RESONATE_TOKEN must be letters, digits and signs of ASCII without blanks and line breaks",
    ]);
  });

  test.each([
    "smtps://user:100%pure@mail.example.com",
    "smtps://pure@mail.example.com",
    "smtp://user:pure@mail.example.com:0",
    "smtp://user:pure/@mail.example.com",
    "pure",
  ])("refuses SMTP_URL=%s by its name, without repeating it", (url) => {
    const problems = problemsOf({ ...SMTP, SMTP_URL: url });
    expect(problems).toEqual([expect.stringMatching(/^SMTP_URL must /)]);
    expect(problems.join()).not.toContain("pure");
  });

  test.each([
    "a",
    "a@",
    "foo@localhost",
    "a..b@example.com",
    "a@127.0.0.1",
    "user%x@example.com",
    "ä@example.com",
    "a@b.example, c@d.example",
    "A <a@b.example",
    "a@b.example\r\nBcc: c@d.example",
    "A <a@b.example> x",
    "A\n<a@b.example>",
  ])("refuses %j as MAIL_FROM", (from) => {
    expect(problemsOf({ ...SMTP, MAIL_FROM: from })).toEqual([expect.stringContaining("MAIL_FROM")]);
  });

  test("wants SMTP_URL and MAIL_FROM together", () => {
    expect(problemsOf({ SMTP_URL: SMTP.SMTP_URL })).toEqual([
      expect.stringContaining("MAIL_FROM is not set"),
    ]);
    expect(problemsOf({ MAIL_FROM: SMTP.MAIL_FROM })).toEqual([
      expect.stringContaining("SMTP_URL is not set"),
    ]);
    expect(problemsOf(SMTP)).toEqual([]);
  });

  test("wants OIDC_ISSUER and OIDC_AUDIENCE together, over https, and listens anywhere with them", () => {
    const oidc = { OIDC_ISSUER: "https://id.example.com/", OIDC_AUDIENCE: "countersign" };
    expect(problemsOf({ OIDC_ISSUER: oidc.OIDC_ISSUER })).toEqual([
      expect.stringContaining("OIDC_AUDIENCE is not set"),
    ]);
    expect(problemsOf({ OIDC_AUDIENCE: "x" })).toEqual([expect.stringContaining("OIDC_ISSUER is not set")]);
    expect(problemsOf({ ...oidc, OIDC_ISSUER: "http://id.example.com" })).toEqual([
      expect.stringContaining("OIDC_ISSUER must be an https address"),
    ]);
    for (const more of ["?a=b", "#c"]) {
      expect(problemsOf({ ...oidc, OIDC_ISSUER: `${oidc.OIDC_ISSUER}${more}` })).toEqual([
        expect.stringContaining("OIDC_ISSUER must be an address without user, query and #"),
      ]);
    }
    const config = loadConfig({ ...oidc, ...SMTP, HOST: "0.0.0.0" });
    expect(config.oidc).toEqual({ issuer: "https://id.example.com/", audience: "countersign" });
    expect(config.drainDelayMs).toBe(5_000);
  });

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

  test("lets only the process that holds the engine do without its port", () => {
    expect(problemsOf({ ENGINE_PORT: "0" })).toEqual([]);
    for (const role of ["gateway", "worker", "engine", "cli"] as const) {
      expect(problemsOf({ ENGINE_PORT: "0" }, role), role).toEqual([expect.stringContaining("ENGINE_PORT")]);
    }
    expect(problemsOf({ ENGINE_PORT: "0", RESONATE_URL: "http://127.0.0.1:1" }, "worker")).toEqual([]);
    expect(problemsOf({ RESONATE_URL: "http://127.0.0.1:1" }, "engine")).toHaveLength(1);
  });

  test("has no public address while the port is unknown", () => {
    expect(loadConfig({ PORT: "0" }).publicUrl).toBeUndefined();
    expect(loadConfig({ HOST: "::1" }).publicUrl).toBe("http://[::1]:5001");
    expect(originOf("localhost", 80)).toBe("http://localhost");
  });

  test("warns of links that travel unencrypted", () => {
    const warnings = (PUBLIC_URL: string) => loadConfig({ PUBLIC_URL }, "worker").warnings;
    expect(warnings("http://approvals.example.com")).toEqual([expect.stringContaining("https")]);
    expect(warnings("https://approvals.example.com")).toEqual([]);
    expect(warnings("http://localhost:5001")).toEqual([]);
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

describe("FORMER_PUBLIC_URLS", () => {
  test("lists origins, as URLs write them", () => {
    const env = { FORMER_PUBLIC_URLS: "https://OLD.example.com/, http://older.example.com:8080" };
    expect(loadConfig(env).formerPublicUrls).toEqual([
      "https://old.example.com",
      "http://older.example.com:8080",
    ]);
    expect(loadConfig({}).formerPublicUrls).toEqual([]);
  });

  test.each([
    "old.example.com",
    "https://old.example.com/path",
    "https://old.example.com?q",
    "https://u:p@old.example.com",
    "ftp://old.example.com",
    "https://a.example.com,",
    Array.from({ length: 11 }, (_, n) => `https://a${n}.example.com`).join(","),
  ])("refuses %j by name", (text) => {
    expect(() => loadConfig({ FORMER_PUBLIC_URLS: text })).toThrow(
      /FORMER_PUBLIC_URLS must be a list of at most 10 origins such as/u,
    );
  });
});

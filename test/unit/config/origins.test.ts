import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import { originOf } from "../../../src/config/origins.ts";
import { problemsOf } from "./problems.ts";

describe("Origins", () => {
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

test("MCP is on, unless it is switched off", () => {
  const isOn = (env: Parameters<typeof loadConfig>[0]) => loadConfig(env).mcp;
  expect([isOn({}), isOn({ MCP: "on" }), isOn({ MCP: "off" })]).toEqual([true, true, false]);
  expect(problemsOf({ MCP: "no" })).toEqual([expect.stringContaining("MCP must be one of")]);
});

describe("INBOX", () => {
  const isOn = (env: Parameters<typeof loadConfig>[0]) => loadConfig(env).inbox;

  test("is on wherever people can stay signed in safely, and there is a list to show", () => {
    expect(isOn({})).toBe(true);
    expect(isOn({ PUBLIC_URL: "https://approvals.example.com" })).toBe(true);
    expect(isOn({ PUBLIC_URL: "http://approvals.example.com" })).toBe(false);
    expect(isOn({ RESONATE_URL: "http://127.0.0.1:8001" })).toBe(false);
    const server = { RESONATE_URL: "http://127.0.0.1:8001", INDEX_URL: "postgres://127.0.0.1/index" };
    expect(isOn(server)).toBe(true);
    expect(isOn({ ...server, PUBLIC_URL: "http://approvals.example.com" })).toBe(false);
    expect(isOn({ APPROVAL_INDEX: "off" })).toBe(false);
    expect(isOn({ INBOX: "off" })).toBe(false);
  });

  test.each([
    [{ PUBLIC_URL: "http://approvals.example.com" }, "https"],
    [{ RESONATE_URL: "http://127.0.0.1:8001" }, "INDEX_URL"],
    [{ APPROVAL_INDEX: "off" }, "APPROVAL_INDEX"],
  ])("cannot be switched on with %j", (env, why) => {
    expect(problemsOf({ ...env, INBOX: "on" })).toEqual([
      expect.stringMatching(new RegExp(`^INBOX cannot be on: .*${why}`, "u")),
    ]);
    expect(problemsOf({ ...env, INBOX: "maybe" })).toEqual([expect.stringContaining("INBOX must be one of")]);
  });
});

describe("ADMIN_KEY_SIGN_IN", () => {
  const byKey = (env: Parameters<typeof loadConfig>[0]) => loadConfig(env, "gateway").admin?.byKey ?? false;

  test("is on where the gateway listens on the loopback and no key crosses an open network", () => {
    expect(byKey({})).toBe(true);
    expect(byKey({ PUBLIC_URL: "https://approvals.example.com" })).toBe(true);
    expect(byKey({ ADMIN_KEY_SIGN_IN: "off" })).toBe(false);
    expect(byKey({ PUBLIC_URL: "http://approvals.example.com" })).toBe(false);
  });

  test("is off on other addresses, unless it is switched on", () => {
    const env = { HOST: "0.0.0.0", PUBLIC_URL: "https://approvals.example.com", ...RELAY, ...OIDC };
    expect(byKey(env)).toBe(false);
    expect(byKey({ ...env, ADMIN_KEY_SIGN_IN: "on" })).toBe(true);
  });

  test("cannot be on over an unprotected connection", () => {
    expect(problemsOf({ PUBLIC_URL: "http://approvals.example.com", ADMIN_KEY_SIGN_IN: "on" })).toEqual([
      expect.stringMatching(/^ADMIN_KEY_SIGN_IN cannot be on: .*must be https/u),
    ]);
    expect(problemsOf({ ADMIN_KEY_SIGN_IN: "perhaps" })).toEqual([
      expect.stringContaining("ADMIN_KEY_SIGN_IN must be one of"),
    ]);
  });
});

/** What a gateway needs that other machines reach. */
const RELAY = { SMTP_URL: "smtps://mail.example.com", MAIL_FROM: "approvals@example.com" };
const OIDC = { OIDC_ISSUER: "https://id.example.com", OIDC_AUDIENCE: "countersign" };

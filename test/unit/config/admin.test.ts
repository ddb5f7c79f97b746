import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import { problemsOf } from "./problems.ts";

const folder = mkdtempSync(join(tmpdir(), "countersign-admin-"));
const fileWith = (name: string, text: string | Buffer): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const ENV = {
  ADMIN_OIDC_ISSUER: "https://id.example.com/realms/staff",
  ADMIN_OIDC_CLIENT_ID: "countersign",
  ADMIN_OIDC_OPERATORS: "ops, lead ops",
};

describe("ADMIN_OIDC_…", () => {
  test("name the provider, with sensible defaults", () => {
    expect(loadConfig(ENV, "gateway").admin?.provider).toEqual({
      issuer: "https://id.example.com/realms/staff",
      clientId: "countersign",
      clientSecret: undefined,
      scopes: "openid profile email",
      claim: "groups",
      operators: ["ops", "lead ops"],
      viewers: [],
    });
    expect(loadConfig({}, "gateway").admin?.provider).toBeUndefined();
    expect(loadConfig({ ADMIN_KEY_SIGN_IN: "off" }, "gateway").admin).toBeUndefined();
    expect(loadConfig({ ...ENV, ADMIN_KEY_SIGN_IN: "off" }, "gateway").admin).toMatchObject({ byKey: false });
  });

  test("read the secret from a file, print it nowhere, and let other processes be without the file", () => {
    const env = { ...ENV, ADMIN_OIDC_CLIENT_SECRET_FILE: fileWith("secret", "\uFEFFs3cret\n") };
    const config = loadConfig(env, "all");
    expect(config.admin?.provider?.clientSecret?.reveal()).toBe("s3cret");
    expect(JSON.stringify(config)).not.toContain("s3cret");
    const absent = { ...ENV, ADMIN_OIDC_CLIENT_SECRET_FILE: join(folder, "absent") };
    expect(loadConfig(absent, "worker").admin?.provider).toMatchObject({ clientSecret: undefined });
  });

  test.each([
    [{ ADMIN_OIDC_ISSUER: "id.example.com" }, "ADMIN_OIDC_ISSUER must be a URL"],
    [{ ADMIN_OIDC_ISSUER: "http://id.example.com" }, "ADMIN_OIDC_ISSUER must be an https address"],
    [{ ADMIN_OIDC_ISSUER: "https://id.example.com/?x" }, "ADMIN_OIDC_ISSUER must be an address without user"],
    [{ ADMIN_OIDC_ISSUER: "" }, "ADMIN_OIDC_CLIENT_ID is set, and ADMIN_OIDC_ISSUER is not"],
    [{ ADMIN_OIDC_CLIENT_ID: " " }, "ADMIN_OIDC_CLIENT_ID is not set"],
    [{ ADMIN_OIDC_OPERATORS: "" }, "ADMIN_OIDC_OPERATORS or ADMIN_OIDC_VIEWERS must be set"],
    [{ ADMIN_OIDC_VIEWERS: "a,,b" }, "ADMIN_OIDC_VIEWERS must be a list of at most 20 values of the claim"],
    [{ ADMIN_OIDC_SCOPES: "profile" }, "ADMIN_OIDC_SCOPES must be scopes"],
    [{ ADMIN_OIDC_SCOPES: 'openid "x"' }, "ADMIN_OIDC_SCOPES must be scopes"],
    [
      { ADMIN_OIDC_CLIENT_SECRET_FILE: join(folder, "nowhere") },
      "ADMIN_OIDC_CLIENT_SECRET_FILE must be a file that can be read",
    ],
    [
      { ADMIN_OIDC_CLIENT_SECRET_FILE: fileWith("empty", "\n") },
      "ADMIN_OIDC_CLIENT_SECRET_FILE must be a file with the client's secret and nothing else",
    ],
    [
      { ADMIN_OIDC_CLIENT_SECRET_FILE: fileWith("two", "one\ntwo\n") },
      "ADMIN_OIDC_CLIENT_SECRET_FILE must be a file with the client's secret and nothing else",
    ],
    [
      { PUBLIC_URL: "http://approvals.example.com" },
      "ADMIN_OIDC_ISSUER cannot be used: operators would stay signed in over an unprotected connection",
    ],
  ])("with %j are refused, and the message names the setting", (over, problem) => {
    expect(problemsOf({ ...ENV, ...over })).toContainEqual(expect.stringContaining(problem));
    expect(problemsOf({ ...ENV, ...over }).join("\n")).not.toContain("one");
  });
});

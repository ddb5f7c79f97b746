import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import { problemsOf, SMTP } from "./problems.ts";

describe("oidcConfig()", () => {
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
});

import type { Request } from "express";
import { describe, expect, test } from "vitest";
import { openerOf } from "../../../../src/gateway/http/opener.ts";
import { scannerRequests } from "../../../support/scanners.ts";

const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const BROWSER = {
  "user-agent": CHROME,
  accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "accept-language": "de,en;q=0.5",
};
const NAVIGATION = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "none" };
const openerWith = (headers: Request["headers"], method = "GET") => openerOf({ method, headers });

describe("openerOf()", () => {
  test.each([
    ["over https", { ...BROWSER, ...NAVIGATION, "sec-fetch-user": "?1" }],
    ["over plain http, where browsers say less", BROWSER],
    [
      "on an iPhone",
      {
        ...BROWSER,
        ...NAVIGATION,
        "user-agent":
          "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
      },
    ],
  ])("takes a browser %s for a person", (_, headers) => {
    expect(openerWith(headers)).toBe("person");
  });

  test("takes nothing that scanners send for a person", () => {
    for (const { method, headers } of [
      ...scannerRequests("/d/x", "GET", 60),
      ...scannerRequests("/d/x", "HEAD", 60),
    ]) {
      expect(openerWith(headers, method), JSON.stringify(headers)).toBe("scanner");
    }
  });

  test.each([
    ["HEAD", "HEAD", {}],
    ["a prefetch", "GET", { "sec-purpose": "prefetch;prerender" }],
    ["a picture's request", "GET", { "sec-fetch-dest": "image", "sec-fetch-mode": "no-cors" }],
    ["no language", "GET", { "accept-language": undefined }],
    ["a program's name", "GET", { "user-agent": `${CHROME} HeadlessChrome/142` }],
  ])("takes a browser's headers with %s for a scanner", (_, method, more) => {
    expect(openerWith({ ...BROWSER, ...NAVIGATION, ...more }, method)).toBe("scanner");
  });
});

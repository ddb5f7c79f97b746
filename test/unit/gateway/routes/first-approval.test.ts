/** The button that asks for a first approval is there with the development mailbox alone, and for this machine alone. */
import { Router } from "express";
import { expect, test } from "vitest";
import { startTestGateway } from "../../../support/gateway.ts";
import { call } from "../../../support/http.ts";

const PATH = "/first-approval";

test("without the development mailbox there is no such button", async () => {
  await using gateway = await startTestGateway();
  expect(await call(`${gateway.url}${PATH}`, { method: "POST" })).toMatchObject({ status: 404 });
  expect((await call(gateway.url)).text).not.toContain(PATH);
});

test("neither pages of other sites nor other machines can press it", async () => {
  await using gateway = await startTestGateway({ mailbox: Router() });
  expect((await call(gateway.url)).text).toContain(`action="${PATH}"`);
  for (const headers of [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "x-forwarded-for": "203.0.113.8" },
    { host: "approvals.example.com" },
  ])
    expect((await call(`${gateway.url}${PATH}`, { method: "POST", headers })).status).toBeOneOf([403, 421]);
  expect((await call(`${gateway.url}${PATH}`)).status).toBe(405);
});

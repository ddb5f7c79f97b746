/** The pages that describe the API, as a browser shows them: on a phone one call at a time, on a desktop all beside their index. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPages } from "../../src/gateway/pages/pages.ts";
import { addReferenceRoutes } from "../../src/gateway/routes/reference.ts";
import { axeProblems } from "../support/axe.ts";
import { LOOKS, type Look, lookAt, openBrowser, openPage, screenshot } from "../support/browser.ts";
import { auditPage } from "../support/page-audit.ts";

const PHONE: Look = { width: 390, scheme: "light" };
const DESKTOP: Look = { width: 1280, scheme: "light" };
/** Some screens of a phone: the index of calls. All calls together are 56,000 px. */
const INDEX_PX_MAX = 4_000;

const publicUrl = "https://approvals.example.com";
const app = express();
app.use(createPages({ publicUrl, mailbox: true }).routes);
addReferenceRoutes(app, { publicUrl });
const server = app.listen(0, "127.0.0.1");

let browser: Browser;
let origin: string;

beforeAll(async () => {
  if (!server.listening) await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  server.closeAllConnections();
  server.close();
});

const height = async (page: Page) => (await page.locator("html").boundingBox())?.height ?? 0;
const call = (page: Page, name: string) => page.getByRole("heading", { level: 2, name, exact: true });
const index = (page: Page) => page.getByRole("navigation", { name: "Calls" });

/** Whether the top of a call is in the window, with its heading. */
async function isInSight(page: Page, id: string): Promise<boolean> {
  const top = (await page.locator(`#${id}-title`).boundingBox())?.y ?? -1;
  return top > 0 && top < (page.viewportSize()?.height ?? 0) / 2;
}

describe("without script, on a phone", () => {
  test("the calls are an index, each opens alone, and the way back leads to the index and to the call", async () => {
    await using page = await openPage(browser, PHONE);
    await page.goto(`${origin}/docs`);
    expect(await height(page)).toBeLessThan(INDEX_PX_MAX);
    await index(page).getByRole("link", { name: "Cancel an approval" }).click();
    await page.waitForURL(/#cancelApproval$/u);
    expect(await isInSight(page, "cancelApproval")).toBe(true);
    expect(await page.locator(".call:visible").count()).toBe(1);

    await page.getByRole("link", { name: "All calls" }).click();
    await page.waitForURL(/#index$/u);
    expect(await index(page).isVisible()).toBe(true);
    expect(await page.locator(".call:visible").count()).toBe(0);
    await page.goBack();
    expect(await isInSight(page, "cancelApproval")).toBe(true);
  });

  test("a link to a call or a type from anywhere arrives there", async () => {
    await using page = await openPage(browser, PHONE);
    await page.goto(`${origin}/docs#requestApproval`);
    expect(await isInSight(page, "requestApproval")).toBe(true);
    const type = page.locator("#requestApproval .type a").first();
    const name = await type.textContent();
    await type.click();
    await page.waitForURL(`${origin}/docs/types#${name}`);
    expect(await isInSight(page, String(name))).toBe(true);
  });
});

test("on a desktop all calls are there, and the index stays in sight beside the one it leads to", async () => {
  await using page = await openPage(browser, DESKTOP);
  await page.goto(`${origin}/docs`);
  for (const name of ["Request an approval", "Cancel an approval"]) {
    expect(await call(page, name).isVisible()).toBe(true);
  }
  await index(page).getByRole("link", { name: "Cancel an approval" }).click();
  await page.waitForURL(/#cancelApproval$/u);
  expect(await isInSight(page, "cancelApproval")).toBe(true);
  expect((await index(page).boundingBox())?.y).toBeGreaterThanOrEqual(0);
  expect(await page.getByRole("link", { name: "All calls" }).isVisible()).toBe(false);
});

/** axe looks at what is shown, and takes minutes for all calls and types at once: it gets one of each, and the indexes. */
test.each(["/docs", "/docs#requestApproval", "/docs/types", "/docs/types#Approval", "/problems"])(
  "%s can be read and used by everybody",
  async (path) => {
    await using page = await openPage(browser, LOOKS[0]!, { javaScriptEnabled: true, bypassCSP: true });
    await page.goto(`${origin}${path}`);
    const problems = await axeProblems(page);
    for (const look of LOOKS) {
      await lookAt(page, look);
      await screenshot(page, `reference ${path}`, look);
      // On a desktop it is the same page with each anchor.
      if (path.includes("#") && look.width > 1000) continue;
      const found = await page.evaluate(auditPage);
      problems.push(...found.map((problem) => `${look.width} px, ${look.scheme}: ${problem}`));
    }
    expect(problems).toEqual([]);
  },
);

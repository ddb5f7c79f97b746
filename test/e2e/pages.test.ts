/**
 * Every page and the mail, in every state, as a browser shows them: at the width of a small phone and of a desktop, in
 * light and dark. `npm run pictures` leaves pictures of all in `test/screenshots` for people to look at.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createComposer } from "../../src/channels/mail/compose.ts";
import type { RequestMail } from "../../src/channels/mail/mailer.ts";
import { createPages } from "../../src/gateway/pages/pages.ts";
import { axeProblems } from "../support/axe.ts";
import {
  LOOKS,
  type Look,
  lookAt,
  openBrowser,
  openPage,
  screenshot,
  WANTS_PICTURES,
} from "../support/browser.ts";
import { gallery, mails, operatorPages } from "../support/gallery.ts";
import { auditPage } from "../support/page-audit.ts";
import { PAGES as HOSTILE_PAGES } from "../unit/pages/hostile.ts";

const publicUrl = "https://approvals.example.com";
const pages = createPages({ publicUrl, mailbox: true });
const composer = createComposer({ from: { name: "Approvals", address: "approvals@example.com" }, publicUrl });
const ask = (asked: RequestMail) => composer.compose({ kind: "request", ...asked });
const app = express();
app.get("/page/:name", (req, res) =>
  pages.render(res, (gallery[req.params.name] ?? operatorPages[req.params.name])!),
);
app.get("/hostile/:name", (req, res) => pages.render(res, HOSTILE_PAGES[req.params.name]!));
app.get("/mail/:name", (req, res) => res.send(ask(mails[req.params.name]!).html));
app.use(pages.routes);
const server = app.listen(0, "127.0.0.1");

let browser: Browser;
/** A window without JavaScript, for one page after the other. */
let window: Page & AsyncDisposable;
let origin: string;

beforeAll(async () => {
  if (!server.listening) await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await openBrowser();
  window = await openPage(browser, LOOKS[0]!);
});
afterAll(async () => {
  await browser?.close();
  server.closeAllConnections();
  server.close();
});

/** What is wrong with a page that is open, in each look, as `find` sees it. Leaves pictures. */
async function problemsOf(
  page: Page,
  name: string,
  find: (page: Page) => Promise<string[]>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const look of LOOKS) {
    await lookAt(page, look);
    const found = await find(page);
    problems.push(...found.map((problem) => `${name}, ${look.width} px, ${look.scheme}: ${problem}`));
    await screenshot(page, name, look);
  }
  return problems;
}

/** A page at a time, since there are many, and a browser has all the time it needs for each. */
test.each(Object.keys(gallery))("the page %s can be read, heard and used by everybody", async (name) => {
  await window.goto(`${origin}/page/${encodeURIComponent(name)}`);
  expect(await problemsOf(window, `page ${name}`, (page) => page.evaluate(auditPage))).toEqual([]);
});

/**
 * Pages that axe looks at: of those for people, one of each make, and every page of operators and of passkeys. `AXE_LOOKS=all`
 * takes every page.
 */
const KINDS =
  process.env["AXE_LOOKS"] === "all"
    ? [...new Set([...Object.keys(gallery), ...Object.keys(operatorPages)])]
    : [
        "decide view",
        "decide own choices again",
        "decide what has changed",
        "decide items again",
        "decide an action, and refuse it in advance",
        "refusal that holds",
        "decide six choices",
        "decide in stages",
        "decide long",
        "act reassign again",
        "act recuse",
        "act cancel",
        "edit arguments",
        "request open",
        "request asked to change",
        "request rejected",
        "change previewed",
        "standing expired",
        "standing passed on",
        "receipt of an answer that can be taken back",
        "receipt overruled by a veto",
        "refused",
        "not recorded",
        "inbox",
        ...Object.keys(operatorPages),
      ];

/**
 * A run of axe costs more than a page: it gets few looks, and pages of operators, which are made of the same parts, still fewer.
 * `AXE_LOOKS=all` gives all to each. The audit above has all.
 */
const AXE_LOOKS: readonly Look[] = [
  { width: 320, scheme: "light" },
  { width: 390, scheme: "dark" },
  { width: 1280, scheme: "dark" },
];

const ALL_AXE_LOOKS: readonly Look[] = [320, 390, 1280].flatMap((width) => [
  { width, scheme: "light" },
  { width, scheme: "dark" },
]);

function axeLooksAt(name: string): readonly Look[] {
  if (process.env["AXE_LOOKS"] === "all") return ALL_AXE_LOOKS;
  return name in operatorPages ? AXE_LOOKS.filter((_, at) => at !== 1) : AXE_LOOKS;
}

describe("as far as axe can tell,", () => {
  // axe is script; the pages have none, and look the same without.
  let scripted: Page & AsyncDisposable;
  beforeAll(async () => {
    scripted = await openPage(browser, AXE_LOOKS[0]!, { javaScriptEnabled: true, bypassCSP: true });
  });
  afterAll(() => scripted[Symbol.asyncDispose]());

  test.each(KINDS)("the page %s meets WCAG 2.2 on level AA", async (name) => {
    await scripted.goto(`${origin}/page/${encodeURIComponent(name)}`);
    const problems: string[] = [];
    for (const look of axeLooksAt(name)) {
      await lookAt(scripted, look);
      const found = [...(await axeProblems(scripted)), ...(await scripted.evaluate(auditPage))];
      problems.push(...found.map((problem) => `${look.width} px, ${look.scheme}: ${problem}`));
    }
    // Of the others there are pictures already.
    for (const look of WANTS_PICTURES && name in operatorPages ? AXE_LOOKS : []) {
      await lookAt(scripted, look);
      await screenshot(scripted, `page ${name}`, look);
    }
    expect(problems).toEqual([]);
  });
});

test("axe finds what is wrong with a page that is made badly", async () => {
  await using page = await openPage(browser, LOOKS[0]!, { javaScriptEnabled: true });
  await page.setContent(`<h1>One</h1><p style="color:#999;background:#fff">Pale</p><input>`);
  const problems = (await axeProblems(page)).join("\n");
  for (const rule of ["color-contrast", "document-title", "html-has-lang", "label"]) {
    expect(problems).toContain(rule);
  }
});

test.each(Object.keys(mails))("the mail %s can be read, and its buttons are plain to see", async (name) => {
  await window.goto(`${origin}/mail/${encodeURIComponent(name)}`);
  const problems = await problemsOf(window, `mail ${name}`, async (page) => {
    for (const button of [/Approve…|Genehmigen…/u, /Reject…|Ablehnen…/u]) {
      expect(await page.getByRole("link", { name: button }).isVisible()).toBe(true);
    }
    const found = await page.evaluate(auditPage);
    // A mail is no page of ours: the program that shows it has the landmarks.
    return found.filter((problem) => !problem.includes("landmark"));
  });
  expect(problems).toEqual([]);
});

test("text that wants to be markup leaves every page as usable as it was, and runs nothing", async () => {
  const look = { width: 320, scheme: "light" } as const;
  await using page = await openPage(browser, look, { javaScriptEnabled: true });
  const ran: string[] = [];
  page.on("dialog", async (dialog) => {
    ran.push(dialog.message());
    await dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(origin)) ran.push(request.url());
  });
  const problems: string[] = [];
  for (const name of Object.keys(HOSTILE_PAGES)) {
    await page.goto(`${origin}/hostile/${encodeURIComponent(name)}`);
    problems.push(...(await page.evaluate(auditPage)).map((problem) => `${name}: ${problem}`));
  }
  expect(problems).toEqual([]);
  expect(ran).toEqual([]);
});

test("auditPage() finds what is wrong with a page that is made badly", async () => {
  await using page = await openPage(browser, LOOKS[0]!);
  await page.setContent(`<h1>One</h1><h1>Two</h1><h4>Deep</h4>
    <p style="color:#999;background:#fff">Pale</p><input><button style="color:#888;background:#aaa">Press</button>
    <a href="/x" style="display:block;width:5px;height:5px"></a><div style="width:2000px">Wide</div>
    <i id="a"></i><i id="a"></i><label for="nobody">For</label>`);
  const problems = (await page.evaluate(auditPage)).join("\n");
  for (const part of [
    "no language",
    "no title",
    "2 first headings",
    "skips a level",
    "0 main landmarks",
    "Outside every landmark",
    "Two have the id a",
    "the id nobody",
    "No name: <input>",
    "No name: <a>",
    "Too small to hit: <a>",
    '<p> "Pale" has a contrast of 2.85',
    '<button> "Press" has a contrast of 1.5',
    "2008 wide in a window of 320",
  ]) {
    expect(problems).toContain(part);
  }
});

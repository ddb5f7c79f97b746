/**
 * A person's way from the mail to the receipt, in Chromium, against the running service: with JavaScript disabled, by
 * mouse and by keyboard alone, on a desktop and on a small phone.
 *
 * `README_PICTURES=1 npx vitest run --project e2e test/e2e/browser.test.ts` takes the README's pictures anew.
 */
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { LOOKS, type Look, lookAt, openBrowser, openPage, screenshot } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { noticeIn } from "../support/mails.ts";
import { auditPage, focused, focusedElement, isFocusElsewhere } from "../support/page-audit.ts";
import { needsIndex } from "../support/resonate-server.ts";
import { ROOT, type ServiceProcess } from "../support/service-process.ts";
import { newId, openSite, type Site } from "../support/site.ts";

const DESKTOP: Look = { width: 1280, scheme: "light" };
const PHONE: Look = { width: 390, scheme: "light" };
const PHONE_HEIGHT = 640;

let browser: Browser;
let site: Site;
let all: ServiceProcess;
let api: Api;

beforeAll(async () => {
  browser = await openBrowser();
  site = await openSite();
  all = await site.start("all");
  api = new Api(all.url);
});
afterAll(async () => {
  await browser?.close();
  await site?.[Symbol.asyncDispose]();
});

describe("with JavaScript disabled", () => {
  test("mailbox, mail, page, press, receipt; the same press again and the other link show what stands", async () => {
    await using page = await openPage(browser, DESKTOP);
    const id = await ask("Order 12 screens");

    await openMail(page, "Order 12 screens");
    const mail = page.frameLocator("iframe");
    await expectShown(mail.getByRole("heading", { level: 1, name: "Order 12 screens" }));
    await mail.getByRole("link", { name: "Approve…" }).click();
    await page.waitForURL(/\/d\//u);
    const asked = page.url();
    expect(await page.title()).toBe("Decision needed: Order 12 screens · Countersign");
    await expectShown(page.getByText("You decide as"));
    expect((await api.approval(id)).ballots[0]?.state).toBe("open");

    await page.getByLabel("Comment").fill("Go ahead,\nbut before Christmas.");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.waitForURL(/\/r\//u);
    await expectReceipt(page, {
      headline: "Your answer is recorded: Approved",
      decision: "approved",
      effective: true,
    });
    await expectShown(page.getByText("but before Christmas."));
    expect(await api.ended(id)).toMatchObject({ result: { outcome: "approved" } });

    // A reload shows the receipt again and posts nothing.
    await page.reload();
    await expectReceipt(page, {
      headline: "Your answer is recorded: Approved",
      decision: "approved",
      effective: true,
    });

    // Back, to the page as it was; it is asked for anew, since no page is kept, and shows what stands.
    await page.goBack();
    expect(page.url()).toBe(asked);
    await expectStanding(page, "You have answered: Approved", "approved");

    // The mail once more: the other link, too, tells what stands and offers nothing to press.
    await openMail(page, "Order 12 screens");
    await page.frameLocator("iframe").getByRole("link", { name: "Reject…" }).click();
    await page.waitForURL(/\/d\//u);
    await expectStanding(page, "You have answered: Approved", "approved");
  });

  test("on a phone every answer is in sight at once, nothing lies below the buttons, and one page gives each", async () => {
    const id = await ask("Reached by thumb");
    const { links } = await site.mailTo("ana@example.com", "Reached by thumb");
    await using page = await openPage(browser, PHONE);
    await page.goto(links.approve);
    for (const name of ["Approve", "Reject"]) {
      const button = page.getByRole("button", { name });
      const box = await button.boundingBox();
      expect(box && box.y + box.height).toBeLessThanOrEqual(PHONE_HEIGHT);
      expect(box?.height).toBeGreaterThanOrEqual(44);
    }
    // The end of the page can be scrolled to above them.
    await page.getByRole("contentinfo").scrollIntoViewIfNeeded();
    const bar = await page.getByRole("group", { name: "Your answer" }).boundingBox();
    await page.mouse.wheel(0, 100_000);
    await expect
      .poll(async () => {
        const footer = await page.getByRole("contentinfo").boundingBox();
        return footer !== null && bar !== null && footer.y + footer.height <= bar.y;
      })
      .toBe(true);
    await page.getByRole("button", { name: "Reject" }).click();
    await page.waitForURL(/\/r\//u);
    await expectReceipt(page, {
      headline: "Your answer is recorded: Rejected",
      decision: "rejected",
      effective: true,
    });
    // Both pages tell what became of the request, also when they are opened again later.
    await api.ended(id);
    await page.reload();
    await expectShown(page.getByText("The request is rejected.").first());
    await page.goto(links.approve);
    await expectStanding(page, "You have answered: Rejected", "rejected");
    await expectShown(page.getByText("The request is rejected.").first());
  });

  test("two open pages: the second press, for the other answer, is told that it did not count", async () => {
    const id = await ask("Deploy on Friday");
    const { links } = await site.mailTo("ana@example.com", "Deploy on Friday");
    await using first = await openPage(browser, DESKTOP);
    await using second = await openPage(browser, { width: 320, scheme: "dark" });
    await using third = await openPage(browser, DESKTOP);
    await Promise.all([first.goto(links.reject), second.goto(links.approve), third.goto(links.reject)]);

    await first.getByRole("button", { name: "Reject" }).click();
    await first.waitForURL(/\/r\//u);
    await expectReceipt(first, {
      headline: "Your answer is recorded: Rejected",
      decision: "rejected",
      effective: true,
    });

    await second.getByRole("button", { name: "Approve" }).click();
    await second.waitForURL(/\/r\//u);
    await expectReceipt(second, {
      headline: "Not recorded: you had already answered",
      decision: "rejected",
      effective: false,
    });
    expect(await second.evaluate(auditPage)).toEqual([]);

    await third.getByRole("button", { name: "Reject" }).click();
    await third.waitForURL(/\/r\//u);
    await expectReceipt(third, {
      headline: "You had already answered: Rejected",
      decision: "rejected",
      effective: false,
    });
    expect(await api.ended(id)).toMatchObject({
      result: { outcome: "rejected", decisions: [{ choice: "reject" }] },
    });
  });

  test("a comment that is too long comes back with what was written, and nothing is recorded", async () => {
    const id = await ask("A long story");
    const { links } = await site.mailTo("ana@example.com", "A long story");
    await using page = await openPage(browser, DESKTOP);
    await page.goto(links.approve);
    const story = `${"word ".repeat(399)}last word`;
    // The field's own limit keeps a browser from sending more, so it is taken off, as other software has none.
    await page.getByLabel("Comment").evaluate((field) => field.removeAttribute("maxlength"));
    await page.getByLabel("Comment").fill(`${story}!`);
    await page.getByRole("button", { name: "Approve" }).click();
    await expectShown(page.getByRole("alert"));
    expect(await page.getByRole("alert").textContent()).toContain("2,005 characters");
    expect(await page.getByLabel("Comment").inputValue()).toBe(`${story}!`);
    expect(await page.evaluate(auditPage)).toEqual([]);
    expect((await api.approval(id)).ballots[0]?.state).toBe("open");
  });

  test("a service that cannot reach its records says so, and the page works when it is back", async () => {
    await using apart = await openSite();
    const { engine, gateway, worker } = await apart.startParts({ gateways: 1 });
    if (engine === undefined) return;
    const other = new Api(gateway.url);
    await other.ask({ id: newId("po"), title: "While it is away", approvers: ["ana@example.com"] });
    const { links } = await apart.mailTo("ana@example.com", "While it is away");
    await using page = await openPage(browser, DESKTOP);
    await page.goto(links.approve);
    await engine.killHard();
    await page.getByRole("button", { name: "Approve" }).click();
    await expectShown(page.getByRole("heading", { level: 1, name: "Not confirmed, please try again" }));
    expect(await page.evaluate(auditPage)).toEqual([]);
    await apart.start("engine");
    await page.getByRole("link", { name: "Open this page again" }).click();
    await page.getByRole("button", { name: "Approve" }).click();
    await page.waitForURL(/\/r\//u);
    await expectReceipt(page, {
      headline: "Your answer is recorded: Approved",
      decision: "approved",
      effective: true,
    });
    await worker.stop();
  });
});

test("by keyboard alone, with the focus in sight at every step, and no complaint of the browser's", async () => {
  const id = await ask("By keyboard");
  await site.mailTo("ana@example.com", "By keyboard");
  // As most people's browsers are: our pages have no script, and break no rule of their own policy.
  await using page = await openPage(browser, DESKTOP, { javaScriptEnabled: true });
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`${site.publicUrl}/`);
  await tabTo(page, "a", /mailbox/iu);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/mailbox$/u);
  await tabTo(page, "a", /By keyboard/u);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/mailbox\/\d+$/u);
  // The focus goes straight to the first link in the frame, and on to the second.
  await tabTo(page, "iframe", /HTML part/u);
  const mail = page.frames().find((frame) => frame.url().endsWith("/html"));
  expect(await mail?.evaluate(focused)).toMatchObject({ tag: "a", text: "✓ Approve…", problem: undefined });
  await page.keyboard.press("Tab");
  expect(await mail?.evaluate(focused)).toMatchObject({ tag: "a", text: "✕ Reject…", problem: undefined });
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/d\//u);
  expect(await page.title()).toMatch(/^Decision needed/u);
  await tabTo(page, "textarea", /^$/u);
  await page.keyboard.type("Too dear");
  await tabTo(page, "button", /^Reject$/u);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/r\//u);
  await expectReceipt(page, {
    headline: "Your answer is recorded: Rejected",
    decision: "rejected",
    effective: true,
  });
  await api.ended(id);
  expect((await api.approval(id)).outcome?.decisions[0]).toMatchObject({
    choice: "reject",
    comment: "Too dear",
  });
  expect(complaints).toEqual([]);
});

test("every page on the way is whole, and the way can be gone, at each width in light and dark", async () => {
  const title = "New desks, seen by everybody";
  await ask(title);
  await using page = await openPage(browser, DESKTOP);
  await page.goto(`${site.publicUrl}/`);
  await keep(page, "way 1 start page");
  await openMail(page, title);
  const mail = page.frameLocator("iframe").getByRole("link", { name: "Approve…" });
  await keep(page, "way 3 mail", mail);
  await page.goBack();
  await keep(page, "way 2 mailbox", page.getByRole("link", { name: `Decision needed: ${title}` }));
  await page.goForward();
  await mail.click();
  await page.waitForURL(/\/d\//u);
  const approve = page.getByRole("button", { name: "Approve" });
  await keep(page, "way 4 question", approve);
  await approve.click();
  await page.waitForURL(/\/r\//u);
  await keep(page, "way 5 receipt");
  await page.goto(`${site.publicUrl}/d/not-a-link`);
  await keep(page, "way 6 refused");
  await page.goto(`${site.publicUrl}/mailbox/1`);
  await keep(page, "way 7 no such mail");
  await page.goto(`${site.publicUrl}/nowhere`);
  await keep(page, "way 8 nothing there");
});

test("a passkey: made in the inbox with the browser's own device, it signs in without a mail", async (ctx) => {
  needsIndex(ctx);
  await using own = await openSite();
  // Browsers have passkeys for names, and for this one without TLS.
  const url = own.publicUrl.replace("127.0.0.1", "localhost");
  const service = await own.start("all", { PUBLIC_URL: url });
  const email = "ana@example.com";
  await new Api(service.url).ask({ id: newId("screens"), title: "Order 12 screens", approvers: [email] });
  // Only people who are asked something are sent a mail to sign in.
  await own.mailTo(email, "Order 12 screens");
  await using page = await openPage(browser, DESKTOP, { javaScriptEnabled: true });
  const devices = await page.context().newCDPSession(page);
  await devices.send("WebAuthn.enable");
  await devices.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  });

  await page.goto(`${url}/inbox/sign-in`);
  await page.getByLabel("Your mail address").fill(email);
  await page.getByRole("button", { name: "Send me the mail" }).click();
  const mailbox = join(own.dataDir, "mailbox");
  const mailAbout = (about: string) => eventually(`a mail about ${about}`, () => noticeIn(mailbox, about));
  const { text } = await mailAbout("Sign in");
  await page.getByLabel("Code").fill(/\b\d{6}\b/u.exec(text)?.[0] ?? "");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Passkeys" }).click();
  await page.getByLabel("What you call it").fill("My laptop");
  await page.getByRole("button", { name: "Add a passkey on this device" }).click();
  await expectShown(page.getByText("My laptop"));
  await expectShown(page.getByText("Valid until"));

  await page.getByLabel("What you call it").fill("My laptop again");
  await page.getByRole("button", { name: "Add a passkey on this device" }).click();
  await expectShown(page.getByText("This device has a passkey of yours already."));

  await page.goto(`${url}/inbox`);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.goto(`${url}/inbox/sign-in`);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await expectShown(page.getByRole("link", { name: "Order 12 screens" }));
  expect((await mailAbout("passkey")).text).toContain("My laptop");
});

test("the README's pictures are of the mail and of the page as they are", async () => {
  await using page = await openPage(browser, DESKTOP, {
    // Twice the width that a README's table gives them.
    deviceScaleFactor: 1.5,
    viewport: { width: 560, height: 900 },
  });
  // The README's own example.
  const id = TAKE_PICTURES ? "po-4711" : newId("po-4711");
  await api.ask({
    id,
    title: "Order 40 laptops",
    summary: "The old ones are **six years** old.",
    details: [{ label: "Amount", value: "41 200 €" }],
    requester: "kim@example.com",
    approvers: ["ana@example.com"],
  });
  await openMail(page, "Order 40 laptops");
  await page.goto(`${page.url()}/html`);
  await picture(page, "mail", page.locator("table.card"));
  await page.getByRole("link", { name: "Approve…" }).click();
  await page.waitForURL(/\/d\//u);
  // The window as it is: in a picture of the whole page, the buttons at its bottom would lie across the text.
  await expectShown(page.locator(".columns"));
  if (TAKE_PICTURES) await page.screenshot({ path: `${ROOT}docs/images/decide.png` });
});

/** The pictures are taken when somebody wants new ones: each run's differ in date and address. */
const TAKE_PICTURES = process.env["README_PICTURES"] === "1";

/** A picture of what is there, with a little of the ground around it. */
async function picture(page: Page, name: string, what: Locator): Promise<void> {
  await expectShown(what);
  const box = await what.boundingBox();
  if (box === null || !TAKE_PICTURES) return;
  const margin = 12;
  const clip = {
    x: box.x - margin,
    y: box.y - margin,
    width: box.width + 2 * margin,
    height: box.height + 2 * margin,
  };
  await page.screenshot({ path: `${ROOT}docs/images/${name}.png`, clip, fullPage: true });
}

/** Asks Ana as the README's example does. */
async function ask(title: string, id = "po"): Promise<string> {
  return api.ask({
    id: newId(id),
    title,
    summary: "The old ones are **six years** old.",
    details: [{ label: "Amount", value: "41 200 €" }],
    requester: { email: "kim@example.com", name: "Kim Novak" },
    approvers: [{ email: "ana@example.com", name: "Ana Souza" }],
  });
}

/** Goes to the newest mail that asks about this by way of the mailbox, once it is there. */
async function openMail(page: Page, title: string): Promise<void> {
  await site.mailTo("ana@example.com", title);
  await page.goto(`${site.publicUrl}/mailbox`);
  await page
    .getByRole("link", { name: `Decision needed: ${title}` })
    .first()
    .click();
  await page.waitForURL(/\/mailbox\/\d+$/u);
}

/** The page that is open is whole in each look, and what leads on can be pressed in it. Leaves pictures. */
async function keep(page: Page, name: string, onward?: Locator): Promise<void> {
  for (const look of LOOKS) {
    await lookAt(page, look);
    await screenshot(page, name, look);
    const about = `${name}, ${look.width} px, ${look.scheme}`;
    expect(await page.evaluate(auditPage), about).toEqual([]);
    // All that a click waits for, without the click.
    await onward?.click({ trial: true });
  }
}

async function expectReceipt(
  page: Page,
  receipt: { readonly headline: string; readonly decision: string; readonly effective: boolean },
): Promise<void> {
  await expectShown(page.getByRole("heading", { level: 1, name: receipt.headline }));
  const main = page.getByRole("main");
  expect(await main.getAttribute("data-decision")).toBe(receipt.decision);
  expect(await main.getAttribute("data-effective")).toBe(String(receipt.effective));
  expect(await page.locator("form, button").count()).toBe(0);
}

async function expectStanding(page: Page, headline: string, decision: string): Promise<void> {
  await expectShown(page.getByRole("heading", { level: 1, name: headline }));
  expect(await page.getByRole("main").getAttribute("data-decision")).toBe(decision);
  expect(await page.locator("form, button").count()).toBe(0);
}

/** Waits until it is there to be seen. */
async function expectShown(locator: Locator): Promise<void> {
  await locator.waitFor({ state: "visible" });
}

/** Presses Tab until the control has the focus; fails if the focus cannot be seen on the way, or never gets there. */
async function tabTo(page: Page, tag: string, text: RegExp): Promise<void> {
  const met: string[] = [];
  for (let i = 0; i < 30; i++) {
    const before = await page.evaluateHandle(focusedElement);
    await page.keyboard.press("Tab");
    // A frame may be a process of its own: the page hears of the focus in it later than the key was pressed.
    await page.waitForFunction(isFocusElsewhere, before);
    const at = await page.evaluate(focused);
    met.push(`<${at.tag}> ${at.text}`);
    if (at.tag !== "body" && at.tag !== "iframe") expect(at.problem, met.at(-1)).toBeUndefined();
    if (at.tag === tag && text.test(at.text)) return;
  }
  throw new Error(`Tab never came to <${tag}> ${String(text)}: ${met.join(", ")}`);
}

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { HANGS_MS } from "./eventually.ts";
import { ROOT } from "./service-process.ts";

/** Debian's; `CHROMIUM` names another. */
const CHROMIUM = process.env["CHROMIUM"] || "/usr/bin/chromium";

/** For people to look at; not kept in git. */
const SCREENSHOTS = `${ROOT}test/screenshots`;
/** `npm run pictures` asks for them. To draw one takes longer than to check the page. */
export const WANTS_PICTURES = process.env["PICTURES"] === "yes";

/** Starts Chromium with a profile of its own. Without one the test fails: what nobody has looked at is not proven. */
export async function openBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(
      `There is no Chromium at ${CHROMIUM}: install it (Debian: apt-get install chromium), or set CHROMIUM to its path`,
    );
  }
  await mkdir(SCREENSHOTS, { recursive: true });
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      // Tests run as root in containers, and this browser meets nothing but our own pages.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

const WIDTHS = [320, 1280] as const;
const PHONE = 390;
const SCHEMES = ["light", "dark"] as const;

export interface Look {
  readonly width: number;
  readonly scheme: (typeof SCHEMES)[number];
}

/** Every width in every scheme. */
export const LOOKS: readonly Look[] = WIDTHS.flatMap((width) => SCHEMES.map((scheme) => ({ width, scheme })));

/** A window as people have it: on a small phone or a desktop, in light or dark; without JavaScript if nothing is said. */
export async function openPage(
  browser: Browser,
  { width, scheme }: Look,
  options: BrowserContextOptions = {},
): Promise<Page & AsyncDisposable> {
  const context = await browser.newContext({
    viewport: viewport(width),
    colorScheme: scheme,
    javaScriptEnabled: false,
    ...options,
  });
  // On a machine on which others work too, a browser may get no processor for 20 s.
  context.setDefaultTimeout(2 * HANGS_MS);
  const page = await context.newPage();
  return Object.assign(page, { [Symbol.asyncDispose]: () => context.close() });
}

function viewport(width: number): { width: number; height: number } {
  return { width, height: width < 600 ? 640 : 900 };
}

/** The page that is open, in another look: a small part of what it takes to open it again. */
export async function lookAt(page: Page, { width, scheme }: Look): Promise<void> {
  await page.setViewportSize(viewport(width));
  await page.emulateMedia({ colorScheme: scheme });
}

/** Keeps a picture of the whole page as it is now, if somebody wants to look at it. */
export async function screenshot(page: Page, name: string, look: Look): Promise<void> {
  if (!WANTS_PICTURES) return;
  // What is checked works down to 320 px. To be looked at, it is as wide as the phone that most people have.
  const width = Math.max(look.width, PHONE);
  const file = `${name.replaceAll(/[^a-z0-9]+/giu, "-")}-${width}-${look.scheme}.png`;
  const before = page.viewportSize();
  await page.setViewportSize(viewport(width));
  if ((await page.locator("iframe").count()) > 0) {
    // Of a frame only what is in the window is drawn.
    const whole = await page.locator("html").boundingBox();
    await page.setViewportSize({ width, height: Math.ceil(whole?.height ?? viewport(width).height) });
  }
  await page.screenshot({ path: `${SCREENSHOTS}/${file}`, fullPage: true });
  if (before !== null) await page.setViewportSize(before);
}

import axe from "axe-core";
import type { Page } from "playwright-core";

/** Versions 2.0 to 2.2, levels A and AA; and best practices, which cost nothing to keep to. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** As much of axe in the browser as is used here. */
declare const document: object;
type InPage = typeof globalThis & { axe?: Pick<typeof axe, "run"> };

/**
 * What axe finds wrong with the page that is open. The page must allow script, and have no frames.
 *
 * axe runs in the page itself, and tells of violations alone: `@axe-core/playwright` loads it anew for each look, into a second
 * page as well, and describes every element that is right, which takes seven times the processor time.
 */
export async function axeProblems(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => (globalThis as InPage).axe !== undefined))) await page.evaluate(axe.source);
  const violations = await page.evaluate(async (tags) => {
    const options = { runOnly: { type: "tag" as const, values: tags }, resultTypes: ["violations" as const] };
    const found = await (globalThis as InPage).axe?.run(document as never, options);
    return found?.violations;
  }, TAGS);
  if (violations === undefined) throw new Error("axe is not in the page");
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`));
}

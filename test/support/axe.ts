import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";

/** Versions 2.0 to 2.2, levels A and AA; and best practices, which cost nothing to keep to. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds wrong with the page that is open. The page must allow script. */
export async function axeProblems(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`));
}

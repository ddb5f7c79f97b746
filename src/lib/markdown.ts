/**
 * Markdown of askers. What it costs to read and how long it gets are bounded by its own length, however it is written:
 *
 * M1 a summary that would be more than its author can have meant (see the limits below) is shown as written, as plain
 *    text. Nothing of it is left out, and nothing is refused, because what was accepted once must always be shown;
 * M2 the limits are checked before anything is rendered: links that share one long target, or the cells that a table
 *    lacks and a parser adds, would make megabytes of a page of text.
 */
import { createRequire } from "node:module";
import type { MarkdownIt as Markdown, default as MarkdownItLibrary, Token } from "markdown-it";
import { escapeHtml, Html } from "./html.ts";
import { cleanText } from "./text.ts";

const require = createRequire(import.meta.url);

/** Lists, quotes and emphasis inside each other; a list counts twice, as itself and as its item. */
const NESTING_MAX = 20;
/** Columns of the widest table times lines of the text: what there can be of cells, those that rows lack included. */
const CELLS_MAX = 5_000;
/** Characters of all links' targets. One that is defined once and used often counts each time. */
const TARGETS_CHARS_MAX = 20_000;
/** Characters of markup. */
const HTML_CHARS_MAX = 100_000;

/**
 * Markdown for pages: no raw HTML, no images; links only to `https:` and `mailto:`, with their target shown, because
 * the words of a link are chosen by the asker.
 */
export function markdownForPage(source: string): Html {
  const known = RENDERED.get(source);
  // The newest is the last one: what nobody opens any more is dropped first.
  RENDERED.delete(source);
  const html = known ?? rendered(source);
  RENDERED.set(source, html);
  const [oldest] = RENDERED.keys();
  if (RENDERED.size > RENDERED_MAX && oldest !== undefined) RENDERED.delete(oldest);
  return html;
}

/** Everybody who is asked opens the page of a request, and some reload it. A long summary takes half of the page's time. */
const RENDERED = new Map<string, Html>();
const RENDERED_MAX = 50;

function rendered(source: string): Html {
  const tokens = parseMarkdown(source);
  const { renderer, options } = forPages();
  const markup = tokens && renderer.render([...tokens], options, {});
  return new Html(
    markup !== undefined && markup.length <= HTML_CHARS_MAX
      ? markup
      : `<p class="as-written">${escapeHtml(source)}</p>\n`,
  );
}

/** The tokens of a text that keeps to the limits, and else undefined. */
export function parseMarkdown(source: string): readonly Token[] | undefined {
  const text = cleanText(source);
  if (mostCells(text) > CELLS_MAX) return undefined;
  const tokens = forPages().parse(text, {});
  return isWithinLimits(tokens) ? tokens : undefined;
}

/**
 * A parser and renderer that knows nothing but text, emphasis, lists, quotes, code, tables and links. Make it when there
 * is something to read: the library takes 20 ms, and each start would wait for it.
 */
export function createMarkdown(): Markdown {
  const MarkdownIt = require("markdown-it") as typeof MarkdownItLibrary;
  // Beyond its own limit the parser drops what it finds, so ours must come first.
  const maxNesting = NESTING_MAX + 10;
  const markdown = new MarkdownIt({
    html: false,
    linkify: false,
    typographer: false,
    breaks: true,
    maxNesting,
  });
  markdown.disable("image");
  markdown.validateLink = (url) => /^(?:https|mailto):/iu.test(url);
  // The page's own headings are h1 and h2; a summary's begin below them.
  markdown.core.ruler.push("lower_headings", ({ tokens }) => {
    for (const token of tokens) {
      if (token.type === "heading_open" || token.type === "heading_close") {
        token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + 2)}`;
      }
    }
  });
  return markdown;
}

/** The link that ends at a token: where it leads, and whether its words say just that. */
export function linkEndingAt(
  tokens: readonly Token[],
  closeIndex: number,
): { readonly href: string; readonly saysSo: boolean } {
  let words = "";
  let i = closeIndex - 1;
  for (; i >= 0 && tokens[i]?.type !== "link_open"; i--) words = `${tokens[i]?.content ?? ""}${words}`;
  const href = hrefOf(tokens[i]);
  return { href, saysSo: words === href || `mailto:${words}` === href };
}

function forPages(): Markdown {
  if (pages !== undefined) return pages;
  pages = createMarkdown();
  pages.renderer.rules["link_open"] = (tokens, index) =>
    `<a href="${escapeHtml(hrefOf(tokens[index]))}" rel="noopener noreferrer nofollow">`;
  pages.renderer.rules["link_close"] = (tokens, index) => {
    const { href, saysSo } = linkEndingAt(tokens, index);
    return saysSo ? "</a>" : `</a> <span class="target">(${escapeHtml(href)})</span>`;
  };
  // Wider than a phone, it scrolls in a box of its own, which those without a mouse reach, too.
  pages.renderer.rules["table_open"] = () => `<div class="table" tabindex="0"><table>\n`;
  pages.renderer.rules["table_close"] = () => "</table></div>\n";
  return pages;
}

let pages: Markdown | undefined;

/** How many cells the tables in a text can have at most. Zero if no line could be the rule below a table's head. */
function mostCells(text: string): number {
  const lines = text.split("\n");
  const rules = lines.filter((line) => line.includes("-") && TABLE_RULE.test(line));
  const columns = rules.map((line) => line.split("|").length);
  return columns.reduce((most, count) => Math.max(most, count), 0) * lines.length;
}

/** Also inside quotes and lists. */
const TABLE_RULE = /^[\t >*+\d.)|:-]+$/u;

function isWithinLimits(blocks: readonly Token[]): boolean {
  let targetsChars = 0;
  for (const block of blocks) {
    for (const token of [block, ...(block.children ?? [])]) {
      targetsChars += token.type === "link_open" ? hrefOf(token).length : 0;
      if (token.level > NESTING_MAX || targetsChars > TARGETS_CHARS_MAX) return false;
    }
  }
  return true;
}

function hrefOf(token: Token | undefined): string {
  return String(token?.attrGet("href") ?? "");
}

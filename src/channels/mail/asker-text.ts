/**
 * Text of askers in the HTML part of a mail. Mail programs make links of everything that looks like an address to them,
 * and each guesses differently. So nothing is left to guess:
 *
 * L1 what the asker wrote as an `https:` address is a link, made here: its words are its target and nothing else, and it
 *    is marked as the asker's, so that it cannot pose as one of ours. Only below our own links, in the summary and in
 *    details;
 * L2 everything else that could pass for an address (a host, a number, a mail address) is inside an `<a>` without a
 *    target. Programs make no links inside an `<a>`, it is invisible, and a copy has the text that the asker wrote.
 */
import type { MarkdownIt as Markdown, Token } from "markdown-it";
import { escapeHtml, Html } from "../../lib/html.ts";
import { createMarkdown, linkEndingAt, parseMarkdown } from "../../lib/markdown.ts";
import { cleanText } from "../../lib/text.ts";

/**
 * Plain text whose `https:` addresses are links.
 *
 * @param mark the words that mark a link as the asker's, in the reader's language; so in all functions here
 */
export function askerText(text: string, mark: string): Html {
  return new Html(markupOf(text, mark));
}

/** Plain text without any link, for text among our own words: titles, names, ids. */
export function linklessText(text: string): Html {
  return new Html(linkless(cleanText(text)));
}

/** A stretch of markdown that can be shown by itself. */
export interface AskerBlock {
  readonly html: string;
  /** How many lines of the source lie before its end. */
  readonly endLine: number;
}

/** The blocks of a summary in order; one of plain text if it is beyond what {@link parseMarkdown} shows as markdown. */
export function* askerBlocks(source: string, mark: string): Generator<AskerBlock> {
  const tokens = parseMarkdown(source);
  if (tokens === undefined) {
    yield { html: plainBlock(source, mark), endLine: cleanText(source).split("\n").length };
    return;
  }
  let block: Token[] = [];
  for (const token of tokens) {
    block.push(token);
    // Opening tokens are on level 0 too, and their closing ones end the block.
    if (token.level > 0 || token.nesting > 0) continue;
    yield { html: render(block, mark), endLine: block[0]?.map?.[1] ?? 0 };
    block = [];
  }
}

export function plainBlock(source: string, mark: string): string {
  return `<p>${markupOf(source, mark).replaceAll("\n", "<br>\n")}</p>\n`;
}

function forMails(): Markdown {
  if (mails !== undefined) return mails;
  mails = createMarkdown();
  const { rules } = mails.renderer;
  rules["text"] = (tokens, i, _options, env) => markupOf(tokens[i]?.content ?? "", markIn(env));
  rules["code_inline"] = (tokens, i, _options, env) =>
    `<code>${markupOf(tokens[i]?.content ?? "", markIn(env))}</code>`;
  rules["code_block"] = codeBlock;
  rules["fence"] = codeBlock;
  rules["link_open"] = () => "";
  rules["link_close"] = (tokens, i, _options, env) => {
    const { href, saysSo } = linkEndingAt(tokens, i);
    const target = targetOf(href);
    if (saysSo) return "";
    return target === undefined ? ` (${linkless(href)})` : ` (${marked(markIn(env))}: ${linkTo(target)})`;
  };
  return mails;
}

let mails: Markdown | undefined;

function render(tokens: Token[], mark: string): string {
  const { renderer, options } = forMails();
  return renderer.render(tokens, options, { mark } satisfies Environment);
}

/** What the renderer hands on to the rules. */
interface Environment {
  readonly mark: string;
}

function markIn(env: unknown): string {
  return (env as Environment).mark;
}

function codeBlock(tokens: Token[], i: number, _options: unknown, env: unknown): string {
  return `<pre><code>${markupOf(tokens[i]?.content ?? "", markIn(env))}</code></pre>\n`;
}

/** Blanks and line breaks stay as they are. */
function markupOf(text: string, mark: string): string {
  let markup = "";
  let run = "";
  for (const piece of cleanText(text).split(/(\s+)/u)) {
    const start = piece.search(/https:\/\//iu);
    const before = piece.slice(0, Math.max(start, 0));
    const rest = piece.slice(before.length);
    const address = rest.slice(0, endOf(rest));
    const target = start === -1 || !OPENING.test(before) ? undefined : targetOf(address);
    if (target === undefined) run += piece;
    else {
      markup += `${linkless(run + before)}${linkTo(target)} (${marked(mark)})`;
      run = rest.slice(address.length);
    }
  }
  return markup + linkless(run);
}

/** All of it in one anchor if there could be an address in it, so that the text stays in one piece. */
function linkless(text: string): string {
  const mayHoldOne = text.split(/\s+/u).some((word) => IN_ADDRESS.test(word.slice(0, endOf(word))));
  return mayHoldOne ? `<a>${escapeHtml(text)}</a>` : escapeHtml(text);
}

function linkTo(target: string): string {
  const written = escapeHtml(target);
  return `<a class="link" href="${written}" rel="noopener noreferrer nofollow">${written}</a>`;
}

function marked(mark: string): string {
  return `<span class="mark">${escapeHtml(mark)}</span>`;
}

/** What is in every address somewhere; the last three are full stops that browsers take in a host's name. */
const IN_ADDRESS = /[.:@/\\\u3002\uFF0E\uFF61]/u;
const OPENING = /^[<([{"'„“‚‘«]*$/u;

/** Where an address in a sentence ends. */
function endOf(word: string): number {
  let end = word.length;
  while (end > 0 && CLOSING.has(word[end - 1] ?? "")) end -= 1;
  // A bracket that was opened within belongs to it.
  return word[end] === ")" && word.lastIndexOf("(", end) > word.lastIndexOf(")", end - 1) ? end + 1 : end;
}

const CLOSING: ReadonlySet<string> = new Set(`.,:;!?)]}>"'“”’»…`);

/** The address in the ASCII form that says where it leads; undefined for one that pretends to lead elsewhere. */
function targetOf(address: string): string | undefined {
  const url = URL.parse(address);
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "") return undefined;
  // Without the slash that a bare host gets, if that is how it was written.
  return url.href === `${address}/` ? address : url.href;
}

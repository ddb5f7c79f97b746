import MarkdownIt, { type MarkdownIt as Markdown, type Token } from "markdown-it";
import { escapeHtml, Html } from "./html.ts";
import { cleanText } from "./text.ts";

/**
 * Markdown for pages: no raw HTML, no images; links only to `https:` and `mailto:`, with their target shown, because
 * the words of a link are chosen by whoever asks for the decision.
 */
export function markdownForPage(source: string): Html {
  return new Html(forPages.render(cleanText(source)));
}

/** Markdown for mails: as for pages, but no link works, so that nothing can pose as our own buttons. */
export function markdownForMail(source: string): Html {
  return new Html(forMails.render(cleanText(source)));
}

/**
 * Keeps mail programs from making links of addresses in plain text: a zero-width space after the scheme and after
 * each dot of a host. Only what looks like an address with a scheme, a path or `www.` is touched.
 */
export function withoutLinks(text: string): string {
  return cleanText(text)
    .replace(/\b([a-z][a-z0-9+.-]{1,15}:)(?=\/\/|[^\s@]+@)/giu, `$1${BREAK}`)
    .replace(HOST_WITH_PATH, (host) => host.replaceAll(".", `.${BREAK}`));
}

const BREAK = "\u200B";
const HOST_WITH_PATH =
  /(?<=\/\/)[^\s/?#]+|\bwww\.[\p{L}\p{N}.-]+|\b[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+(?=[/?#:])/giu;

const forPages = create();
forPages.renderer.rules["link_open"] = (tokens, index) =>
  `<a href="${escapeHtml(hrefOf(tokens[index]))}" rel="noopener noreferrer nofollow">`;
forPages.renderer.rules["link_close"] = (tokens, index) =>
  `</a>${shownTarget(tokens, index, (href) => href)}`;

const forMails = create();
forMails.renderer.rules["link_open"] = () => "";
forMails.renderer.rules["link_close"] = (tokens, index) => shownTarget(tokens, index, withoutLinks);
forMails.core.ruler.push("break_links", ({ tokens }) => {
  for (const token of tokens.flatMap((block) => [block, ...(block.children ?? [])])) {
    if (WRITTEN.has(token.type)) token.content = withoutLinks(token.content);
  }
});

/** Tokens whose content is printed as text. */
const WRITTEN: ReadonlySet<string> = new Set(["text", "code_inline", "code_block", "fence"]);

function create(): Markdown {
  const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false, breaks: true });
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

function hrefOf(token: Token | undefined): string {
  return String(token?.attrGet("href") ?? "");
}

/** The target in brackets, unless the words of the link are the target. */
function shownTarget(tokens: Token[], closeIndex: number, write: (href: string) => string): string {
  const openIndex = tokens.findLastIndex((token, i) => i < closeIndex && token.type === "link_open");
  const href = hrefOf(tokens[openIndex]);
  const words = tokens
    .slice(openIndex + 1, closeIndex)
    .map((token) => token.content)
    .join("");
  const target = write(href);
  if (words === target || write(`mailto:${words}`) === target) return "";
  return ` <span class="target">(${escapeHtml(target)})</span>`;
}

import { escapeHtml, Html } from "../../lib/html.ts";
import { cleanText } from "../../lib/text.ts";

/**
 * Plain text of askers whose `https:` addresses can be opened. Where a browser goes to another address than the one
 * that is written (a host in other letters, for instance), it is shown beside the link. All of the text stays as it was
 * written, so that it can be copied.
 */
export function linkedText(text: string): Html {
  let markup = "";
  for (const piece of cleanText(text).split(/(\s+)/u)) {
    const start = piece.indexOf("https://");
    const address = start === -1 ? "" : piece.slice(start, endOf(piece));
    const target = targetOf(address);
    markup +=
      target === undefined
        ? escapeHtml(piece)
        : `${escapeHtml(piece.slice(0, start))}${linkTo(target, address)}${escapeHtml(piece.slice(start + address.length))}`;
  }
  return new Html(markup);
}

function linkTo(target: string, words: string): string {
  const link = `<a href="${escapeHtml(target)}" rel="noopener noreferrer nofollow">${escapeHtml(words)}</a>`;
  const saysSo = target === words || target === `${words}/`;
  return saysSo ? link : `${link} <span class="target">(${escapeHtml(target)})</span>`;
}

/** Where a browser goes; undefined for an address that pretends to lead elsewhere, and for what is none. */
function targetOf(address: string): string | undefined {
  const url = URL.parse(address);
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "") return undefined;
  return url.href;
}

/** Where an address in a sentence ends. */
function endOf(word: string): number {
  let end = word.length;
  while (end > 0 && CLOSING.has(word[end - 1] ?? "")) end -= 1;
  // A bracket that was opened within belongs to it.
  return word[end] === ")" && word.lastIndexOf("(", end) > word.lastIndexOf(")", end - 1) ? end + 1 : end;
}

const CLOSING: ReadonlySet<string> = new Set(`.,:;!?)]>}"'“”’»…`);

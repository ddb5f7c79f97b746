/** Words as they are compared: without case and accents, in any script that puts something between words. */

/** Words beyond these are not found. */
const WORDS_MAX = 32;
const WORD_CHARS_MAX = 40;

/**
 * The different words of a text, in their order. A longer word is cut, here and in a search.
 *
 * A UUID is one word: each of its parts would be a word that no other text has, and so cost the index a page of its own.
 */
export function wordsOf(text: string): string[] {
  const words = new Set<string>();
  const isPlain = PLAIN.test(text);
  const compared = isPlain ? text.toLowerCase() : folded(text);
  for (const [word] of compared.matchAll(isPlain ? PLAIN_WORD : WORD)) {
    // The cut can go through a character of two code units.
    words.add(word.length <= WORD_CHARS_MAX ? word : word.slice(0, WORD_CHARS_MAX).toWellFormed());
    if (words.size === WORDS_MAX) break;
  }
  return [...words];
}

const WORD = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}|[\p{L}\p{N}]+/gu;
// Most titles are, and need no folding.
const PLAIN = /^[\x20-\x7e]*$/u;
const PLAIN_WORD = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}|[a-z\d]+/gu;

function folded(text: string): string {
  return text
    .normalize("NFKD")
    .replaceAll(/\p{M}+/gu, "")
    .toLowerCase();
}

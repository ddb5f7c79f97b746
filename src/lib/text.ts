/**
 * Text as it may be shown to people. Whatever callers send passes here before it reaches a page or a mail.
 *
 * Bidirectional controls (U+202A–E, U+2066–9) go, because they can make "reject" read as "approve"; so do control
 * characters, because they end headers and confuse terminals. Line breaks become `\n`.
 */
export function cleanText(value: string): string {
  return withLineFeeds(value.toWellFormed()).replace(UNSAFE, "");
}

/**
 * Every line ended by one `\n`, whatever ended it: what UAX #14 calls a mandatory break (classes BK, CR, LF and NL).
 * Word and PowerPoint write a line break within a paragraph as a vertical tab, and a page break as a form feed.
 */
export function withLineFeeds(text: string): string {
  return text.replace(LINE_BREAKS, "\n");
}

/** The same on one line, for subjects, names and labels. */
export function oneLine(value: string): string {
  return cleanText(value).replace(/\s+/gu, " ").trim();
}

const LINE_BREAKS = /\r\n?|[\v\f\u0085\u2028\u2029]/gu;
const UNSAFE = /[^\P{Cc}\t\n]|[\u202A-\u202E\u2066-\u2069]/gu;

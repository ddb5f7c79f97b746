/**
 * What text from callers and approvers may hold. It is shown on pages and in mails, goes into mail headers, and is stored
 * as JSON in durable promises; each rule below keeps one of these from being misled.
 */
import { withLineFeeds } from "../lib/text.ts";

/** Line breaks and other controls, with U+0085 and U+2028/9: they would end a mail header or a log line. */
const CONTROLS = /[\p{Cc}\u2028\u2029]/u;
/** The same except tabs and line breaks, for text of several lines. */
const CONTROLS_IN_LINES = /[^\P{Cc}\t\n\r\v\f\u0085]/u;
/** Overrides and isolates of writing direction: they can make "reject" read as something else. */
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/gu;

/** Only blanks, joiners and fillers: a question or a name that is invisible. */
const INVISIBLE = /^[\s\p{Default_Ignorable_Code_Point}]+$/u;

function stripBidi(text: string): string {
  return text.replace(BIDI_CONTROLS, "");
}

/** One line as it is stored: without bidi controls and outer blanks. */
export function tidyLine(text: string): string {
  return stripBidi(text).trim();
}

/** Text of several lines as it is stored: `\n` alone ends a line. */
export function tidyLines(text: string): string {
  return withLineFeeds(stripBidi(text)).trim();
}

/** What is wrong with one line of text, or undefined. */
export function lineProblem(text: string): string | undefined {
  const control = placeOf(CONTROLS, text);
  if (control !== undefined) return `must be one line without control characters: ${control}`;
  return INVISIBLE.test(tidyLine(text)) ? "must hold something that can be seen" : undefined;
}

/** What is wrong with text of several lines, or undefined. */
export function linesProblem(text: string): string | undefined {
  const control = controlIn(text);
  return control && `must not hold control characters other than tab and line breaks: ${control}`;
}

/** Where the first control character in text of several lines is, if there is one: `U+0007 is character 2`. */
export function controlIn(text: string): string | undefined {
  return placeOf(CONTROLS_IN_LINES, text);
}

/** Such a character is invisible, so a message gives its number and its place, counted from 1. */
function placeOf(pattern: RegExp, text: string): string | undefined {
  const index = text.search(pattern);
  if (index === -1) return undefined;
  const code = text.charCodeAt(index).toString(16).toUpperCase().padStart(4, "0");
  const before = text.slice(0, index).replaceAll("\r\n", "\n");
  return `U+${code} is character ${before.length + 1}`;
}

/** What keeps a string from being stored and read back as it is, or undefined. */
export function storableProblem(text: string): string | undefined {
  if (!text.isWellFormed()) return "must be well-formed Unicode (it holds half a surrogate pair)";
  return undefined;
}

/** Canonically equivalent texts look the same and mean the same (UAX #15). */
export function composed(text: string): string {
  return text.normalize("NFC");
}

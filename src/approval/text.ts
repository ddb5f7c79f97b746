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
  const control = placeOf(CONTROLS_IN_LINES, text);
  return control && `must not hold control characters other than tab and line breaks: ${control}`;
}

/** The first control character in text of several lines. */
export function controlAt(text: string): Place | undefined {
  return firstOf(CONTROLS_IN_LINES, text);
}

/** A character that is invisible: a message gives its number and its place. */
interface Place {
  /** Such as `U+0007`. */
  readonly code: string;
  /** Counted from 1. */
  readonly place: number;
}

function firstOf(pattern: RegExp, text: string): Place | undefined {
  const index = text.search(pattern);
  if (index === -1) return undefined;
  const code = text.charCodeAt(index).toString(16).toUpperCase().padStart(4, "0");
  const before = text.slice(0, index).replaceAll("\r\n", "\n");
  return { code: `U+${code}`, place: before.length + 1 };
}

function placeOf(pattern: RegExp, text: string): string | undefined {
  const found = firstOf(pattern, text);
  return found && `${found.code} is character ${found.place}`;
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

/**
 * JSON whose numbers survive. JavaScript reads every number as a double, which holds integers to 2^53 and about 15
 * decimal digits: `{"account": 8202522731445525542}` is another account once it was read and written again (RFC 8259,
 * section 6). Here such a number keeps its text.
 */

/** A number in the text that it came in; `JSON.stringify` writes it as it was. */
interface RawNumber {
  readonly rawJSON: string;
}

type Reviver = (name: string, value: unknown, context: { readonly source?: string }) => unknown;

/** ECMAScript's proposal "JSON.parse source text access", which TypeScript has no types for yet. */
const json = JSON as unknown as {
  parse(text: string, reviver?: Reviver): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

/**
 * Reads JSON as `JSON.parse` does, but for numbers that a double would change: `rawNumber` gives their text.
 *
 * @throws SyntaxError if it is no JSON
 */
export function parseExactJson(text: string): unknown {
  // A reviver makes reading several times as slow, and hardly any text has such a number.
  return mayChange(text) ? json.parse(text, exactly) : json.parse(text);
}

/**
 * The same for JSON that a caller can mend: every whole number beyond 2^53 keeps its text as well, also the half of them
 * that a double happens to hold. Otherwise one account number of a caller would pass and the next would not.
 *
 * @throws SyntaxError if it is no JSON
 */
export function parseInteroperableJson(text: string): unknown {
  return mayChange(text) ? json.parse(text, interoperably) : json.parse(text);
}

/** What is wrong with a number that kept its text, and what to send; undefined for every other value. */
export function rawNumberProblem(value: unknown): string | undefined {
  const text = rawNumber(value);
  if (text === undefined) return undefined;
  if (!Number.isFinite(Number(text))) return "must be a finite number";
  const shown = text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
  return `must be a number that JSON readers keep as it is (whole numbers to 9007199254740992, decimals of 15 digits): send "${shown}", as text`;
}

/** The text of a number that a double would change; undefined for every other value. */
export function rawNumber(value: unknown): string | undefined {
  return json.isRawJSON(value) ? value.rawJSON : undefined;
}

/** Paths of numbers that kept their text, such as `data.items[0].id`; the first few of them. */
export function rawNumberPaths(value: unknown): readonly string[] {
  const paths: string[] = [];
  const look = (each: unknown, path: string): void => {
    if (typeof each !== "object" || each === null || paths.length === PATHS_MAX) return;
    if (rawNumber(each) !== undefined) paths.push(path);
    else if (Array.isArray(each)) for (const [i, one] of each.entries()) look(one, `${path}[${i}]`);
    else for (const [name, one] of Object.entries(each)) look(one, path === "" ? name : `${path}.${name}`);
  };
  look(value, "");
  return paths;
}

/** More would not help to find the field. */
const PATHS_MAX = 5;
/** An answer that repeats a caller's number stays small. */
const SHOWN_CHARS_MAX = 40;
/** From here on, one double represents several whole numbers (RFC 7493, section 2.2). */
const WHOLE_MAX = 2 ** 53;
/** From here on JavaScript writes an exponent: what was meant as a measure, and not as a name. */
const EXPONENT_MIN = 1e21;

/** Whether the text may have such a number. Half of all UUIDs look like it, as in `3e4`, so texts within are left out. */
function mayChange(text: string): boolean {
  return MAY_CHANGE.test(text) && MAY_CHANGE.test(betweenTexts(text));
}

/** Fewer than 16 digits without an exponent always come back. */
const MAY_CHANGE = /\d[\d.]{15}|\d[eE][+-]?\d/;

/** The characters between the strings of a JSON text. By hand: a pattern is quadratic where a text does not end. */
function betweenTexts(json: string): string {
  let between = "";
  let at = 0;
  for (;;) {
    const start = json.indexOf('"', at);
    if (start === -1) return between + json.slice(at);
    between += `${json.slice(at, start)}"`;
    at = endOfText(json, start + 1);
  }
}

/** The place behind the quote that ends the text which begins at `at`. */
export function endOfText(json: string, at: number): number {
  for (let quote = json.indexOf('"', at); quote !== -1; quote = json.indexOf('"', quote + 1)) {
    let start = quote;
    while (start > at && json[start - 1] === "\\") start -= 1;
    if ((quote - start) % 2 === 0) return quote + 1;
  }
  return json.length;
}

const exactly: Reviver = (_name, value, { source }) =>
  typeof value === "number" && source !== undefined && !isSameNumber(source, value)
    ? json.rawJSON(source)
    : value;

const interoperably: Reviver = (_name, value, { source }) => {
  if (typeof value !== "number" || source === undefined) return value;
  const isWritten = /^-?\d+$/.test(source) || Math.abs(value) < EXPONENT_MIN;
  const isTooLarge = isWritten && Math.abs(value) > WHOLE_MAX && Number.isInteger(value);
  return isTooLarge || !isSameNumber(source, value) ? json.rawJSON(source) : value;
};

function isSameNumber(source: string, value: number): boolean {
  return Number.isFinite(value) && decimal(source) === decimal(String(value));
}

/** A number's digits and its exponent, the same for all ways to write it: `1.50e3` and `1500` are `15e2`. */
function decimal(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = trimZeros(`${whole}${fraction}`);
  if (digits.text === "") return "0";
  return `${sign}${digits.text}e${Number(exponent) - fraction.length + digits.cut}`;
}

/** Without zeros in front and behind; `cut` counts those behind. By hand: a pattern for the end is quadratic. */
function trimZeros(digits: string): { readonly text: string; readonly cut: number } {
  let start = 0;
  let end = digits.length;
  while (start < end && digits[start] === "0") start += 1;
  while (end > start && digits[end - 1] === "0") end -= 1;
  return { text: digits.slice(start, end), cut: digits.length - end };
}

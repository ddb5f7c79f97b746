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
  return MAY_CHANGE.test(text) ? json.parse(text, exactly) : json.parse(text);
}

/** The text of a number that a double would change; undefined for every other value. */
export function rawNumber(value: unknown): string | undefined {
  return json.isRawJSON(value) ? value.rawJSON : undefined;
}

/** Fewer than 16 digits without an exponent always come back. */
const MAY_CHANGE = /\d[\d.]{15}|\d[eE][+-]?\d/;

const exactly: Reviver = (_name, value, { source }) =>
  typeof value === "number" && source !== undefined && !isSameNumber(source, value)
    ? json.rawJSON(source)
    : value;

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

/**
 * Exact decimal numbers: amounts are compared and added digit by digit. In binary floating point `0.1 + 0.2` is more
 * than `0.3`, and a sum of many amounts could pass a limit, or be refused below it.
 */

/** `digits` × 10^-`scale`. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

export const ZERO: Decimal = { digits: 0n, scale: 0 };

/** How many digits a number may have before its point, and after it. More than any amount has. */
const PLACES_MAX = 30;

/** A decimal that was sent as text: one way to write each value, but for zeros at its end. */
const DECIMAL_TEXT = /^(?!-0(?:\.0{1,30})?$)-?(?:0|[1-9]\d{0,29})(?:\.\d{1,30})?$/;
const NUMBER_TEXT = /^(-?\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

/**
 * The decimal that a value is: of a number, the one that JSON writes for it (so 0.1 is one tenth); of a text such as
 * `12.50`, what it says. Undefined for everything else, and for a number of more than 30 digits before or after its point.
 */
export function decimalOf(value: unknown): Decimal | undefined {
  if (typeof value === "string") return DECIMAL_TEXT.test(value) ? fromDigits(value) : undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  const decimal = fromDigits(String(value));
  const isLong = Math.abs(value) >= 10 ** PLACES_MAX || decimal.scale > PLACES_MAX;
  return isLong ? undefined : decimal;
}

export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { digits: scaled(a, scale) + scaled(b, scale), scale };
}

export function times(a: Decimal, factor: bigint): Decimal {
  return { digits: a.digits * factor, scale: a.scale };
}

export function isLess(a: Decimal, b: Decimal): boolean {
  const scale = Math.max(a.scale, b.scale);
  return scaled(a, scale) < scaled(b, scale);
}

/** Such as `5000`, `-0.5` or `12.50`: {@link decimalOf} reads it back. */
export function decimalText({ digits, scale }: Decimal): string {
  const sign = digits < 0n ? "-" : "";
  const text = `${digits < 0n ? -digits : digits}`.padStart(scale + 1, "0");
  const whole = text.slice(0, text.length - scale);
  return scale === 0 ? `${sign}${whole}` : `${sign}${whole}.${text.slice(-scale)}`;
}

function scaled({ digits, scale }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(to - scale);
}

function fromDigits(text: string): Decimal {
  const [, whole = "", fraction = "", exponent = "0"] = NUMBER_TEXT.exec(text) ?? [];
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(`${whole}${fraction}`);
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale };
}

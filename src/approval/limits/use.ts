/**
 * Whether a standing approval covers one more use. Each use is recorded with the count and the total up to it, so a use is
 * judged by the record before it alone.
 *
 * L1 Every argument is named by a limit, or is a part of one that is named; every limit's argument is there.
 * L2 Sums are exact (`lib/decimal.ts`), and no use makes the total less.
 */
import { isSameJson } from "../../lib/canonical-json.ts";
import { add, decimalOf, decimalText, isLess, times, ZERO } from "../../lib/decimal.ts";
import { isRecord } from "../raw-input.ts";
import { memberPointer, valueAt } from "./pointer.ts";
import { type Limit, type Limits, leastOf, type Standing } from "./schema.ts";

/** What the uses up to one came to. */
export interface Used {
  readonly uses: number;
  /** An exact decimal; absent where the approval has no total. */
  readonly total?: string;
}

export const UNUSED: Used = { uses: 0 };

/**
 * The limit that refuses a use: one of an argument's (`fixed`, `oneOf`, `min`, `max`, `maxLength`), `named` (no limit names
 * the argument), `present` (the argument of a limit is missing), `uses` or `total`.
 */
export interface Refusal {
  readonly limit: "named" | "present" | "fixed" | "oneOf" | "min" | "max" | "maxLength" | "uses" | "total";
  /** The argument, except for `uses`. */
  readonly pointer?: string;
  /** In English, for the program that asks. */
  readonly message: string;
}

export type UseResult =
  | { readonly ok: true; readonly used: Used }
  | { readonly ok: false; readonly refusal: Refusal };

/** Judges a use with `given` as the action's arguments after uses that came to `before`. */
export function judgeUse(standing: Standing, before: Used, given: unknown): UseResult {
  const refusal = unnamed(given, standing) ?? beyondLimits(standing.limits, given);
  if (refusal !== undefined) return { ok: false, refusal };
  if (isUsedUp(standing, before)) {
    return { ok: false, refusal: { limit: "uses", message: `it can be used ${timesText(standing.uses)}` } };
  }
  const uses = before.uses + 1;
  if (standing.total === undefined) return { ok: true, used: { uses } };
  const { argument, max } = standing.total;
  const total = add(amountOf(before.total), amountOf(valueAt(given, argument)));
  if (!isLess(amountOf(max), total)) return { ok: true, used: { uses, total: decimalText(total) } };
  const message = `all uses together can come to ${max}, and this one would make it ${decimalText(total)}`;
  return { ok: false, refusal: { limit: "total", pointer: argument, message } };
}

/** Whether there are as many uses as there can be. Where only the total is reached, uses that add nothing to it are still possible. */
export function isUsedUp(standing: Pick<Standing, "uses">, used: Used): boolean {
  return used.uses >= standing.uses;
}

/** The first limit that an argument is beyond, or whose argument is missing. What no limit names can be anything here. */
export function beyondLimits(limits: Limits, given: unknown): Refusal | undefined {
  return firstOf(Object.entries(limits), (limit) => refused(limit, given));
}

/** What people are told after a use: that there was a first one, and that four fifths of the uses or of the total are gone. */
export function toldAfter(standing: Standing, before: Used, used: Used): readonly ("first" | "near")[] {
  const isNear = nearLimit(standing, used) && !nearLimit(standing, before);
  return [...(before.uses === 0 ? (["first"] as const) : []), ...(isNear ? (["near"] as const) : [])];
}

function nearLimit({ uses, total }: Standing, used: Used): boolean {
  if (used.uses * 5 >= uses * 4) return true;
  return total !== undefined && !isLess(times(amountOf(used.total), 5n), times(amountOf(total.max), 4n));
}

/** The first argument that no limit names, from the top: an object with named parts is looked into. */
function unnamed(given: unknown, { limits }: Standing): Refusal | undefined {
  const pointers = Object.keys(limits);
  const open = [{ value: given, at: "" }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, at } = next;
    if (Object.hasOwn(limits, at)) continue;
    const hasParts = at === "" || pointers.some((pointer) => pointer.startsWith(`${at}/`));
    if (!hasParts || !isRecord(value)) return { limit: "named", pointer: at, message: "no limit names it" };
    for (const [name, part] of Object.entries(value).toReversed()) {
      open.push({ value: part, at: memberPointer(at, name) });
    }
  }
  return undefined;
}

function refused([pointer, limit]: readonly [string, Limit], given: unknown): Refusal | undefined {
  const value = valueAt(given, pointer);
  const refuse = (name: Refusal["limit"], message: string) => ({ limit: name, pointer, message });
  if (value === undefined) return refuse("present", "is missing");
  const { fixed, oneOf, max, maxLength } = limit;
  if (fixed !== undefined) return isSameJson(value, fixed) ? undefined : refuse("fixed", "has another value");
  if (oneOf !== undefined) {
    return oneOf.some((option) => isSameJson(value, option))
      ? undefined
      : refuse("oneOf", "is none of the values that it can have");
  }
  if (maxLength !== undefined) {
    const isShort = typeof value === "string" && value.length <= maxLength;
    return isShort ? undefined : refuse("maxLength", `must be a text of at most ${maxLength} characters`);
  }
  if (max === undefined) return refuse("named", "no limit names it");
  return refusedAmount(limit, max, value, refuse);
}

function refusedAmount(
  limit: Limit,
  max: number | string,
  value: unknown,
  refuse: (name: Refusal["limit"], message: string) => Refusal,
): Refusal | undefined {
  // A number and its text are two things to the program that runs the action.
  const amount = typeof value === typeof max ? decimalOf(value) : undefined;
  if (amount === undefined) {
    const kind = typeof max === "string" ? 'a decimal text, such as "12.50",' : "a number";
    return refuse("max", `must be ${kind} of at most 30 digits before and after its point`);
  }
  const least = leastOf(limit);
  if (isLess(amount, amountOf(least))) return refuse("min", `must be at least ${least}`);
  return isLess(amountOf(max), amount) ? refuse("max", `must be at most ${max}`) : undefined;
}

function firstOf<T>(all: readonly T[], look: (each: T) => Refusal | undefined): Refusal | undefined {
  for (const each of all) {
    const found = look(each);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is stored was a decimal when it came in. */
function amountOf(value: unknown): typeof ZERO {
  return value === undefined ? ZERO : storedDecimal(value);
}

function storedDecimal(value: unknown): typeof ZERO {
  const decimal = decimalOf(value);
  if (decimal === undefined) throw new TypeError(`A stored amount is no decimal: ${String(value)}`);
  return decimal;
}

function timesText(uses: number): string {
  return uses === 1 ? "once" : `${uses} times`;
}

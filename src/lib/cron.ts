import { cronParser } from "./cron-parser.ts";

/** For a schedule that has no occurrence any more: the last time that JavaScript knows. */
export const NEVER = 8_640_000_000_000_000;

const YEAR = { min: 1970, max: 2099 } as const;

/**
 * Times after `after` (ms) at which `cron` occurs, in UTC, oldest first, without end for most expressions. Five fields
 * (minute, hour, day, month, weekday), a sixth for seconds in front, a seventh for years at the end, or `@daily` and the
 * like. `H` is a number that follows from `seed`.
 * @throws Error for an expression that cannot be read, when the first time is asked for
 */
export function* occurrences(cron: string, after: number, seed: string): Generator<number, void> {
  const { expression, years } = splitCron(cron);
  const from = (time: number) =>
    cronParser().parse(expression, { currentDate: new Date(time), tz: "UTC", hashSeed: seed });
  let times = from(after);
  for (;;) {
    let time: number;
    try {
      time = times.next().getTime();
    } catch {
      // Out of what the parser looks at: it does not occur again.
      return;
    }
    const year = new Date(time).getUTCFullYear();
    if (years === undefined || years.includes(year)) {
      yield time;
      continue;
    }
    const next = years.find((candidate) => candidate > year);
    if (next === undefined) return;
    times = from(Date.UTC(next, 0, 1) - 1);
  }
}

/** The first occurrence after `after`; `NEVER` if there is none; undefined for an expression that cannot be read. */
export function nextOccurrence(cron: string, after: number, seed: string): number | undefined {
  try {
    return occurrences(cron, after, seed).next().value ?? NEVER;
  } catch {
    return undefined;
  }
}

/** @throws RangeError if the number of fields is wrong, or the years cannot be read */
export function splitCron(cron: string): {
  /** Six fields or five, or a word such as `@daily`. */
  readonly expression: string;
  /** The years that a seventh field names. */
  readonly years?: readonly number[];
} {
  const fields = cron.trim().split(/\s+/);
  if (fields.length === 1 && fields[0]?.startsWith("@") === true) return { expression: fields[0] };
  if (fields.length < 5 || fields.length > 7) throw new RangeError("A cron expression has 5 to 7 fields");
  const [year] = fields.slice(6);
  const expression = fields.slice(0, 6).join(" ");
  return year === undefined || year === "*" ? { expression } : { expression, years: readYears(year) };
}

/** `*`, `2027`, `2027-2030`, each with `/step` or not, and lists of them. */
function readYears(field: string): number[] {
  const years = new Set<number>();
  for (const part of field.split(",")) {
    const [, first, last, step] = /^(\*|\d{4})(?:-(\d{4}))?(?:\/([1-9]\d{0,2}))?$/.exec(part) ?? [];
    if (first === undefined || (first === "*" && last !== undefined)) {
      throw new RangeError("A year is *, 2027 or 2027-2030, with /step or without");
    }
    const from = first === "*" ? YEAR.min : Number(first);
    const isOpen = first === "*" || step !== undefined;
    const to = last === undefined ? (isOpen ? YEAR.max : from) : Number(last);
    if (from < YEAR.min || to > YEAR.max || from > to) {
      throw new RangeError(`A year lies between ${YEAR.min} and ${YEAR.max}`);
    }
    for (let year = from; year <= to; year += Number(step ?? 1)) years.add(year);
  }
  return [...years].sort((a, b) => a - b);
}

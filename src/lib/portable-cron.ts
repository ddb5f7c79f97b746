/**
 * Cron expressions, rewritten so that every engine reads them the same.
 *
 * Cron has no standard, and its readers differ most in the weekday: 1 is Monday for most of them, and Sunday for the
 * crate `cron` 0.12.1 that Resonate Server 0.9.8 uses. Names mean the same day everywhere. An expression that cannot be
 * written so that all agree is returned as `onlyHere`. `docs/engine.md` has the list, and what was run.
 */
import { NEVER, nextOccurrence, splitCron } from "./cron.ts";
import { type CronFields, cronParser } from "./cron-parser.ts";

export type PortableCron =
  | {
      readonly ok: true;
      /** Means what was given; with `onlyHere`, to the embedded engine alone. */
      readonly cron: string;
      /** What other servers read differently, and what to write for them; a sentence without its end. */
      readonly onlyHere?: string;
    }
  /** `problem` is a sentence that goes on after the name of the field or option. */
  | { readonly ok: false; readonly problem: string };

/**
 * @param seed what `H` is drawn from: the schedule's name
 * @param nowMs an expression that does not occur after it is refused
 */
export function portableCron(
  given: string,
  { seed, nowMs }: { readonly seed: string; readonly nowMs: number },
): PortableCron {
  const cron = given.trim();
  if (cron.length > CRON_CHARS_MAX) return { ok: false, problem: LENGTH_PROBLEM };
  const step = bareStep(cron);
  if (step !== undefined) return { ok: false, problem: step };
  const next = nextOccurrence(cron, nowMs, seed);
  if (next === undefined) return { ok: false, problem: cronProblem(cron) };
  if (next === NEVER) return { ok: false, problem: `must occur again, and ${cron} never does` };
  if (SHORT.has(cron)) return { ok: true, cron };
  const { expression, years } = splitCron(cron);
  const texts = expression.split(" ");
  const { fields } = cronParser().parse(expression, { tz: "UTC", hashSeed: seed });
  const read = [fields.second, fields.minute, fields.hour, fields.dayOfMonth, fields.month];
  // A word such as @weekdays has no fields to keep.
  const given6 = texts.length === 5 ? ["0", ...texts] : texts;
  const parts = read.map((field, i) => plainField(given6.length === 6 ? given6[i] : undefined, field));
  const day = plainWeekday(fields);
  // Five fields mean second 0 to every reader.
  const head = parts[0] === "0" && years === undefined ? parts.slice(1) : parts;
  const plain = [...head, day, ...(years === undefined ? [] : [cron.split(/\s+/)[6]])].join(" ");
  if (plain.length > CRON_CHARS_MAX) return { ok: false, problem: LENGTH_PROBLEM };
  const onlyHere = differenceOf(fields, years);
  return { ok: true, cron: plain, ...(onlyHere === undefined ? {} : { onlyHere }) };
}

/** As many as the embedded engine stores. */
const CRON_CHARS_MAX = 256;
const LENGTH_PROBLEM = `must have at most ${CRON_CHARS_MAX} characters, and no more when it is written as lists of numbers and names`;

/** To some readers MON/2 has no Sunday, to some it has, and to some it is each Monday. */
function bareStep(cron: string): string | undefined {
  const fields = cron.split(/\s+/);
  const weekday = fields.length < 5 ? undefined : fields[fields.length === 5 ? 4 : 5];
  if (weekday === undefined || !/(?:^|,)[^*?H,/-]+\//.test(weekday)) return undefined;
  return `must have for the weekday a range before a step, such as MON-SAT/2, not ${weekday}`;
}

/** Words that every known reader takes for the same times. */
const SHORT: ReadonlySet<string> = new Set(["@hourly", "@daily", "@weekly", "@monthly", "@yearly"]);

type Field = CronFields["minute"] | CronFields["dayOfMonth"] | CronFields["month"];

/** As it was written if it has one meaning everywhere; `?`, `H` and names are replaced by their numbers. */
function plainField(text: string | undefined, field: Field): string {
  if (text !== undefined && /^[\d*,/L-]+$/.test(text)) return text;
  return field.isWildcard ? "*" : field.values.join(",");
}

const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] as const;

function plainWeekday({ dayOfWeek, dayOfMonth }: CronFields): string {
  const lasts = dayOfWeek.values.map(String).filter((value) => value.endsWith("L"));
  const numbers = dayOfWeek.values.filter((value) => !String(value).endsWith("L")).map((n) => Number(n) % 7);
  const days = DAYS.map((_, n) => n).filter((n) => numbers.includes(n));
  // Not the same as * beside a day of the month: every day fits one of the two.
  if (days.length === 7) return dayOfMonth.isWildcard || dayOfWeek.isWildcard ? "*" : "SUN-SAT";
  const names = runsOf(days).flatMap((run) => {
    const of = run.map((n) => DAYS[n] ?? "");
    return of.length > 2 ? [`${of[0]}-${of.at(-1)}`] : of;
  });
  const nth = dayOfWeek.nthDay > 0 ? `#${dayOfWeek.nthDay}` : "";
  return [...names, ...lasts].join(",") + nth;
}

/** Numbers that follow each other, together. */
function runsOf(numbers: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const n of numbers) {
    const run = runs.at(-1);
    if (run?.at(-1) === n - 1) run.push(n);
    else runs.push([n]);
  }
  return runs;
}

/** What a Resonate Server refuses or reads as something else, with the way out. */
function differenceOf(
  { dayOfMonth, dayOfWeek }: CronFields,
  years: readonly number[] | undefined,
): string | undefined {
  if (dayOfMonth.hasLastChar || dayOfWeek.hasLastChar) {
    return "L, for the last day, is read by the embedded engine alone: name the days themselves, such as 28";
  }
  if (dayOfWeek.nthDay > 0) {
    return "# is read by the embedded engine alone: name the days themselves, and let the workflow look at the date";
  }
  if (!dayOfMonth.isWildcard && !dayOfWeek.isWildcard) {
    return "of day of the month and weekday, the embedded engine starts on days that fit one, and a Resonate Server on days that fit both: make two schedules, one with * for each";
  }
  if (years !== undefined) {
    return "after the last of its years, a Resonate Server starts the workflow every minute: leave the year out, and delete the schedule in time";
  }
  return undefined;
}

const FIELDS = [
  ["the second", "0 to 59"],
  ["the minute", "0 to 59"],
  ["the hour", "0 to 23"],
  ["the day of the month", "1 to 31"],
  ["the month", "1 to 12 (or JAN to DEC)"],
  ["the weekday", "SUN to SAT (or 0 to 7; the week begins with SUN, so FRI-SUN is FRI,SAT,SUN)"],
] as const;

/** What is wrong with an expression that cannot be read: which field, and what would be right. */
export function cronProblem(cron: string): string {
  const texts = cron.trim().split(/\s+/);
  if (texts.length < 5 || texts.length > 7) {
    return `must be minute, hour, day of the month, month and weekday, such as '0 9 * * MON', or one of ${[...SHORT].join(", ")}, not ${cron}`;
  }
  const given = texts.length === 5 ? ["0", ...texts] : texts;
  for (const [i, [name, range]] of FIELDS.entries()) {
    const text = given[i];
    const alone = FIELDS.map((_, at) => (at === i ? text : "*")).join(" ");
    if (canRead(alone)) continue;
    return `must have for ${name} one of ${range}, a range from the lower to the higher, a step such as */2, or a list that names each once, not ${text}`;
  }
  if (given.length === 7 && !canRead(`* * * * * * ${given[6]}`)) {
    return `must have for the year one from 1970 to 2099, a range, a step or a list, not ${given[6]}`;
  }
  return `must occur again, and ${cron} never does`;
}

function canRead(cron: string): boolean {
  return nextOccurrence(cron, 0, "") !== undefined;
}

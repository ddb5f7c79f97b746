/**
 * `judgeUse`, and `isSpared` of refusals in advance, against a reference that shares nothing with it: arguments are flat lists of paths, amounts are whole
 * millionths, and a use is judged by all uses before it, not by a running count.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Standing, standingSchema } from "../../../../src/approval/limits/schema.ts";
import { judgeUse, UNUSED, type Used } from "../../../../src/approval/limits/use.ts";
import { isSpared } from "../../../../src/approval/refusal/do-not-ask.ts";

/** Each run is a standing approval with up to 30 uses. */
const RUNS = Number(process.env["LIMIT_RUNS"] ?? 3_000);
const TIMEOUT_MS = 60_000 + 5 * RUNS;

type Rule =
  | { readonly kind: "fixed" | "oneOf"; readonly values: readonly string[] }
  | { readonly kind: "range"; readonly min: number; readonly max: number; readonly asText: boolean }
  | { readonly kind: "length"; readonly max: number };

/** One argument of a use: its path, and either a text or an amount in millionths. */
interface Given {
  readonly path: string;
  readonly value: { readonly text: string } | { readonly millionths: number; readonly asText: boolean };
}

const PATHS = ["a", "b", "c.d", "c.e", "f.g.h"] as const;
const WORDS = ["", "x", "EUR", "eur", "long text"];

/** Mostly tenths: sums meet a limit exactly then, and a sum of floating numbers would miss it. */
const TENTH = 100_000;
const amounts = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -5, max: 20 }).map((tenths) => tenths * TENTH) },
  { weight: 1, arbitrary: fc.integer({ min: -2_000_000, max: 5_000_000 }) },
);
const rules: fc.Arbitrary<Rule> = fc.oneof(
  fc.record({ kind: fc.constant("fixed" as const), values: fc.constantFrom(...WORDS).map((word) => [word]) }),
  fc.record({
    kind: fc.constant("oneOf" as const),
    values: fc.uniqueArray(fc.constantFrom(...WORDS), { minLength: 1 }),
  }),
  fc.record({ bounds: fc.tuple(amounts, amounts), asText: fc.boolean() }).map(({ bounds, asText }) => {
    const [min, max] = [Math.min(...bounds), Math.max(...bounds)];
    return { kind: "range" as const, min, max, asText };
  }),
  fc.record({ kind: fc.constant("length" as const), max: fc.integer({ min: 1, max: 5 }) }),
);

const cases = fc.record({
  rules: fc.uniqueArray(fc.tuple(fc.constantFrom(...PATHS), rules), { selector: ([path]) => path }),
  uses: fc.integer({ min: 1, max: 12 }),
  totalMillionths: fc.option(amounts.map(Math.abs)),
  // Mostly what the rules allow, or uses would hardly ever reach the count or the total.
  attempts: fc.array(
    fc.record({
      wild: fc.integer({ min: 0, max: 3 }),
      seeds: fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 6, maxLength: 6 }),
    }),
    { maxLength: 30 },
  ),
});

/** Written by hand from whole millionths: no floating point takes part. */
function millionthsText(millionths: number): string {
  const digits = `${Math.abs(millionths)}`.padStart(7, "0");
  const fraction = digits.slice(-6).replace(/0+$/, "");
  return `${millionths < 0 ? "-" : ""}${digits.slice(0, -6)}${fraction === "" ? "" : `.${fraction}`}`;
}

function amount(millionths: number, asText: boolean): number | string {
  const text = millionthsText(millionths);
  return asText ? text : Number(text);
}

function limitOf(rule: Rule): object {
  switch (rule.kind) {
    case "fixed":
      return { fixed: rule.values[0] };
    case "oneOf":
      return { oneOf: rule.values };
    case "range":
      return { min: amount(rule.min, rule.asText), max: amount(rule.max, rule.asText) };
    case "length":
      return { maxLength: rule.max };
  }
}

/** The arguments as a program sends them. */
function nested(given: readonly Given[]): Record<string, unknown> {
  const whole: Record<string, unknown> = {};
  for (const { path, value } of given) {
    const names = path.split(".");
    let at = whole;
    for (const name of names.slice(0, -1)) at = (at[name] ??= {}) as Record<string, unknown>;
    at[names.at(-1) ?? ""] = "text" in value ? value.text : amount(value.millionths, value.asText);
  }
  return whole;
}

/** What a program sends: by `wild`, as the rule has it, or with something wrong. */
function givenOf(
  chosen: readonly (readonly [string, Rule])[],
  attempt: { readonly wild: number; readonly seeds: readonly number[] },
): Given[] {
  const { wild, seeds } = attempt;
  const given = chosen.map(([path, rule], i): Given => {
    const seed = seeds[i] ?? 0;
    const isWild = wild === 1 && seed % 3 === 0;
    if (rule.kind === "range") {
      const step = rule.min % TENTH === 0 && rule.max % TENTH === 0 ? TENTH : 1;
      const steps = (rule.max - rule.min) / step + 1;
      const millionths = isWild ? rule.max + (seed % 5) : rule.min + step * (seed % steps);
      return { path, value: { millionths, asText: rule.asText !== (isWild && seed % 2 === 0) } };
    }
    const words = rule.kind === "length" || isWild ? WORDS : rule.values;
    return { path, value: { text: words[seed % words.length] ?? "" } };
  });
  const seed = seeds[5] ?? 0;
  if (wild === 2 && seed % 2 === 0) return given.slice(1);
  const free = PATHS.filter((path) => !chosen.some(([taken]) => taken === path));
  const extra = free[seed % Math.max(1, free.length)];
  return wild === 2 && extra !== undefined ? [...given, { path: extra, value: { text: "x" } }] : given;
}

function isWithin(rule: Rule, { value }: Given): boolean {
  switch (rule.kind) {
    case "fixed":
    case "oneOf":
      return "text" in value && rule.values.includes(value.text);
    case "length":
      return "text" in value
        ? value.text.length <= rule.max
        : value.asText && millionthsText(value.millionths).length <= rule.max;
    case "range":
      return (
        "millionths" in value &&
        value.asText === rule.asText &&
        value.millionths >= rule.min &&
        value.millionths <= rule.max
      );
  }
}

/** What the reference says of a use after those that were granted: which of the three kinds of limit refuses it, if any. */
function expected(
  chosen: readonly (readonly [string, Rule])[],
  limits: {
    readonly uses: number;
    readonly total: { readonly path: string; readonly max: number } | undefined;
  },
  granted: readonly (readonly Given[])[],
  given: readonly Given[],
): "granted" | "argument" | "uses" | "total" {
  const covered = given.every((each) => {
    const rule = chosen.find(([path]) => path === each.path)?.[1];
    return rule !== undefined && isWithin(rule, each);
  });
  if (!covered || given.length !== chosen.length) return "argument";
  if (granted.length === limits.uses) return "uses";
  const { total } = limits;
  if (total === undefined) return "granted";
  const sum = [...granted, given]
    .flat()
    .reduce(
      (all, { path, value }) => (path === total.path && "millionths" in value ? all + value.millionths : all),
      0,
    );
  return sum > total.max ? "total" : "granted";
}

test("judges as the reference does, and is never over a limit", { timeout: TIMEOUT_MS }, () => {
  const seen = { granted: 0, argument: 0, uses: 0, total: 0 };
  const spares = { yes: 0, no: 0 };
  fc.assert(
    fc.property(cases, ({ rules: chosen, uses, totalMillionths, attempts }) => {
      const summed = chosen.find(([, rule]) => rule.kind === "range" && rule.min >= 0);
      const [path, rule] = summed ?? [];
      const total =
        path === undefined || totalMillionths === null || rule?.kind !== "range"
          ? undefined
          : { path, max: totalMillionths, asText: rule.asText };
      const pointer = (of: string) => `/${of.replaceAll(".", "/")}`;
      const standing: Standing = standingSchema.parse({
        limits: Object.fromEntries(chosen.map(([of, each]) => [pointer(of), limitOf(each)])),
        uses,
        ...(total && { total: { argument: pointer(total.path), max: amount(total.max, total.asText) } }),
      });
      const granted: Given[][] = [];
      let used: Used = UNUSED;
      for (const attempt of attempts) {
        const given = givenOf(chosen, attempt);
        const result = judgeUse(standing, used, nested(given));
        const said = result.ok
          ? "granted"
          : result.refusal.limit === "uses" || result.refusal.limit === "total"
            ? result.refusal.limit
            : "argument";
        const wanted = expected(chosen, { uses, total }, granted, given);
        expect(said).toBe(wanted);
        seen[wanted] += 1;
        // A refusal in advance has limits of the same words, and leaves other arguments alone.
        const isWithinAll = chosen.every(([of, each]) =>
          given.some((one) => one.path === of && isWithin(each, one)),
        );
        const spared = { until: "2030-01-01T00:00:00.000Z", limits: standing.limits };
        expect(isSpared(spared, { tool: "pay", arguments: nested(given) })).toBe(isWithinAll);
        spares[isWithinAll ? "yes" : "no"] += 1;
        if (!result.ok) continue;
        granted.push(given);
        used = result.used;
        expect(used.uses).toBe(granted.length);
      }
    }),
    { numRuns: RUNS },
  );
  // Each kind of answer was seen, or the test would compare little.
  expect(Math.min(...Object.values(seen), ...Object.values(spares))).toBeGreaterThan(RUNS / 10);
});

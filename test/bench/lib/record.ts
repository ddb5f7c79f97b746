import { median } from "./figures.ts";
import type { Options } from "./options.ts";
import type { Cell, Report } from "./report.ts";

/** A run, small enough to be kept for each release. */
export interface BenchRecord {
  /** Where the figures come from, one fact a line. */
  readonly machine: readonly string[];
  readonly settings: Settings;
  readonly figures: Readonly<Record<string, Figure>>;
  /** Ratios of servers that took turns, with the ends of their 95 % confidence intervals. */
  readonly comparisons: Readonly<Record<string, Figure>>;
  /** By title, row and column. */
  readonly tables: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Figure>>>>>>;
}

type Settings = Pick<Options, "rounds" | "cycles" | "warmUp" | "pairs" | "turn">;

/** Median, smallest and largest of the rounds, to four digits. */
type Figure = readonly [median: number, min: number, max: number];

export function recordOf(
  machine: readonly string[],
  { rounds, cycles, warmUp, pairs, turn }: Settings,
  { ratios, comparisons, tables }: Pick<Report, "ratios" | "comparisons" | "tables">,
): BenchRecord {
  return {
    machine,
    settings: { rounds, cycles, warmUp, pairs, turn },
    figures: Object.fromEntries(
      ratios.flatMap(({ what, unit, values }) => entry(unit === "" ? what : `${what}, ${unit}`, values)),
    ),
    comparisons: Object.fromEntries(
      comparisons.map(({ what, ratio, low, high }) => [what, [digits(ratio), digits(low), digits(high)]]),
    ),
    tables: Object.fromEntries(
      tables.map(({ title, columns, rows }) => [
        title,
        Object.fromEntries(
          rows.map(([name, ...cells]) => [
            String(name),
            Object.fromEntries(cells.flatMap((cell, at) => entry(columns[at + 1] ?? "", cell))),
          ]),
        ),
      ]),
    ),
  };
}

/** Nothing for what was not measured. */
function entry(name: string, cell: Cell): [string, Figure][] {
  if (typeof cell === "string") return [];
  const values = cell.filter((value) => Number.isFinite(value));
  if (values.length === 0) return [];
  return [[name, [digits(median(values)), digits(Math.min(...values)), digits(Math.max(...values))]]];
}

function digits(value: number): number {
  return Number(value.toPrecision(4));
}

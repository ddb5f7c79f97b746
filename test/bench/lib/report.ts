/** Figures as they come, as text for people and, at the end, as JSON for comparisons. */
import { median, ratios, short, spread } from "./figures.ts";
import { type Interval, interval } from "./interval.ts";
import type { Plot } from "./svg.ts";

/** A column: values of several runs of one case are shown as median and range. */
export type Cell = string | readonly number[];

export interface Ratio {
  readonly what: string;
  readonly values: readonly number[];
  readonly unit: string;
  readonly target: string;
}

/** Of servers that took turns, and how sure that is. */
export interface Comparison extends Interval {
  readonly what: string;
  readonly target: string;
}

export class Report {
  readonly tables: { title: string; columns: readonly string[]; rows: readonly (readonly Cell[])[] }[] = [];
  readonly ratios: Ratio[] = [];
  readonly comparisons: Comparison[] = [];
  /** Under the name of their file. */
  readonly plots = new Map<string, Plot>();

  line(text = ""): void {
    process.stdout.write(`${text}\n`);
  }

  table(title: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): void {
    this.tables.push({ title, columns, rows });
    const texts = [
      ...(columns.some((name) => name !== "") ? [columns] : []),
      ...rows.map((row) => row.map((cell) => (typeof cell === "string" ? cell : spread(cell)))),
    ];
    const widths = columns.map((_, at) => Math.max(...texts.map((row) => row[at]?.length ?? 0)));
    this.line(`\n${title}`);
    for (const row of texts) {
      const cells = row.map((text, at) =>
        at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0),
      );
      this.line(`  ${cells.join("  ").trimEnd()}`);
    }
  }

  /** Of runs that took turns: compared round by round. `target` is what to reach, as text; nothing here is asserted. */
  ratio(
    what: string,
    { of, to, target }: { of: readonly number[]; to: readonly number[]; target: string },
  ): void {
    this.ratios.push({ what, values: ratios(of, to), unit: "×", target });
  }

  /** Of servers that took turns in several sets of fresh processes: one list of turns for each set. */
  compare(
    what: string,
    { of, to, target }: { of: readonly number[][]; to: readonly number[][]; target: string },
  ): void {
    this.comparisons.push({
      what,
      target,
      ...interval(of.map((turns, set) => ratios(turns, to[set] ?? []))),
    });
  }

  /** A figure that has a target by itself. */
  figure(what: string, { values, unit, target }: Omit<Ratio, "what">): void {
    this.ratios.push({ what, values, unit, target });
  }

  summary(): void {
    this.#ratioTable(
      "Against the targets (median of the rounds, smallest and largest)",
      ({ target }) => target !== "",
    );
    const rows = this.comparisons.map(({ what, ratio, low, high, target }) => [
      what,
      `${short(ratio)} ×`,
      `${short(low)}–${short(high)}`,
      target,
      verdict(target, { ratio, low, high }),
    ]);
    if (rows.length > 0) {
      this.table("Side by side", ["", "ratio", "95 % confidence", "target", ""], rows);
    }
    this.#ratioTable("Without a target", ({ target }) => target === "");
  }

  #ratioTable(title: string, isIn: (ratio: Ratio) => boolean): void {
    const rows = this.ratios
      .filter(isIn)
      .map(({ what, values, unit, target }) => [
        what,
        `${spread(values)} ${unit}`,
        target,
        verdict(target, { ratio: median(values), low: Math.min(...values), high: Math.max(...values) }),
      ]);
    if (rows.length > 0) this.table(title, ["", "measured", "target", ""], rows);
  }
}

/** Whether a target such as `≥ 0.9` is reached, as far as the range of what was measured shows it. */
export function verdict(target: string, { ratio, low, high }: Interval): string {
  const [, bound, digits] = /^([≥≤]) ([0-9.]+)/u.exec(target) ?? [];
  if (bound === undefined) return "";
  const limit = Number(digits);
  const isMet = (value: number) => (bound === "≥" ? value >= limit : value <= limit);
  if (isMet(low) && isMet(high)) return "met";
  const isMissed = (value: number) => (bound === "≥" ? value < limit : value > limit);
  if (isMissed(low) && isMissed(high)) return "missed";
  return isMet(ratio) ? "met, not shown" : "missed, not shown";
}

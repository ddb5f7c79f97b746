/** Figures as they come, as text for people and, at the end, as JSON for comparisons. */
import { ratios, spread } from "./figures.ts";
import type { Plot } from "./svg.ts";

/** A column: values of several runs of one case are shown as median and range. */
export type Cell = string | readonly number[];

export interface Ratio {
  readonly what: string;
  readonly values: readonly number[];
  readonly unit: string;
  readonly target: string;
}

export class Report {
  readonly tables: { title: string; columns: readonly string[]; rows: readonly (readonly Cell[])[] }[] = [];
  readonly ratios: Ratio[] = [];
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

  /** A figure that has a target by itself. */
  figure(what: string, { values, unit, target }: Omit<Ratio, "what">): void {
    this.ratios.push({ what, values, unit, target });
  }

  summary(): void {
    if (this.ratios.length === 0) return;
    const rows = this.ratios.map(({ what, values, unit, target }) => [
      what,
      `${spread(values)} ${unit}`,
      target,
    ]);
    this.table(
      "Against the targets (median of the rounds, smallest and largest)",
      ["", "measured", "target"],
      rows,
    );
  }
}

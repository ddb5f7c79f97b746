/** This checkout and another one, in turn: what a change brings or costs. */
import type { Bench } from "../lib/bench.ts";
import { type Checkout, checkoutAt, THIS_CHECKOUT } from "../lib/checkout.ts";
import { UsageError } from "../lib/options.ts";
import { type CountedSample, SAMPLE_COLUMNS, sampleCells, sideBySide } from "../lib/side-by-side.ts";

const CROWD = 16;

const CASES = {
  "simple cycle": { cycle: "simple", isMailed: false },
  approval: { cycle: "approval", isMailed: false },
  "approval without requester": { cycle: "approvalOfNobody", isMailed: false },
  "approval, SMTP": { cycle: "approval", isMailed: true },
} as const;

type CaseName = keyof typeof CASES;

export async function against(bench: Bench): Promise<void> {
  const { against: dir, rounds, cycles, only } = bench.options;
  if (dir === undefined) throw new Error("The part against needs the other checkout");
  const other = checkoutAt(dir);
  // A ratio needs both sides of a case.
  const names = (Object.keys(CASES) as CaseName[]).filter((name) => only === undefined || name === only);
  if (names.length === 0) throw new UsageError(`--only must be one of ${Object.keys(CASES).join(" | ")}`);
  const rows: [name: string, samples: readonly CountedSample[]][] = [];
  for (const name of names) {
    const { cycle, isMailed } = CASES[name];
    const side = (checkout: Checkout) => ({
      start: () => bench.startProduct({ isMailed, checkout }),
      load: { cycle, isMailed, users: CROWD },
    });
    const runs = await sideBySide(bench, { this: side(THIS_CHECKOUT), other: side(other) });
    rows.push([`this, ${name}`, runs.this], [`other, ${name}`, runs.other]);
    const ratio = (what: string, value: (run: CountedSample) => number) =>
      bench.report.ratio(`${what}: this / other`, {
        of: runs.this.map(value),
        to: runs.other.map(value),
        target: "",
      });
    ratio(name, ({ perSecond }) => perSecond);
    ratio(`CPU of ${name}`, ({ cpuMs }) => cpuMs);
    ratio(`decide→result p50 of ${name}`, ({ p50 }) => p50);
  }
  bench.report.table(
    `This checkout and ${dir}: ${CROWD} users, ${cycles} cycles a round, ${rounds} rounds, in turn`,
    SAMPLE_COLUMNS,
    rows.map(([name, samples]) => [name, ...sampleCells(samples)]),
  );
}

/** This checkout and another one, in turn: what a change brings or costs. */
import { startApart } from "../lib/apart.ts";
import type { Bench } from "../lib/bench.ts";
import { type Checkout, checkoutAt, THIS_CHECKOUT } from "../lib/checkout.ts";
import { UsageError } from "../lib/options.ts";
import {
  type CountedSample,
  ofTurns,
  SAMPLE_COLUMNS,
  sampleCells,
  settingsOf,
  sideBySide,
  type Turns,
} from "../lib/side-by-side.ts";
import type { CycleName } from "../load/cycles.ts";

const CROWD = 16;

/**
 * What both checkouts do. The targets are those against d5fa4e4, which told no requester of an outcome: so the cases that
 * are compared like for like have none.
 */
const CASES = {
  "simple cycle": { cycle: "simple", isMailed: false, targets: ["≥ 1.7"] },
  "approval without requester": { cycle: "approvalOfNobody", isMailed: false, targets: ["≥ 1.6", "≤ 0.75"] },
  "approval without requester, SMTP": { cycle: "approvalOfNobody", isMailed: true, targets: ["≥ 1.6"] },
  "approval without requester, in parts": {
    cycle: "approvalOfNobody",
    isMailed: true,
    isApart: true,
    targets: [],
  },
  approval: { cycle: "approval", isMailed: false, targets: [] },
} as const satisfies Record<string, Case>;

interface Case {
  readonly cycle: CycleName;
  readonly isMailed: boolean;
  /** An engine, a gateway and a worker, each a process of its own: unchanged, so nobody counts requests or tells who rests. */
  readonly isApart?: boolean;
  readonly targets: readonly string[];
}

type CaseName = keyof typeof CASES;

export async function against(bench: Bench): Promise<void> {
  const { against: dir, only } = bench.options;
  if (dir === undefined) throw new Error("The part against needs the other checkout");
  const other = checkoutAt(dir);
  // A ratio needs both sides of a case.
  const names = (Object.keys(CASES) as CaseName[]).filter((name) => only === undefined || name === only);
  if (names.length === 0) throw new UsageError(`--only must be one of ${Object.keys(CASES).join(" | ")}`);
  const rows: [name: string, turns: Turns][] = [];
  for (const name of names) {
    const { cycle, isMailed, targets, isApart = false }: Case = CASES[name];
    const side = (checkout: Checkout) => ({
      start: () => (isApart ? startApart(bench, { checkout }) : bench.startProduct({ isMailed, checkout })),
      load: { cycle, isMailed, users: CROWD, ...(isApart && { pressAfterMs: 0 }) },
    });
    const runs = await sideBySide(bench, { this: side(THIS_CHECKOUT), other: side(other) });
    rows.push([`this, ${name}`, runs.this], [`other, ${name}`, runs.other]);
    const [rate = "", cpu = ""]: readonly string[] = targets;
    const compare = (what: string, target: string, value: (run: CountedSample) => number) =>
      bench.report.compare(`${what}: this / other`, {
        of: ofTurns(runs.this, value),
        to: ofTurns(runs.other, value),
        target,
      });
    compare(name, rate, ({ perSecond }) => perSecond);
    compare(`CPU of ${name}`, cpu, ({ cpuMs }) => cpuMs);
    compare(`decide→result p50 of ${name}`, "", ({ p50 }) => p50);
  }
  bench.report.table(
    `This checkout and ${dir}: ${CROWD} users, ${settingsOf(bench)}`,
    SAMPLE_COLUMNS,
    rows.map(([name, turns]) => [name, ...sampleCells(turns)]),
  );
}

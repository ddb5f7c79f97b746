/** What it costs that the index of approvals and the log of events are kept, that metrics are on, and that the requester is told of the outcome. */
import type { Bench } from "../lib/bench.ts";
import { SAMPLE_COLUMNS, sampleCells, sideBySide } from "../lib/side-by-side.ts";

const CROWD = 16;

export async function extras(bench: Bench): Promise<void> {
  const { cycles, rounds } = bench.options;
  const side = (
    settings: { readonly isIndexed?: boolean; readonly isLogged?: boolean; readonly hasMetrics?: boolean },
    cycle: "approval" | "approvalOfNobody" = "approval",
  ) => ({ start: () => bench.startProduct(settings), load: { cycle, users: CROWD } });
  const runs = await sideBySide(bench, {
    approval: side({}),
    "without index": side({ isIndexed: false }),
    "without log": side({ isLogged: false }),
    "with metrics": side({ hasMetrics: true }),
    "without requester": side({}, "approvalOfNobody"),
  });
  bench.report.table(
    `An approval with and without what may be left out: ${CROWD} users, ${cycles} cycles a round, ${rounds} rounds, in turn`,
    SAMPLE_COLUMNS,
    Object.entries(runs).map(([name, samples]) => [name, ...sampleCells(samples)]),
  );
  const ratios = (what: string, of: keyof typeof runs, to: keyof typeof runs, targets: readonly string[]) => {
    const [rate = "", cpu = ""] = targets;
    const perSecond = (side: keyof typeof runs) => runs[side].map((sample) => sample.perSecond);
    const cpuMs = (side: keyof typeof runs) => runs[side].map((sample) => sample.cpuMs);
    bench.report.ratio(what, { of: perSecond(of), to: perSecond(to), target: rate });
    bench.report.ratio(`CPU of ${what}`, { of: cpuMs(of), to: cpuMs(to), target: cpu });
  };
  ratios("approval / without index", "approval", "without index", ["≥ 0.95", "≤ 1.05"]);
  ratios("approval / without log of events", "approval", "without log", ["≥ 0.95", "≤ 1.05"]);
  ratios("approval with metrics / without", "with metrics", "approval", ["≥ 0.98", "≤ 1.02"]);
  ratios("approval / without requester", "approval", "without requester", []);
}

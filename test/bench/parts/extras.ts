/** What it costs that the index of approvals and the log of events are kept, that metrics are on, and that the requester is told of the outcome. */
import type { Bench } from "../lib/bench.ts";
import { ofTurns, SAMPLE_COLUMNS, sampleCells, settingsOf, sideBySide } from "../lib/side-by-side.ts";

const CROWD = 16;

export async function extras(bench: Bench): Promise<void> {
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
    `An approval with and without what may be left out: ${CROWD} users, ${settingsOf(bench)}`,
    SAMPLE_COLUMNS,
    Object.entries(runs).map(([name, samples]) => [name, ...sampleCells(samples)]),
  );
  type Name = keyof typeof runs;
  const ratios = (what: string, of: Name, to: Name, targets: readonly string[]) => {
    const [rate = "", cpu = ""] = targets;
    const rates = (side: Name) => ofTurns(runs[side], ({ perSecond }) => perSecond);
    const costs = (side: Name) => ofTurns(runs[side], ({ cpuMs }) => cpuMs);
    bench.report.compare(what, { of: rates(of), to: rates(to), target: rate });
    bench.report.compare(`CPU of ${what}`, { of: costs(of), to: costs(to), target: cpu });
  };
  ratios("approval / without index", "approval", "without index", ["≥ 0.95", "≤ 1.05"]);
  ratios("approval / without log of events", "approval", "without log", ["≥ 0.95", "≤ 1.05"]);
  ratios("approval with metrics / without", "with metrics", "approval", ["≥ 0.98", "≤ 1.02"]);
  ratios("approval / without requester", "approval", "without requester", []);
}

/** Whether a decision has to wait while others start approvals as fast as they are answered. */
import type { Bench } from "../lib/bench.ts";
import { percentile } from "../lib/figures.ts";

const STARTERS = 16;
const CYCLES = 100;

export async function fairness(bench: Bench): Promise<void> {
  const { rounds } = bench.options;
  const alone: (readonly number[])[] = [];
  const beside: (readonly number[])[] = [];
  const starts: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await using server = await bench.startProduct();
    const load = { origin: server.ready.url, cycle: "approval", users: 1 } as const;
    await bench.warmUp({ ...load, users: STARTERS });
    alone.push((await bench.load({ ...load, cycles: CYCLES })).latencies);
    const startedAt = performance.now();
    const among = await bench.load({
      ...load,
      cycles: CYCLES,
      beside: { cycle: "started", users: STARTERS },
    });
    beside.push(among.latencies);
    starts.push((among.beside / (performance.now() - startedAt)) * 1000);
  }
  const row = (latencies: typeof alone) =>
    [0.5, 0.99].map((share) => latencies.map((each) => percentile(each, share)));
  bench.report.table(
    `One user who decides, ${CYCLES} cycles a run, ${rounds} runs each`,
    ["", "decide→result p50 ms", "p99 ms", "approvals started beside, per second"],
    [
      ["alone", ...row(alone), "–"],
      [`beside ${STARTERS} who start approvals`, ...row(beside), starts],
    ],
  );
  bench.report.figure(`decide→result p99 beside ${STARTERS} who start approvals`, {
    values: beside.map((each) => percentile(each, 0.99)),
    unit: "ms",
    target: "",
  });
}

/** What a cycle costs when more people work at once: commits are then shared by more, and what is fixed is spread. */
import type { Bench, Sample } from "../lib/bench.ts";
import type { BenchProcess } from "../lib/process.ts";
import { inTurn } from "../lib/rounds.ts";
import type { CycleName } from "../load/cycles.ts";

const CROWDS = [1, 4, 16, 64];
/** One user takes long for each. */
const CYCLES_EACH = 300;

export async function users(bench: Bench): Promise<void> {
  const { cycles, rounds } = bench.options;
  const runs = await inTurn(bench.options, {
    floor: async () => {
      await using server = await bench.startFloor();
      return await crowds(bench, server, "simple");
    },
    "product, simple": async () => {
      await using server = await bench.startProduct();
      return await crowds(bench, server, "simple");
    },
    "product, approval": async () => {
      await using server = await bench.startProduct();
      return await crowds(bench, server, "approval");
    },
  });
  const named = Object.entries(runs);
  const columns = ["", ...CROWDS.map((size) => (size === 1 ? "1 user" : `${size} users`))];
  const rows = (what: (sample: Sample) => number) =>
    named.map(([name, samples]) => [name, ...CROWDS.map((_, at) => valuesAt(samples, at, what))]);
  const title = `with a growing number of users, at most ${cycles} cycles a run, ${rounds} runs each, in turn`;
  bench.report.table(
    `Cycles/s ${title}`,
    columns,
    rows(({ perSecond }) => perSecond),
  );
  bench.report.table(
    `CPU ms of a cycle ${title}`,
    columns,
    rows(({ cpuMs }) => cpuMs),
  );
  bench.report.plots.set("cost-by-users", {
    title: "What a cycle costs when more people work at once",
    x: "users at once",
    y: "processor time, ms a cycle",
    series: named.map(([name, samples]) => ({
      name,
      points: CROWDS.map((x, at) => ({ x, values: valuesAt(samples, at, ({ cpuMs }) => cpuMs) })),
    })),
  });
}

/** A sample for each size of crowd, on one server. */
async function crowds(
  bench: Bench,
  server: BenchProcess<{ readonly url: string }>,
  cycle: CycleName,
): Promise<Sample[]> {
  const load = { origin: server.ready.url, cycle } as const;
  await bench.warmUp({ ...load, users: 16 });
  const samples: Sample[] = [];
  for (const size of CROWDS) {
    const cycles = Math.min(bench.options.cycles, CYCLES_EACH * size);
    samples.push(await bench.measure(server, { ...load, users: size, cycles }));
  }
  return samples;
}

function valuesAt(rounds: readonly Sample[][], at: number, what: (sample: Sample) => number): number[] {
  return rounds.flatMap((samples) => {
    const sample = samples[at];
    return sample === undefined ? [] : [what(sample)];
  });
}

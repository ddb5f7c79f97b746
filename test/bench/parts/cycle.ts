/** The approval cycle: the simple workflow on both sides, and the product's own approval. */
import type { Bench, Sample, UrlReady } from "../lib/bench.ts";
import { countingEngine } from "../lib/bench.ts";
import type { BenchProcess } from "../lib/process.ts";
import { inTurn } from "../lib/rounds.ts";
import type { CycleName } from "../load/cycles.ts";

interface Run {
  readonly crowd: Sample;
  readonly alone: Sample;
  /** Of the engine, for one cycle with the crowd. */
  readonly requests?: number;
}

const CROWD = 16;
/** Enough for a p99 that is more than the worst case. */
const ALONE_CYCLES = 300;

export async function cycle(bench: Bench): Promise<void> {
  const { rounds, cycles } = bench.options;
  const runs = await inTurn(bench.options, {
    "floor, simple": () => onFloor(bench),
    "seed, simple": () => onSeed(bench, false),
    "product, simple": () => onProduct(bench, "simple", false),
    "product, approval": () => onProduct(bench, "approval", false),
    "product, approval without requester": () => onProduct(bench, "approvalOfNobody", false),
    "seed, simple, SMTP": () => onSeed(bench, true),
    "product, simple, SMTP": () => onProduct(bench, "simple", true),
    "product, approval, SMTP": () => onProduct(bench, "approval", true),
  });

  const column = (name: keyof typeof runs, what: (run: Run) => number | undefined): number[] =>
    runs[name].flatMap((run) => what(run) ?? []);
  const names = Object.keys(runs) as (keyof typeof runs)[];
  bench.report.table(
    `Approval cycle: ${CROWD} users, ${cycles} cycles a run, ${rounds} runs each, in turn`,
    ["", "cycles/s", "CPU ms", "decide→result p50 ms", "p99 ms", "engine requests", "others' CPU"],
    names.map((name) => [
      name,
      column(name, ({ crowd }) => crowd.perSecond),
      column(name, ({ crowd }) => crowd.cpuMs),
      column(name, ({ crowd }) => crowd.p50),
      column(name, ({ crowd }) => crowd.p99),
      column(name, ({ requests }) => requests),
      column(name, ({ crowd }) => crowd.othersCpu),
    ]),
  );
  bench.report.table(
    `The same with 1 user, ${ALONE_CYCLES} cycles a run`,
    ["", "cycles/s", "CPU ms", "decide→result p50 ms", "p99 ms"],
    names.map((name) => [
      name,
      column(name, ({ alone }) => alone.perSecond),
      column(name, ({ alone }) => alone.cpuMs),
      column(name, ({ alone }) => alone.p50),
      column(name, ({ alone }) => alone.p99),
    ]),
  );

  const rate = (name: keyof typeof runs) => column(name, ({ crowd }) => crowd.perSecond);
  const cpu = (name: keyof typeof runs) => column(name, ({ crowd }) => crowd.cpuMs);
  const against = (what: string, of: number[], to: number[], target: string) =>
    bench.report.ratio(what, { of, to, target });
  against("simple cycle / seed", rate("product, simple"), rate("seed, simple"), "≥ 2");
  against("simple cycle / seed, SMTP", rate("product, simple, SMTP"), rate("seed, simple, SMTP"), "≥ 1.7");
  against("CPU of a simple cycle / seed", cpu("product, simple"), cpu("seed, simple"), "≤ 0.6");
  against(
    "CPU of a simple cycle / seed, SMTP",
    cpu("product, simple, SMTP"),
    cpu("seed, simple, SMTP"),
    "≤ 0.6",
  );
  against("simple cycle / floor", rate("product, simple"), rate("floor, simple"), "≥ 0.25");
  against("approval / seed's simple cycle", rate("product, approval"), rate("seed, simple"), "≥ 1.6");
  against(
    "approval / seed's simple cycle, SMTP",
    rate("product, approval, SMTP"),
    rate("seed, simple, SMTP"),
    "≥ 1.3",
  );
  for (const [name, target] of [
    ["product, approval without requester", "≤ 12"],
    ["product, approval", "≤ 15"],
  ] as const) {
    const values = column(name, ({ requests }) => requests);
    bench.report.figure(`engine requests: ${name}`, { values, unit: "", target });
  }
  for (const name of ["product, simple", "product, approval"] as const) {
    const values = column(name, ({ alone }) => alone.p50);
    bench.report.figure(`decide→result p50, 1 user: ${name}`, { values, unit: "ms", target: "≤ 2" });
  }
  bench.report.figure(`decide→result p99, ${CROWD} users: product, approval`, {
    values: column("product, approval", ({ crowd }) => crowd.p99),
    unit: "ms",
    target: "≤ 10",
  });
}

async function onFloor(bench: Bench): Promise<Run> {
  await using server = await bench.startFloor();
  return await simpleRun(bench, server, false);
}

async function onSeed(bench: Bench, isMailed: boolean): Promise<Run> {
  await using server = await bench.startSeed({ isMailed });
  return await simpleRun(bench, server, isMailed);
}

async function simpleRun(bench: Bench, server: BenchProcess<UrlReady>, isMailed: boolean): Promise<Run> {
  const load = { origin: server.ready.url, cycle: "simple", isMailed } as const;
  await bench.warmUp({ ...load, users: CROWD });
  const alone = await bench.measure(server, { ...load, users: 1, cycles: ALONE_CYCLES });
  const crowd = await bench.measure(server, { ...load, users: CROWD, cycles: bench.options.cycles });
  return { crowd, alone };
}

async function onProduct(bench: Bench, cycle: CycleName, isMailed: boolean): Promise<Run> {
  await using server = await bench.startProduct({ isMailed });
  const { cycles } = bench.options;
  const load = { origin: server.ready.url, cycle, isMailed } as const;
  await bench.warmUp({ ...load, users: CROWD });
  const alone = await bench.measure(server, { ...load, users: 1, cycles: ALONE_CYCLES });
  const { requests, ...crowd } = await countingEngine(server, () =>
    bench.measure(server, { ...load, users: CROWD, cycles }),
  );
  return { crowd, alone, requests };
}

/** This checkout and another one, in turn: what a change brings or costs. */
import { type Bench, countingEngine, type Sample } from "../lib/bench.ts";
import { type Checkout, checkoutAt, THIS_CHECKOUT } from "../lib/checkout.ts";
import { UsageError } from "../lib/options.ts";
import { inTurn } from "../lib/rounds.ts";

const CROWD = 16;

const CASES = {
  "simple cycle": { cycle: "simple", isMailed: false },
  approval: { cycle: "approval", isMailed: false },
  "approval, SMTP": { cycle: "approval", isMailed: true },
} as const;

type CaseName = keyof typeof CASES;
type Run = Sample & { readonly requests: number };

export async function against(bench: Bench): Promise<void> {
  const { against: dir, rounds, cycles, only } = bench.options;
  if (dir === undefined) throw new Error("The part against needs the other checkout");
  const checkouts = { this: THIS_CHECKOUT, other: checkoutAt(dir) };
  // A ratio needs both sides of a case.
  const names = (Object.keys(CASES) as CaseName[]).filter((name) => only === undefined || name === only);
  if (names.length === 0) throw new UsageError(`--only must be one of ${Object.keys(CASES).join(" | ")}`);
  const sides = Object.keys(checkouts) as (keyof typeof checkouts)[];
  const runs = await inTurn(
    { rounds },
    Object.fromEntries(
      names.flatMap((name) =>
        sides.map((side) => [`${side}, ${name}`, () => run(bench, checkouts[side], name)]),
      ),
    ),
  );
  const of = (side: string, name: string) => runs[`${side}, ${name}`] ?? [];
  bench.report.table(
    `This checkout and ${dir}: ${CROWD} users, ${cycles} cycles a run, ${rounds} runs each, in turn`,
    ["", "cycles/s", "CPU ms", "decide→result p50 ms", "p99 ms", "engine requests", "others' CPU"],
    Object.entries(runs).map(([name, samples]) => [
      name,
      samples.map(({ perSecond }) => perSecond),
      samples.map(({ cpuMs }) => cpuMs),
      samples.map(({ p50 }) => p50),
      samples.map(({ p99 }) => p99),
      samples.map(({ requests }) => requests),
      samples.map(({ othersCpu }) => othersCpu),
    ]),
  );
  const ratio = (what: string, name: string, value: (run: Run) => number) =>
    bench.report.ratio(`${what}: this / other`, {
      of: of("this", name).map(value),
      to: of("other", name).map(value),
      target: "",
    });
  for (const name of names) {
    ratio(name, name, ({ perSecond }) => perSecond);
    ratio(`CPU of ${name}`, name, ({ cpuMs }) => cpuMs);
    ratio(`decide→result p50 of ${name}`, name, ({ p50 }) => p50);
  }
}

async function run(bench: Bench, checkout: Checkout, name: CaseName): Promise<Run> {
  const { cycle, isMailed } = CASES[name];
  await using server = await bench.startProduct({ isMailed, checkout });
  const load = { origin: server.ready.url, cycle, isMailed, users: CROWD } as const;
  await bench.warmUp(load);
  return await countingEngine(server, () => bench.measure(server, { ...load, cycles: bench.options.cycles }));
}

/**
 * Servers that are up at the same time and take turns in many short runs. What slows the machine down for a while hits all of
 * them, so ratios of neighbouring runs tell differences of a few percent apart.
 */

import type { Load } from "../load/main.ts";
import type { ProductReady } from "../servers/product.ts";
import { type Bench, countingEngine, type Sample } from "./bench.ts";
import type { BenchProcess } from "./process.ts";

export interface Side {
  readonly start: () => Promise<BenchProcess<ProductReady>>;
  readonly load: Omit<Load, "limitMs" | "cycles" | "origin">;
}

export type CountedSample = Sample & { readonly requests: number };

/** What was run of a server: the turns of each set of processes. */
export type Turns = readonly (readonly CountedSample[])[];

/** Short runs of each server of a set. More of them say little: what differs most is one process from the next. */
const TURNS = 4;

/** What a table's title says of the settings. */
export function settingsOf({ options: { pairs, turn, warmUp } }: Bench): string {
  return `${pairs} sets of fresh processes, ${TURNS} turns of ${turn} cycles each after ${warmUp} others`;
}

/** So many sets of fresh servers. The samples of all sides are in the same order. */
export async function sideBySide<Name extends string>(
  bench: Bench,
  sides: Readonly<Record<Name, Side>>,
): Promise<Record<Name, Turns>> {
  const { pairs, turn: cycles } = bench.options;
  const names = Object.keys(sides) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    CountedSample[][]
  >;
  for (let pair = 0; pair < pairs; pair++) {
    await using servers = new AsyncDisposableStack();
    const up: { readonly name: Name; readonly run: () => Promise<CountedSample> }[] = [];
    // Which starts first has waited longest when it is measured, and is a few percent slower.
    for (const name of pair % 2 === 0 ? names : names.toReversed()) {
      const { start, load } = sides[name];
      const server = servers.use(await start());
      const loaded = { ...load, origin: server.ready.url };
      await bench.warmUp(loaded);
      const run = () => countingEngine(server, () => bench.measure(server, { ...loaded, cycles }));
      up.push({ name, run });
      samples[name].push([]);
    }
    for (let turn = 0; turn < TURNS; turn++) {
      for (const { name, run } of turn % 2 === 0 ? up : up.toReversed()) {
        samples[name][pair]?.push(await run());
      }
    }
  }
  return samples;
}

export const SAMPLE_COLUMNS = [
  "",
  "cycles/s",
  "CPU ms",
  "decide→result p50 ms",
  "p99 ms",
  "engine requests",
  "others' CPU",
];

/** The cells of a row, in the order of these columns. */
export function sampleCells(turns: Turns): number[][] {
  const samples = turns.flat();
  return [
    samples.map(({ perSecond }) => perSecond),
    samples.map(({ cpuMs }) => cpuMs),
    samples.map(({ p50 }) => p50),
    samples.map(({ p99 }) => p99),
    samples.map(({ requests }) => requests),
    samples.map(({ othersCpu }) => othersCpu),
  ];
}

/** One figure of each turn. */
export function ofTurns(turns: Turns, what: (sample: CountedSample) => number): number[][] {
  return turns.map((samples) => samples.map(what));
}

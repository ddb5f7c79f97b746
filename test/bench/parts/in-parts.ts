/** One process, and parts with more and more workers, on each engine; and what takes over when a part is killed. */
import { setTimeout as pause } from "node:timers/promises";
import { type ApartOptions, startApart } from "../lib/apart.ts";
import type { Bench, Sample } from "../lib/bench.ts";
import { ENGINE_KINDS, type EngineKind } from "../lib/engines.ts";
import { UsageError } from "../lib/options.ts";
import type { Cell } from "../lib/report.ts";
import { inTurn } from "../lib/rounds.ts";

const CROWD = 16;
const ALONE_CYCLES = 100;
/** A workflow rests by then, and somebody alone has read the mail. */
const READ_MS = 50;
const LOAD = { cycle: "approvalOfNobody", isMailed: true } as const;

/** Shorter than the default, which is what would be measured. */
const LEASE_MS = 5_000;
const RESTING = 30;
/** More than two workers finish before one of them is killed. */
const BUSY = 300;
const KILL_AFTER_MS = 300;

interface Run {
  readonly crowd: Sample;
  readonly alone: Sample;
  readonly rssMb: number;
}

export async function inParts(bench: Bench): Promise<void> {
  const { workers, rounds, only } = bench.options;
  const kinds = kindsOf(bench);
  const cases: Record<string, () => Promise<Run>> = { "one process": () => onOneProcess(bench) };
  for (const kind of kinds) {
    for (const count of workers) cases[nameOf(kind, count)] = () => onParts(bench, { kind, workers: count });
  }
  if (only !== undefined && !(only in cases) && only !== "take-over") {
    throw new UsageError(`--only must be one of ${[...Object.keys(cases), "take-over"].join(" | ")}`);
  }
  const runs = await inTurn({ rounds, only }, cases);
  const rows = Object.entries(runs).filter(([, of]) => of.length > 0);
  if (rows.length > 0) report(bench, rows);
  if (only === undefined || only === "take-over") await takeOver(bench, kinds);
}

function report({ report, options: { cycles, warmUp } }: Bench, rows: readonly [string, Run[]][]): void {
  report.table(
    `The approval without requester, by SMTP: ${CROWD} users, ${cycles} cycles a run after ${warmUp} others; one gateway; servers set as in the samples`,
    [
      "",
      "cycles/s",
      "CPU ms",
      "decide→result p50 ms",
      "p99 ms",
      "1 user: p50 ms",
      "p99 ms",
      "resident MB",
      "others' CPU",
    ],
    rows.map(([name, of]) => [
      name,
      of.map(({ crowd }) => crowd.perSecond),
      of.map(({ crowd }) => crowd.cpuMs),
      of.map(({ crowd }) => crowd.p50),
      of.map(({ crowd }) => crowd.p99),
      of.map(({ alone }) => alone.p50),
      of.map(({ alone }) => alone.p99),
      of.map(({ rssMb }) => rssMb),
      of.map(({ crowd }) => crowd.othersCpu),
    ]),
  );
}

function kindsOf({ options: { resonate, isPostgres } }: Bench): readonly EngineKind[] {
  if (resonate === undefined) return ENGINE_KINDS.slice(0, 1);
  return isPostgres ? ENGINE_KINDS : ENGINE_KINDS.slice(0, 2);
}

function nameOf(kind: EngineKind, workers: number): string {
  return `${kind}, ${workers} ${workers === 1 ? "worker" : "workers"}`;
}

async function onOneProcess(bench: Bench): Promise<Run> {
  await using server = await bench.startProduct({ isMailed: true });
  return await measured(bench, server);
}

async function onParts(bench: Bench, options: ApartOptions): Promise<Run> {
  await using server = await startApart(bench, options);
  return await measured(bench, server);
}

async function measured(bench: Bench, server: Awaited<ReturnType<Bench["startProduct"]>>): Promise<Run> {
  const load = { ...LOAD, origin: server.ready.url, pressAfterMs: 0 };
  await bench.warmUp({ ...load, users: CROWD });
  const alone = await bench.measure(server, {
    ...load,
    users: 1,
    cycles: ALONE_CYCLES,
    pressAfterMs: READ_MS,
  });
  const crowd = await bench.measure(server, { ...load, users: CROWD, cycles: bench.options.cycles });
  const { rssBytes } = await server.usage();
  return { crowd, alone, rssMb: rssBytes / 2 ** 20 };
}

/** Each with two workers, of which one is killed. */
async function takeOver(bench: Bench, kinds: readonly EngineKind[]): Promise<void> {
  const rows: Cell[][] = [];
  for (const kind of kinds) {
    const resting: number[] = [];
    const busy: number[] = [];
    const server: number[] = [];
    for (let round = 0; round < bench.options.rounds; round++) {
      resting.push(await killedAtRest(bench, kind));
      busy.push(await killedAtWork(bench, kind));
      server.push(await killedEngine(bench, kind));
    }
    rows.push([kind, resting, busy, server]);
  }
  bench.report.table(
    `Take-over: kill -9, with leases of ${LEASE_MS / 1000} s; ms`,
    [
      "",
      `one of two workers, ${RESTING} resting: last outcome after their presses`,
      `one of two workers, ${BUSY} being mailed: last mail after the kill`,
      `engine, ${RESTING} resting: last outcome after its restart`,
    ],
    rows,
  );
}

async function killedAtRest(bench: Bench, kind: EngineKind): Promise<number> {
  await using server = await startApart(bench, { kind, workers: 2, leaseMs: LEASE_MS });
  const origin = server.ready.url;
  const asked = await bench.ask({ origin, count: RESTING });
  await pause(LEASE_MS / 2);
  await server.workers[0]?.kill();
  return Math.max(...(await bench.decide({ origin, asked })));
}

async function killedAtWork(bench: Bench, kind: EngineKind): Promise<number> {
  await using server = await startApart(bench, { kind, workers: 2, leaseMs: LEASE_MS });
  const asking = bench.ask({ origin: server.ready.url, count: BUSY });
  await pause(KILL_AFTER_MS);
  const killing = server.workers[0]?.kill();
  const [asked] = await Promise.all([asking, killing]);
  return Math.max(...asked.map(({ mailedMs }) => mailedMs)) - KILL_AFTER_MS;
}

/** From the command that starts it again. */
async function killedEngine(bench: Bench, kind: EngineKind): Promise<number> {
  await using server = await startApart(bench, { kind, workers: 2, leaseMs: LEASE_MS });
  const origin = server.ready.url;
  const asked = await bench.ask({ origin, count: RESTING });
  await pause(LEASE_MS / 2);
  await server.engine.kill();
  const [times] = await Promise.all([bench.decide({ origin, asked }), server.engine.start()]);
  return Math.max(...times);
}

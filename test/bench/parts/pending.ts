/** What it costs that many others wait: in time, in memory, on disk, and while nothing happens. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bench, type Sample, SEAMS } from "../lib/bench.ts";
import { short } from "../lib/figures.ts";
import { cpuMsOf, memoryOf } from "../lib/machine.ts";
import { inTurn } from "../lib/rounds.ts";
import { freePort, startService } from "../lib/service.ts";
import type { Point } from "../lib/svg.ts";
import type { Filled, FillReady } from "../servers/fill.ts";

const CROWD = 16;
const IDLE_MS = 5_000;
const MB = 2 ** 20;

interface Standing {
  readonly bootMs: number;
  readonly rssMb: number;
  readonly idleCpu: number;
}

export async function pending(bench: Bench): Promise<void> {
  const { report } = bench;
  const dataDir = bench.folder();
  let approvals = 0;
  const costs: Point[] = [];
  for (const size of bench.options.pending) {
    const { added, pendingEach, bytesEach } = await fillUp(bench, dataDir, size, approvals);
    approvals += added;
    const standing: Standing[] = [];
    for (let round = 0; round < bench.options.rounds; round++) standing.push(await stand(bench, dataDir));
    const column = (what: (one: Standing) => number) => standing.map(what);
    const name = `${short(approvals * pendingEach)} pending`;
    report.table(
      `${name}: ${short(approvals)} approvals of ${pendingEach} promises each`,
      ["", ""],
      [
        ["boot to ready, ms", column(({ bootMs }) => bootMs)],
        ["resident after boot, MB", column(({ rssMb }) => rssMb)],
        [`CPU of one core over ${IDLE_MS / 1000} idle seconds, %`, column(({ idleCpu }) => idleCpu * 100)],
        ["bytes on disk for each approval", short(bytesEach)],
      ],
    );
    report.figure(`${name}: boot`, {
      values: column(({ bootMs }) => bootMs),
      unit: "ms",
      target: "≤ 1000 with 1M",
    });
    report.figure(`${name}: idle CPU`, {
      values: column(({ idleCpu }) => idleCpu * 100),
      unit: "%",
      target: "≈ 0",
    });
    const { empty, full } = await compare(bench, { dataDir, size, name });
    if (costs.length === 0) costs.push({ x: 0, values: empty });
    costs.push({ x: approvals * pendingEach, values: full });
  }
  report.plots.set("cost-by-pending", {
    title: "What a simple cycle costs with others pending",
    x: "pending promises",
    y: "processor time, ms a cycle",
    series: [{ name: "Countersign", points: costs }],
  });
}

/** Adds what is missing to have `size` promises pending. */
async function fillUp(bench: Bench, dataDir: string, size: number, approvals: number) {
  const startedAt = performance.now();
  const filler = await bench.start<FillReady>(import.meta.resolve("../servers/fill.ts"), { dataDir }, [
    SEAMS,
  ]);
  const { pendingEach } = filler.ready;
  // The filler's model is one more.
  const missing = Math.max(0, Math.ceil(size / pendingEach) - approvals - 1);
  const bytesBefore = bytesIn(dataDir);
  await filler.call<Filled>("fill", missing);
  await filler.stop();
  const bytesEach = (bytesIn(dataDir) - bytesBefore) / missing;
  bench.report.line(
    `\nfilled with ${short(missing + 1)} approvals in ${short((performance.now() - startedAt) / 1000)} s: ${short(bytesIn(dataDir) / MB)} MB on disk`,
  );
  return { added: missing + 1, pendingEach, bytesEach };
}

/** The engine's files; when it was closed, all is in one. */
function bytesIn(dataDir: string): number {
  const files = readdirSync(dataDir).filter((name) => name.startsWith("engine.db"));
  return files.reduce((sum, name) => sum + statSync(join(dataDir, name)).size, 0);
}

/** The service with nothing to do but wait. */
async function stand(bench: Bench, dataDir: string): Promise<Standing> {
  const [port, enginePort] = [await freePort(), await freePort()];
  await using service = startService({ dataDir, port, enginePort, smtpUrl: await bench.smtpUrl() });
  const bootMs = await service.readyMs;
  await pause(1_000);
  const before = cpuMsOf(service.pid);
  await pause(IDLE_MS);
  const idleCpu = (cpuMsOf(service.pid) - before) / IDLE_MS;
  const rssMb = memoryOf(service.pid).rssBytes / MB;
  await service.stop();
  return { bootMs, rssMb, idleCpu };
}

/** The simple cycle on the full engine and on an empty one, in turn. */
async function compare(
  bench: Bench,
  { dataDir, size, name }: { dataDir: string; size: number; name: string },
) {
  const { cycles, seedPendingMax } = bench.options;
  const rss: number[] = [];
  const run = async (settings: { dataDir?: string }): Promise<Sample> => {
    await using server = await bench.startProduct(settings);
    const load = { origin: server.ready.url, cycle: "simple", users: CROWD } as const;
    await bench.warmUp(load);
    const sample = await bench.measure(server, { ...load, cycles });
    if (settings.dataDir !== undefined) rss.push((await server.usage()).rssMaxBytes / MB);
    return sample;
  };
  const runs: Record<string, readonly Sample[]> = await inTurn(bench.options, {
    "product, empty": () => run({}),
    [`product, ${name}`]: () => run({ dataDir }),
  });
  if (size <= seedPendingMax) runs[`seed, ${name}`] = [await seedWith(bench, size)];
  bench.report.table(
    `Simple cycle with ${name}: ${CROWD} users, ${cycles} cycles a run, in turn`,
    ["", "cycles/s", "CPU ms", "decide→result p50 ms", "p99 ms", "others' CPU"],
    Object.entries(runs).map(([who, samples]) => [
      who,
      samples.map(({ perSecond }) => perSecond),
      samples.map(({ cpuMs }) => cpuMs),
      samples.map(({ p50 }) => p50),
      samples.map(({ p99 }) => p99),
      samples.map(({ othersCpu }) => othersCpu),
    ]),
  );
  const rate = (who: string) => (runs[who] ?? []).map(({ perSecond }) => perSecond);
  bench.report.ratio(`${name}: simple cycle / empty`, {
    of: rate(`product, ${name}`),
    to: rate("product, empty"),
    target: "≥ 0.97",
  });
  bench.report.figure(`${name}: resident at most, under load`, { values: rss, unit: "MB", target: "≤ 200" });
  const cost = (who: string) => (runs[who] ?? []).map(({ cpuMs }) => cpuMs);
  return { empty: cost("product, empty"), full: cost(`product, ${name}`) };
}

/** The in-memory side, where each pending workflow holds two promises. Few cycles: it may be slow by now. */
async function seedWith(bench: Bench, size: number): Promise<Sample> {
  await using server = await bench.startSeed();
  await server.call("fill", Math.ceil(size / 2));
  const load = { origin: server.ready.url, cycle: "simple", users: CROWD } as const;
  return await bench.measure(server, { ...load, cycles: Math.min(500, bench.options.cycles) });
}

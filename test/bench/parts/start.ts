/** What a start costs: until "ready", at rest after it, and at the first approval, which wakes what the start left out. */
import { setTimeout as pause } from "node:timers/promises";
import type { Bench } from "../lib/bench.ts";
import { type Checkout, checkoutAt, packaged, THIS_CHECKOUT } from "../lib/checkout.ts";
import { cpuMsOf, memoryOf } from "../lib/machine.ts";
import { inTurn } from "../lib/rounds.ts";
import { freePort, startService } from "../lib/service.ts";

/** A start is short, and one of them says little. */
const STARTS_A_ROUND = 3;
const REST_MS = 3_000;
const MB = 2 ** 20;

interface Start {
  readonly readyMs: number;
  readonly readyCpuMs: number;
  readonly rssMb: number;
  readonly firstMailMs: number;
  readonly usedRssMb: number;
}

export async function start(bench: Bench): Promise<void> {
  const { against: dir, rounds } = bench.options;
  const checkouts: Record<string, Checkout> = {
    "the package": await packaged(),
    "this checkout": THIS_CHECKOUT,
  };
  if (dir !== undefined) checkouts[dir] = checkoutAt(dir);
  const cases = Object.entries(checkouts).map(([name, checkout]) => {
    const dataDir = bench.folder();
    return [name, () => startOnce(bench, checkout, dataDir)] as const;
  });
  // The first start makes keys and the file, and fills Node's compile cache.
  for (const [, run] of cases) await run();
  const runs = await inTurn({ rounds: rounds * STARTS_A_ROUND }, Object.fromEntries(cases));
  const of = (name: string, what: (one: Start) => number) => (runs[name] ?? []).map(what);
  bench.report.table(
    `Start: ${rounds * STARTS_A_ROUND} times each, in turn`,
    ["", "to ready ms", "CPU ms", "resident MB", "first approval to mail ms", "resident then MB"],
    Object.entries(runs).map(([name, starts]) => [
      name,
      starts.map(({ readyMs }) => readyMs),
      starts.map(({ readyCpuMs }) => readyCpuMs),
      starts.map(({ rssMb }) => rssMb),
      starts.map(({ firstMailMs }) => firstMailMs),
      starts.map(({ usedRssMb }) => usedRssMb),
    ]),
  );
  const figure = (what: string, unit: string, target: string, value: (one: Start) => number) =>
    bench.report.figure(what, { values: of("the package", value), unit, target });
  figure("start to ready", "ms", "≤ 300", ({ readyMs }) => readyMs);
  figure("resident after a start", "MB", "≤ 100", ({ rssMb }) => rssMb);
  if (dir === undefined) return;
  const ratio = (what: string, value: (one: Start) => number) => {
    const to = of(dir, value);
    bench.report.ratio(`${what}: the package / other`, {
      of: of("the package", value),
      to,
      target: "≤ 1.03",
    });
    bench.report.ratio(`${what}: this checkout / other`, { of: of("this checkout", value), to, target: "" });
  };
  ratio("start to ready", ({ readyMs }) => readyMs);
  ratio("CPU of a start", ({ readyCpuMs }) => readyCpuMs);
  ratio("resident after a start", ({ rssMb }) => rssMb);
}

async function startOnce(bench: Bench, checkout: Checkout, dataDir: string): Promise<Start> {
  const [port, enginePort] = [await freePort(), await freePort()];
  await using service = startService({ dataDir, port, enginePort, smtpUrl: await bench.smtpUrl(), checkout });
  const readyMs = await service.readyMs;
  const readyCpuMs = cpuMsOf(service.pid);
  await pause(REST_MS);
  const rssMb = memoryOf(service.pid).rssBytes / MB;
  const { latencies } = await bench.load({ origin: service.url, cycle: "asked", users: 1, cycles: 1 });
  const [firstMailMs = Number.NaN] = latencies;
  await pause(REST_MS);
  const usedRssMb = memoryOf(service.pid).rssBytes / MB;
  await service.stop();
  return { readyMs, readyCpuMs, rssMb, firstMailMs, usedRssMb };
}

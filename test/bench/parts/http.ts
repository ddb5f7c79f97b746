/** The generic API: a workflow from `begin` to done, and the question how it stands. */
import type { Bench, Sample } from "../lib/bench.ts";
import { inTurn } from "../lib/rounds.ts";
import type { Load } from "../load/main.ts";
import type { HelloReady } from "../servers/hello.ts";

const CROWD = 16;

export async function http(bench: Bench): Promise<void> {
  const { rounds, cycles, windowMs } = bench.options;
  const begins = await inTurn(bench.options, {
    "seed: begin to done": async () => {
      await using server = await bench.startSeed();
      return await begin(bench, server);
    },
    "product: begin to done": async () => {
      await using server = await bench.startProduct();
      return await begin(bench, server);
    },
  });
  table(
    bench,
    `A workflow of one step, from begin to its result: ${CROWD} users, ${cycles} cycles a run, ${rounds} runs each`,
    begins,
  );
  const rate = (samples: readonly Sample[]) => samples.map(({ perSecond }) => perSecond);
  bench.report.ratio("begin to done / seed", {
    of: rate(begins["product: begin to done"]),
    to: rate(begins["seed: begin to done"]),
    target: "≥ 2",
  });

  await using hello = await bench.start<HelloReady>(import.meta.resolve("../servers/hello.ts"), {});
  await using product = await bench.startProduct();
  await using seed = await bench.startSeed();
  const pendingId = "approval-1";
  for (const { url } of [product.ready, seed.ready]) {
    const body = JSON.stringify({ to: "ana@example.com", title: "Order 40 laptops" });
    const headers = { "content-type": "application/json" };
    await fetch(`${url}/begin?id=${pendingId}&func=simple`, { method: "POST", body, headers });
  }
  const path = `/wait?id=${pendingId}`;
  const ask = (server: Parameters<Bench["measure"]>[0], origin: string) => async () => {
    const load: Omit<Load, "limitMs"> = {
      origin,
      path,
      cycle: "read",
      users: CROWD,
      cycles: Number.MAX_SAFE_INTEGER,
    };
    return bench.measure(server, { ...load, limitMs: 2 * windowMs });
  };
  const cases = {
    "Express, bare": ask(hello, hello.ready.expressUrl),
    "product: wait": ask(product, product.ready.url),
    "seed: wait": ask(seed, seed.ready.url),
  };
  // The first time is the warm-up.
  await inTurn({ ...bench.options, rounds: 1 }, cases);
  const waits = await inTurn(bench.options, cases);
  table(
    bench,
    `GET /wait of a pending workflow: ${CROWD} users, ${rounds} runs of ${2 * windowMs} ms each, in turn`,
    waits,
  );
  bench.report.ratio("wait / bare Express", {
    of: rate(waits["product: wait"]),
    to: rate(waits["Express, bare"]),
    target: "≥ 0.9",
  });
}

async function begin(
  bench: Bench,
  server: Parameters<Bench["measure"]>[0] & { ready: { url: string } },
): Promise<Sample> {
  const load = { origin: server.ready.url, cycle: "begin", users: CROWD } as const;
  await bench.warmUp(load);
  return bench.measure(server, { ...load, cycles: bench.options.cycles });
}

function table(bench: Bench, title: string, runs: Readonly<Record<string, readonly Sample[]>>): void {
  bench.report.table(
    title,
    ["", "per second", "CPU ms", "p50 ms", "p99 ms", "others' CPU"],
    Object.entries(runs).map(([name, samples]) => [
      name,
      samples.map(({ perSecond }) => perSecond),
      samples.map(({ cpuMs }) => cpuMs),
      samples.map(({ p50 }) => p50),
      samples.map(({ p99 }) => p99),
      samples.map(({ othersCpu }) => othersCpu),
    ]),
  );
}

/** The engine alone, beside what bounds it: commits to the disk, and HTTP. */
import type { Bench } from "../lib/bench.ts";
import { inTurn } from "../lib/rounds.ts";
import type { Done, EngineReady } from "../servers/engine.ts";
import type { HelloReady } from "../servers/hello.ts";

const CROWDS = [1, 16, 64] as const;

export async function engine(bench: Bench): Promise<void> {
  const { rounds, windowMs } = bench.options;
  await using host = await bench.start<EngineReady>(import.meta.resolve("../servers/engine.ts"), {
    dir: bench.folder(),
  });
  await using hello = await bench.start<HelloReady>(import.meta.resolve("../servers/hello.ts"), {});

  const inside = (command: "sqlite" | "write" | "read") => async (): Promise<number[]> => {
    const done: number[] = [];
    for (const callers of CROWDS) {
      const { operations, ms } = await host.call<Done>(command, { callers, ms: windowMs });
      done.push((operations / ms) * 1000);
    }
    return done;
  };
  const overHttp = (load: Parameters<typeof httpRates>[1]) => () => httpRates(bench, load, windowMs);
  const { url, token, promiseId } = host.ready;
  const cases = {
    "SQLite, bare: rows in commits of N": inside("sqlite"),
    "engine, in process: create + settle": inside("write"),
    "engine, in process: get": inside("read"),
    "engine, HTTP: create + settle": overHttp({ server: host, origin: url, cycle: "engineWrite", token }),
    "engine, HTTP: get": overHttp({ server: host, origin: url, cycle: "engineRead", token, promiseId }),
    "node:http, bare": overHttp({
      server: hello,
      origin: hello.ready.nodeUrl,
      cycle: "read",
      path: "/wait?id=approval-1",
    }),
    "Express, bare": overHttp({
      server: hello,
      origin: hello.ready.expressUrl,
      cycle: "read",
      path: "/wait",
    }),
  } as const;
  // The first time is the warm-up.
  await inTurn({ ...bench.options, rounds: 1 }, cases);
  const runs = await inTurn(bench.options, cases);
  bench.report.table(
    `Engine: operations/s with N callers, ${rounds} runs of ${windowMs} ms each, in turn`,
    ["", ...CROWDS.map((callers) => `N = ${callers}`)],
    Object.entries(runs).map(([name, all]) => [
      name,
      ...CROWDS.map((_, at) => all.flatMap((rates) => rates[at] ?? [])),
    ]),
  );
  const crowd = (name: keyof typeof runs) => runs[name].flatMap((rates) => rates[1] ?? []);
  const against = (what: string, of: keyof typeof runs, to: keyof typeof runs) =>
    bench.report.ratio(what, { of: crowd(of), to: crowd(to), target: "" });
  against(
    "engine's writes in process / bare SQLite, N = 16",
    "engine, in process: create + settle",
    "SQLite, bare: rows in commits of N",
  );
  against("engine's reads over HTTP / bare node:http, N = 16", "engine, HTTP: get", "node:http, bare");
  against("engine's reads over HTTP / bare Express, N = 16", "engine, HTTP: get", "Express, bare");
}

interface HttpCase {
  readonly server: Parameters<Bench["measure"]>[0];
  readonly origin: string;
  readonly cycle: "read" | "engineRead" | "engineWrite";
  readonly path?: string;
  readonly token?: string;
  readonly promiseId?: string;
}

/** Requests a second for each size of crowd. */
async function httpRates(bench: Bench, { server, ...load }: HttpCase, windowMs: number): Promise<number[]> {
  const rates: number[] = [];
  const requests = load.cycle === "engineWrite" ? 2 : 1;
  for (const users of CROWDS) {
    const run = { ...load, users, cycles: Number.MAX_SAFE_INTEGER, limitMs: windowMs };
    rates.push((await bench.measure(server, run)).perSecond * requests);
  }
  return rates;
}

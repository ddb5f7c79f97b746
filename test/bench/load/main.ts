/** The load generator: so many users at once, each doing one thing after the other, in a process of its own. */
import { runChild } from "../lib/child.ts";
import { CYCLES, type CycleName, type CycleOptions, type User } from "./cycles.ts";
import { HttpClient } from "./http-client.ts";
import { type AskMany, askMany, decideAll } from "./many.ts";
import { SignalDesk } from "./signals.ts";

export interface Load extends CycleOptions {
  readonly origin: string;
  readonly cycle: CycleName;
  readonly users: number;
  /** Ends when so many cycles are done … */
  readonly cycles: number;
  /** … or so many milliseconds have passed; what was begun is finished, and counts. */
  readonly limitMs: number;
  /** Others, who do something else for as long. */
  readonly beside?: { readonly cycle: CycleName; readonly users: number };
}

export interface LoadResult {
  readonly cycles: number;
  readonly ms: number;
  /** Of each cycle, in milliseconds. */
  readonly latencies: readonly number[];
  /** What the others did. */
  readonly beside: number;
}

await runChild(async () => {
  const desk = await SignalDesk.open();
  return {
    ready: { signalPort: desk.port },
    commands: {
      run: (load: Load) => run(load, desk),
      ask: (many: AskMany) => askMany(many, desk),
      decide: decideAll,
    },
    stop: async () => {},
  };
});

async function run(load: Load, desk: SignalDesk): Promise<LoadResult> {
  const { origin, users, cycles, limitMs, beside } = load;
  const cycle = CYCLES[load.cycle];
  const everybody = arrive(users, origin, desk);
  const others = arrive(beside?.users ?? 0, origin, desk);
  const latencies: number[] = [];
  let left = cycles;
  const over = new AbortController();
  let done = 0;
  const startedAt = performance.now();
  const doingBeside = others.map(async (user) => {
    if (beside === undefined) return;
    for (; !over.signal.aborted; done += 1) await inTime(CYCLES[beside.cycle](user, load), beside.cycle);
  });
  await Promise.all(
    everybody.map(async (user) => {
      while (left > 0 && performance.now() - startedAt < limitMs) {
        left -= 1;
        latencies.push(await inTime(cycle(user, load), load.cycle));
      }
    }),
  );
  const ms = performance.now() - startedAt;
  over.abort();
  await Promise.all(doingBeside);
  for (const { client, held } of [...everybody, ...others]) {
    client.close();
    held.close();
  }
  desk.clear();
  return { cycles: latencies.length, ms, latencies, beside: done };
}

function arrive(users: number, origin: string, desk: SignalDesk): User[] {
  return Array.from({ length: users }, () => ({
    client: new HttpClient(origin),
    held: new HttpClient(origin),
    desk,
  }));
}

/** A signal that never comes would be waited for for ever. */
const CYCLE_MS_MAX = 60_000;

async function inTime<T>(done: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`A cycle (${what}) took longer than a minute`)), CYCLE_MS_MAX);
  });
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

import { FAULT_KINDS } from "./machine/world.ts";
import { PER_DAY, type Simulation, type SimulationOptions, simulate } from "./simulate.ts";

/** Each try is a simulation. */
const TRIES_MAX = 60;
const DAY_MS = 24 * 3_600_000;
const START_MS = Date.parse("2030-01-01T00:00:00Z");

export interface Shrunk {
  readonly options: SimulationOptions;
  readonly done: Simulation;
  readonly tries: number;
}

/** Makes a simulation that broke a promise smaller, as long as it breaks the same one: days, kinds of trouble, approvals. */
export async function shrink(options: SimulationOptions, broken: Simulation): Promise<Shrunk> {
  const rule = broken.breaches[0]?.rule;
  let best: SimulationOptions = options;
  let done = broken;
  let tries = 0;
  const isBroken = async (smaller: SimulationOptions): Promise<boolean> => {
    if (tries >= TRIES_MAX) return false;
    tries += 1;
    const result = await simulate(smaller);
    if (!result.breaches.some((breach) => breach.rule === rule)) return false;
    best = smaller;
    done = result;
    return true;
  };

  const brokenAt = Date.parse(broken.breaches[0]?.at ?? "");
  const days = Math.ceil((brokenAt - START_MS) / DAY_MS);
  if (days < options.days) await isBroken({ ...best, days });

  for (const kind of FAULT_KINDS) {
    const kinds = best.faults ?? FAULT_KINDS;
    if (kinds.includes(kind)) await isBroken({ ...best, faults: kinds.filter((each) => each !== kind) });
  }

  // The approval that the breach names is likely enough alone.
  const named = /\ba(\d+)\b/u.exec(broken.breaches[0]?.what ?? "")?.[1];
  if (named !== undefined && (await isBroken({ ...best, only: [Number(named)] })))
    return { options: best, done, tries };
  let all =
    best.only ?? Array.from({ length: Math.ceil(best.days * (best.perDay ?? PER_DAY)) }, (_, i) => i + 1);
  for (let size = Math.ceil(all.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < all.length; ) {
      const rest = all.filter((_, i) => i < from || i >= from + size);
      if (rest.length > 0 && (await isBroken({ ...best, only: rest }))) all = rest;
      else from += size;
    }
  }
  return { options: best, done, tries };
}

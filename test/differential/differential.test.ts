import { afterAll, expect, test } from "vitest";
import { randomFrom, seeds } from "../support/seeds.ts";
import { Comparison } from "./comparison.ts";
import { KINDS } from "./operations.ts";

/** Operations a seed; `DIFFERENTIAL_STEPS=100000 SEEDS=1,2,3 npx vitest run test/differential` for more. */
const STEPS = Number(process.env["DIFFERENTIAL_STEPS"] ?? 2_500);
/** A world is left after so many operations: by then most of its few ids are settled. */
const STEPS_PER_WORLD = 200;

const seenByAll = new Map<string, number>();

test.each(seeds(5))(
  "engine and LocalNetwork agree on random operations (SEEDS=%i)",
  (seed) => {
    const random = randomFrom(seed);
    const seen = new Map<string, number>();
    for (let step = 0; step < STEPS; ) {
      const comparison = new Comparison(random);
      for (let inWorld = 0; inWorld < STEPS_PER_WORLD && step < STEPS; inWorld += 1, step += 1) {
        try {
          comparison.step();
        } catch (error) {
          throw new Error(`Seed ${seed} differs at step ${step}: ${String(error)}`, { cause: error });
        }
      }
      add(seen, comparison.seen);
      add(seenByAll, comparison.seen);
      comparison.close();
    }
    expect(KINDS.filter((kind) => !seen.has(`${kind} 200`))).toEqual([]);
  },
  60_000,
);

// Agreement proves only what happened: the turning points must have been passed many times.
afterAll(() => {
  const turns = ["task.suspend 300", "execute", "unblock", "execute by clock", "unblock by clock"];
  expect(turns.filter((turn) => (seenByAll.get(turn) ?? 0) < 3)).toEqual([]);
});

function add(total: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [event, count] of more) total.set(event, (total.get(event) ?? 0) + count);
}

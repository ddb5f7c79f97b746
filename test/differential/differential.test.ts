import { afterAll, expect, test } from "vitest";
import { seeds } from "../support/seeds.ts";
import { Comparison } from "./comparison.ts";
import { explore } from "./explore.ts";
import { KINDS, OTHER_KINDS } from "./operations.ts";

/**
 * Steps a seed; `DIFFERENTIAL_STEPS=100000 SEEDS=1,2,3 npx vitest run --project unit test/differential` for more. Each of
 * the broken engines of `shrink.test.ts` is found within 600 steps of any seed, so all seeds together take 30 times that.
 */
const STEPS = Number(process.env["DIFFERENTIAL_STEPS"] ?? 1_000);
const SEEDS = seeds(20);

const comparison = new Comparison();
let agreed = 0;

test.each(SEEDS)(
  "engine and LocalNetwork agree on random operations (SEEDS=%i)",
  (seed) => {
    explore(comparison, seed, STEPS);
    agreed += 1;
  },
  60_000 + STEPS,
);

/** Turning points: agreement proves only what happened. */
const TURNS = [
  "task.suspend 300",
  "task.suspend 422",
  "task.fence 409",
  "task.acquire 409",
  "promise.register_callback 422",
  "execute",
  "unblock",
  "execute by clock",
  "unblock by clock",
  "kept back",
];

afterAll(() => {
  comparison.close();
  const { seen, counts } = comparison;
  const kinds = [...KINDS, ...OTHER_KINDS].map((kind) => [kind, seen.get(`${kind} 200`) ?? 0] as const);
  console.log(
    `${SEEDS.length} seeds (SEEDS=${SEEDS.join()}), ${SEEDS.length * STEPS} operations, ${counts.requests} requests with those of the clock:`,
    `${counts.states} comparisons of all that is stored, ${counts.invariants} times all invariants, whenever anything was written.`,
    `\n${kinds.length} kinds with success: ${kinds.map((kind) => kind.join(" ")).join(", ")}`,
    `\nturns: ${TURNS.map((turn) => `${turn} ${seen.get(turn) ?? 0}`).join(", ")}`,
  );
  // With a seed that differs there is something else to look at first.
  if (agreed < SEEDS.length) return;
  expect(kinds.length).toBeGreaterThanOrEqual(22);
  expect(kinds.filter(([, count]) => count === 0)).toEqual([]);
  expect(TURNS.filter((turn) => (seen.get(turn) ?? 0) < 3)).toEqual([]);
});

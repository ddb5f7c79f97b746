import { randomFrom } from "../support/seeds.ts";
import type { Comparison, Step } from "./comparison.ts";
import { nextStep } from "./operations.ts";
import { shrink } from "./shrink.ts";

/** A world is left after so many steps: by then most of its few ids are settled, and looking at all of it is cheap. */
const STEPS_PER_WORLD = 200;
const START = 1_000_000;

/**
 * Takes `count` random steps, in one small world after the other.
 * @throws Error where the servers differ, with the fewest of the world's steps that show it, and how to run it again
 */
export function explore(comparison: Comparison, seed: number, count: number): void {
  const random = randomFrom(seed);
  for (let done = 0; done < count; done += STEPS_PER_WORLD) {
    const steps: Step[] = [];
    comparison.reset();
    for (let now = START; steps.length < Math.min(STEPS_PER_WORLD, count - done); ) {
      const step = nextStep(random, comparison.oracle, now);
      now = step.at;
      steps.push(step);
      const difference = differenceIn(() => comparison.step(step));
      if (difference !== undefined) throw new Error(report(comparison, seed, steps, difference));
    }
  }
}

function report(comparison: Comparison, seed: number, steps: readonly Step[], first: string): string {
  const run = (some: readonly Step[]): string | undefined =>
    differenceIn(() => {
      comparison.reset();
      for (const step of some) comparison.step(step);
    });
  const fewest = shrink(steps, (some) => run(some) !== undefined);
  return [
    `Engine and oracle differ (seed ${seed}): ${run(fewest) ?? first}`,
    `After ${fewest.length} step${fewest.length === 1 ? "" : "s"}, the fewest of ${steps.length} that show it:`,
    ...fewest.map(line),
    `Again: SEEDS=${seed} npx vitest run --project unit test/differential`,
  ].join("\n");
}

function line({ at, isHeard, envelope: { kind, data } }: Step): string {
  const withoutHeads = JSON.stringify(data, (key, value) => (key === "head" ? undefined : value));
  return `  at ${at}${isHeard ? ", clock heard" : ""}: ${kind} ${withoutHeads}`;
}

function differenceIn(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

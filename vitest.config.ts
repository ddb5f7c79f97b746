import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { COMPILE_CACHE } from "./test/support/compile-cache.ts";

/**
 * Each has a process of its own: files that want modules which nothing has loaded before, or load them again, and the
 * simulation, in whose process nothing else may draw a random number or set a timer.
 */
const FRESH = ["test/unit/linear.test.ts", "test/simulation/simulation.test.ts"];

/**
 * Files with leases of a second or two, which run out beside other work, and then are waited for once more; `presses` opens a
 * thousand connections at once. `openSite` refuses short leases to all others.
 */
const TIMED = [
  "test/unit/worker/lease.test.ts",
  ...[
    "callbacks",
    "chaos",
    "disk",
    "engine-crash",
    "every-step",
    "every-step-of-rules",
    "fuzz",
    "hello-world",
    "load-sharing",
    "mail-relay",
    "own-process",
    "presses",
    "shutdown",
    "webhooks",
    "worker-crash",
  ].map((name) => `test/e2e/${name}.test.ts`),
];

/** Begun first, so that none of them is the last one left: a fresh clone has no times of earlier runs to go by. */
const LONG =
  /\/(?:differential|crash|requests|regular-expressions|postgres|wait|resonate|rolling-restart|package|browser)\.test\.ts$/u;

/** As vitest has it, but with those first in each project. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const places = new Map(sorted.map(({ project }, i) => [project, i] as const));
    const place = ({ project, moduleId }: TestSpecification) =>
      2 * (places.get(project) ?? 0) + (LONG.test(moduleId) ? 0 : 1);
    return sorted.sort((a, b) => place(a) - place(b));
  }
}

/**
 * They only end what would hang, and cost nothing where all is well: a machine may be ten times slower than ours, and have
 * other work. Nothing here says how fast something is.
 */
const LIMITS = {
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 60_000 } },
};

/** Builds what tests start as processes. */
const BUILT = "test/support/built.ts";

/** What unit projects share. */
const units = {
  sequence: { groupOrder: 0 },
  maxWorkers: 2,
  globalSetup: BUILT,
  ...LIMITS,
  // The proofs of regular expressions run in this process, on no binary of a platform.
  env: { RECHECK_SYNC_BACKEND: "pure" },
};

/** What end-to-end projects share. */
const processes = {
  globalSetup: [BUILT],
  setupFiles: ["test/support/keep-compiled.ts", "test/support/e2e-setup.ts"],
  // As for units: to transform each file and all that it imports takes half a second of a processor.
  experimental: { viteModuleRunner: false, nodeLoader: false },
  ...LIMITS,
};

/** For machines of two cores. `npm test` runs `timed` beside the others, which come one project after the other. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          ...units,
          name: "unit",
          include: ["test/{unit,conformance,differential,power,replay,simulation}/**/*.test.ts"],
          exclude: [...FRESH, ...TIMED],
          // A process for each file would take a third of the time of all; `unit-setup.ts` sees that they can share one.
          isolate: false,
          setupFiles: "test/support/unit-setup.ts",
          // Node loads the sources itself, as in production, and keeps what it has compiled.
          experimental: { viteModuleRunner: false, nodeLoader: false },
          env: { ...units.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
        },
      },
      {
        test: { ...units, name: "fresh", include: FRESH },
      },
      {
        test: {
          ...processes,
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: TIMED,
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...processes,
          name: "timed",
          globalSetup: [BUILT, "test/support/warm-start.ts"],
          include: TIMED,
          sequence: { groupOrder: 2 },
          fileParallelism: false,
          env: { TIMED: "yes" },
        },
      },
      {
        // Needs programs that `npm test` does without: `npm run deploy:try`.
        test: {
          ...processes,
          name: "deploy",
          include: ["test/deploy/**/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});

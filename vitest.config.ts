import { defineConfig } from "vitest/config";

/**
 * Files that have the machine to themselves: `fuzz` and `engine-crash` hold the service to times of less than a second, and
 * `presses` opens a thousand connections at once.
 */
const ALONE = ["test/e2e/{fuzz,engine-crash,presses}.test.ts"];

/** What e2e projects share. */
const processes = {
  setupFiles: "test/support/e2e-setup.ts",
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

/** For machines of two cores. Each project comes after the one before; `npm test` runs them all. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/{unit,conformance,differential}/**/*.test.ts"],
          sequence: { groupOrder: 0 },
          // More than there are cores: many of these files wait part of their time, for timers or the disk.
          maxWorkers: 3,
          // Many tests here start real servers, and some real processes; two cores are shared by all.
          testTimeout: 30_000,
          hookTimeout: 30_000,
          // The proofs of regular expressions run in this process, on no binary of a platform.
          env: { RECHECK_SYNC_BACKEND: "pure" },
        },
      },
      {
        test: {
          ...processes,
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: ALONE,
          sequence: { groupOrder: 1 },
          // Each file starts several processes, and waits for them about half of its time.
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...processes,
          name: "e2e-alone",
          include: ALONE,
          sequence: { groupOrder: 2 },
          fileParallelism: false,
        },
      },
    ],
  },
});

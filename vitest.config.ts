import { defineConfig } from "vitest/config";

/**
 * Files that come last, when the machine is quiet: `fuzz` and `engine-crash` hold the service to times of less than a second, and
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
          maxWorkers: 2,
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
          // Each file starts several processes, with leases of a second or two: beside another file, some run out of them.
          fileParallelism: false,
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

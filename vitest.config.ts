import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // By default one less than there are cores, so on two cores one file after the other.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/{unit,conformance,differential}/**/*.test.ts"],
          // Many tests here start real servers, and some real processes; two cores are shared by all.
          testTimeout: 30_000,
          // The proofs of regular expressions run in this process, on no binary of a platform.
          env: { RECHECK_SYNC_BACKEND: "pure" },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          setupFiles: "test/support/e2e-setup.ts",
          // Real processes on two cores: one file at a time keeps figures and timeouts honest.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

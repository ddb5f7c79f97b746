import { defineConfig } from "vitest/config";

/** Tests that need a minute or more each: many deaths, many restarts, many drawn requests. Run by hand: `npm run test:soak`. */
const SOAK = ["test/e2e/{chaos,fuzz,rolling-restart}.test.ts"];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/{unit,conformance,differential}/**/*.test.ts"],
          exclude: SOAK,
          // Many tests here start real servers, and some real processes; two cores are shared by all.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: SOAK,
          setupFiles: "test/support/e2e-setup.ts",
          // Real processes on two cores: one file at a time keeps figures and timeouts honest.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "soak",
          include: SOAK,
          setupFiles: "test/support/e2e-setup.ts",
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

import type { TestContext } from "vitest";

/**
 * The end-to-end tests run on the embedded engine, or on a Resonate Server that somebody else started:
 *
 *     COUNTERSIGN_TEST_RESONATE_URL=http://127.0.0.1:9001 npm run test:e2e
 *
 * `COUNTERSIGN_TEST_RESONATE_TOKEN` goes with it where the server wants one. Lists and the inbox need
 * `COUNTERSIGN_TEST_INDEX_URL`, a database of PostgreSQL for this server's index.
 */
export const RESONATE_URL = process.env["COUNTERSIGN_TEST_RESONATE_URL"] || undefined;
export const RESONATE_TOKEN = process.env["COUNTERSIGN_TEST_RESONATE_TOKEN"] || undefined;
export const INDEX_URL = process.env["COUNTERSIGN_TEST_INDEX_URL"] || undefined;

/** Whether gateways of this run have lists and an inbox: on the embedded engine always. */
export const HAS_INDEX = RESONATE_URL === undefined || INDEX_URL !== undefined;

/** Ends the test here, visibly, where there are no lists and no inbox. */
export function needsIndex(ctx: TestContext): void {
  if (HAS_INDEX) return;
  console.log(`skipped: "${ctx.task.name}": needs an index; this run has no COUNTERSIGN_TEST_INDEX_URL`);
  ctx.skip("needs an index; this run has no COUNTERSIGN_TEST_INDEX_URL");
}

/** Ends the test here, visibly, where there is no embedded engine to do things to. */
export function needsEmbeddedEngine(ctx: TestContext, because: string): void {
  if (RESONATE_URL === undefined) return;
  console.log(`skipped: "${ctx.task.name}": ${because}; this run is on the server at ${RESONATE_URL}`);
  ctx.skip(`${because}; this run is on a Resonate Server`);
}

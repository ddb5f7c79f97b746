import type { Context } from "@resonatehq/sdk";
import { sdk } from "../../src/durable/sdk.ts";
import { STEP_TAG, type StepStorage } from "../../src/durable/step-record.ts";

/**
 * Options for a step that may be tried again for as long as its workflow lives. The SDK's default gives a step 24 hours
 * from its first try, and a step that a dead worker left behind would then end in `undefined` after a long weekend.
 *
 * @param maxRetries tries after the first; without it, until the workflow's own deadline
 */
export function lasting(ctx: Context, maxRetries?: number): ReturnType<Context["options"]> {
  return ctx.options(lastingFor(maxRetries));
}

/** The same, for a step that takes fewer requests: what each storage means is written beside `StepStorage`. */
export function lastingStored(ctx: Context, storage: StepStorage): ReturnType<Context["options"]> {
  return ctx.options({ ...lastingFor(), tags: { [STEP_TAG]: storage } });
}

function lastingFor(maxRetries = Number.MAX_SAFE_INTEGER) {
  // A gateway reads this file for the names of the examples, and runs nothing.
  const { Exponential } = sdk();
  const retryPolicy = new Exponential({ delay: 1000, factor: 2, maxDelay: 30_000, maxRetries });
  // Clamped by the SDK to the workflow's own deadline.
  return { retryPolicy, timeout: 10 * 365 * 24 * 3_600_000 };
}

import { type Context, Exponential } from "@resonatehq/sdk";

/**
 * Options for a step that may be tried again for as long as its workflow lives. The SDK's default gives a step 24 hours
 * from its first try, and a step that a dead worker left behind would then end in `undefined` after a long weekend.
 *
 * @param maxRetries tries after the first; without it, until the workflow's own deadline
 */
export function lasting(ctx: Context, maxRetries = Number.MAX_SAFE_INTEGER): ReturnType<Context["options"]> {
  const retryPolicy = new Exponential({ delay: 1000, factor: 2, maxDelay: 30_000, maxRetries });
  // Clamped by the SDK to the workflow's own deadline.
  return ctx.options({ retryPolicy, timeout: 10 * 365 * 24 * 3_600_000 });
}

import type { Context } from "@resonatehq/sdk";
import { services } from "../runtime/services.ts";

/**
 * A URL to hand to another system, which settles the promise by a POST of JSON to it: the body is the promise's value.
 *
 *     const scanned: Future<unknown> = yield* ctx.promise({ timeout: 2 * DAY_MS });
 *     yield* ctx.run(order_scan, callbackUrl(ctx, scanned));
 *     const result = yield* scanned;
 *
 * Anyone who has the URL can settle this one promise, once, and nothing else. Do not mail it to people. It works until
 * the promise is settled, at the longest as long as the workflow may run, and is the same each time the workflow asks.
 *
 * @throws Error in a worker of `createWorker`, which has no keys to sign it with
 */
export function callbackUrl(ctx: Context, promise: { readonly id: string }): string {
  const { tokens, publicUrl, log } = services(ctx);
  if (tokens === undefined || publicUrl === undefined) {
    // A workflow that throws ends only after its open promises, and until then its error would be invisible.
    log.error({ workflow: ctx.id }, NO_KEYS);
    throw new Error(NO_KEYS);
  }
  const token = tokens.issueCallbackUrl({
    pid: promise.id,
    workflow: ctx.id,
    workflowEndsAtMs: ctx.info.timeout,
  });
  return `${publicUrl}/callbacks/${token}`;
}

const NO_KEYS =
  "Cannot make a callback URL: only Countersign's own worker has the keys that sign it. Run the workflow there (WORKFLOWS), or use waitForWebhook";

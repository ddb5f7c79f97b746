/**
 * A workflow that waits for a payment, to copy from: open a checkout at the provider, wait for its webhook, then ship.
 * The steps stand in for the systems that a shop has. `docs/guides/stripe.md` has the source's configuration.
 */
import type { Context } from "@resonatehq/sdk";
import { waitForWebhook } from "../authoring/wait-for-webhook.ts";
import { lasting } from "../runtime/step-options.ts";

export interface Order {
  /** Goes to the provider as the session's `client_reference_id` and comes back with its events. */
  readonly order: string;
  readonly amountCents: number;
}

export interface CheckoutResult {
  readonly status: "shipped" | "cancelled";
  readonly because: "paid" | "payment failed" | "nobody paid in time";
}

export function* checkout(ctx: Context, order: Order): Generator<unknown, CheckoutResult> {
  yield* ctx.run(open_session, order, lasting(ctx));
  const paid = yield* waitForWebhook(ctx, {
    source: "stripe",
    match: { order: order.order },
    timeout: "P3D",
  });
  if (paid.outcome === "resolved") {
    yield* ctx.run(ship, order, lasting(ctx));
    return { status: "shipped", because: "paid" };
  }
  yield* ctx.run(release_stock, order, lasting(ctx));
  return {
    status: "cancelled",
    because: paid.outcome === "rejected" ? "payment failed" : "nobody paid in time",
  };
}

// Each step's own id stays the same when it runs again after a crash: providers take it as the idempotency key.
function open_session(ctx: Context, _order: Order): string {
  return `session-${ctx.id}`;
}

function ship(ctx: Context, _order: Order): string {
  return `shipment-${ctx.id}`;
}

function release_stock(ctx: Context, _order: Order): string {
  return `released-${ctx.id}`;
}

/**
 * A workflow with an approval in its middle, to copy from: hold the budget, ask, then order or let the budget go.
 * The steps stand in for the systems that a company has.
 */
import type { Context } from "@resonatehq/sdk";
import type { OutcomeKind } from "../../src/approval/approval.ts";
import { requestApproval } from "../authoring/request-approval.ts";
import { lasting } from "../runtime/step-options.ts";

export interface Purchase {
  readonly item: string;
  readonly amount: number;
  readonly buyer: string;
  readonly approvers: readonly string[];
}

export interface PurchaseResult {
  readonly status: "ordered" | "dropped";
  readonly because: OutcomeKind;
  readonly reference: string;
}

export function* purchase(ctx: Context, order: Purchase): Generator<unknown, PurchaseResult> {
  const hold: string = yield* ctx.run(hold_budget, order, lasting(ctx));
  const { outcome } = yield* requestApproval(ctx, {
    title: `Buy ${order.item}`,
    details: [{ label: "Amount", value: `${order.amount} €` }],
    requester: order.buyer,
    approvers: order.approvers,
    deadline: "P5D",
  });
  if (outcome === "approved") {
    return {
      status: "ordered",
      because: outcome,
      reference: yield* ctx.run(place_order, order, hold, lasting(ctx)),
    };
  }
  return {
    status: "dropped",
    because: outcome,
    reference: yield* ctx.run(release_budget, hold, lasting(ctx)),
  };
}

// Each step names its effect by its own id, which stays the same when it runs again after a crash: a real system
// would take it as the idempotency key.
function hold_budget(ctx: Context, _order: Purchase): string {
  return `hold-${ctx.id}`;
}

function place_order(ctx: Context, _order: Purchase, _hold: string): string {
  return `order-${ctx.id}`;
}

function release_budget(_ctx: Context, hold: string): string {
  return `released-${hold}`;
}

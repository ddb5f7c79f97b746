import type { Context } from "@resonatehq/sdk";
import type { Outcome } from "../src/approval/approval.ts";
import { KIND_TAG } from "../src/approval/ids.ts";
import { APPROVAL_SLACK_MS, type ParsedRequest, parseApprovalRequest } from "../src/approval/request.ts";
import { services } from "./services.ts";
import { lasting } from "./step-options.ts";

/**
 * Asks for an approval in the middle of a workflow and answers its outcome, days later if need be:
 *
 *     const outcome = yield* requestApproval(ctx, { title: "Order 40 laptops", approvers: ["ana@example.com"] });
 *     if (outcome.outcome === "approved") …
 *
 * The approval is a workflow of its own below this one, with its own id (`<workflow id>:<position>`, found by
 * `GET /approvals/<id>`). It ends with this workflow's own time at the latest, so start long waits with enough of it.
 *
 * @param request what `POST /approvals` takes, without `id`
 * @throws TypeError naming every field that is wrong; nothing was asked then
 */
export function* requestApproval(ctx: Context, request: unknown): Generator<unknown, Outcome> {
  // A step, because how far away a deadline is depends on the clock: a replay must not judge it anew.
  const checked = yield* ctx.run(check_request, request, lasting(ctx));
  if (!checked.ok) {
    const problems = checked.problems.map(({ field, message }) => `${field} ${message}`).join("; ");
    throw new TypeError(`Cannot request an approval: ${problems}`);
  }
  const options = ctx.options({
    target: services(ctx).group,
    // Relative to now, because the SDK takes it so; it counts only when the child is created.
    timeout: checked.deadlineAtMs - Date.now() + APPROVAL_SLACK_MS,
    tags: { [KIND_TAG]: "approval" },
  });
  return yield* ctx.rpc<Outcome>("approval", checked.value, options);
}

function check_request(_ctx: Context, request: unknown): ParsedRequest {
  return parseApprovalRequest(request, { nowMs: Date.now() });
}

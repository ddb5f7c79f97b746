import type { Context } from "@resonatehq/sdk";
import type { Outcome } from "../../src/approval/approval.ts";
import { KIND_TAG } from "../../src/approval/ids.ts";
import {
  APPROVAL_SLACK_MS,
  CHECK_SETTLED_BY_OTHERS,
  type ParsedRequest,
  parseApprovalRequest,
  parsedRequestIn,
} from "../../src/approval/request.ts";
import { NO_KNOWN_PEOPLE } from "../../src/approval/same-person.ts";
import { approvalCall, termsWith } from "../../src/approval/starting.ts";
import { outcomeIn } from "../../src/approval/stored.ts";
import { services } from "../runtime/services.ts";
import { lasting } from "../runtime/step-options.ts";

/**
 * Asks for an approval in the middle of a workflow and answers its outcome, days later if need be:
 *
 *     const outcome = yield* requestApproval(ctx, { title: "Order 40 laptops", approvers: ["ana@example.com"] });
 *     if (outcome.outcome === "approved") …
 *
 * The approval is a workflow of its own below this one, with its own id (`<workflow id>:<position>`, found by
 * `GET /approvals/<id>`). Its deadline must lie at least a day before this workflow's own end.
 *
 * @param request what `POST /approvals` takes, without `id`
 * @throws TypeError naming every field that is wrong; nothing was asked then. Error if another program has settled the
 *   approval with something that is no outcome
 */
export function* requestApproval(ctx: Context, request: unknown): Generator<unknown, Outcome> {
  // A step, because the distance to a deadline depends on the clock, and a replay must not check it again.
  const checked = parsedRequestIn(yield* ctx.run(check_request, request, ctx.info.timeout, lasting(ctx)));
  if (checked === undefined) {
    throw new Error(`Cannot request an approval: ${CHECK_SETTLED_BY_OTHERS}`);
  }
  if (!checked.ok) {
    const problems = checked.problems.map(({ field, message }) => `${field} ${message}`).join("; ");
    throw new TypeError(`Cannot request an approval: ${problems}`);
  }
  const { group, builtInGroup = group, now } = services(ctx);
  const call = approvalCall(checked.value, checked.terms);
  const options = ctx.options({
    target: builtInGroup,
    // Relative to now, because the SDK takes it so; it counts only when the child is created.
    timeout: call.timeoutAt - now(),
    version: call.version,
    tags: { [KIND_TAG]: "approval" },
  });
  const outcome = outcomeIn(yield* ctx.rpc<unknown>(call.func, ...call.args, options));
  if (outcome === undefined) throw new Error("The approval has no outcome: another program settled it");
  return outcome;
}

async function check_request(
  ctx: Context,
  request: unknown,
  workflowEndsAtMs: number,
): Promise<ParsedRequest> {
  const { absences, callbacks, mayApproveByDeadline, known = NO_KNOWN_PEOPLE, now } = services(ctx);
  const nowMs = now();
  const parsed = parseApprovalRequest(request, {
    nowMs,
    callbackUrlProblem: callbacks.urlProblem,
    mayApproveByDeadline,
    whoIs: known.whoIs,
  });
  if (!parsed.ok) return parsed;
  if (parsed.terms.deadlineAtMs + APPROVAL_SLACK_MS <= workflowEndsAtMs) {
    return { ...parsed, terms: termsWith(parsed, { awayAt: await absences.awayAt(nowMs), known }) };
  }
  // The approval cannot outlive this workflow, so it would end before its own deadline, perhaps at once.
  const ends = new Date(workflowEndsAtMs).toISOString();
  const message = `must be at least a day before its workflow's own end, ${ends}: start the workflow with a longer timeout`;
  return { ok: false, problems: [{ field: "deadline", message }] };
}

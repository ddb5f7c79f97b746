/**
 * What runs where any program of the SDK calls `approval` by its name, `ctx.rpc("approval", request)`: the request is
 * checked as `POST /approvals` checks it, and the approval is a workflow of its own below this one, with the tag by which
 * links and the API find it and with a deadline of its own.
 */
import type { Context } from "@resonatehq/sdk";
import type { Outcome } from "../../src/approval/approval.ts";
import { requestApproval } from "../authoring/request-approval.ts";

export function* approval_by_name(ctx: Context, ...args: unknown[]): Generator<unknown, Outcome> {
  const [request, ...others] = args;
  if (others.length > 0) throw new TypeError("Cannot request an approval: pass one argument, the request");
  // Callers of `POST /approvals` choose the id; here the promise already has one.
  if (typeof request === "object" && request !== null && "id" in request && request.id !== ctx.id) {
    throw new TypeError(`Cannot request an approval: id must be left out, or ${ctx.id}`);
  }
  return yield* requestApproval(ctx, request);
}

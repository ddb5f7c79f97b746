import type { Cancellation, Outcome } from "../approval/approval.ts";
import { endId } from "../approval/ids.ts";
import { problemsFromIssues } from "../approval/problems.ts";
import { cancellationOf, closedOf, requestOf } from "../approval/stored.ts";
import { statusOf } from "../approval/view.ts";
import type { Durable, StoredPromise } from "../durable/durable.ts";
import { ServiceError } from "../lib/errors.ts";
import { cancelRequest } from "../openapi/schemas.ts";

export interface CancelOptions {
  readonly durable: Durable;
  readonly clock: () => number;
  readonly newId: () => string;
  /** Aborts when nobody waits for the answer any more; the cancellation stands nevertheless. */
  readonly signal: AbortSignal;
}

/** Time for a worker to close the ballots and report: usually milliseconds. Callers then ask again. */
const OUTCOME_WAIT_MS = 2_000;

/** The body of a cancel call: nothing, or `{reason}`. */
export function parseCancelBody(body: unknown): { readonly reason?: string } {
  const input = body ?? {};
  const parsed = cancelRequest.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new ServiceError("INVALID_FIELDS", "Cannot cancel: some fields are wrong", {
    problems: problemsFromIssues(parsed.error.issues, input),
  });
}

/**
 * Cancels an approval by settling its end, and waits a little for the worker to report.
 *
 * @returns the root's record: cancelled, or pending if the cancellation stands but no worker has finished it yet
 * @throws ServiceError CONFLICT if the approval ended otherwise, or a decision or the deadline came first
 */
export async function cancelApproval(
  { durable, clock, newId, signal }: CancelOptions,
  root: StoredPromise,
  reason: string | undefined,
): Promise<StoredPromise> {
  if (root.state !== "pending") return assertCancelled(root);
  const at = new Date(clock()).toISOString();
  const cancellation: Cancellation = {
    kind: "cancelled",
    at,
    nonce: newId(),
    ...(reason === undefined ? {} : { reason }),
  };
  const end = await durable.settle(endId(root.id), cancellation);
  if (end === undefined) return cancelUnstarted(durable, root, reason);
  const isUnderWay = cancellationOf(end) !== undefined || closedOf(end)?.outcome === "cancelled";
  const settled = await durable.waitFor(root.id, { timeoutMs: isUnderWay ? OUTCOME_WAIT_MS : 0, signal });
  if (settled === undefined) throw new Error(`Cannot cancel ${root.id}: its promise has vanished`);
  if (settled.state !== "pending") return assertCancelled(settled);
  if (isUnderWay) return settled;
  const closed = closedOf(end);
  throw new ServiceError(
    "CONFLICT",
    closed === undefined
      ? "Cannot cancel: the deadline has passed"
      : `Cannot cancel: the approval has ended as ${closed.outcome}`,
  );
}

/**
 * No worker has taken up the approval, so there is nothing to close: no ballot, no mail. Its root gets the result that
 * the workflow would have given, and a worker that comes for it finds it done.
 *
 * A worker may be taking it up just now. Then it is stopped at its next step, and whoever has been mailed is told that
 * the approval was cancelled, because links look at the root too.
 */
async function cancelUnstarted(
  durable: Durable,
  root: StoredPromise,
  reason: string | undefined,
): Promise<StoredPromise> {
  const outcome: Outcome = {
    approval: root.id,
    outcome: "cancelled",
    reason: reason === undefined ? "It was cancelled" : `It was cancelled: ${reason}`,
    decisions: [],
    metadata: requestOf(root)?.metadata ?? {},
  };
  const settled = await durable.settle(root.id, outcome);
  if (settled === undefined) throw new Error(`Cannot cancel ${root.id}: its promise has vanished`);
  return assertCancelled(settled);
}

function assertCancelled(root: StoredPromise): StoredPromise {
  const { status } = statusOf(root);
  if (status === "cancelled") return root;
  throw new ServiceError("CONFLICT", `Cannot cancel: the approval has ended as ${status}`);
}

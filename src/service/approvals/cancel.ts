import type { ApprovalRequest, Cancellation, Withdrawal } from "../../approval/approval.ts";
import { isCancelled } from "../../approval/ending.ts";
import { endId, KIND_TAG } from "../../approval/ids.ts";
import { closedOf } from "../../approval/stored.ts";
import { statusOf } from "../../approval/view.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { targetOf, timer } from "../../durable/lineage.ts";
import { ServiceError } from "../../lib/errors.ts";
import { readCourse } from "./question.ts";

export interface StoredApproval {
  readonly root: StoredPromise;
  readonly request: ApprovalRequest;
}

export interface CancelOptions {
  readonly durable: Durable;
  readonly newId: () => string;
  /** Aborts when the caller is gone. The cancellation still counts. */
  readonly signal: AbortSignal;
  /** How long a worker may take to close the ballots and report, in milliseconds. Default 2,000. */
  readonly outcomeWaitMs?: number | undefined;
}

/** Time for a worker to close the ballots and report: usually milliseconds. Callers then ask again. */
const OUTCOME_WAIT_MS = 2_000;

/**
 * Cancels an approval by settling its end, closes its ballots, and waits a little for the worker to report.
 *
 * @returns the root's record: cancelled, or pending if the cancellation is stored but no worker has finished it yet
 * @throws ServiceError CONFLICT if the approval ended otherwise, or a decision or the deadline came first
 */
export async function cancelApproval(
  { durable, newId, signal, outcomeWaitMs = OUTCOME_WAIT_MS }: CancelOptions,
  { root }: StoredApproval,
  reason: string | undefined,
): Promise<StoredPromise> {
  if (root.state !== "pending") return assertCancelled(root);
  const cancellation: Cancellation = {
    kind: "cancelled",
    nonce: newId(),
    ...(reason === undefined ? {} : { reason }),
  };
  const end = await settleEnd(durable, root, cancellation);
  const isUnderWay = isCancelled(end) || closedOf(end)?.outcome === "cancelled";
  // Lets links show the end even if no worker runs: the end is certain once no ballot is open.
  if (isUnderWay) await withdrawBallots(durable, root.id);
  const settled = await durable.waitFor(root.id, { timeoutMs: isUnderWay ? outcomeWaitMs : 0, signal });
  if (settled === undefined) throw new Error(`Cannot cancel ${root.id}: its promise was deleted`);
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
 * Settles the end of the approval and returns the stored end. If no worker has started the approval, its end does not
 * exist yet. This then creates it as the workflow would. The workflow finds it settled and mails nobody.
 */
async function settleEnd(
  durable: Durable,
  root: StoredPromise,
  cancellation: Cancellation,
): Promise<StoredPromise> {
  const course = await readCourse(durable, root.id);
  const id = course?.end?.id ?? endId(root.id);
  const settled = await durable.settle(id, cancellation);
  if (settled !== undefined) return settled;
  const address = targetOf(root.tags);
  const deadlineAtMs = course?.deadlineAtMs ?? root.timeoutAt;
  await durable.create({
    id,
    param: undefined,
    timeoutAt: deadlineAtMs,
    tags: {
      [KIND_TAG]: "end",
      ...(address === undefined ? {} : timer(address)),
    },
  });
  const end = await durable.settle(id, cancellation);
  if (end === undefined) throw new Error(`Cannot cancel ${root.id}: its end was deleted`);
  return end;
}

/** Those that the workflow has not created it will not: it mails nobody after a cancellation. */
async function withdrawBallots(durable: Durable, approval: string): Promise<void> {
  const withdrawal: Withdrawal = { kind: "withdrawn" };
  const ballots = (await readCourse(durable, approval))?.ballots ?? [];
  const open = ballots.filter(({ record }) => record.state === "pending");
  await Promise.all(open.map(({ record }) => durable.settle(record.id, withdrawal)));
}

function assertCancelled(root: StoredPromise): StoredPromise {
  const { status } = statusOf(root);
  if (status === "cancelled") return root;
  throw new ServiceError("CONFLICT", `Cannot cancel: the approval has ended as ${status}`);
}

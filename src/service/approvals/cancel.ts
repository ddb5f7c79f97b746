import type { ApprovalRequest, Cancellation, Withdrawal } from "../../approval/approval.ts";
import { isCancelled } from "../../approval/ending.ts";
import { addressKey } from "../../approval/person.ts";
import { cancellationOf, changeOf, closedOf, extensionOf, type StoredRecord } from "../../approval/stored.ts";
import { statusOf } from "../../approval/view.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { isSameJson } from "../../lib/canonical-json.ts";
import { ServiceError } from "../../lib/errors.ts";
import { type ActOptions, type Actor, OUTCOME_WAIT_MS, whenActedOn } from "./act.ts";
import { actOf, reasonOf } from "./ballot-acts.ts";
import { settleEnd } from "./end.ts";
import { readCourse } from "./question.ts";

export interface StoredApproval {
  readonly root: StoredPromise;
  readonly request: ApprovalRequest;
}

export interface CancelOptions {
  readonly durable: Durable;
  /** Aborts when the caller is gone. The cancellation still counts. */
  readonly signal: AbortSignal;
  /** How long a worker may take to close the ballots and report, in milliseconds. Default 2,000. */
  readonly outcomeWaitMs?: number | undefined;
}

/** A stored cancellation, by this caller or another. */
export interface Cancelled {
  /** Cancelled, or pending if no worker has finished it yet. */
  readonly root: StoredPromise;
  /** Whether this call is stored, now or when it was made before. False: an earlier one of the same program or person is. */
  readonly effective: boolean;
}

/**
 * Cancels an approval by settling its end, closes its ballots, and waits a little for the worker to report.
 *
 * @throws ServiceError CONFLICT if the approval ended otherwise, a decision or the deadline came first, somebody else has
 *   cancelled it, or the nonce belongs to another call
 */
export async function cancelApproval(
  { durable, signal, outcomeWaitMs = OUTCOME_WAIT_MS }: CancelOptions,
  { root }: StoredApproval,
  { reason, ...actor }: Actor & { readonly reason?: string | undefined },
): Promise<Cancelled> {
  const cancellation: Cancellation = { kind: "cancelled", ...reasonOf(reason), ...actOf(actor) };
  if (root.state !== "pending") {
    assertCancelled(root);
    const end = (await readCourse(durable, root.id))?.end;
    return { root, effective: isOwn(end, cancellation) };
  }
  const end = await settleCurrentEnd({ durable, signal, outcomeWaitMs }, root.id, cancellation);
  const isUnderWay = isCancelled(end) || closedOf(end)?.outcome === "cancelled";
  // Lets links show the end even if no worker runs: the end is certain once no ballot is open.
  if (isUnderWay) await withdrawBallots(durable, root.id);
  const settled = await durable.waitFor(root.id, { timeoutMs: isUnderWay ? outcomeWaitMs : 0, signal });
  if (settled === undefined) throw new Error(`Cannot cancel ${root.id}: its promise was deleted`);
  if (settled.state !== "pending") assertCancelled(settled);
  if (settled.state !== "pending" || isUnderWay) {
    return { root: settled, effective: isOwn(end, cancellation) };
  }
  const closed = closedOf(end);
  throw new ServiceError(
    "CONFLICT",
    closed === undefined
      ? "Cannot cancel: the deadline has passed"
      : `Cannot cancel: the approval has ended as ${closed.outcome}`,
  );
}

/**
 * Whether the end holds this very cancellation; false if it holds an earlier one of the same program or person, who has what
 * they asked for.
 *
 * @throws ServiceError CONFLICT if it is somebody else's, or has the nonce of this one and another reason
 */
function isOwn(end: StoredRecord | undefined, cancellation: Cancellation): boolean {
  const stored = end && cancellationOf(end);
  if (stored?.nonce === cancellation.nonce) {
    if (isSameJson(stored, cancellation)) return true;
    throw new ServiceError("CONFLICT", "Cannot cancel: the Idempotency-Key belongs to another call");
  }
  if (stored !== undefined && isSameActor(stored, cancellation)) return false;
  throw new ServiceError("CONFLICT", "Cannot cancel: somebody else has cancelled it already");
}

function isSameActor(a: Cancellation, b: Cancellation): boolean {
  const person = ({ by }: Cancellation) => (by === undefined ? undefined : addressKey(by));
  return person(a) === person(b) && a.caller === b.caller;
}

/** Of ends that others settle first, by moving the deadline or changing the question. */
const TRIES = 3;

/** Settles the end that is the current one: an extension or a change makes way for the next. */
async function settleCurrentEnd(
  options: Omit<ActOptions, "clock">,
  approval: string,
  cancellation: Cancellation,
): Promise<StoredPromise> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const course = await readCourse(options.durable, approval);
    const { end } = course ?? {};
    const isFollowed = end !== undefined && isSucceeded(end);
    const current = isFollowed ? (await whenActedOn(options, approval)).course : course;
    if (current === undefined) throw new Error(`Cannot cancel ${approval}: its promise was deleted`);
    if (current.end !== undefined && isSucceeded(current.end) && current.root.state === "pending") break;
    const settled = await settleEnd(options.durable, current, cancellation);
    if (!isSucceeded(settled)) return settled;
  }
  throw new ServiceError(
    "CONFLICT",
    "Cannot cancel yet: its deadline or question was just changed, and no worker has acted on that. Try again",
  );
}

/** Whether another end follows this one, or will. */
function isSucceeded(end: StoredRecord): boolean {
  return extensionOf(end) !== undefined || changeOf(end) !== undefined;
}

/** Those that the workflow has not created it will not: it mails nobody after a cancellation. */
async function withdrawBallots(durable: Durable, approval: string): Promise<void> {
  const withdrawal: Withdrawal = { kind: "withdrawn" };
  const ballots = (await readCourse(durable, approval))?.ballots ?? [];
  const open = ballots.filter(({ record }) => record.state === "pending");
  await Promise.all(open.map(({ record }) => durable.settle(record.id, withdrawal)));
}

function assertCancelled(root: StoredPromise): void {
  const { status } = statusOf(root);
  if (status === "cancelled") return;
  throw new ServiceError("CONFLICT", `Cannot cancel: the approval has ended as ${status}`);
}

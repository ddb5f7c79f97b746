/**
 * The step that judges an approval: by the answers and the end as they are stored, it closes the approval or lets it wait.
 * It may run again after a crash, under the same step id, and then comes to the same: settling twice leaves the first value.
 */
import type { Context } from "@resonatehq/sdk";
import type {
  ApprovalRequest,
  Closed,
  JudgementV1,
  Outcome,
  Verdict,
  Withdrawal,
} from "../../../src/approval/approval.ts";
import {
  type Answer,
  answersOn,
  type BallotRecord,
  closedBy,
  countedDecision,
  verdictOf,
} from "../../../src/approval/ending.ts";
import type { StoredPromise } from "../../../src/durable/durable.ts";
import { type Announced, announce } from "../../../src/service/callbacks/announce.ts";
import { eventsOfJudgement } from "../../../src/service/callbacks/events.ts";
import type { Seen } from "../../runtime/future.ts";
import { type ProductServices, productServices } from "../../runtime/services.ts";
import { read, readSettled, settle } from "../records.ts";

export interface JudgeInput {
  /** Promise id of the approval. */
  readonly approval: string;
  readonly request: ApprovalRequest;
  readonly end: Seen;
  /** In the order of the approvers. */
  readonly ballots: readonly Seen[];
  readonly retry: Seen | undefined;
  /** What the judgement before this one saw. */
  readonly before: Outcome["decisions"];
}

/**
 * Freezes what this pass saw, and closes the approval if it is over.
 *
 * J1 The pass may have seen an older state of one promise than of another. So the end is read after the answers, and the
 *    answers that were stored before the end count.
 * J2 The open ballots are withdrawn first. Each withdrawal returns the ballot as it is stored, so an answer that came in
 *    the meantime is judged with the others, and none can follow.
 * J3 Then the end is settled with the verdict on all these answers. If a cancellation or the deadline came first, the
 *    settlement returns that record, and the verdict follows from it.
 * J4 After a crash the step runs again with the same result: answers can only have been added, and they never remove a
 *    verdict. (Under `veto` they may turn an approval into a rejection, but only before the end is settled.)
 */
export async function judge(ctx: Context, seen: JudgeInput): Promise<JudgementV1 & Announced> {
  const svc = productServices(ctx);
  const { verdict, answers, endedAtMs, bornAtMs } = await judged(svc, seen);
  const decisions = answers.map(countedDecision);
  const events = eventsOfJudgement(seen.approval, { verdict, decisions, endedAtMs }, seen.before);
  const announced = await announce(svc, bornAtMs, events, seen.request.callbackUrl);
  for (const event of events) svc.onEvent?.(event, seen.request);
  return {
    verdict,
    settled: [seen.end, ...seen.ballots].filter(({ settled }) => settled).length,
    retryDue: seen.retry?.settled ?? false,
    decisions,
    ...announced,
  };
}

interface Judged {
  readonly verdict: Verdict;
  readonly answers: readonly Answer[];
  /** When the approval ended, by the engine's clock. */
  readonly endedAtMs?: number | undefined;
  /** When the end promise was created: the birth of this approval, if another had its id before. */
  readonly bornAtMs: number;
}

/** Whether what a pass saw ends the approval: then a judgement of it is the last step of its workflow. */
export function isOver({ request, end, ballots }: Pick<JudgeInput, "request" | "end" | "ballots">): boolean {
  return end.settled || closedBy(request, answersOn(ballots.map(recordSeen), undefined)) !== undefined;
}

async function judged(
  svc: ProductServices,
  { approval, request, end, ballots, retry }: JudgeInput,
): Promise<Judged> {
  const asSeen = closedBy(request, answersOn(ballots.map(recordSeen), undefined));
  const open = ballots.filter(({ settled }) => !settled);
  if (!end.settled && asSeen === undefined) {
    const records = await Promise.all(
      ballots.map(async ({ id, settled }) => (settled ? await readSettled(svc, approval, id) : undefined)),
    );
    const stored = await read(svc, end.id);
    if (stored.state === "pending") {
      return { verdict: { kind: "wait" }, answers: answersOn(records, stored), bornAtMs: stored.createdAt };
    }
  }
  const [records, ended] = await Promise.all([
    Promise.all(
      ballots.map(({ id, settled }) =>
        settled ? readSettled(svc, approval, id) : settle(svc, id, WITHDRAWAL),
      ),
    ),
    // Nothing is open that could still be answered, so the end need not wait for what the ballots say.
    open.length === 0 ? settleEnd(svc, end.id, asSeen) : undefined,
  ]);
  const stored = ended ?? (await settleEnd(svc, end.id, closedBy(request, answersOn(records, undefined))));
  if (retry && !retry.settled) await settle(svc, retry.id, null);
  const answers = answersOn(records, stored);
  const verdict = verdictOf(request, stored, answers);
  return { verdict, answers, endedAtMs: stored.settledAt, bornAtMs: stored.createdAt };
}

/** If the answers decide nothing, the deadline or a cancellation has already settled the end. */
function settleEnd(svc: ProductServices, id: string, closed: Closed | undefined): Promise<StoredPromise> {
  return closed === undefined ? read(svc, id) : settle(svc, id, closed);
}

/** The part of a ballot, as a pass saw it, that an answer is read from. */
function recordSeen({ settled, value }: Seen): BallotRecord {
  return { state: settled ? "resolved" : "pending", value, timeoutAt: 0 };
}

const WITHDRAWAL: Withdrawal = { kind: "withdrawn" };

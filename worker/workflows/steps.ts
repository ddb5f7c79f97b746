/**
 * The approval workflow's side effects. Each may run again after a crash, under the same step id, and then has the same
 * effect: settling twice leaves the first value, and a mail sent twice carries one Message-ID and the same links.
 */
import type { Context } from "@resonatehq/sdk";
import {
  type ApprovalRequest,
  type Choice,
  type Closed,
  type Delivery,
  type Judgement,
  LINK_VIEW_MS,
  type MailResult,
  type Outcome,
  type Verdict,
  type Withdrawal,
} from "../../src/approval/approval.ts";
import {
  type Answer,
  answersOn,
  type BallotRecord,
  closedBy,
  countedDecision,
  verdictOf,
} from "../../src/approval/ending.ts";
import { endId } from "../../src/approval/ids.ts";
import { ballotOf } from "../../src/approval/stored.ts";
import { pauseBeforeRetry } from "../../src/channels/mail/retry.ts";
import type { StoredPromise } from "../../src/durable/durable.ts";
import { stored } from "../../src/durable/protocol-client.ts";
import { encodeValue } from "../../src/durable/value.ts";
import { type Announced, announce, bothOf } from "../../src/service/callbacks/announce.ts";
import { eventsOfJudgement, eventsOfMail, requestedEvent } from "../../src/service/callbacks/events.ts";
import type { Seen } from "../runtime/future.ts";
import { type ProductServices, productServices } from "../runtime/services.ts";

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
export async function judge(ctx: Context, seen: JudgeInput): Promise<Judgement & Announced> {
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

export interface MailInput {
  readonly approval: string;
  readonly request: ApprovalRequest;
  readonly n: number;
  /** Promise id of the ballot. */
  readonly ballot: string;
  readonly deadlineAtMs: number;
  /** The first mail: announces that the approval was requested. */
  readonly first: boolean;
  /** Which try this is, from 1. */
  readonly tries: number;
  /** Mails of this round. */
  readonly together: number;
}

/** Sends one approver both links, unless their ballot is no longer open. Never throws for what the mail system does. */
export async function mail_ballot(ctx: Context, input: MailInput): Promise<MailResult & Announced> {
  const svc = productServices(ctx);
  // A further try may come hours after the pass got its records.
  const look = (id: string) => (ctx.info.attempt === 1 ? asTold(svc, input.approval, id) : read(svc, id));
  const [record, end] = await Promise.all([look(input.ballot), look(endId(input.approval))]);
  const begun = input.first ? [requestedEvent(input.approval, record.createdAt)] : [];
  const { callbackUrl } = input.request;
  const toldBefore = await announce(svc, end.createdAt, begun, callbackUrl);
  const isOpen = record.state === "pending" && end.state === "pending";
  const delivery = isOpen ? await deliver(svc, input, record) : ({ status: "skipped" } as const);
  const result: MailResult = { kind: "mail", n: input.n, delivery };
  const failed = eventsOfMail(input.approval, result, svc.now);
  const toldAfter = await announce(svc, end.createdAt, failed, callbackUrl);
  for (const event of [...begun, ...failed]) svc.onEvent?.(event, input.request);
  return { ...result, ...bothOf(toldBefore, toldAfter) };
}

async function deliver(
  { mailer, tokens, publicUrl, apart, now }: ProductServices,
  input: MailInput,
  record: StoredPromise,
): Promise<Delivery> {
  const ballot = ballotOf(record);
  if (ballot === undefined) throw new Error(`Cannot mail: the promise ${record.id} is not a ballot`);
  const link = (choice: Choice) =>
    `${publicUrl}/d/${tokens.issueLink({
      pid: record.id,
      recipient: ballot.recipient,
      choice,
      gen: ballot.gen,
      bornAtMs: record.createdAt,
      expiresAtMs: input.deadlineAtMs + LINK_VIEW_MS,
    })}`;
  const sending = mailer.requestDecision({
    approval: input.approval,
    request: input.request,
    approver: ballot.approver,
    recipient: ballot.recipient,
    gen: ballot.gen,
    bornAtMs: record.createdAt,
    deadlineAtMs: input.deadlineAtMs,
    links: { approve: link("approve"), reject: link("reject") },
  });
  // A relay may take minutes, and other approvals must not wait for it.
  const delivery = await apart(input.approval, sending);
  if (delivery.status !== "deferred") return delivery;
  const { reason } = delivery;
  const nowMs = now();
  const { tries, together } = input;
  const pauseMs = pauseBeforeRetry({ tries, together, untilDeadlineMs: input.deadlineAtMs - nowMs });
  // Frozen with the result: the workflow must not ask the clock how many tries there will be.
  return pauseMs === undefined
    ? { status: "undeliverable", reason }
    : { status: "deferred", reason, nextTryAtMs: nowMs + pauseMs };
}

async function read({ promises }: ProductServices, id: string): Promise<StoredPromise> {
  return stored(await promises.get(id));
}

/** The promise as the engine sent it to this pass; asks the engine only if it sent nothing. */
async function asTold(svc: ProductServices, approval: string, id: string): Promise<StoredPromise> {
  const told = svc.told(approval, id);
  return told === undefined ? await read(svc, id) : stored(told);
}

/** The same, but asks again for a pending promise: only a settled one can no longer change. */
async function readSettled(svc: ProductServices, approval: string, id: string): Promise<StoredPromise> {
  const told = await asTold(svc, approval, id);
  return told.state === "pending" ? await read(svc, id) : told;
}

/** Returns the stored value, which is another one if it was settled before. */
async function settle({ promises }: ProductServices, id: string, value: unknown): Promise<StoredPromise> {
  return stored(await promises.resolve(id, encodeValue(value)));
}

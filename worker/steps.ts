/**
 * The approval workflow's side effects. Each may run again after a crash, under the same step id, and then has the same
 * effect: settling twice leaves the first value, and a mail sent twice carries one Message-ID and the same links.
 */
import type { Context, PromiseRecord } from "@resonatehq/sdk";
import {
  type ApprovalRequest,
  type Ballot,
  type Cancellation,
  type Choice,
  type Closed,
  type Decision,
  type Delivery,
  LINK_VIEW_MS,
  type MailResult,
  type Outcome,
  type Withdrawal,
} from "../src/approval/approval.ts";
import { endId } from "../src/approval/ids.ts";
import { decide, type Verdict } from "../src/approval/policy.ts";
import { decodeValue, encodeValue } from "../src/durable/value.ts";
import { pauseBeforeRetry } from "../src/mail/retry.ts";
import { type Announced, announce, bothOf } from "./announce.ts";
import { eventsOfJudgement, eventsOfMail, requestedEvent } from "./events.ts";
import type { Seen } from "./future.ts";
import { type Services, services } from "./services.ts";

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

export interface Judgement extends Announced {
  readonly verdict: Verdict;
  /** How many of end and ballots were settled; more than that is news. */
  readonly settled: number;
  readonly retryDue: boolean;
  readonly decisions: Outcome["decisions"];
}

/** Freezes what this pass saw, judges it, and closes everything if it is the end. */
export async function judge(ctx: Context, seen: JudgeInput): Promise<Judgement> {
  const svc = services(ctx);
  const frozen = {
    settled: [seen.end, ...seen.ballots].filter(({ settled }) => settled).length,
    retryDue: seen.retry?.settled ?? false,
  };
  const verdict = await verdictOf(svc, seen);
  const judged =
    verdict.kind === "wait"
      ? { verdict, decisions: decisionsIn(seen.ballots) }
      : await close(svc, seen, verdict);
  const events = eventsOfJudgement(seen.approval, judged, seen.before);
  const announced = await announce(svc, events, seen.request.callbackUrl);
  return { verdict: judged.verdict, ...frozen, decisions: judged.decisions, ...announced };
}

async function verdictOf(svc: Services, { request, end, ballots }: JudgeInput): Promise<Verdict> {
  if (isClosed(end.value)) return { kind: "done", outcome: end.value.outcome, reason: end.value.reason };
  if (!end.settled) return decide(request, decisionsIn(ballots), { kind: "open" });
  if (!isCancellation(end.value)) return decide(request, decisionsIn(ballots), { kind: "deadline" });
  // A press that was there before the cancellation counts, one after it does not, by the engine's clock.
  const cancelledAt = (await svc.promises.get(end.id)).settledAt ?? 0;
  const records = await Promise.all(ballots.map(({ id }) => svc.promises.get(id)));
  const inTime = records.map((record) => observed(record, cancelledAt));
  const { reason } = end.value;
  return decide(request, decisionsIn(inTime), {
    kind: "cancelled",
    ...(reason === undefined ? {} : { reason }),
  });
}

/** The end first, as the one record of the verdict; then the open ballots, so that late links tell the truth. */
async function close(
  svc: Services,
  seen: JudgeInput,
  verdict: Extract<Verdict, { kind: "done" }>,
): Promise<{ verdict: Verdict; decisions: Outcome["decisions"]; endedAtMs: number | undefined }> {
  let final = verdict;
  const closed: Closed = { kind: "closed", outcome: verdict.outcome, reason: verdict.reason };
  // What was answered stays as it is, so it is read along with it.
  const [record, answered] = await Promise.all([
    settle(svc, seen.end.id, closed),
    Promise.all(seen.ballots.filter(({ settled }) => settled).map(({ id }) => svc.promises.get(id))),
  ]);
  if (!seen.end.settled) {
    // Cancelled, or closed by an earlier run of this step, since this pass looked.
    const stands = await verdictOf(svc, { ...seen, end: observed(record) });
    if (stands.kind === "done") final = stands;
  }
  const withdrawal: Withdrawal = { kind: "withdrawn", because: final.outcome };
  const known = new Map(answered.map((ballot) => [ballot.id, ballot]));
  const records = await Promise.all(
    seen.ballots.map(async ({ id }) => known.get(id) ?? (await settle(svc, id, withdrawal))),
  );
  if (seen.retry && !seen.retry.settled) await settle(svc, seen.retry.id, null);
  // Whoever pressed after the end was told that it does not count.
  const inTime = records.map((ballot) => observed(ballot, record.settledAt));
  return { verdict: final, decisions: decisionsIn(inTime), endedAtMs: record.settledAt };
}

export interface MailInput {
  readonly approval: string;
  readonly request: ApprovalRequest;
  readonly n: number;
  /** Promise id of the ballot. */
  readonly ballot: string;
  readonly deadlineAtMs: number;
  /** The first mail of all: whoever wants to know hears that the approval was requested. */
  readonly first: boolean;
  /** Which try this is, from 1. */
  readonly tries: number;
  /** Mails of this round. */
  readonly together: number;
}

/** Sends one approver both links, unless their ballot is no longer open. Never throws for what the mail system does. */
export async function mail_ballot(ctx: Context, input: MailInput): Promise<MailResult & Announced> {
  const svc = services(ctx);
  const { promises } = svc;
  const [record, end] = await Promise.all([promises.get(input.ballot), promises.get(endId(input.approval))]);
  const begun = input.first ? [requestedEvent(input.approval, record.createdAt)] : [];
  const { callbackUrl } = input.request;
  const toldBefore = await announce(svc, begun, callbackUrl);
  const isOpen = record.state === "pending" && end.state === "pending";
  const delivery = isOpen ? await deliver(svc, input, record) : ({ status: "skipped" } as const);
  const result: MailResult = { kind: "mail", n: input.n, delivery };
  const toldAfter = await announce(svc, eventsOfMail(input.approval, result), callbackUrl);
  return { ...result, ...bothOf(toldBefore, toldAfter) };
}

async function deliver(
  { mailer, tokens, publicUrl, apart }: Services,
  input: MailInput,
  record: PromiseRecord,
): Promise<Delivery> {
  const ballot = decodeValue(record.param) as Ballot;
  const link = (choice: Choice) =>
    `${publicUrl}/d/${tokens.issueLink({
      pid: record.id,
      recipient: ballot.recipient,
      choice,
      gen: ballot.gen,
      // The ballot's own birth, so that a mail sent twice carries the same links.
      issuedAtMs: record.createdAt,
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
  // A relay may take minutes; what other approvals wait for must not wait behind it.
  const delivery = await apart(input.approval, sending);
  if (delivery.status !== "deferred") return delivery;
  const { reason } = delivery;
  const nowMs = Date.now();
  const { tries, together } = input;
  const pauseMs = pauseBeforeRetry({ tries, together, untilDeadlineMs: input.deadlineAtMs - nowMs });
  // Frozen with the result: the workflow must not ask the clock how many tries there will be.
  return pauseMs === undefined
    ? { status: "undeliverable", reason }
    : { status: "deferred", reason, nextTryAtMs: nowMs + pauseMs };
}

async function settle({ promises }: Services, id: string, value: unknown): Promise<PromiseRecord> {
  return await promises.resolve(id, encodeValue(value));
}

/** A stored record as seen; a settlement later than `untilMs` counts as none. */
function observed(record: PromiseRecord, untilMs = Number.POSITIVE_INFINITY): Seen {
  const settled = record.state !== "pending" && (record.settledAt ?? 0) <= untilMs;
  if (!settled || record.state !== "resolved") return { id: record.id, settled };
  return { id: record.id, settled, value: decodeValue(record.value) };
}

function decisionsIn(ballots: readonly Seen[]): Outcome["decisions"] {
  return ballots.flatMap(({ value }, index) =>
    isDecision(value)
      ? [
          {
            n: index + 1,
            email: value.by,
            choice: value.choice,
            ...(value.comment === undefined ? {} : { comment: value.comment }),
            at: value.at,
          },
        ]
      : [],
  );
}

function isDecision(value: unknown): value is Decision {
  return hasKind(value, "decision");
}

function isCancellation(value: unknown): value is Cancellation {
  return hasKind(value, "cancelled");
}

function isClosed(value: unknown): value is Closed {
  return hasKind(value, "closed");
}

function hasKind(value: unknown, kind: string): boolean {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === kind;
}

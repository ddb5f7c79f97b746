/**
 * The approval workflow: ask everybody, wait for whatever comes first, let the policy decide, close what is open.
 *
 * It is replayed from its first line each time something settles, so:
 * W1 the durable calls before any point depend only on the request and on results frozen in steps;
 * W2 what may differ from one pass to the next (which promises are settled by now) is read only to choose between
 *    "suspend here" and "judge", and the judge freezes what it saw;
 * W3 lines before the judge hold for later states too: after the end every promise reads as settled.
 *
 * Children by position: 0 the end, 1..n the ballots, n+1..2n the first mails, then judgements and later mails.
 */
import type { Context } from "@resonatehq/sdk";
import type { ApprovalRequest, Ballot, MailResult, Outcome } from "../../../src/approval/approval.ts";
import { KIND_TAG } from "../../../src/approval/ids.ts";
import { APPROVAL_SLACK_MS } from "../../../src/approval/request.ts";
import { judgementV1In, mailResultIn, requestIn } from "../../../src/approval/stored.ts";
import { EXTERNAL } from "../../../src/durable/lineage.ts";
import { hasReceivers } from "../../../src/service/callbacks/announce.ts";
import {
  createLoose,
  type Future,
  isSettled,
  type Latent,
  observe,
  waitForAny,
} from "../../runtime/future.ts";
import { productServices } from "../../runtime/services.ts";
import { lastingStored } from "../../runtime/step-options.ts";
import { timerTags } from "../../runtime/timer.ts";
import { isOver, type JudgeInput, judge } from "./judge.ts";
import { mail_ballot } from "./mail-ballot.ts";

/**
 * @param input a checked request; the starter sets the promise's timeout to deadline + slack, as `POST /approvals` and
 *   `requestApproval` do
 */
export function* approval(ctx: Context, input: unknown): Generator<unknown, Outcome> {
  const request = requestIn(input);
  if (request === undefined) {
    throw new TypeError(
      "Cannot ask: the argument is not an approval request. POST /approvals names every problem in it",
    );
  }
  const svc = productServices(ctx);
  const { group, tokens, now } = svc;
  const deadlineAtMs = ctx.info.timeout - APPROVAL_SLACK_MS;
  // Relative to now, because the SDK takes it so; it counts only on the first pass, when the promise is created.
  const untilDeadlineMs = () => deadlineAtMs - now();

  const latents: Latent[] = [];
  function* create(options: Parameters<Context["promise"]>[0]) {
    const latent = ctx.promise(options);
    latents.push(latent);
    return yield* createLoose(latent);
  }

  const end = yield* create({ timeout: untilDeadlineMs(), tags: timerTags(group, "end") });
  const ballots: Future<unknown>[] = [];
  for (const [index, approver] of request.approvers.entries()) {
    const recipient = tokens.recipientId(ctx.id, approver.email);
    const data: Ballot = { kind: "ballot", approval: ctx.id, n: index + 1, approver, recipient, gen: 0 };
    const tags = { ...EXTERNAL, [KIND_TAG]: "ballot" };
    ballots.push(yield* create({ timeout: untilDeadlineMs(), data, tags }));
  }

  const everybody = ballots.map((_, index) => index + 1);
  let tries = 1;
  let unmailed = yield* mail(ctx, { request, deadlineAtMs, ballots, to: everybody, tries });
  let retry: Future<unknown> | undefined;
  let known = 0;
  let before: Outcome["decisions"] = [];
  const isHeard = svc.onEvent !== undefined || hasReceivers(svc, request.callbackUrl);
  for (;;) {
    if (retry === undefined && unmailed.length > 0) {
      // Whether there is another try follows from the frozen results (W1); when counts only on the first pass.
      const nextTryAtMs = Math.min(...unmailed.map((mailed) => mailed.nextTryAtMs));
      const timeout = Math.max(1, nextTryAtMs - now());
      retry = yield* create({ timeout, tags: timerTags(group, "retry") });
    }
    const retryDue = retry?.state === "completed";
    const look: JudgeInput = {
      approval: ctx.id,
      request,
      end: observe(end),
      ballots: ballots.map(observe),
      retry: retry && observe(retry),
      before,
    };
    const isLast = isOver(look);
    const hasNews = [end, ...ballots].filter(isSettled).length > known;
    // An answer that decides nothing is judged only where somebody is told of it. Whether anybody is depends on settings,
    // and that is no more than a choice between suspending here and judging (W2).
    if (!isLast && !retryDue && !(hasNews && isHeard)) yield* waitForAny(latents);
    // The last judgement comes to the same when it runs again, and nothing durable follows it: only what it has told of
    // must be on record.
    const options = lastingStored(ctx, isLast && !isHeard ? "never" : "at-end");
    const step: unknown = yield* ctx.run(judge, look, options);
    const seen = judgementV1In(step);
    // Another program has settled the step: no verdict of ours, so it is judged again, in a step of its own.
    if (seen === undefined) continue;
    if (seen.verdict.kind === "done") {
      const { outcome, reason } = seen.verdict;
      return { approval: ctx.id, outcome, reason, decisions: seen.decisions, metadata: request.metadata };
    }
    known = seen.settled;
    before = seen.decisions;
    if (seen.retryDue) {
      retry = undefined;
      tries += 1;
      const to = unmailed.map(({ n }) => n);
      unmailed = yield* mail(ctx, { request, deadlineAtMs, ballots, to, tries });
    }
  }
}

/** Mails to these ballots at once, each in a step of its own; answers those that must be tried again. */
function* mail(
  ctx: Context,
  { request, deadlineAtMs, ballots, to, tries }: MailRound,
): Generator<unknown, readonly Unmailed[]> {
  const sending: { readonly n: number; readonly future: Future<unknown> }[] = [];
  for (const n of to) {
    const ballot = (ballots[n - 1] as Future<unknown>).id;
    const first = tries === 1 && n === 1;
    const input = { approval: ctx.id, request, n, ballot, deadlineAtMs, first, tries, together: to.length };
    sending.push({ n, future: yield* ctx.beginRun(mail_ballot, input, lastingStored(ctx, "at-end")) });
  }
  const results: MailResult[] = [];
  for (const { n, future } of sending) results.push(mailResultIn(yield* future) ?? notMailed(n));
  // Results that an older version froze say nothing of the next try; its timers are there already.
  return results.flatMap(({ n, delivery }) =>
    delivery.status === "deferred" ? [{ n, nextTryAtMs: delivery.nextTryAtMs ?? 0 }] : [],
  );
}

/** Another program has settled the mail's step, so whether a mail went out is not known: it is tried again. */
function notMailed(n: number): MailResult {
  return {
    kind: "mail",
    n,
    delivery: { status: "deferred", reason: "Its step has no result", nextTryAtMs: 0 },
  };
}

/** A ballot whose mail has to be tried again. */
interface Unmailed {
  readonly n: number;
  readonly nextTryAtMs: number;
}

interface MailRound {
  readonly request: ApprovalRequest;
  readonly deadlineAtMs: number;
  readonly ballots: readonly Future<unknown>[];
  /** Numbers of the ballots to mail to. */
  readonly to: readonly number[];
  /** Which round this is, from 1. */
  readonly tries: number;
}

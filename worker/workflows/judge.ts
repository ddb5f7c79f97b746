/**
 * The step that judges an approval: it reads what the pass saw, applies the rule, and closes what is over. It may run again
 * after a crash, under the same step id, and then comes to the same: settling twice leaves the first value.
 *
 * J1 The pass may have seen an older state of one promise than of another. So the end is read after the answers, and the
 *    answers that were stored before the end count.
 * J2 What is to be closed is withdrawn before anything else happens. Each withdrawal returns the ballot as it is stored, so
 *    an answer that came in the meantime is judged with the others, and none can follow. Another answer of one person may come
 *    before the one that was seen, and to something else. So of several ballots of one person, one is withdrawn at a time,
 *    and before those of other people.
 * J3 A verdict is then written into the end. If a cancellation, a change or the deadline came first, that record comes
 *    back, and is judged with the answers.
 * J4 After a crash the step runs again. Answers can only have been added. They never remove a verdict that was
 *    written, and a verdict that was not written has been told to nobody.
 * J5 The judgement that ends the approval need not be stored: everything that it follows from is settled by then, so it comes
 *    to the same when it runs again. It is stored where it follows from more: a setting, or what receivers were told.
 */
import type { Context } from "@resonatehq/sdk";
import type { ApprovalRequest, Judgement } from "../../src/approval/approval.ts";
import { endOf } from "../../src/approval/course.ts";
import { evaluate } from "../../src/approval/evaluate.ts";
import { ruleOf } from "../../src/approval/rule.ts";
import type { LastResult } from "../../src/durable/step-record.ts";
import { orderNotices } from "../../src/service/approvals/order-notices.ts";
import { type Announced, announce, hasReceivers } from "../../src/service/callbacks/announce.ts";
import { eventsOfJudgement } from "../../src/service/callbacks/events.ts";
import { type ProductServices, productServices } from "../runtime/services.ts";
import { Bench, openEnd, recordSeen, seatOf } from "./judge-bench.ts";
import type { JudgeInput } from "./judge-input.ts";
import { noticesOf } from "./judge-notices.ts";

export async function judge(
  ctx: Context,
  seen: JudgeInput,
): Promise<Judgement & Announced & Partial<LastResult>> {
  const svc = productServices(ctx);
  const { approval, request, terms, before } = seen;
  const bench = new Bench(svc, seen);
  const { verdict, ask, nextEndAtMs, alarmAtMs } = await bench.evaluated();
  const decisions = [...seen.past, ...bench.decisions()];
  const endedAtMs = bench.endedAtMs;
  const events = eventsOfJudgement(approval, { verdict, decisions, endedAtMs }, before);
  const announced = await announce(svc, terms.startedAtMs, events, request.callbackUrl);
  for (const event of events) svc.onEvent?.(event, request);
  if (verdict.kind === "done") {
    const tookMs = (endedAtMs ?? bench.nowMs) - terms.startedAtMs;
    svc.measures?.observe("countersign.approval.duration", tookMs / 1000, { outcome: verdict.outcome });
  }
  await orderNotices(
    svc,
    { approval, startedAtMs: terms.startedAtMs, content: seen.content },
    noticesOf(bench.judged(), decisions),
  );
  return {
    kind: "judgement",
    atMs: bench.nowMs,
    settled: bench.settled,
    rang: seen.alarms.flatMap(({ settled }, index) => (settled ? [index] : [])),
    verdict,
    state: bench.state,
    ask,
    ...(nextEndAtMs === undefined ? {} : { nextEndAtMs }),
    ...(alarmAtMs === undefined ? {} : { alarmAtMs }),
    ...(bench.content === undefined ? {} : { content: bench.content }),
    ...bench.changed,
    ...(bench.aliases === undefined ? {} : { aliases: bench.aliases }),
    decisions,
    ...announced,
    ...(verdict.kind === "done" && isRepeatable(svc, request) ? { isLast: true } : {}),
  };
}

/** Whether anybody is told what becomes of an approval while it goes on, by the settings of this process. */
export function isHeard(
  svc: ProductServices,
  { callbackUrl }: Pick<ApprovalRequest, "callbackUrl">,
): boolean {
  return svc.onEvent !== undefined || hasReceivers(svc, callbackUrl);
}

/** Whether a judgement that ends such an approval comes to the same when it runs again (J5). */
function isRepeatable(svc: ProductServices, request: ApprovalRequest): boolean {
  return !isHeard(svc, request) && request.onDeadline !== "approve";
}

/**
 * Whether what a pass saw can change anything, found out without asking the engine: if not, the pass can wait. The judge may
 * come to something else, because it knows the times.
 */
export function canChange(seen: JudgeInput): boolean {
  const rule = ruleOf(seen.request, seen.terms.people);
  const end = seen.end.settled ? endOf({ ...recordSeen(seen.end), settledAt: 0 }) : openEnd(seen);
  if (rule.undoMs > 0 || end.kind !== "open") return true;
  const seats = seen.seats.map((seat) => seatOf(seat, recordSeen(seat), undefined, 0, rule));
  // Without times: what follows from the clock, an alarm tells.
  const { verdict, close, ask, news } = evaluate(rule, { state: seen.state, seats, end, nowMs: 0 }, SETTINGS);
  return verdict.kind === "done" || close.length + ask.length + news.length > 0;
}

const SETTINGS = { mayApproveByDeadline: false, everybodyMailed: false };

/**
 * The approval workflow: ask the people of a stage, wait for whatever comes first, judge, and do what the judgement says:
 * ask others, wait on, or end.
 *
 * It is replayed from its first line each time something settles, so:
 * W1 the durable calls before any point depend only on the request and on results frozen in steps. What to do next is
 *    such a result: a later version of the rule (`src/approval/evaluate.ts`) changes no replay;
 * W2 what may differ from one pass to the next (which promises are settled by now) is read only to choose between
 *    "suspend here" and "judge", and the judge freezes what it saw;
 * W3 lines before the judge hold for later states too: after the end every promise reads as settled.
 *
 * Children by position: 0 the end, 1..n the ballots of the first stage, then their mails; then whatever follows. Where a
 * schedule has started it, a step that settles who is away comes before the ballots.
 */
import type { Context } from "@resonatehq/sdk";
import { awayIn } from "../../src/approval/absence.ts";
import { outcomeAction } from "../../src/approval/action.ts";
import type { Content, Judgement, Outcome } from "../../src/approval/approval.ts";
import { asked } from "../../src/approval/content.ts";
import { openingAsks } from "../../src/approval/evaluate/asks.ts";
import { OPENING, type State } from "../../src/approval/evaluate/look.ts";
import { firstAlarmAt } from "../../src/approval/evaluate/times.ts";
import { nextDeadline } from "../../src/approval/next-deadline.ts";
import { APPROVAL_SLACK_MS } from "../../src/approval/request.ts";
import { ruleOf } from "../../src/approval/rule.ts";
import { withAliases } from "../../src/approval/same-person.ts";
import { scheduledTerms } from "../../src/approval/scheduled.ts";
import { requestIn, termsIn } from "../../src/approval/stored.ts";
import { isSettled, observe } from "../runtime/future.ts";
import { productServices } from "../runtime/services.ts";
import { Desk, type Mailing } from "./desk.ts";
import { canChange, isHeard } from "./judge.ts";
import type { JudgeInput } from "./judge-input.ts";

/**
 * @param input a checked request
 * @param given its `Terms`. Without them, as where a schedule starts it, they follow from its own timeout
 */
export function* approval(ctx: Context, input: unknown, given?: unknown): Generator<unknown, Outcome> {
  const request = requestIn(input);
  if (request === undefined) {
    throw new TypeError(
      "Cannot ask: the argument is not an approval request. POST /approvals names every problem in it",
    );
  }
  const svc = productServices(ctx);
  const own = termsIn(given);
  const { version, timeout: timeoutAtMs } = ctx.info;
  const terms = own ?? scheduledTerms(request, { version, timeoutAtMs });
  const desk = new Desk(ctx, svc, request, terms);

  let endAtMs = terms.deadlineAtMs;
  let end = yield* desk.openEnd(endAtMs);
  const { away, people: named } = own ?? (yield* desk.startStep()) ?? {};
  const awayAt = awayIn(away);
  let people = named;
  let rule = ruleOf(request, people);
  let state: State = OPENING;
  let content: Content | undefined;
  let seats = yield* desk.open(openingAsks(rule, state, awayAt), content);
  let before: Content | undefined;
  let mailing: Mailing = {
    content,
    before,
    note: undefined,
    changedBy: undefined,
    deadline: nextDeadline(rule, state, terms.startedAtMs, endAtMs),
    endAtMs,
    endId: end.id,
  };
  let unmailed = yield* desk.mail(seats, mailing);
  /** When the open stage was opened, or changes were requested in it. */
  let openedAtMs = terms.startedAtMs;
  let alarmAtMs: number | undefined = firstAlarmAt(rule, state, terms.startedAtMs);
  let known: Known = { decisions: [], settled: 0, unreached: 0 };
  /** Answers of the stages before. */
  let past: Judgement["decisions"] = [];
  for (;;) {
    yield* desk.openAlarm([alarmAtMs, ...unmailed.map(({ nextTryAtMs }) => nextTryAtMs)]);
    const look: JudgeInput = {
      approval: ctx.id,
      request,
      terms: { ...terms, ...(people && { people }) },
      state,
      seats: seats.map(({ n, ask, future, undo, canBounce, isUnreached }) => ({
        n,
        ask,
        ...observe(future),
        undo: undo && observe(undo),
        canBounce,
        isUnreached,
      })),
      end: observe(end),
      endAtMs,
      alarms: desk.alarms.map(observe),
      content,
      past,
      before: known.decisions,
      isMailed: unmailed.length === 0 && !seats.some((seat) => seat.isUnreached && !isSettled(seat.future)),
      first: desk.first,
    };
    const open = [
      end,
      ...seats.flatMap(({ future, undo }) => (undo === undefined ? [future] : [future, undo])),
    ];
    const settled = open.filter(isSettled).length;
    const isDue = desk.alarms.some(isSettled);
    // An answer that decides nothing needs a judgement only if receivers get events about it. Whether there are receivers
    // depends on settings, which may differ between passes: W2 allows that, because it only chooses between suspending here
    // and judging.
    const isHeardOf = settled > known.settled && isHeard(svc, request);
    // Somebody whose mail was refused may leave too few people for what the stage needs.
    const unreached = seats.filter(({ isUnreached }) => isUnreached).length;
    const isNews = settled > known.settled || unreached > known.unreached;
    const isWorthIt = isHeardOf || (isNews && canChange(look));
    if (!isDue && !isWorthIt) yield* desk.waitForAny(open);
    const seen = yield* desk.judge(look);
    // Another program has settled the step: no verdict of ours, so it is judged again, in a step of its own.
    if (seen === undefined) continue;
    const { verdict, decisions } = seen;
    if (verdict.kind === "done") {
      const { outcome, reason, why } = verdict;
      const more = { ...(why && { why }), ...(state.round === 1 ? {} : { round: state.round }) };
      const action = outcomeAction(
        { proposed: request, approved: asked(request, content) },
        { approval: ctx.id, ...terms },
        { outcome, decisions },
      );
      return {
        approval: ctx.id,
        outcome,
        reason,
        decisions,
        ...more,
        ...action,
        metadata: request.metadata,
      };
    }
    if (seen.aliases !== undefined && people !== undefined) {
      people = withAliases(people, seen.aliases);
      rule = ruleOf(request, people);
    }
    if (seen.nextEndAtMs !== undefined) {
      // A round that would end later than any approval may ends then.
      endAtMs = Math.min(seen.nextEndAtMs, ctx.info.timeout - APPROVAL_SLACK_MS);
      end = yield* desk.openEnd(endAtMs);
    }
    const isSameRound = seen.state.round === state.round;
    const isSameStage = isSameRound && seen.state.stage === state.stage && seen.state.phase === state.phase;
    if (!isSameStage) past = isSameRound ? decisions : [];
    if (!isSameRound) before = content;
    if (!isSameStage) openedAtMs = seen.atMs;
    ({ state, content, alarmAtMs } = { content, alarmAtMs: undefined, ...seen });
    // A timer that another program has settled early counts as if its time had come.
    const dueMs = Math.max(seen.atMs, ...desk.dropAlarms(seen.rang));
    const opened = yield* desk.open(seen.ask, content);
    seats = isSameStage ? [...seats, ...opened] : opened;
    // Ballots of a stage that is over count no more, and neither does an end that another one followed.
    const over = seen.nextEndAtMs === undefined ? 0 : 1;
    known = isSameStage
      ? { decisions, settled: seen.settled - over, unreached }
      : { decisions, settled: 0, unreached: 0 };
    mailing = {
      content,
      before,
      note: seen.note,
      changedBy: seen.changedBy,
      deadline: nextDeadline(rule, state, state.sinceMs ?? openedAtMs, endAtMs),
      endAtMs,
      endId: end.id,
    };
    const due = unmailed.filter(({ nextTryAtMs }) => nextTryAtMs <= dueMs).map(({ seat }) => seat);
    const later = unmailed.filter(({ nextTryAtMs }) => nextTryAtMs > dueMs);
    unmailed = [...later, ...(yield* desk.mail([...due, ...opened], mailing))];
  }
}

/** What the last judgement knew of the open stage. */
interface Known extends Pick<Judgement, "decisions"> {
  /** How many promises were settled. */
  readonly settled: number;
  /** How many mails were refused for good. */
  readonly unreached: number;
}

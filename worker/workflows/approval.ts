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
import { type ActionTerms, digestOf, outcomeAction } from "../../src/approval/action.ts";
import type {
  ApprovalRequest,
  Ballot,
  Content,
  Judgement,
  Outcome,
  Terms,
} from "../../src/approval/approval.ts";
import { asked, contentOf } from "../../src/approval/content.ts";
import type { Program } from "../../src/approval/doer.ts";
import { openingAsks } from "../../src/approval/evaluate/asks.ts";
import type { Ask } from "../../src/approval/evaluate/evaluation.ts";
import { OPENING, type State } from "../../src/approval/evaluate/look.ts";
import { firstAlarmAt } from "../../src/approval/evaluate/times.ts";
import { KIND_TAG } from "../../src/approval/ids.ts";
import { separableItems } from "../../src/approval/items.ts";
import { type NextDeadline, nextDeadline } from "../../src/approval/next-deadline.ts";
import { addressKey } from "../../src/approval/person.ts";
import { APPROVAL_SLACK_MS } from "../../src/approval/request.ts";
import { ruleOf } from "../../src/approval/rule.ts";
import { withAliases } from "../../src/approval/same-person.ts";
import { scheduledTerms } from "../../src/approval/scheduled.ts";
import { startStepIn } from "../../src/approval/start-step.ts";
import { judgementIn, mailResultIn, requestIn, termsIn } from "../../src/approval/stored.ts";
import { EXTERNAL } from "../../src/durable/lineage.ts";
import { canonicalHash } from "../../src/lib/canonical-hash.ts";
import { createLoose, type Future, isSettled, type Latent, observe, waitForAny } from "../runtime/future.ts";
import { type ProductServices, productServices } from "../runtime/services.ts";
import { lastingStored } from "../runtime/step-options.ts";
import { timerTags } from "../runtime/timer.ts";
import { canChange, isHeard, judge } from "./judge.ts";
import type { JudgeInput } from "./judge-input.ts";
import { type MailInput, mail_ballot } from "./mail-ballot.ts";
import { who_is_away } from "./who-is-away.ts";

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

/** An open question to one person, as the workflow holds it. */
interface HeldSeat {
  readonly n: number;
  readonly ask: Ask;
  readonly future: Future<unknown>;
  /** Whether the decision was taken back, if it can be. */
  readonly undo: Future<unknown> | undefined;
  /** How often its mail was tried. */
  tries: number;
  /** Whether its mail cannot be delivered: this person was not asked. */
  isUnreached: boolean;
  /** Whether its mail had a return path of its own. */
  canBounce: boolean;
}

/** A ballot whose mail has to be tried again. */
interface Unmailed {
  readonly seat: HeldSeat;
  readonly nextTryAtMs: number;
}

interface Mailing {
  readonly content: Content | undefined;
  /** The content of the round before. */
  readonly before: Content | undefined;
  readonly note: string | undefined;
  readonly changedBy: Program | undefined;
  readonly deadline: NextDeadline;
  /** The approval's deadline. */
  readonly endAtMs: number;
  /** Promise id of the end that the mails' ballots depend on. */
  readonly endId: string;
}

/** The promises and steps that the workflow makes. It counts them, because a ballot names its own position. */
class Desk {
  readonly #ctx: Context;
  readonly #svc: ProductServices;
  readonly #request: ApprovalRequest;
  readonly #terms: ActionTerms;
  readonly #latents = new Map<Future<unknown>, Latent>();
  #position = 0;
  #alarms: { readonly atMs: number; readonly future: Future<unknown> }[] = [];
  #isFirstMail = true;
  /** A person's first ballot, by the key of their address. */
  readonly #firsts = new Map<string, HeldSeat>();
  /** By the number of a ballot, that of the same person's first one, where it is another. */
  readonly first: Record<number, number> = {};

  constructor(ctx: Context, svc: ProductServices, request: ApprovalRequest, terms: Terms) {
    this.#ctx = ctx;
    this.#svc = svc;
    this.#request = request;
    const { startedAtMs, deadlineAtMs } = terms;
    this.#terms = { approval: ctx.id, startedAtMs, deadlineAtMs };
  }

  *openEnd(atMs: number): Generator<unknown, Future<unknown>> {
    return yield* this.#create({ timeout: this.#until(atMs), tags: timerTags(this.#svc.group, "end") });
  }

  /** Who is away, and whose the addresses are: as a step, where nobody could settle it before. */
  *startStep(): Generator<unknown, Pick<Terms, "away" | "people"> | undefined> {
    this.#position += 1;
    const { version } = this.#ctx.info;
    const options = lastingStored(this.#ctx, "at-end");
    return startStepIn(yield* this.#ctx.run(who_is_away, this.#request, version, options));
  }

  /** Ballots, each with its link to what was asked; they stay open until something closes them. */
  *open(asks: readonly Ask[], content: Content | undefined): Generator<unknown, HeldSeat[]> {
    const { id, info } = this.#ctx;
    const { undo, choices, fields } = this.#request;
    const hash = canonicalHash(contentOf(asked(this.#request, content)));
    const separable = separableItems(this.#request);
    const digest = digestOf(asked(this.#request, content), this.#terms);
    const timeout = this.#until(info.timeout);
    const seats: HeldSeat[] = [];
    for (const ask of asks) {
      const { person, stage, round, gen, groups, added, via, inPlaceOf } = ask;
      const n = this.#position;
      const data: Ballot = {
        kind: "ballot",
        approval: id,
        n,
        approver: person,
        recipient: this.#svc.tokens.recipientId(id, person.email),
        gen,
        contentHash: hash,
        ...(digest === undefined ? {} : { digest }),
        ...(stage === 0 ? {} : { stage }),
        ...(round === 1 ? {} : { round }),
        ...(groups.length === 1 && groups[0] === 0 ? {} : { groups }),
        ...(added && { added }),
        ...(via && { via }),
        ...(inPlaceOf && { inPlaceOf }),
        ...(choices === undefined && fields === undefined && separable === 0 ? {} : { custom: true }),
        ...(undo === undefined ? {} : { undo: true }),
      };
      const future = yield* this.#create({ timeout, data, tags: { ...EXTERNAL, [KIND_TAG]: "ballot" } });
      const undoing =
        undo === undefined
          ? undefined
          : yield* this.#create({ timeout, tags: { ...EXTERNAL, [KIND_TAG]: "undo" } });
      const seat = { n, ask, future, undo: undoing, tries: 0, isUnreached: false, canBounce: false };
      const first = this.#firstOf(seat);
      if (first !== seat) this.first[n] = first.n;
      seats.push(seat);
    }
    return seats;
  }

  /** Mails to these people at once, each in a step of its own; answers those that must be tried again. */
  *mail(seats: readonly HeldSeat[], mailing: Mailing): Generator<unknown, Unmailed[]> {
    const sending: { readonly seat: HeldSeat; readonly result: Future<unknown> }[] = [];
    for (const seat of seats) {
      seat.tries += 1;
      const { content, before, ...others } = mailing;
      const input: MailInput = {
        ...others,
        approval: this.#ctx.id,
        startedAtMs: this.#terms.startedAtMs,
        request: asked(this.#request, content),
        before: contentOf(asked(this.#request, before)),
        firstId: this.#firstOf(seat).future.id,
        n: seat.n,
        ballot: seat.future.id,
        first: this.#isFirstMail,
        tries: seat.tries,
        together: seats.length,
      };
      this.#isFirstMail = false;
      this.#position += 1;
      const result = yield* this.#ctx.beginRun(mail_ballot, input, lastingStored(this.#ctx, "at-end"));
      sending.push({ seat, result });
    }
    const unmailed: Unmailed[] = [];
    for (const { seat, result } of sending) {
      // Without a result another program has settled the step. Whether a mail went out is not known: it is tried again.
      const { delivery } = mailResultIn(yield* result) ?? {
        delivery: { status: "deferred", nextTryAtMs: 0 },
      };
      seat.isUnreached = delivery.status === "undeliverable";
      seat.canBounce = delivery.status === "sent" && delivery.canBounce === true;
      if (delivery.status === "deferred") unmailed.push({ seat, nextTryAtMs: delivery.nextTryAtMs ?? 0 });
    }
    return unmailed;
  }

  /** The person's first ballot: its mail began their thread. */
  #firstOf(seat: HeldSeat): HeldSeat {
    const key = addressKey(seat.ask.person.email);
    const first = this.#firsts.get(key) ?? seat;
    this.#firsts.set(key, first);
    return first;
  }

  /** A timer for the earliest of these times, unless an open one is as early; undefined if nothing is due. */
  *openAlarm(times: readonly (number | undefined)[]): Generator<unknown, void> {
    const atMs = Math.min(...times.filter((time) => time !== undefined));
    if (!Number.isFinite(atMs) || this.#alarms.some((alarm) => alarm.atMs <= atMs)) return;
    const tags = timerTags(this.#svc.group, "alarm");
    this.#alarms.push({ atMs, future: yield* this.#create({ timeout: this.#until(atMs), tags }) });
  }

  get alarms(): readonly Future<unknown>[] {
    return this.#alarms.map(({ future }) => future);
  }

  *judge(look: JudgeInput): Generator<unknown, Judgement | undefined> {
    this.#position += 1;
    return judgementIn(yield* this.#ctx.run(judge, look, lastingStored(this.#ctx, "unless-last")));
  }

  /** Forgets the timers that were over when a judgement looked, and answers their times. */
  dropAlarms(rang: readonly number[]): number[] {
    const dropped = this.#alarms.filter((_, index) => rang.includes(index));
    this.#alarms = this.#alarms.filter((_, index) => !rang.includes(index));
    return dropped.map(({ atMs }) => atMs);
  }

  *waitForAny(futures: readonly Future<unknown>[]): Generator<unknown, void> {
    yield* waitForAny([...futures, ...this.alarms].flatMap((future) => this.#latents.get(future) ?? []));
  }

  *#create(options: Parameters<Context["promise"]>[0]): Generator<unknown, Future<unknown>> {
    this.#position += 1;
    const latent = this.#ctx.promise(options);
    const future = yield* createLoose(latent);
    this.#latents.set(future, latent);
    return future;
  }

  /**
   * Relative to now, because the SDK takes it so; it counts only on the first pass, when the promise is created. A time that
   * is over is settled at once.
   */
  #until(atMs: number): number {
    return atMs - this.#svc.now();
  }
}

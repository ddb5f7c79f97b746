/**
 * The rule applied to what was seen of an approval: what it comes to, and what is to be done next. One function for the
 * worker, the API, pages, mails and rehearsals. It is pure: it reads no clock and no setting that is not passed in.
 *
 * E1 One person counts once in a stage: their first answer fills each group that they are in. The requester never counts.
 * E2 An answer that can be taken back counts when that time is over, or when the deadline or its stage's time comes before.
 *    No cancellation makes answers final that could be taken back: if it is recorded before the verdict is, the approval is
 *    cancelled, whatever was answered.
 * E3 Of answers that were seen together, a veto comes before a request for changes, and that before approvals: "no" is
 *    the safer mistake. Answers that decide come before a deadline or a cancellation seen at the same moment (but see E2). But after a
 *    change of the question they decide nothing: no verdict may stand on content that its answers did not see.
 * E4 Answers after the end, or after the time of their stage, do not count.
 * E5 A stage opens when the stage before it is done. What was answered in one stage is not counted in another.
 * E6 Someone who recuses themselves leaves the count as if never named. If the rule can then not be met any more, the stage
 *    escalates where it can. If nobody is left to answer, or by `majority`, the approval is rejected; otherwise it stays open for
 *    its deadline. If too few are left who can be expected to answer, for this or another reason, that is news once.
 * E7 With `replace`, an escalation closes the open ballots, and their people leave the count: the new people are asked in
 *    their place. If an entry names nobody who can be asked, the ballots stay.
 * E8 A request without stages has one deadline, which can be moved. So when its chain is at its end, only that ends it.
 */
import { type AwayAt, type InPlaceOf, withStandIns } from "./absence.ts";
import type { Choice, Effect, OutcomeKind, Verdict, Via } from "./approval.ts";
import { nextOpening } from "./hours.ts";
import { addressKey } from "./person.ts";
import { nextReminderAt, remindersDue } from "./reminders.ts";
import { type Member, neededOf, peopleOf, type Rule, roundEndsAt, type StageRule } from "./rule.ts";
import type { Person } from "./schema.ts";
import { type Progress, reasonOf, type Why } from "./why.ts";

/** How far the approval has come, as plain JSON. Each judgement stores it, so replays do not depend on this file. */
export interface State {
  /** From 1. */
  readonly round: number;
  /** Index of the open stage. */
  readonly stage: number;
  /** `revising`: changes were requested, and the requester has not made any yet. */
  readonly phase: "asking" | "revising";
  /** How many entries of the stage's chain were asked. */
  readonly escalations: number;
  /** Since when the stage's time runs, if it was started again; otherwise since its first ballot. */
  readonly sinceMs?: number;
  /** Numbers of the ballots that escalations have closed, to ask others in their place. */
  readonly replaced?: readonly number[];
  /**
   * The deadline that the mails of this stage named last, if the approval's was moved since the stage began. Their links can
   * be opened for a while after it (`LINK_VIEW_MS`).
   */
  readonly namedEndAtMs?: number;
  /** When it was last looked at. Reminders that were due before were sent. */
  readonly lookedAtMs?: number;
  /** The requester was told that too few people are left for the approvals that the stage needs, and that is still so. */
  readonly outOfReach?: true;
}

export const OPENING: State = { round: 1, stage: 0, phase: "asking", escalations: 0 };

/** One ballot of the open stage and round. */
export interface Seat {
  /** The ballot's number. */
  readonly n: number;
  readonly person: Person;
  /** Indexes of the groups that the answer fills. */
  readonly groups: readonly number[];
  /** Milliseconds since 1970, as all times here. */
  readonly openedAtMs: number;
  readonly gen: number;
  /** Asked by an escalation: their approval counts, and no more approvals are needed because of them. */
  readonly added?: true;
  readonly via?: Via;
  readonly inPlaceOf?: readonly InPlaceOf[];
  /** The mail cannot be delivered. An answer counts all the same, but nobody should wait for it. */
  readonly isUnreached?: boolean;
  readonly answer: SeatAnswer;
}

export type SeatAnswer =
  | { readonly kind: "open" }
  | {
      readonly kind: "decided";
      readonly choice: Choice;
      readonly effect: Effect;
      readonly atMs: number;
      /** Whether it can no longer be taken back, or never could. */
      readonly final: boolean;
    }
  | { readonly kind: "undone" }
  | { readonly kind: "reassigned"; readonly to: Person; readonly reason?: string; readonly by?: string }
  | { readonly kind: "recused" }
  | { readonly kind: "reissued" }
  /** Withdrawn, timed out, or settled by another program with something else. */
  | { readonly kind: "closed" };

interface Overdue {
  readonly because: "deadline" | "stage-time";
  readonly atMs: number;
  /** Whether changes were requested, which the requester has not made. */
  readonly isRevising: boolean;
}

/** What was seen of the end promise. */
export type End =
  | { readonly kind: "open"; readonly atMs: number }
  | { readonly kind: "deadline"; readonly atMs: number }
  | { readonly kind: "cancelled"; readonly atMs: number; readonly reason?: string }
  | { readonly kind: "extended"; readonly atMs: number; readonly untilMs: number }
  | { readonly kind: "changed"; readonly atMs: number; readonly deadlineAtMs: number };

export interface Look {
  readonly state: State;
  /** Of the open stage and round. */
  readonly seats: readonly Seat[];
  /** `atMs` of an open end is its deadline. */
  readonly end: End;
  readonly nowMs: number;
  /** Who is away at that time. Default: nobody. */
  readonly awayAt?: AwayAt;
}

/** A ballot to open. */
export interface Ask extends Member {
  readonly stage: number;
  readonly round: number;
  readonly gen: number;
  readonly added?: true;
  readonly via?: Via;
  /** Those who are away, and in whose place this person is asked. */
  readonly inPlaceOf?: readonly InPlaceOf[];
}

export interface Evaluation {
  readonly verdict: Verdict;
  /** What holds once the moves are made. */
  readonly state: State;
  /**
   * Numbers of open ballots that are to be withdrawn before anything else happens. Then the same look is evaluated again
   * with what they held, because an answer may have come in.
   */
  readonly close: readonly number[];
  readonly ask: readonly Ask[];
  /** Numbers of the ballots whose answers count, whatever they come to. */
  readonly counted: readonly number[];
  /** Numbers of the ballots whose answers came too late. */
  readonly late: readonly number[];
  /** Reminders that are due: of several for one ballot, the latest. */
  readonly remind: readonly { readonly n: number; readonly dueAtMs: number }[];
  /** What happened, for mails and events. */
  readonly news: readonly News[];
  /** The approval's new deadline, if it has one. */
  readonly nextEndAtMs?: number;
  /** When to look again, if nothing is settled before. */
  readonly alarmAtMs?: number;
  readonly explanation: Explanation;
}

type News =
  | { readonly kind: "stage-opened"; readonly stage: number }
  | { readonly kind: "escalated"; readonly stage: number; readonly entry: number }
  | { readonly kind: "changes-requested" }
  | { readonly kind: "round-opened"; readonly round: number }
  | { readonly kind: "reassigned"; readonly n: number }
  /** Too few people are left for the approvals that the stage needs, and nobody else will be asked. */
  | { readonly kind: "out-of-reach"; readonly stage: number };

/** Why the approval stands as it does, for programs; pages and mails make sentences of it. */
export interface Explanation {
  readonly round: number;
  readonly rounds: number;
  /** The stage that is open, counted from 1, and how many there are. */
  readonly stage: number;
  readonly stages: number;
  readonly stageName?: string;
  /** Groups whose approvals are missing. */
  readonly waitingFor: readonly {
    readonly group?: string;
    /** How many approvals are missing. */
    readonly needed: number;
    /** Who can give them. */
    readonly people: readonly Person[];
  }[];
  /** Names of groups of this stage, and of stages before it, that have approved. */
  readonly approved: readonly string[];
  /** Whether the requester must make changes before anything goes on. */
  readonly revising: boolean;
  /** Until when answers can be taken back, if that is all that is waited for. */
  readonly undoUntilMs?: number;
  /** The stage that comes next. */
  readonly next?: { readonly name?: string; readonly people: readonly Person[] };
  /** When the open stage's time is over, and what follows. */
  readonly stageEndsAtMs?: number;
  /** Groups that can no longer get the approvals that they need, if the stage cannot do without them. */
  readonly outOfReach?: readonly OutOfReach[];
}

interface OutOfReach {
  readonly group?: string;
  /** How many approvals are missing. */
  readonly needed: number;
  /** Who can still answer. */
  readonly people: readonly Person[];
}

export interface Settings {
  /** Whether `onDeadline: "approve"` is allowed. */
  readonly mayApproveByDeadline: boolean;
  /** Whether each person was mailed to; without that, silence is no consent. */
  readonly everybodyMailed: boolean;
}

export function evaluate(rule: Rule, look: Look, settings: Settings): Evaluation {
  return new StageCount(rule, look, settings).evaluation();
}

/** The ballots to open when a stage begins. */
export function openingAsks(
  rule: Rule,
  { round, stage }: Pick<State, "round" | "stage">,
  awayAt: AwayAt = NOBODY_AWAY,
): Ask[] {
  const open = rule.stages[stage];
  if (open === undefined) return [];
  const via: Via | undefined = round > 1 ? { kind: "round" } : undefined;
  const asks = peopleOf(rule, open).map((member) => ({
    ...member,
    stage,
    round,
    gen: 0,
    ...(via === undefined ? {} : { via }),
  }));
  return withStandIns(asks, { awayAt, requester: rule.requester });
}

const NOBODY_AWAY: AwayAt = () => undefined;

/** When to look at an approval whose ballots were all just opened; undefined if only answers and its deadline matter. */
export function firstAlarmAt(rule: Rule, state: State, nowMs: number): number | undefined {
  const stage = rule.stages[state.stage];
  const reminder = rule.reminders && nextReminderAt(rule.reminders, rule.hours, nowMs, nowMs);
  const times = [reminder, stage && stageEndsAt(rule, stage, { ...state, sinceMs: nowMs })];
  return earliest(times);
}

interface GroupCount {
  readonly needed: number;
  readonly approvals: number;
  readonly rejections: number;
  /** People whose answer counts in it, whether given or not. */
  readonly members: number;
  readonly isDone: boolean;
  /** Whether too few are left. */
  readonly isLost: boolean;
  readonly open: readonly Person[];
  /** Of these, those who can be expected to answer: their mail was not refused. */
  readonly expected: readonly Person[];
}

interface Placed {
  /** Number of the ballot. */
  readonly n: number;
  readonly atMs: number;
}

/** Of answers of one moment, that on the earlier ballot is the first, in whatever order they are looked at. */
function isBefore(one: Placed, other: Placed | undefined): boolean {
  if (other === undefined) return true;
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.n < other.n);
}

/** One person's part in the stage, over all their ballots. */
interface Counted {
  readonly person: Person;
  readonly groups: Set<number>;
  /** The first answer that counts. */
  answer?: Placed & { readonly effect: Effect };
  isOpen: boolean;
  /** Whether they can be expected to answer. */
  isExpected: boolean;
  /** Whether they have, even if they can take it back. */
  hasAnswered: boolean;
  /** Whether all their ballots come from escalations. */
  isAdded: boolean;
}

class StageCount {
  readonly #rule: Rule;
  readonly #look: Look;
  readonly #settings: Settings;
  readonly #stage: StageRule;
  readonly #stageEndsAtMs: number | undefined;
  readonly #people: ReadonlyMap<string, Counted>;
  readonly #groups: readonly GroupCount[];
  /** Follow-ups of ballots that were handed on. */
  readonly #followUps: readonly Ask[];
  readonly #undoEndsAtMs: number | undefined;

  constructor(rule: Rule, look: Look, settings: Settings) {
    this.#rule = rule;
    this.#look = look;
    this.#settings = settings;
    const { state, seats } = look;
    this.#stage = rule.stages[state.stage] as StageRule;
    const sinceMs = state.sinceMs ?? Math.min(...seats.map(({ openedAtMs }) => openedAtMs));
    this.#stageEndsAtMs = Number.isFinite(sinceMs)
      ? stageEndsAt(rule, this.#stage, { ...state, sinceMs })
      : undefined;
    this.#followUps = this.#followUpsOf(seats);
    this.#people = this.#countPeople();
    this.#groups = this.#stage.groups.map((group, index) => this.#countGroup(group.require, index));
    this.#undoEndsAtMs = earliest(seats.map((seat) => this.#undoEndOf(seat)));
  }

  evaluation(): Evaluation {
    const { state, end } = this.#look;
    if (end.kind === "changed") return this.#nextRound(end);
    if (end.kind === "cancelled" && this.#rule.undoMs > 0) return this.#byEnd(end);
    if (state.phase === "revising") return this.#whileRevising();
    const answered = this.#byAnswers();
    if (answered !== undefined) return answered;
    if (end.kind === "cancelled" || end.kind === "deadline") return this.#byEnd(end);
    const timed = this.#byStageTime() ?? this.#byAbsence();
    return timed ?? this.#waiting();
  }

  /** What the answers come to, whatever else happened; undefined while they decide nothing. */
  #byAnswers(): Evaluation | undefined {
    const answers = [...this.#people.values()].flatMap(({ answer }) =>
      answer === undefined ? [] : [answer],
    );
    const rule = this.#rule;
    const stage = this.#stage;
    if (rule.rejection === "veto" && answers.some(({ effect }) => effect === "reject")) {
      return this.#done("rejected", { because: "veto" });
    }
    if (answers.some(({ effect }) => effect === "changes")) return this.#changesRequested();
    const needed = neededOf(stage.require, stage.groups.length);
    const doneGroups = this.#groups.filter(({ isDone }) => isDone).length;
    if (doneGroups >= needed && !this.#mayStillSayNo()) return this.#stageDone();
    const lost = this.#groups.filter(({ isLost }) => isLost).length;
    const isLost = stage.groups.length - lost < needed;
    if (isLost && answers.some(({ effect }) => effect === "reject")) {
      return this.#done("rejected", { because: "out-of-reach", progress: this.#progress() });
    }
    return undefined;
  }

  /** Whether an answer that would come first (E3) can still be taken back: it is waited for. */
  #mayStillSayNo(): boolean {
    return this.#look.seats.some((seat) => {
      if (seat.answer.kind !== "decided" || this.#undoEndOf(seat) === undefined) return false;
      const { effect } = seat.answer;
      return effect === "changes" || (effect === "reject" && this.#rule.rejection === "veto");
    });
  }

  #stageDone(): Evaluation {
    const { state, end } = this.#look;
    const stage = state.stage + 1;
    if (stage >= this.#rule.stages.length) {
      const isConsent = this.#rule.stages.slice(0, -1).some(({ onDeadline }) => onDeadline === "approve");
      const consent = isConsent ? ({ isConsent } as const) : {};
      return this.#done("approved", { because: "approvals", progress: this.#progress(), ...consent });
    }
    // The approval ended before the next stage could open: the answers of this one alone do not approve it.
    if (end.kind === "cancelled" || end.kind === "deadline") return this.#byEnd(end);
    const next: State = { round: state.round, stage, phase: "asking", escalations: 0 };
    return this.#goOn(next, {
      close: this.#openSeats(),
      ask: openingAsks(this.#rule, next, this.#look.awayAt),
      counted: this.#countedAtEnd(),
      news: [{ kind: "stage-opened", stage }],
    });
  }

  #changesRequested(): Evaluation {
    const { state, end } = this.#look;
    if (end.kind === "cancelled" || end.kind === "deadline") return this.#byEnd(end, true);
    if (state.round >= this.#rule.rounds) {
      return this.#done("rejected", { because: "no-rounds" });
    }
    return this.#goOn(
      { round: state.round, stage: state.stage, phase: "revising", escalations: state.escalations },
      { close: this.#openSeats(), news: [{ kind: "changes-requested" }] },
    );
  }

  #whileRevising(): Evaluation {
    const { state, end } = this.#look;
    if (end.kind === "cancelled" || end.kind === "deadline") return this.#byEnd(end, true);
    return this.#goOn(state, {});
  }

  /** The time that a round may take begins again; a deadline that is later, because it was moved, stays. */
  #nextRound(end: End & { readonly kind: "changed" }): Evaluation {
    const { round } = this.#look.state;
    const endAtMs = Math.max(end.deadlineAtMs, roundEndsAt(this.#rule, end.atMs) ?? end.atMs);
    const next: State = { round: round + 1, stage: 0, phase: "asking", escalations: 0 };
    return this.#goOn(next, {
      close: this.#openSeats(),
      ask: openingAsks(this.#rule, next, this.#look.awayAt),
      news: [{ kind: "round-opened", round: next.round }],
      nextEndAtMs: endAtMs,
    });
  }

  /** @param isRevising whether changes were requested, also if that is seen only now */
  #byEnd(end: End & { readonly kind: "cancelled" | "deadline" }, isRevising = false): Evaluation {
    if (end.kind === "cancelled") {
      const { reason } = end;
      return this.#done("cancelled", { because: "cancelled", ...(reason === undefined ? {} : { reason }) });
    }
    return this.#overdue(this.#rule.onDeadline, { because: "deadline", atMs: end.atMs, isRevising });
  }

  /** What follows when the stage's time is over before the approval's. */
  #byStageTime(): Evaluation | undefined {
    if (!this.#isStageTimeOver()) return undefined;
    const { onDeadline } = this.#stage;
    if (onDeadline === "escalate") {
      const escalated = this.#escalate();
      if (escalated !== undefined) return escalated;
    }
    if (onDeadline === "approve" && this.#mayApprove() && !this.#isLastStage()) return this.#stageDone();
    const kind = onDeadline === "escalate" ? "expire" : onDeadline;
    const atMs = this.#stageEndsAtMs ?? this.#look.nowMs;
    return this.#overdue(kind, { because: "stage-time", atMs, isRevising: false });
  }

  #overdue(onDeadline: Rule["onDeadline"], { because, atMs, isRevising }: Overdue): Evaluation {
    const revising = isRevising ? ({ isRevising: true } as const) : {};
    const why = { because, progress: this.#progress(), atMs, ...revising } as const;
    if (onDeadline === "reject") return this.#done("rejected", why);
    // Who asked for changes was not silent.
    if (onDeadline === "approve" && !isRevising && this.#isLastStage() && this.#mayApprove()) {
      return this.#done("approved", { ...why, isConsent: true });
    }
    return this.#done("expired", why);
  }

  #mayApprove(): boolean {
    return this.#settings.mayApproveByDeadline && this.#settings.everybodyMailed;
  }

  /** Asks the next entry of the chain; undefined if none is left. */
  #escalate(): Evaluation | undefined {
    const { state, nowMs, seats } = this.#look;
    const { round, stage, escalations } = state;
    const entry = this.#stage.escalateTo[escalations];
    if (entry === undefined) return undefined;
    const { replace } = this.#stage;
    const groups = this.#groups.flatMap(({ isDone }, index) => (isDone ? [] : [index]));
    // Those who have answered, or have a ballot that stays or follows, are not asked twice. It comes to the same when this
    // is evaluated again with the ballots closed.
    const followers = new Set(this.#followUps.map(({ person }) => addressKey(person.email)));
    const ask = entry
      .filter(({ email }) => {
        const key = addressKey(email);
        if (key === this.#rule.requester || followers.has(key)) return false;
        const known = this.#people.get(key);
        return known === undefined || (replace && !known.hasAnswered);
      })
      .map(
        (person): Ask => ({
          person,
          groups,
          stage,
          round,
          gen: seats.length,
          ...(replace ? {} : { added: true }),
          via: { kind: "escalated" },
        }),
      );
    const asked = withStandIns([...this.#followUps, ...ask], {
      ...this.#awayConditions(),
      isFixed: (each) => each.via?.kind !== "escalated",
      // Where ballots are replaced, those who have not answered lose theirs.
      isTaken: (key, wanted) =>
        this.#isSeated(key, wanted, ({ kind }) => !replace || (kind !== "open" && kind !== "closed")),
    });
    const close = replace && ask.length > 0 ? this.#openSeats() : [];
    const closed = replace ? seats.flatMap(({ n, answer }) => (answer.kind === "closed" ? [n] : [])) : [];
    const replaced = [...new Set([...(state.replaced ?? []), ...closed, ...close])];
    const news: News = { kind: "escalated", stage, entry: escalations };
    return this.#goOn(
      {
        ...state,
        escalations: escalations + 1,
        sinceMs: nowMs,
        ...(replaced.length === 0 ? {} : { replaced: replaced.sort((a, b) => a - b) }),
      },
      { close, ask: asked, news: [...this.#handedOn(), news] },
    );
  }

  /** What follows when too few are left in the count, because others have left it. */
  #byAbsence(): Evaluation | undefined {
    const { seats, state } = this.#look;
    const { replaced = [] } = state;
    if (replaced.length === 0 && !seats.some(({ answer }) => answer.kind === "recused")) return undefined;
    const needed = neededOf(this.#stage.require, this.#stage.groups.length);
    const lost = this.#groups.filter(({ isLost }) => isLost).length;
    if (this.#stage.groups.length - lost >= needed) return undefined;
    const escalated = this.#escalate();
    if (escalated !== undefined) return escalated;
    if (![...this.#people.values()].some(({ isOpen }) => isOpen) && this.#undoEndsAtMs === undefined) {
      return this.#done("rejected", { because: "nobody-left" });
    }
    if (this.#rule.rejection === "majority")
      return this.#done("rejected", { because: "out-of-reach", progress: this.#progress() });
    return undefined;
  }

  #waiting(): Evaluation {
    const { outOfReach: wasOutOfReach, ...state } = this.#look.state;
    const news = this.#handedOn();
    if (this.#outOfReach().length === 0) return this.#goOn(state, { ask: this.#followUps, news });
    if (wasOutOfReach !== true) news.push({ kind: "out-of-reach", stage: state.stage });
    return this.#goOn({ ...state, outOfReach: true }, { ask: this.#followUps, news });
  }

  /** Groups that too few are left for; none if the stage can do without them, or if others are asked or silence counts later. */
  #outOfReach(): OutOfReach[] {
    const { groups, require, onDeadline, escalateTo } = this.#stage;
    const mayConsent =
      onDeadline === "approve" || (this.#isLastStage() && this.#rule.onDeadline === "approve");
    if (mayConsent || this.#look.state.escalations < escalateTo.length) return [];
    const lost = groups.flatMap(({ name }, index): OutOfReach[] => {
      const { approvals = 0, needed = 0, expected = [] } = this.#groups[index] ?? {};
      if (approvals + expected.length >= needed) return [];
      return [
        { ...(name === undefined ? {} : { group: name }), needed: needed - approvals, people: expected },
      ];
    });
    return groups.length - lost.length < neededOf(require, groups.length) ? lost : [];
  }

  #done(outcome: OutcomeKind, why: Why): Evaluation {
    const moves = { close: this.#openSeats(), counted: this.#countedAtEnd() };
    const { nextEndAtMs: _, ...rest } = this.#goOn(this.#look.state, moves);
    return { ...rest, verdict: { kind: "done", outcome, reason: reasonOf(why), why }, remind: [] };
  }

  #goOn(
    state: State,
    moves: Partial<Pick<Evaluation, "close" | "ask" | "counted" | "news" | "nextEndAtMs">>,
  ): Evaluation {
    const { nowMs, end } = this.#look;
    const isSameStage = state.stage === this.#look.state.stage && state.round === this.#look.state.round;
    const isAsking = state.phase === "asking" && isSameStage;
    const alarmAtMs = isAsking
      ? this.#alarmAt(state, (moves.ask ?? []).length > 0)
      : firstAlarmAt(this.#rule, state, nowMs);
    return {
      verdict: { kind: "wait" },
      state: { ...state, lookedAtMs: nowMs },
      close: [],
      ask: [],
      counted: this.#numbersOf((seat) => this.#counts(seat)),
      late: this.#numbersOf(({ answer }) => answer.kind === "decided" && !this.#isInTime(answer.atMs)),
      remind: isAsking ? this.#reminders() : [],
      news: [],
      ...(end.kind === "extended" ? { nextEndAtMs: end.untilMs } : {}),
      ...moves,
      ...(alarmAtMs === undefined || state.phase === "revising" ? {} : { alarmAtMs }),
      explanation: this.#explain(state, isSameStage),
    };
  }

  #alarmAt(state: State, isAsking: boolean): number | undefined {
    const { nowMs, seats } = this.#look;
    const { reminders, hours } = this.#rule;
    const { sinceMs } = state;
    const endsAtMs =
      sinceMs === undefined
        ? this.#stageEndsAtMs
        : stageEndsAt(this.#rule, this.#stage, { ...state, sinceMs });
    const reminded = seats.map(({ answer, openedAtMs }) =>
      reminders !== undefined && answer.kind === "open"
        ? nextReminderAt(reminders, hours, openedAtMs, nowMs)
        : undefined,
    );
    const opening = isAsking ? firstAlarmAt(this.#rule, state, nowMs) : undefined;
    return earliest(
      [endsAtMs, this.#undoEndsAtMs, opening, ...reminded].filter((at) => at === undefined || at > nowMs),
    );
  }

  #reminders(): Evaluation["remind"] {
    const { seats, state, nowMs } = this.#look;
    const { reminders, hours } = this.#rule;
    if (reminders === undefined) return [];
    return seats.flatMap(({ n, answer, openedAtMs }) => {
      if (answer.kind !== "open") return [];
      const due = remindersDue(reminders, hours, openedAtMs, state.lookedAtMs ?? openedAtMs, nowMs);
      const dueAtMs = due.at(-1);
      return dueAtMs === undefined ? [] : [{ n, dueAtMs }];
    });
  }

  #openSeats(): number[] {
    return this.#numbersOf(({ answer }) => answer.kind === "open");
  }

  /**
   * The answers that count where the stage ends: those too that could still be taken back (E2). A request for changes would
   * come to something else, so it does not.
   */
  #countedAtEnd(): number[] {
    return this.#numbersOf((seat) => {
      const { answer } = seat;
      if (answer.kind !== "decided" || !this.#isInTime(answer.atMs)) return false;
      return answer.effect !== "changes" || this.#counts(seat);
    });
  }

  #numbersOf(isMeant: (seat: Seat) => boolean): number[] {
    return this.#look.seats.flatMap((seat) => (isMeant(seat) ? [seat.n] : []));
  }

  /** Whether an answer was given before everything that ends the time for it. */
  #isInTime(atMs: number): boolean {
    const { end } = this.#look;
    // At the deadline itself it is too late; of what people do at one moment, an answer counts.
    if (end.kind === "deadline" && atMs >= end.atMs) return false;
    if ((end.kind === "cancelled" || end.kind === "changed") && atMs > end.atMs) return false;
    if (end.kind === "extended" && atMs >= end.untilMs) return false;
    const endsAtMs = this.#stageEndsAtMs;
    return endsAtMs === undefined || this.#canEscalateByTime() || atMs < endsAtMs;
  }

  /** Whether the end of the stage's time asks more people, rather than ending the stage. */
  #canEscalateByTime(): boolean {
    const { onDeadline, escalateTo } = this.#stage;
    return onDeadline === "escalate" && this.#look.state.escalations < escalateTo.length;
  }

  /** Whether the stage's time is over, and the approval's was not over before. */
  #isStageTimeOver(): boolean {
    const { nowMs, end } = this.#look;
    const endsAtMs = this.#stageEndsAtMs;
    if (endsAtMs === undefined || nowMs < endsAtMs) return false;
    return end.kind !== "open" || endsAtMs < end.atMs;
  }

  #counts({ answer }: Seat): boolean {
    if (answer.kind !== "decided" || !this.#isInTime(answer.atMs)) return false;
    return answer.final || !this.#isProvisional(answer.atMs);
  }

  /** When the answer on a ballot can no longer be taken back; undefined if there is none, or that time is over. */
  #undoEndOf({ answer, person }: Seat): number | undefined {
    // Nobody waits for an answer that never counts.
    if (addressKey(person.email) === this.#rule.requester) return undefined;
    if (answer.kind !== "decided" || answer.final || !this.#isInTime(answer.atMs)) return undefined;
    const endsAtMs = answer.atMs + this.#rule.undoMs;
    return this.#isProvisional(answer.atMs) ? endsAtMs : undefined;
  }

  #isProvisional(atMs: number): boolean {
    const { end, nowMs } = this.#look;
    const isEnded = end.kind === "cancelled" || end.kind === "deadline" || end.kind === "changed";
    const isOver = isEnded || (this.#isStageTimeOver() && !this.#canEscalateByTime());
    return !isOver && nowMs < atMs + this.#rule.undoMs;
  }

  #countPeople(): Map<string, Counted> {
    const people = new Map<string, Counted>();
    const of = ({ person, groups, added }: Pick<Seat, "person" | "groups" | "added">) => {
      const key = addressKey(person.email);
      const known = people.get(key) ?? {
        person,
        groups: new Set<number>(),
        isOpen: false,
        isExpected: false,
        hasAnswered: false,
        isAdded: true,
      };
      for (const group of groups) known.groups.add(group);
      known.isAdded &&= added === true;
      people.set(key, known);
      return known;
    };
    for (const seat of this.#look.seats) {
      const { person, answer } = seat;
      if (addressKey(person.email) === this.#rule.requester) continue;
      switch (answer.kind) {
        case "open": {
          const counted = of(seat);
          counted.isOpen = true;
          counted.isExpected ||= seat.isUnreached !== true;
          break;
        }
        case "closed":
          if (this.#look.state.replaced?.includes(seat.n) !== true) of(seat);
          break;
        case "decided": {
          const counted = of(seat);
          if (!this.#isInTime(answer.atMs)) break;
          counted.hasAnswered = true;
          if (!this.#counts(seat)) counted.isOpen = counted.isExpected = true;
          else if (isBefore({ n: seat.n, atMs: answer.atMs }, counted.answer)) {
            counted.answer = { n: seat.n, effect: answer.effect, atMs: answer.atMs };
          }
          break;
        }
        case "undone":
        case "reassigned":
        case "recused":
        case "reissued":
          break;
        default:
          answer satisfies never;
      }
    }
    for (const ask of this.#followUps) {
      const counted = of(ask);
      counted.isOpen = counted.isExpected = true;
    }
    return people;
  }

  #countGroup(require: StageRule["require"], index: number): GroupCount {
    const members = [...this.#people.values()].filter(({ groups }) => groups.has(index));
    const approvals = members.filter(({ answer }) => answer?.effect === "approve").length;
    const rejections = members.filter(({ answer }) => answer?.effect === "reject").length;
    const named = members.filter(({ isAdded }) => !isAdded).length;
    const needed = neededOf(require, named);
    const open = members.filter(({ answer, isOpen }) => answer === undefined && isOpen);
    return {
      needed,
      approvals,
      rejections,
      members: members.length,
      isDone: approvals >= needed,
      isLost: members.length - rejections < needed,
      open: open.map(({ person }) => person),
      expected: open.filter(({ isExpected }) => isExpected).map(({ person }) => person),
    };
  }

  /** New ballots in place of those that were handed on, taken back or sent again, unless they were opened before. */
  #followUpsOf(seats: readonly Seat[]): Ask[] {
    const followed = new Set(seats.flatMap(({ via }) => via?.from ?? []));
    const { stage, round } = this.#look.state;
    // In the order of the ballots: of two in whose place one person would be asked, it is so for the first.
    const inOrder = seats.toSorted((one, other) => one.n - other.n);
    const follows = inOrder.flatMap((seat): Ask[] => {
      const { n, person, groups, gen, added, inPlaceOf, answer } = seat;
      if (followed.has(n)) return [];
      const again = { person, groups, stage, round, gen: gen + 1, ...(added && { added }) };
      const same = { ...again, ...(inPlaceOf && { inPlaceOf }) };
      if (answer.kind === "undone") return [{ ...same, via: { kind: "undo", from: n } }];
      if (answer.kind === "reissued") return [{ ...same, via: { kind: "reissued", from: n } }];
      if (answer.kind !== "reassigned") return [];
      const { to, reason, by } = answer;
      // The door refuses this; a program that settles ballots by itself must not get past the rule.
      if (addressKey(to.email) === this.#rule.requester) return [];
      return [
        {
          ...again,
          person: to,
          via: {
            kind: "reassigned",
            from: n,
            ...(reason === undefined ? {} : { reason }),
            ...(by === undefined ? {} : { by }),
          },
        },
      ];
    });
    return withStandIns(follows, {
      ...this.#awayConditions(),
      // Who took an answer back, or was sent new links, is not asked for the first time.
      isFixed: ({ via }) => via?.kind !== "reassigned",
      isTaken: (key, groups) => this.#isSeated(key, groups, () => true),
    });
  }

  #awayConditions() {
    return { awayAt: this.#look.awayAt ?? NOBODY_AWAY, requester: this.#rule.requester };
  }

  /** Whether a person, by key, has such a ballot for one of these groups, however it ended. */
  #isSeated(key: string, groups: readonly number[], isMeant: (answer: SeatAnswer) => boolean): boolean {
    return this.#look.seats.some(
      (seat) =>
        addressKey(seat.person.email) === key &&
        isMeant(seat.answer) &&
        seat.groups.some((group) => groups.includes(group)),
    );
  }

  #handedOn(): News[] {
    return this.#followUps.flatMap(({ via }): News[] =>
      via?.kind === "reassigned" && via.from !== undefined ? [{ kind: "reassigned", n: via.from }] : [],
    );
  }

  #isLastStage(): boolean {
    return this.#look.state.stage === this.#rule.stages.length - 1;
  }

  #isOneGroup(): boolean {
    return this.#rule.stages.length === 1 && this.#stage.groups.length === 1;
  }

  #progress(): Progress {
    const people = [...this.#people.values()];
    const { stages } = this.#rule;
    const common = {
      answered: people.filter(({ hasAnswered }) => hasAnswered).length,
      stage: this.#look.state.stage + 1,
      stages: stages.length,
    };
    const [group] = this.#groups;
    if (this.#isOneGroup() && group !== undefined) {
      const { approvals: given, needed, members, rejections } = group;
      return { of: "approvals", given, needed, people: members, rejections, ...common };
    }
    return {
      of: "groups",
      given: this.#groups.filter(({ isDone }) => isDone).length,
      needed: neededOf(this.#stage.require, this.#groups.length),
      people: people.length,
      rejections: people.filter(({ answer }) => answer?.effect === "reject").length,
      ...common,
    };
  }

  #hasAnswered({ email }: Person): boolean {
    return this.#people.get(addressKey(email))?.hasAnswered === true;
  }

  #explain(state: State, isSameStage: boolean): Explanation {
    const { stages, rounds } = this.#rule;
    const open = stages[state.stage] as StageRule;
    const next = stages[state.stage + 1];
    const groups = open.groups.map((group, index) => {
      const counted = isSameStage ? this.#groups[index] : undefined;
      const people =
        counted?.open ?? peopleOf(this.#rule, { ...open, groups: [group] }).map(({ person }) => person);
      return {
        name: group.name,
        isDone: counted?.isDone ?? false,
        needed: (counted?.needed ?? neededOf(group.require, people.length)) - (counted?.approvals ?? 0),
        people: isSameStage ? people.filter((person) => !this.#hasAnswered(person)) : people,
        // Answers are there that can still be taken back.
        isAnswered: isSameStage && people.length > 0 && people.every((person) => this.#hasAnswered(person)),
      };
    });
    const isRevising = state.phase === "revising";
    const undoUntilMs =
      isSameStage && groups.every(({ isDone, isAnswered }) => isDone || isAnswered)
        ? this.#undoEndsAtMs
        : undefined;
    const stageEndsAtMs = isSameStage ? this.#stageEndsAtMs : undefined;
    const outOfReach = isSameStage && !isRevising ? this.#outOfReach() : [];
    return {
      round: state.round,
      rounds,
      stage: state.stage + 1,
      stages: stages.length,
      ...(open.name === undefined ? {} : { stageName: open.name }),
      waitingFor: isRevising
        ? []
        : groups.flatMap(({ name, isDone, isAnswered, needed, people }) =>
            isDone || isAnswered ? [] : [{ ...(name === undefined ? {} : { group: name }), needed, people }],
          ),
      approved: [
        ...stages.slice(0, state.stage).flatMap(({ name }) => name ?? []),
        ...groups.flatMap(({ name, isDone }) => (isDone && name !== undefined ? [name] : [])),
      ],
      revising: isRevising,
      ...(undoUntilMs === undefined ? {} : { undoUntilMs }),
      ...(next === undefined
        ? {}
        : {
            next: {
              ...(next.name === undefined ? {} : { name: next.name }),
              people: peopleOf(this.#rule, next).map(({ person }) => person),
            },
          }),
      ...(stageEndsAtMs === undefined ? {} : { stageEndsAtMs }),
      ...(outOfReach.length === 0 ? {} : { outOfReach }),
    };
  }
}

/** An escalation waits for working hours: it mails people. Undefined if only the approval's deadline ends the stage. */
export function stageEndsAt(
  rule: Rule,
  { deadlineMs, onDeadline, escalateTo, endsWithApproval }: StageRule,
  { sinceMs, escalations }: Pick<State, "escalations"> & { readonly sinceMs: number },
): number | undefined {
  if (deadlineMs === undefined) return undefined;
  if (endsWithApproval === true && escalations >= escalateTo.length) return undefined;
  const atMs = sinceMs + deadlineMs;
  return onDeadline === "escalate" && rule.hours !== undefined ? nextOpening(rule.hours, atMs) : atMs;
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

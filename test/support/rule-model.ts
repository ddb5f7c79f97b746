/**
 * A second reading of the rule, to hold `src/approval/evaluate.ts` to: written from the words of its rules E1 to E8, as one
 * plain pass over people and groups, with no code of it. Of the times it knows the ends, not reminders or working hours.
 */
import type { Evaluation } from "../../src/approval/evaluate/evaluation.ts";
import type { Look, Seat, Settings } from "../../src/approval/evaluate/look.ts";
import type { Rule } from "../../src/approval/rule.ts";
import type { Person, Require } from "../../src/approval/schema.ts";

/** What an approval comes to and what is done next, as text where order does not matter. */
export interface Reading {
  readonly comesTo: string;
  readonly round: number;
  readonly stage: number;
  readonly phase: string;
  readonly escalations: number;
  /** Ballots whose people left the count, because others were asked in their place. */
  readonly replaced: readonly number[];
  /** Ballots that are closed. */
  readonly close: readonly number[];
  /** Who is asked, for which groups, and why. */
  readonly ask: readonly string[];
  /** The new deadline, where it was extended. */
  readonly untilMs: number | undefined;
  /** Whether the rule cannot be met any more, though somebody can still answer. */
  readonly isUnreachable: boolean;
}

export function readingOf({ verdict, state, close, ask, nextEndAtMs, news }: Evaluation): Reading {
  return {
    comesTo: verdict.kind === "done" ? verdict.outcome : "wait",
    round: state.round,
    stage: state.stage,
    phase: state.phase,
    escalations: state.escalations,
    replaced: (state.replaced ?? []).toSorted((a, b) => a - b),
    close: close.toSorted((a, b) => a - b),
    ask: ask.map(({ person, groups, via }) => asking(person, groups, via?.kind)).sort(),
    untilMs: nextEndAtMs,
    isUnreachable: news.some(({ kind }) => kind === "out-of-reach"),
  };
}

export function sameReading(one: Reading, other: Reading): boolean {
  return line(one) === line(other);
}

const line = ({ close, ask, replaced, ...rest }: Reading) =>
  [
    rest.comesTo,
    rest.round,
    rest.stage,
    rest.phase,
    rest.escalations,
    rest.untilMs,
    rest.isUnreachable,
    replaced,
    close,
    ask,
  ].join("|");

/** Whoever gets mail at an address gets it at the same with a tag, too. */
const withoutTag = (email: string) => email.toLowerCase().replace(/\+[^@]*@/u, "@");

const asking = ({ email }: Person, groups: readonly number[], why = "asked") =>
  `${withoutTag(email)} for ${groups.toSorted((a, b) => a - b).join("+")}: ${why}`;

const count = (require: Require, of: number) =>
  require === "any" ? 1 : require === "all" ? Math.max(of, 1) : require;

export function read(rule: Rule, look: Look, settings: Settings): Reading {
  const { state, seats, end, nowMs } = look;
  const stage = rule.stages[state.stage];
  if (stage === undefined) throw new Error("The state names no stage of the rule");
  const key = (person: Person) => withoutTag(person.email);
  /** Who is away, is so by an address. */
  const address = (person: Person) => person.email.toLowerCase();
  const isAbove = end.kind === "cancelled" || end.kind === "deadline" || end.kind === "changed";

  // When the stage's time ends, and whether that ends the asking or only asks more people.
  const chain = stage.onDeadline === "escalate" ? stage.escalateTo.slice(state.escalations) : [];
  // The last turn of a request without stages lasts as long as the approval.
  const isOpenEnded = stage.endsWithApproval === true && stage.escalateTo.length <= state.escalations;
  const stageEndMs =
    stage.deadlineMs === undefined || isOpenEnded
      ? Number.POSITIVE_INFINITY
      : (state.sinceMs ?? Math.min(...seats.map(({ openedAtMs }) => openedAtMs))) + stage.deadlineMs;
  const isStageTimeOver = nowMs >= stageEndMs && !(end.kind === "open" && end.atMs <= stageEndMs);
  const isAskingOver = isAbove || (isStageTimeOver && chain.length === 0);

  const isLate = (atMs: number) =>
    (end.kind === "deadline" && atMs >= end.atMs) ||
    (isAbove && atMs > end.atMs) ||
    (end.kind === "extended" && atMs >= end.untilMs) ||
    (chain.length === 0 && atMs >= stageEndMs);
  const canBeTakenBack = ({ answer }: Seat) =>
    answer.kind === "decided" && !answer.final && !isAskingOver && nowMs < answer.atMs + rule.undoMs;

  // Who is asked where somebody is away: the last of at most three who follow on one another.
  const meets = (some: readonly number[], others: readonly number[]) =>
    some.some((group) => others.includes(group));
  const standIn = (person: Person): Person | undefined => {
    const path = [person];
    for (;;) {
      const to = look.awayAt?.(address(path.at(-1) ?? person))?.to;
      if (to === undefined) break;
      if (path.some((each) => address(each) === address(to)) || path.length === 4) return undefined;
      path.push(to);
    }
    const last = path.at(-1);
    return last === undefined || path.length === 1 || key(last) === rule.requester ? undefined : last;
  };
  interface Question {
    readonly person: Person;
    readonly groups: readonly number[];
  }
  /** In order; `before` are asked already. Nobody is asked twice for one group. */
  const placed = <Q extends Question>(
    questions: readonly Q[],
    before: readonly Question[],
    isSeated: (who: string, at: readonly number[]) => boolean,
  ) => {
    const made: (Q & { readonly isForOther: boolean })[] = [];
    for (const question of questions) {
      const to = standIn(question.person);
      const rivals = [...before, ...made, ...questions.filter((other) => other !== question)];
      const isBusy =
        to !== undefined &&
        (isSeated(key(to), question.groups) ||
          rivals.some((rival) => key(rival.person) === key(to) && meets(rival.groups, question.groups)));
      made.push(
        to === undefined || isBusy
          ? { ...question, isForOther: false }
          : { ...question, person: to, isForOther: true },
      );
    }
    return made;
  };
  const hasBallot = (who: string, at: readonly number[]) =>
    seats.some((seat) => key(seat.person) === who && meets(seat.groups, at));

  // Who is in the count, and with which groups: by their own ballot, or by one handed on, taken back or sent again.
  const followed = seats.map(({ via }) => via?.from);
  const follows = seats.flatMap((seat) => {
    const { n, person, answer } = seat;
    if (followed.includes(n)) return [];
    if (answer.kind === "reassigned") return [{ seat, person: answer.to, why: "reassigned" }];
    if (answer.kind === "undone") return [{ seat, person, why: "undo" }];
    return answer.kind === "reissued" ? [{ seat, person, why: "reissued" }] : [];
  });
  const possible = follows
    .filter(({ person }) => key(person) !== rule.requester)
    .map((follow) => ({ ...follow, groups: follow.seat.groups }));
  const toOthers = placed(
    possible.filter(({ why }) => why === "reassigned"),
    possible.filter(({ why }) => why !== "reassigned"),
    hasBallot,
  );
  const handedOn = [...possible.filter(({ why }) => why !== "reassigned"), ...toOthers];
  const gone = new Set(state.replaced);
  const sits = [
    ...seats
      .filter(({ answer }) => ["open", "decided", "closed"].includes(answer.kind))
      .filter(({ n, answer }) => answer.kind !== "closed" || !gone.has(n))
      .map((seat) => ({ seat, who: key(seat.person), isOpen: seat.answer.kind === "open" })),
    ...handedOn.map(({ seat, person }) => ({
      seat: { ...seat, answer: OPEN, isUnreached: false },
      who: key(person),
      isOpen: true,
    })),
  ].filter(({ who }) => who !== rule.requester);
  const people = [...new Set(sits.map(({ who }) => who))].map((who) => {
    const own = sits.filter((sit) => sit.who === who).map(({ seat }) => seat);
    const answers = own.flatMap((seat) =>
      seat.answer.kind === "decided" && !isLate(seat.answer.atMs) && !canBeTakenBack(seat)
        ? [{ n: seat.n, atMs: seat.answer.atMs, effect: seat.answer.effect }]
        : [],
    );
    const [first] = answers.sort((a, b) => a.atMs - b.atMs || a.n - b.n);
    return {
      who,
      groups: new Set(own.flatMap(({ groups }) => groups)),
      isNamed: own.some(({ added }) => added !== true),
      isAwaited: own.some(({ answer }) => answer.kind === "open"),
      isReached: own.some(({ answer, isUnreached }) => answer.kind === "open" && isUnreached !== true),
      mayChange: own.some(
        (seat) => canBeTakenBack(seat) && seat.answer.kind === "decided" && !isLate(seat.answer.atMs),
      ),
      says: first?.effect,
    };
  });

  const groups = stage.groups.map(({ require }, index) => {
    const inside = people.filter((person) => person.groups.has(index));
    const needed = count(require, inside.filter(({ isNamed }) => isNamed).length);
    return {
      isDone: inside.filter(({ says }) => says === "approve").length >= needed,
      // Those whose mail was refused can answer, but nobody should wait for them.
      isHopeless:
        inside.filter(
          ({ says, isReached, mayChange }) =>
            says === "approve" || (says === undefined && (isReached || mayChange)),
        ).length < needed,
      isLost: inside.filter(({ says }) => says !== "reject").length < needed,
    };
  });
  const groupsNeeded = count(stage.require, groups.length);
  const isDone = groups.filter((group) => group.isDone).length >= groupsNeeded;
  const isLost = groups.filter((group) => !group.isLost).length < groupsNeeded;
  const said = (effect: string) => people.some(({ says }) => says === effect);
  const mayYetSay = (effect: string) =>
    seats.some((seat) => {
      const { answer } = seat;
      return (
        key(seat.person) !== rule.requester &&
        answer.kind === "decided" &&
        answer.effect === effect &&
        !isLate(answer.atMs) &&
        canBeTakenBack(seat)
      );
    });

  const open = seats.filter(({ answer }) => answer.kind === "open").map(({ n }) => n);
  const { round, stage: at, phase, escalations, replaced = [] } = state;
  const same = { round, stage: at, phase, escalations, replaced, isUnreachable: false };
  const over = (comesTo: string): Reading => ({ ...same, comesTo, close: open, ask: [], untilMs: undefined });
  const goOn = (next: Partial<Reading> = {}): Reading => ({
    ...same,
    comesTo: "wait",
    close: [],
    ask: [],
    untilMs: end.kind === "extended" ? end.untilMs : undefined,
    ...next,
  });
  /** Whoever is asked for themselves and for others, or for several, is asked once. */
  const oneEach = (
    questions: readonly (Question & { readonly isForOther: boolean })[],
    nextRound: number,
  ) => {
    const whos = [...new Set(questions.map(({ person }) => key(person)))];
    return whos.map((who) => {
      const own = questions.filter(({ person }) => key(person) === who);
      const why = own.every(({ isForOther }) => isForOther) ? "absence" : undefined;
      const [{ person } = { person: { email: who } }] = own;
      return asking(person, [...new Set(own.flatMap((each) => each.groups))], nextRound > 1 ? "round" : why);
    });
  };
  const opened = (nextRound: number, index: number): Reading => {
    const asked = rule.stages[index]?.groups.flatMap((group) => group.approvers) ?? [];
    const once = asked.filter((person, i) => asked.findIndex((each) => key(each) === key(person)) === i);
    return goOn({
      round: nextRound,
      stage: index,
      phase: "asking",
      escalations: 0,
      replaced: [],
      close: open,
      ...(end.kind === "changed"
        ? { untilMs: Math.max(end.deadlineAtMs, rule.roundMs === undefined ? 0 : end.atMs + rule.roundMs) }
        : {}),
      ask: oneEach(
        placed(
          once
            .filter((person) => key(person) !== rule.requester)
            .map((person) => ({
              person,
              groups: (rule.stages[index]?.groups ?? []).flatMap(({ approvers }, i) =>
                approvers.some((each) => key(each) === key(person)) ? [i] : [],
              ),
            })),
          [],
          () => false,
        ),
        nextRound,
      ).sort(),
    });
  };
  const mayConsent = settings.mayApproveByDeadline && settings.everybodyMailed;
  const isLastStage = at === rule.stages.length - 1;
  /** What the end of the approval makes of it, if it was ended from above; undefined if not. */
  const byEnd = (mayBeConsent = true): Reading | undefined => {
    if (end.kind === "cancelled") return over("cancelled");
    if (end.kind !== "deadline") return undefined;
    if (rule.onDeadline === "approve" && mayConsent && isLastStage && mayBeConsent) return over("approved");
    return over(rule.onDeadline === "reject" ? "rejected" : "expired");
  };
  const handOn = handedOn.map(({ seat, person, why }) => asking(person, seat.groups, why));
  const escalated = (entry: readonly Person[]): Reading => {
    const missing = groups.flatMap((group, index) => (group.isDone ? [] : [index]));
    const asked = entry.filter((person) => {
      const known = people.find(({ who }) => who === key(person));
      const isHandedOn = handedOn.some((each) => key(each.person) === key(person));
      if (key(person) === rule.requester || isHandedOn) return false;
      // Where ballots are replaced, those who have not answered lost theirs.
      return known === undefined || (stage.replace && !known.mayChange && known.says === undefined);
    });
    // Nobody loses a ballot for people who are not asked. Those who had lost theirs are out in any case.
    const lose = stage.replace && asked.length > 0 ? open : [];
    const had = seats.filter(({ answer }) => stage.replace && answer.kind === "closed").map(({ n }) => n);
    return goOn({
      escalations: escalations + 1,
      replaced: [...new Set([...replaced, ...had, ...lose])].sort((a, b) => a - b),
      close: lose,
      ask: [
        ...handOn,
        ...placed(
          asked.map((person) => ({ person, groups: missing })),
          handedOn,
          (who, groupsAt) =>
            seats.some(
              ({ person, groups: own, answer }) =>
                key(person) === who &&
                meets(own, groupsAt) &&
                !(stage.replace && ["open", "closed"].includes(answer.kind)),
            ),
        ).map(({ person }) => asking(person, missing, "escalated")),
      ].sort(),
    });
  };

  // Whoever answered saw something else.
  if (end.kind === "changed") return opened(round + 1, 0);
  if (phase === "revising") return byEnd(false) ?? goOn();
  if (rule.undoMs > 0 && end.kind === "cancelled") return over("cancelled");
  if (rule.rejection === "veto" && said("reject")) return over("rejected");
  if (said("changes")) {
    return (
      byEnd(false) ??
      (round < rule.rounds ? goOn({ phase: "revising", close: open, replaced: [] }) : over("rejected"))
    );
  }
  const isHeld = mayYetSay("changes") || (rule.rejection === "veto" && mayYetSay("reject"));
  if (isDone && !isHeld) return isLastStage ? over("approved") : (byEnd() ?? opened(round, at + 1));
  if (isLost && said("reject")) return over("rejected");
  const ended = byEnd();
  if (ended !== undefined) return ended;
  if (isStageTimeOver) {
    const [entry] = chain;
    if (entry !== undefined) return escalated(entry);
    if (stage.onDeadline === "approve" && mayConsent)
      return isLastStage ? over("approved") : opened(round, at + 1);
    return over(stage.onDeadline === "reject" ? "rejected" : "expired");
  }
  const isSilenceEnough = stage.onDeadline === "approve" || (isLastStage && rule.onDeadline === "approve");
  const isUnreachable =
    groups.filter((group) => !group.isHopeless).length < groupsNeeded &&
    !isSilenceEnough &&
    stage.escalateTo.length <= escalations;
  const waiting = goOn({ ask: handOn.sort(), isUnreachable });
  const haveLeft = replaced.length > 0 || seats.some(({ answer }) => answer.kind === "recused");
  if (!isLost || !haveLeft) return waiting;
  const [entry] = stage.escalateTo.slice(escalations);
  if (entry !== undefined) return escalated(entry);
  if (!people.some(({ isAwaited, mayChange }) => isAwaited || mayChange)) return over("rejected");
  return rule.rejection === "majority" ? over("rejected") : waiting;
}

const OPEN = { kind: "open" } as const;
